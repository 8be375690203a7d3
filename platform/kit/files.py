"""Files: kept in a local folder or an object store, written and read as streams, each owner under its own prefix."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import obstore
from obstore.store import LocalStore, from_url

CHUNK = 256 * 1024
PART = 5 * 1024 * 1024  # the smallest part that S3 takes
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)+")


class KeyRefused(RuntimeError):
    """A key that is malformed or belongs to somebody else: a bug, never a refusal."""


class NoSuchFile(LookupError):
    """Nothing is kept under that key."""


class Files(Protocol):
    """What keeps files. No method holds a whole file in memory."""

    def key(self, *names: str) -> str:
        """A key of ours from its parts: `key("uploads", "x.csv")`."""

    async def put(self, key: str, body: AsyncIterator[bytes]) -> int:
        """Keep `body` under `key`, in place of what was there; its size in bytes.

        All or nothing: when `body` raises, or we are cancelled, what was there before is there still.
        """

    def stream(self, key: str, start: int = 0) -> AsyncIterator[bytes]:
        """The bytes from `start` on. Raises `NoSuchFile`."""

    def open(self, key: str) -> BinaryIO:
        """A file to read and seek in, for code in a thread (it blocks). Raises `NoSuchFile`."""

    async def size(self, key: str) -> int:
        """In bytes. Raises `NoSuchFile`."""

    async def delete(self, key: str) -> None:
        """Forget the file; deleting twice changes nothing."""

    async def clear(self) -> None:
        """Forget every file of this owner."""


class StoredFiles:
    """Files of one owner in an obstore: keys outside `prefix` are refused."""

    def __init__(self, store: Any, prefix: str) -> None:
        if not re.fullmatch(r"[a-z0-9_]+", prefix):
            raise KeyRefused(f"{prefix!r} cannot be the prefix of an owner's files")
        self._store, self._prefix = store, prefix

    def key(self, *names: str) -> str:
        return self._ours("/".join((self._prefix, *names)))

    async def put(self, key: str, body: AsyncIterator[bytes]) -> int:
        counted = _Counted(body)
        await obstore.put_async(
            self._store, self._ours(key), counted, use_multipart=True, chunk_size=PART, max_concurrency=2
        )
        return counted.size

    async def stream(self, key: str, start: int = 0) -> AsyncIterator[bytes]:
        if start >= await self.size(key):
            return
        found = await obstore.get_async(self._store, key, options={"range": {"offset": start}})
        async for chunk in found.stream(min_chunk_size=CHUNK):
            yield bytes(chunk)

    def open(self, key: str) -> BinaryIO:
        try:
            size = obstore.head(self._store, self._ours(key))["size"]
        except FileNotFoundError:
            raise NoSuchFile(key) from None
        return io.BufferedReader(_Ranges(self._store, key, size), CHUNK)

    async def size(self, key: str) -> int:
        try:
            return (await obstore.head_async(self._store, self._ours(key)))["size"]
        except FileNotFoundError:
            raise NoSuchFile(key) from None

    async def delete(self, key: str) -> None:
        with suppress(FileNotFoundError):
            await obstore.delete_async(self._store, self._ours(key))

    async def clear(self) -> None:
        await asyncio.to_thread(self._clear)

    def _clear(self) -> None:
        # not with obstore's async functions: a process that ends right after one of them (`stoa shop drop`) is aborted
        # now and then, when a thread of obstore's still wants to tell Python that it is done
        for found in obstore.list(self._store, self._prefix):
            obstore.delete(self._store, [self._ours(each["path"]) for each in found])

    def _ours(self, key: str) -> str:
        if not KEY.fullmatch(key) or not key.startswith(self._prefix + "/"):
            raise KeyRefused(f"{key!r} is not a key of {self._prefix}")
        return key


def open_store(place: str | Path) -> Any:
    """The store at `place`: a folder (made when missing) or an address such as ``s3://bucket/path``."""
    if "://" in str(place):
        return from_url(str(place))
    return LocalStore(Path(place).absolute(), mkdir=True)


class _Counted:
    """An async iterator that knows how many bytes went through it."""

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self._body = body
        self.size = 0

    def __aiter__(self) -> _Counted:
        return self

    async def __anext__(self) -> bytes:
        chunk = await anext(self._body)
        self.size += len(chunk)
        return chunk


class _Ranges(io.RawIOBase):
    """A kept file as Python's own raw file: every read is one range."""

    def __init__(self, store: Any, key: str, size: int) -> None:
        self._store, self._key, self._size, self._at = store, key, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, target: Any) -> int:
        length = min(len(target), self._size - self._at)
        if length <= 0:
            return 0
        target[:length] = memoryview(obstore.get_range(self._store, self._key, start=self._at, length=length))
        self._at += length
        return length
