"""The presses: some processes that write documents. No event loop waits for one; what dies takes no other along."""

from __future__ import annotations

import asyncio
import atexit
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from weakref import WeakKeyDictionary

import msgspec

from stoa.kit.reporting.documents import Format
from stoa.kit.reporting.orders import Answer, Told

PASSED_ON = ("PATH", "PYTHONPATH", "LANG")  # nothing secret is where strangers' words are typeset
MAX_SECONDS = 120.0
IDLE_AT_END = 2.0  # seconds


class NotWritten(RuntimeError):
    """The process died, or could not write the document: a bug, or a document that takes too much memory."""


class TooLong(NotWritten):
    """The document took longer than it may; the process was killed."""


@dataclass(frozen=True, slots=True)
class Written:
    """The file, and how large it is."""

    path: Path
    size: int


class Presses:
    """So many processes at the most, started when they are needed. One serves one document at a time."""

    def __init__(self, number: int = 2) -> None:
        self.number = number
        self._lock = Lock()
        self._idle: list[subprocess.Popen[bytes]] = []
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
        atexit.register(self.close)

    async def write(self, spool: Path, out: Path, format: Format, *, seconds: float = MAX_SECONDS) -> Written:
        """Have the document in the spool written. Raises `NotWritten` and `TooLong`."""
        turn = self._turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self.number))
        async with turn:
            order = _Order(Told(str(spool), str(out), format))
            work = asyncio.ensure_future(asyncio.to_thread(self._serve, order))
            try:
                async with asyncio.timeout(seconds):
                    answer = await asyncio.shield(work)
            except (TimeoutError, asyncio.CancelledError) as error:
                order.call_off()
                await asyncio.wait([work])
                if isinstance(error, TimeoutError):
                    raise TooLong(f"It took longer than {seconds:g} seconds.") from None
                raise
        if answer.failure:
            raise NotWritten(answer.failure)
        return Written(out, answer.size)

    def close(self) -> None:
        """End the processes that wait for work."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            _end(process)

    def _serve(self, order: _Order) -> Answer:
        """In a thread, from the taking of a process to its giving back. Raises `NotWritten` when it is gone."""
        process = self._take()
        try:
            answer = order.give(process)
        except BaseException:
            process.kill()
            _end(process)
            raise
        if answer.is_last:
            _end(process)
            return answer
        with self._lock:
            self._idle.append(process)
        return answer

    def _take(self) -> subprocess.Popen[bytes]:
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.poll() is None:
                    return process
                _end(process)
        return _started()


class _Order:
    """A document that is being written; whoever waits for it may call it off."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self._lock = Lock()
        self._is_off = False
        self._process: subprocess.Popen[bytes] | None = None

    def give(self, process: subprocess.Popen[bytes]) -> Answer:
        """Tell the process, and wait for its answer. Raises `NotWritten`."""
        with self._lock:
            if self._is_off:
                raise NotWritten("It was called off.")
            self._process = process
        answer = _asked(process, self.told)
        with self._lock:
            self._process = None
        return answer

    def call_off(self) -> None:
        with self._lock:
            self._is_off = True
            if self._process is not None:
                self._process.kill()  # whoever reads from it gets the end of its output


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "stoa.kit.reporting.press"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
        start_new_session=True,  # Ctrl-C is for us to hear; when we are gone, its input ends
    )


def _asked(process: subprocess.Popen[bytes], told: Told) -> Answer:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(msgspec.json.encode(told) + b"\n")
        process.stdin.flush()
        answer = process.stdout.readline()
    except (OSError, ValueError):
        answer = b""
    if not answer.endswith(b"\n"):
        raise NotWritten("The process that wrote it was lost; it may have run out of memory.")
    return msgspec.json.decode(answer, type=Answer)


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        if process.stdin is not None:
            process.stdin.close()
    try:
        process.wait(IDLE_AT_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None and process.poll() is not None:
        with suppress(OSError):
            process.stdout.close()
