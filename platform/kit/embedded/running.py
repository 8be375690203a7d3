"""The lock that only one set of engines holds per folder, and the record of who runs."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from stoa.kit.embedded.errors import AlreadyRunning
from stoa.kit.embedded.owner import Owner


@dataclass(frozen=True)
class Running:
    owner_pid: int
    servers: dict[str, int]


def read(folder: Path) -> Running | None:
    try:
        return Running(**json.loads(_record(folder).read_bytes()))
    except FileNotFoundError:
        return None


def write(folder: Path, running: Running) -> None:
    draft = folder / "running.json.new"
    draft.write_text(json.dumps(asdict(running)))
    draft.replace(_record(folder))


def forget(folder: Path) -> None:
    _record(folder).unlink(missing_ok=True)


@contextmanager
def locked(folder: Path, owner: Owner) -> Iterator[BinaryIO]:
    """Hold the folder's lock; the kernel gives it back however this process ends.

    Waits while the holder is about to stop (it has no record any more, or its owner is
    dead), and raises AlreadyRunning while it is at work.
    """
    with open(folder / "lock", "ab") as lock:
        while not _is_taken(lock):
            holder = read(folder)
            if holder and _is_alive(holder.owner_pid):
                raise AlreadyRunning(str(folder), holder.owner_pid)
            owner.pause(0.05)
        write(folder, Running(owner.pid, {}))
        try:
            yield lock
        finally:
            forget(folder)


def is_removed(lock: BinaryIO) -> bool:
    """Whether somebody removed the folder while its engines run."""
    return os.fstat(lock.fileno()).st_nlink == 0


def _is_taken(lock: BinaryIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _record(folder: Path) -> Path:
    return folder / "running.json"
