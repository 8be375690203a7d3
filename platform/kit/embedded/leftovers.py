"""Servers of this folder that outlived their supervisor: found by their mark, and ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
PATIENCE = 10.0


def end_leftovers(program: str, mark: str, gently: signal.Signals) -> None:
    """End what still works on our data; only to be called with the folder's lock held.

    A killed postmaster leaves backends behind that would finish their query first and
    keep the shared memory until then.
    """
    for number in (gently, signal.SIGKILL):
        deadline = time.monotonic() + PATIENCE
        pids = find(program, mark)
        for pid in pids:
            _send(pid, number)
        while pids and time.monotonic() < deadline:
            time.sleep(0.02)
            pids = find(program, mark)


def find(program: str, mark: str) -> list[int]:
    # The name too: a person may be looking for the mark with a program of their own.
    named = re.compile(rf"(^|/){program}[: ]")
    return [pid for pid, line in _command_lines() if mark in line and named.search(line)]


def _command_lines() -> Iterator[tuple[int, str]]:
    return _from_proc() if PROC.joinpath("self").exists() else _from_ps()


def _from_proc() -> Iterator[tuple[int, str]]:
    # Not through ps, which small container images lack.
    for process in PROC.iterdir():
        if process.name.isdigit():
            with suppress(OSError):  # it may have just ended
                line = process.joinpath("cmdline").read_bytes()
                words = line.replace(b"\0", b" ").decode(errors="replace")
                yield int(process.name), words


def _from_ps() -> Iterator[tuple[int, str]]:
    command = ["ps", "-axww", "-o", "pid=,command="]
    listing = subprocess.run(command, capture_output=True, text=True, check=True)
    for line in listing.stdout.splitlines():
        pid, _, command_line = line.strip().partition(" ")
        yield int(pid), command_line


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
