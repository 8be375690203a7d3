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

from stoa.kit.reporting import lines, paper, workbook
from stoa.kit.reporting.documents import Format
from stoa.kit.reporting.press import Answer, Told

PASSED_ON = ("PATH", "PYTHONPATH", "LANG")  # nothing secret is where strangers' words are typeset
MAX_SECONDS = 120.0
MOST_ROWS = {Format.PDF: paper.MOST_ROWS, Format.XLSX: workbook.MOST_ROWS, Format.CSV: lines.MOST_ROWS}
IDLE_AT_END = 2.0  # seconds


class NotWritten(RuntimeError):
    """The process died, or could not write the document: a bug, or a document that takes too much memory."""


class TooLong(NotWritten):
    """The document took longer than it may; the process was killed."""


class TooManyRows(ValueError):
    """More rows than this format takes."""

    def __init__(self, format: Format, limit: int) -> None:
        super().__init__(f"{format} takes {limit} rows")
        self.format, self.limit = format, limit


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
            process, is_well = await asyncio.to_thread(self._take), False
            try:
                async with asyncio.timeout(seconds):
                    answer = await asyncio.to_thread(_order, process, Told(str(spool), str(out), format))
                is_well = True
            except TimeoutError:
                raise TooLong(f"It took longer than {seconds:g} seconds.") from None
            finally:
                self._give_back(process, is_well=is_well)
        if answer.failure:
            raise NotWritten(answer.failure)
        return Written(out, answer.size)

    def close(self) -> None:
        """End the processes that wait for work."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            _end(process)

    def _take(self) -> subprocess.Popen[bytes]:
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.poll() is None:
                    return process
                _end(process)
        return _started()

    def _give_back(self, process: subprocess.Popen[bytes], *, is_well: bool) -> None:
        if is_well and process.poll() is None:
            with self._lock:
                self._idle.append(process)
        else:
            process.kill()  # whoever reads from it in a thread gets the end of its output
            _end(process)


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "stoa.kit.reporting.press"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
        start_new_session=True,  # Ctrl-C is for us to hear; when we are gone, its input ends
    )


def _order(process: subprocess.Popen[bytes], told: Told) -> Answer:
    """In a thread: it waits. Raises `NotWritten` when the process is gone."""
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
