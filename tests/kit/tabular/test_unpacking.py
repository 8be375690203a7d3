"""Packed files are unpacked as they are read; broken ones and bombs are refused."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
import zlib

import pytest

from stoa.kit.tabular.errors import ArchiveBomb, BrokenArchive, EmptyFile, UnfitArchive
from stoa.kit.tabular.unpacking import ALWAYS_ALLOWED, MAX_RATIO, Unpacked, unpack
from tests.domains.catalog.importing.tables import gzipped, zipped

TEXT = b"".join(b"%06d,some goods,%s\n" % (i, os.urandom(4).hex().encode()) for i in range(40_000))


def opened(content: bytes) -> Unpacked:
    return unpack(io.BytesIO(content), len(content))


def whole(source: Unpacked) -> bytes:
    return b"".join(iter(lambda: source.read(100_000), b""))


@pytest.mark.parametrize(
    ("content", "packing"),
    [
        (TEXT, "plain"),
        (gzipped(TEXT), "gzip"),
        (gzipped(TEXT[:5000]) + gzipped(TEXT[5000:]), "gzip"),
        (zipped(("goods.csv", TEXT)), "zip"),
        (zipped(("goods/", b""), ("goods/a.csv", TEXT), ("__MACOSX/goods/._a.csv", b"x"), (".DS_Store", b"x")), "zip"),
    ],
)
def test_the_text_comes_out(content: bytes, packing: str) -> None:
    source = opened(content)

    assert source.packing == packing
    assert whole(source) == TEXT
    assert source.position == len(TEXT)


@pytest.mark.parametrize("content", [TEXT, gzipped(TEXT), zipped(("goods.csv", TEXT))])
@pytest.mark.parametrize("position", [0, 1, 300_000, len(TEXT)])
def test_reading_may_begin_anywhere(content: bytes, position: int) -> None:
    source = opened(content)
    source.skip_to(position)

    assert whole(source) == TEXT[position:]


@pytest.mark.parametrize("packed", [gzipped(TEXT), zipped(("goods.csv", TEXT))], ids=["gzip", "zip"])
@pytest.mark.parametrize("kept", [10, 0.5, 0.999])
def test_what_breaks_off_is_broken(packed: bytes, kept: float) -> None:
    content = packed[: int(kept if kept > 1 else kept * len(packed))]

    with pytest.raises(BrokenArchive, match="is broken"):
        whole(opened(content))


def test_a_wrong_byte_is_noticed() -> None:
    for packed in (gzipped(TEXT), zipped(("goods.csv", TEXT))):
        content = bytearray(packed)
        content[len(content) // 2] ^= 0xFF
        with pytest.raises(BrokenArchive):
            whole(opened(bytes(content)))


@pytest.mark.parametrize("pack", [gzipped, lambda content: zipped(("bomb.csv", content))])
def test_a_bomb_is_refused_while_it_goes_off(pack) -> None:  # type: ignore[no-untyped-def]
    bomb = pack(bytes(64 * 1024 * 1024))
    assert len(bomb) * MAX_RATIO < 64 * 1024 * 1024
    source = opened(bomb)

    with pytest.raises(ArchiveBomb, match="bytes come out of this"):
        whole(source)

    assert source.position <= max(ALWAYS_ALLOWED, MAX_RATIO * len(bomb)) + 100_000


def test_a_bomb_within_a_bomb_is_only_bytes() -> None:
    inner = gzipped(bytes(50_000_000))
    assert whole(opened(gzipped(inner))) == inner


def test_a_directory_that_lies_about_the_size_is_noticed() -> None:
    packed = bytearray(zipped(("goods.csv", TEXT)))
    at = packed.rfind(b"PK\x01\x02")
    packed[at + 24 : at + 28] = (100).to_bytes(4, "little")

    with pytest.raises(BrokenArchive):
        whole(opened(bytes(packed)))


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (zipped(("a.csv", TEXT), ("b.csv", TEXT)), r"it holds 2 files \(a.csv, b.csv\)"),
        (zipped(("folder/", b"")), "it holds 0 files"),
        (zipped(*((f"{i}.csv", b"") for i in range(101))), "it holds 101 files"),
    ],
)
def test_a_zip_holds_one_table(content: bytes, match: str) -> None:
    with pytest.raises(UnfitArchive, match=match):
        opened(content)


def test_a_locked_zip_is_refused() -> None:
    packed = bytearray(zipped(("goods.csv", TEXT)))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.rfind(mark) + at] |= 1

    with pytest.raises(UnfitArchive, match="password"):
        opened(bytes(packed))


def test_a_rare_packing_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("goods.csv", TEXT)

    with pytest.raises(UnfitArchive, match="deflate"):
        opened(file.getvalue())


def test_nothing_is_an_empty_file() -> None:
    with pytest.raises(EmptyFile):
        opened(b"")


def test_the_levels_of_gzip_do_not_matter() -> None:
    for level in (0, 1, 9):
        assert whole(opened(gzip.compress(TEXT, level))) == TEXT
    assert zlib.crc32(TEXT)
