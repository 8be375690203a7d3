"""Unpack a file: the text inside plain, gzip or zip, as a stream that knows its limits."""

from __future__ import annotations

import gzip
import struct
import zipfile
import zlib
from typing import BinaryIO, Protocol

from stoa.kit.tabular.errors import ArchiveBomb, BrokenArchive, EmptyFile, UnfitArchive

MEBIBYTE = 1024 * 1024
CHUNK = 256 * 1024
MAX_TEXT = 4096 * MEBIBYTE
MAX_RATIO = 200  # sales logs pack 10 to 30 times; bombs a thousand times and more
ALWAYS_ALLOWED = 16 * MEBIBYTE
MAX_MEMBERS, MAX_DIRECTORY = 100, MEBIBYTE
GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
_BROKEN = (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, struct.error)


class Source(Protocol):
    """Bytes in order; none at the end only."""

    def read(self, size: int) -> bytes: ...

    def skip_to(self, position: int) -> None: ...


class Unpacked:
    """The bytes of the text, unpacked as they are read. Raises `BrokenArchive`, and `ArchiveBomb` above the limit."""

    def __init__(self, stream: BinaryIO, limit: int, packing: str) -> None:
        self._stream, self._limit, self.packing = stream, limit, packing
        self.position = 0

    def read(self, size: int) -> bytes:
        try:
            data = self._stream.read(size)
        except _BROKEN as error:
            raise BrokenArchive(
                "The {packing} file is broken after {position:,} bytes of text: {error}",
                packing=self.packing,
                position=self.position,
                error=str(error),
            ) from None
        self.position += len(data)
        if self.position > self._limit:
            raise ArchiveBomb(
                "More than {limit:,} bytes come out of this {packing} file.", limit=self._limit, packing=self.packing
            )
        return data

    def skip_to(self, position: int) -> None:
        """Go on at `position`: at once in a plain file, by reading up to it in a packed one (so its checksum holds)."""
        if self.packing == "plain":
            self.position = self._stream.seek(position)
        while self.position < position and self.read(min(CHUNK, position - self.position)):
            pass


def unpack(file: BinaryIO, size: int) -> Unpacked:
    """The text of a file of `size` bytes. What it is, is told by its first bytes, never by its name."""
    if not size:
        raise EmptyFile("The file is empty.")
    file.seek(0)
    start = file.read(4)
    file.seek(0)
    limit = min(MAX_TEXT, max(ALWAYS_ALLOWED, MAX_RATIO * size))
    if start.startswith(GZIP):
        return Unpacked(gzip.GzipFile(fileobj=file), limit, "gzip")  # type: ignore[arg-type]
    if start == ZIP:
        return Unpacked(_the_table_in(file, size), limit, "zip")
    return Unpacked(file, MAX_TEXT, "plain")


def _the_table_in(file: BinaryIO, size: int) -> BinaryIO:
    _check_directory(file, size)
    try:
        archive = zipfile.ZipFile(file)
        member = _only_member(archive)
        return archive.open(member)  # type: ignore[return-value]
    except _BROKEN as error:
        raise BrokenArchive("The zip file is broken: {error}", error=str(error)) from None


def _only_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [each for each in archive.infolist() if not each.is_dir() and not _is_litter(each.filename)]
    if any(each.filename == "[Content_Types].xml" for each in members):
        raise UnfitArchive("This is a workbook of Excel's kind: save it as CSV.")
    if len(members) != 1:
        names = ", ".join(each.filename[:60] for each in members[:5]) or "none"
        raise UnfitArchive(
            "The zip must hold one table; it holds {count} files ({names}).", count=len(members), names=names
        )
    if members[0].flag_bits & 1:
        raise UnfitArchive("The zip is locked with a password.")
    if members[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnfitArchive("The zip is packed in a way that is not taken; use the usual one (deflate), or gzip.")
    return members[0]


def _is_litter(name: str) -> bool:
    """What a Mac adds unasked."""
    return name.startswith("__MACOSX/") or name.endswith(".DS_Store")


def _check_directory(file: BinaryIO, size: int) -> None:
    """Look at the zip's last record before Python reads the whole directory, which may be as large as the file."""
    file.seek(max(0, size - 66_000))
    tail = file.read()
    file.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise BrokenArchive("The zip file is broken: its end is missing.")
    members, length = struct.unpack_from("<HL", tail, at + 10)
    if members > MAX_MEMBERS or length > MAX_DIRECTORY:
        raise UnfitArchive("The zip must hold one table; it holds {members:,} files.", members=members)
