"""What a file says it is by its first bytes, and whether it ends where that format does: no second file behind it."""

from __future__ import annotations

import re
from collections.abc import Callable

STARTS = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
    "image/avif": re.compile(rb"....ftyp(avif|avis|mif1)", re.DOTALL),
}
# In a JPEG's pixels 0xff is followed by 0 or a restart marker (or filled up with itself): they go on behind it.
_WITHIN = frozenset({0x00, *range(0xD0, 0xD8), 0xFF})
_SOI, _EOI, _APP2 = 0xD8, 0xD9, 0xE2
_BOXES = frozenset({b"ftyp", b"meta", b"mdat", b"moov", b"free", b"skip"})


class Broken(Exception):
    """The file ends before its format does, or is not built as its format is."""


def kind_of(data: bytes) -> str | None:
    """The content type that the first bytes tell; None for what is no picture that we take (SVG is a program)."""
    return next((kind for kind, start in STARTS.items() if start.match(data)), None)


def end_of(kind: str, data: bytes) -> int:
    """Where a file of this kind, beginning at 0, ends. Raises `Broken`."""
    try:
        return _ENDS[kind](data)
    except IndexError:
        raise Broken from None


def _end_of_jpeg(data: bytes) -> int:
    """Cameras put further whole pictures behind the first one, and announce them in it (multi-picture format)."""
    end, has_more = _end_of_one_jpeg(data, 0)
    while has_more:
        start = end
        while start < len(data) and data[start] == 0:  # they may begin at round addresses
            start += 1
        if data[start : start + 3] != b"\xff\xd8\xff":
            break
        end, _ = _end_of_one_jpeg(data, start)
    return end


def _end_of_one_jpeg(data: bytes, start: int) -> tuple[int, bool]:
    """Its end, and whether it announces others."""
    at, has_more = start + 2, False
    while True:
        marker, at = _marker(data, at)
        if marker == _EOI:
            return at, has_more
        if marker == 0x01:
            continue
        if marker == _SOI:
            raise Broken
        has_more |= marker == _APP2 and data[at + 2 : at + 6] == b"MPF\0"
        at += _number(data, at, 2)


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """The next one, and where it ends. A loop, but it takes an eighth of what a regular expression does."""
    while (at := data.find(b"\xff", at) + 1) and data[at] in _WITHIN:
        pass
    if not at:
        raise Broken
    return data[at], at + 1


def _end_of_png(data: bytes) -> int:
    at = 8
    while True:
        name, at = data[at + 4 : at + 8], at + 12 + _number(data, at, 4)
        if name == b"IEND":
            return at


def _end_of_gif(data: bytes) -> int:
    at = 13 + _palette(data[10])
    while data[at] != 0x3B:
        if data[at] == 0x2C:
            at += 11 + _palette(data[at + 9])
        elif data[at] == 0x21:
            at += 2
        else:
            raise Broken
        while data[at]:
            at += 1 + data[at]
        at += 1
    return at + 1


def _palette(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _end_of_webp(data: bytes) -> int:
    size = int.from_bytes(data[4:8], "little")
    return 8 + size + size % 2


def _end_of_avif(data: bytes) -> int:
    at = 0
    while at < len(data):
        if data[at + 4 : at + 8] not in _BOXES:
            return at
        size = _number(data, at, 4)
        if size == 1:
            size = _number(data, at + 8, 8)
        at += max(size, 8) if size else len(data) - at
    return at


def _number(data: bytes, at: int, size: int) -> int:
    if at + size > len(data):
        raise Broken
    return int.from_bytes(data[at : at + size], "big")


_ENDS: dict[str, Callable[[bytes], int]] = {
    "image/png": _end_of_png,
    "image/jpeg": _end_of_jpeg,
    "image/gif": _end_of_gif,
    "image/webp": _end_of_webp,
    "image/avif": _end_of_avif,
}
