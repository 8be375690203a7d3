"""Decode: find out the encoding of a text, and turn whatever it is into UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from typing import NamedTuple

from stoa.kit.languages import Sentence
from stoa.kit.tabular.errors import EmptyFile, NotText, WrongEncoding
from stoa.kit.tabular.notation import Encoding
from stoa.kit.tabular.unpacking import CHUNK, MEBIBYTE, Source, Unpacked

HEAD = 4096
MAX_ROW = MEBIBYTE
MAX_SCAN = 64 * MEBIBYTE
UTF8 = "utf-8"
MARKS = ((codecs.BOM_UTF8, UTF8), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
CODECS = {"utf-16": "utf-16-le", "windows-1252": "cp1252"}
# Of a text that really is GB18030 nearly all is in the old core set; Latin text read as GB18030 hits it by chance only.
LIKELY = 0.8


class Encoded(NamedTuple):
    """A codec of Python's, and how many bytes of mark stand before the text."""

    codec: str
    mark: int


class TooLong(Exception):
    """A line of more than `MAX_ROW` bytes; `start` is how it begins."""

    def __init__(self, start: bytes) -> None:
        super().__init__()
        self.start = start


def blocks(source: Source) -> Iterator[bytes]:
    """The text from where `source` stands, in pieces of whole lines. Raises `TooLong`."""
    rest = b""
    while chunk := source.read(CHUNK):
        rest += chunk
        # a \\r at the very end may be half of a \\r\\n
        cut = max(rest.rfind(b"\n"), rest.rfind(b"\r", 0, -1)) + 1
        if cut:
            yield rest[:cut]
            rest = rest[cut:]
        if len(rest) > MAX_ROW:
            raise TooLong(rest)
    if rest:
        yield rest


def find_encoding(open_text: Callable[[], Unpacked], said: Encoding | None) -> Encoded:
    """The encoding of a text: by its mark, else as said, else UTF-8 if that is what its first letters beyond ASCII
    are, else GB18030 if they are likely so. Raises `WrongEncoding` rather than guess."""
    head = _head(open_text())
    if not head:
        raise EmptyFile("The file is empty.")
    for mark, codec in MARKS:
        if head.startswith(mark):
            return Encoded(codec, len(mark))
    if said:
        return Encoded(CODECS.get(said, said), 0)
    if head.count(0) > len(head) // 10:
        raise NotText("The file is not text: it holds zero bytes. If it is UTF-16, say so in the options.")
    return Encoded(_find_by_letters(open_text()), 0)


def _head(text: Unpacked) -> bytes:
    head = b""
    while len(head) < HEAD and (more := text.read(HEAD - len(head))):
        head += more
    return head


def _find_by_letters(text: Unpacked) -> str:
    line, position = 1, 0
    try:
        for block in blocks(text):
            if not block.isascii():
                return _encoding_of(block, line, position)
            line, position = line + line_ends(block), position + len(block)
            if position > MAX_SCAN:
                break
    except TooLong:
        pass  # who reads the rows will come to it, and can say more
    return UTF8


def _encoding_of(block: bytes, line: int, position: int) -> str:
    try:
        block.decode(UTF8)
        return UTF8
    except UnicodeDecodeError as error:
        if _is_likely_chinese(block):
            return "gb18030"
        line += line_ends(block[: error.start])
        hint = Sentence(" Say the encoding in the options, or save the file as UTF-8.")
        raise wrong_encoding(UTF8, error, line, position + error.start, hint) from None


def _is_likely_chinese(block: bytes) -> bool:
    try:
        foreign = [letter for letter in block.decode("gb18030") if letter > "\x7f"]
    except UnicodeDecodeError:
        return False
    core = len("".join(foreign).encode("gb2312", "ignore")) // 2
    return core >= LIKELY * len(foreign)


def line_ends(text: bytes) -> int:
    return text.count(b"\n") or text.count(b"\r")


def wrong_encoding(
    codec: str, error: UnicodeDecodeError, line: int, byte: int, hint: str | Sentence = ""
) -> WrongEncoding:
    """The refusal for what Python could not decode: in that line, `byte` bytes into the text."""
    found = " ".join(f"{each:02x}" for each in error.object[error.start : error.start + 4])
    return WrongEncoding(
        "Line {line}, byte {byte:,}: {found} is not {codec}.{hint}",
        line=line,
        byte=byte,
        found=found,
        codec=codec.upper(),
        hint=hint,
    )


class AsUtf8:
    """A text of another encoding as UTF-8; positions in it are those of the UTF-8."""

    def __init__(self, source: Unpacked, codec: str) -> None:
        self._source, self._codec = source, codec
        self._decoder = codecs.getincrementaldecoder(codec)("strict")
        self._line, self._rest = 1, b""

    def read(self, size: int) -> bytes:
        """About `size` bytes; none at the end only."""
        if self._rest:
            data, self._rest = self._rest, b""
            return data
        while True:
            raw = self._source.read(size)
            text = self._decode(raw)
            if text or not raw:
                return text.encode(UTF8)

    def skip_to(self, position: int) -> None:
        """Read on from the beginning up to `position`."""
        while position > 0 and (data := self.read(CHUNK)):
            self._rest = data[position:]
            position -= len(data)

    def _decode(self, raw: bytes) -> str:
        try:
            text = self._decoder.decode(raw, final=not raw)
        except UnicodeDecodeError as error:
            line = self._line + error.object[: error.start].decode(self._codec, "ignore").count("\n")
            byte = self._source.position - len(error.object) + error.start
            raise wrong_encoding(self._codec, error, line, byte) from None
        self._line += text.count("\n")
        return text
