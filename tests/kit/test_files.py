"""Files are kept whole or not at all, read as streams, and each owner reaches its own alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stoa.kit.files import CHUNK, PART, KeyRefused, NoSuchFile, StoredFiles, open_store

MEBIBYTE = 1024 * 1024


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "here"


@pytest.fixture
def files(folder: Path) -> StoredFiles:
    return StoredFiles(open_store(folder), "shop_one")


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def whole(stream: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in stream])


def found_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


async def test_a_file_is_kept_and_read_back(files: StoredFiles) -> None:
    key = files.key("uploads", "letter.txt")

    assert await files.put(key, chunks(b"dear ", b"", b"Zeno")) == 9
    assert key == "shop_one/uploads/letter.txt"
    assert await files.size(key) == 9
    assert await whole(files.stream(key)) == b"dear Zeno"
    assert await whole(files.stream(key, 5)) == b"Zeno"
    assert await whole(files.stream(key, 9)) == b""


async def test_an_empty_file_is_a_file(files: StoredFiles) -> None:
    assert await files.put(files.key("a", "empty"), chunks()) == 0
    assert await whole(files.stream(files.key("a", "empty"))) == b""


async def test_a_file_of_several_parts_comes_back_in_pieces(files: StoredFiles) -> None:
    content = os.urandom(2 * PART + 12_345)
    key = files.key("a", "large")

    await files.put(key, chunks(*(content[i : i + 100_000] for i in range(0, len(content), 100_000))))

    pieces = [len(chunk) async for chunk in files.stream(key)]
    assert await whole(files.stream(key)) == content
    assert max(pieces) < PART
    assert len(pieces) > 4


async def test_an_opened_file_can_be_read_and_sought(files: StoredFiles) -> None:
    content = os.urandom(3 * CHUNK)
    key = files.key("a", "opened")
    await files.put(key, chunks(content))

    with files.open(key) as file:
        assert file.read(10) == content[:10]
        file.seek(-5, os.SEEK_END)
        assert file.read() == content[-5:]
        file.seek(CHUNK)
        assert file.read(CHUNK) == content[CHUNK : 2 * CHUNK]
        assert file.tell() == 2 * CHUNK


async def test_a_stream_that_breaks_leaves_nothing(files: StoredFiles, folder: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        for _ in range(8):
            yield os.urandom(MEBIBYTE)
        raise ConnectionResetError("the line went dead")

    with pytest.raises(ConnectionResetError, match="the line went dead"):
        await files.put(files.key("a", "b"), broken())

    assert found_in(folder) == []


async def test_a_broken_second_version_leaves_the_first(files: StoredFiles) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"new"
        raise ConnectionResetError

    key = files.key("a", "b")
    await files.put(key, chunks(b"old"))

    with pytest.raises(ConnectionResetError):
        await files.put(key, broken())

    assert await whole(files.stream(key)) == b"old"


async def test_a_cancelled_put_leaves_nothing(files: StoredFiles, folder: Path) -> None:
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield os.urandom(PART)
            begun.set()
            await asyncio.sleep(0)

    task = asyncio.ensure_future(files.put(files.key("a", "b"), endless()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    for _ in range(200):  # the store cleans up behind us
        if not found_in(folder):
            break
        await asyncio.sleep(0.02)
    assert found_in(folder) == []


async def test_what_is_not_there_is_not_found(files: StoredFiles) -> None:
    key = files.key("a", "b")
    with pytest.raises(NoSuchFile):
        await files.size(key)
    with pytest.raises(NoSuchFile):
        await whole(files.stream(key))
    with pytest.raises(NoSuchFile):
        files.open(key)


async def test_deleting_twice_changes_nothing(files: StoredFiles, folder: Path) -> None:
    key = files.key("a", "b")
    await files.put(key, chunks(b"x"))

    await files.delete(key)
    await files.delete(key)

    assert found_in(folder) == []


async def test_clearing_forgets_ones_own_files_and_no_others(files: StoredFiles, folder: Path) -> None:
    namesake = StoredFiles(open_store(folder), "shop_one_too")
    await namesake.put(namesake.key("a", "kept"), chunks(b"x"))
    for number in range(3):
        await files.put(files.key("a", f"b{number}", "gone"), chunks(b"x"))

    await files.clear()
    await files.clear()

    assert found_in(folder) == ["shop_one_too/a/kept"]


@pytest.mark.parametrize(
    "key",
    [
        "shop_two/uploads/x",
        "shop_one",
        "shop_one/",
        "shop_one/../shop_two/x",
        "shop_one//x",
        "/shop_one/x",
        "shop_one/.hidden",
        "shop_one/a b",
        "shop_one2/x",
        "shop_one/x\n",
    ],
)
async def test_a_key_of_somebody_else_is_refused(files: StoredFiles, folder: Path, key: str) -> None:
    theirs = StoredFiles(open_store(folder), "shop_two")
    await theirs.put("shop_two/uploads/x", chunks(b"secret"))

    with pytest.raises(KeyRefused):
        await files.put(key, chunks(b"mine"))
    with pytest.raises(KeyRefused):
        await whole(files.stream(key))
    with pytest.raises(KeyRefused):
        files.open(key)
    with pytest.raises(KeyRefused):
        await files.size(key)
    with pytest.raises(KeyRefused):
        await files.delete(key)

    assert found_in(folder) == ["shop_two/uploads/x"]
    assert await whole(theirs.stream("shop_two/uploads/x")) == b"secret"


@pytest.mark.parametrize("prefix", ["", "shop one", "../x", "a/b", "Shop"])
def test_an_owner_has_a_plain_prefix(folder: Path, prefix: str) -> None:
    with pytest.raises(KeyRefused):
        StoredFiles(open_store(folder), prefix)


async def test_an_address_names_another_kind_of_store() -> None:
    files = StoredFiles(open_store("memory://"), "shop_one")
    await files.put(files.key("a", "b"), chunks(b"x" * 10))

    assert await whole(files.stream(files.key("a", "b"), 4)) == b"x" * 6
