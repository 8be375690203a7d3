"""Have a picture developed by the studio: started at the first picture, and again whenever it is gone."""

from __future__ import annotations

import asyncio
import atexit
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from threading import Lock
from time import monotonic

import msgspec

from stoa.kit.pictures.limits import MAX_SECONDS

GRACE = 5.0  # seconds for what the kernel should have ended
PASSED_ON = ("PATH", "PYTHONPATH", "LANG")  # nothing secret is where strangers' files are decoded


class PictureRefused(Exception):
    """The file is not shown: `code` tells why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class StudioGone(RuntimeError):
    """The process died before it answered: of the picture, perhaps, or of something else."""


class Size(msgspec.Struct, frozen=True):
    """`file` is the place of its bytes in `Developed.files`; sizes with the same pixels share one."""

    name: str
    width: int
    height: int
    file: int


class _Told(msgspec.Struct):
    code: str = ""
    content_type: str = ""
    width: int = 0
    height: int = 0
    warnings: tuple[str, ...] = ()
    seconds: tuple[float, float] = (0.0, 0.0)
    sizes: tuple[Size, ...] = ()
    files: tuple[int, ...] = ()


class Developed(msgspec.Struct, frozen=True):
    """What the file is (turned upright), what is odd about it, and its sizes as WebP, the largest first.

    `seconds` are of the processor: for decoding, and for all.
    """

    content_type: str
    width: int
    height: int
    warnings: tuple[str, ...]
    sizes: tuple[Size, ...]
    files: tuple[bytes, ...]
    seconds: tuple[float, float]


async def developed(body: AsyncIterator[bytes], size: int, *, seconds: int = MAX_SECONDS) -> Developed:
    """Decode the picture of `size` bytes and write it anew, in so many seconds at the most.

    Raises `PictureRefused`, and `StudioGone` when the process died of something else than its limits.
    """
    ours, theirs = socket.socketpair()
    try:
        await asyncio.to_thread(_studio.hand_over, theirs)
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    reader, writer = await asyncio.open_connection(sock=ours)
    begun = monotonic()
    try:
        async with asyncio.timeout(seconds + GRACE):
            await _send(writer, body, seconds.to_bytes(4, "big") + size.to_bytes(4, "big"))
            return await _answer(reader)
    except (asyncio.IncompleteReadError, ConnectionError, TimeoutError) as error:
        if monotonic() - begun >= seconds:
            raise PictureRefused("TOO_COSTLY") from None
        raise StudioGone("The process that decodes pictures ended before it answered.") from error
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _send(writer: asyncio.StreamWriter, body: AsyncIterator[bytes], head: bytes) -> None:
    writer.write(head)
    async for chunk in body:
        writer.write(chunk)
        await writer.drain()
    writer.write_eof()


async def _answer(reader: asyncio.StreamReader) -> Developed:
    head = await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big"))
    told = msgspec.json.decode(head, type=_Told)
    if told.code:
        raise PictureRefused(told.code)
    files = tuple([await reader.readexactly(length) for length in told.files])
    return Developed(told.content_type, told.width, told.height, told.warnings, told.sizes, files, told.seconds)


class _Studio:
    """This process' studio. Its methods block: call them in a thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._door: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def hand_over(self, line: socket.socket) -> None:
        with self._lock:
            try:
                self._pass(line)
            except OSError:  # none yet, or it is gone
                self._open()
                self._pass(line)

    def close(self) -> None:
        with self._lock:
            if self._door is None or self._process is None:
                return
            self._door.close()
            self._door = None
            try:
                self._process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _pass(self, line: socket.socket) -> None:
        if self._door is None:
            raise ConnectionResetError
        socket.send_fds(self._door, [b"1"], [line.fileno()])

    def _open(self) -> None:
        if self._door is not None and self._process is not None:
            self._door.close()
            self._process.wait()
        self._door, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "stoa.kit.pictures.studio", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
                start_new_session=True,  # Ctrl-C is for us to hear; when we are gone, it goes
            )


_studio = _Studio()
atexit.register(_studio.close)
