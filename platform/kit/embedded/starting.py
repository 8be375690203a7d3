"""The caller's side: start a supervisor, learn the addresses, stop it again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from stoa.kit.embedded import running
from stoa.kit.embedded.diagnosing import ending, translate
from stoa.kit.embedded.errors import EngineFailed
from stoa.kit.embedded.folder import StateFolder
from stoa.kit.embedded.messages import Addresses, Request, decode_answer


class Engines:
    """Running engines; a context manager that stops them.

    They also stop when the process that started them ends, in whatever way.
    """

    def __init__(self, folder: Path, addresses: Addresses, supervisor: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.database_url = addresses.database_url
        self.redis_url = addresses.redis_url
        self._supervisor = supervisor

    @property
    def pids(self) -> dict[str, int]:
        """The pids of `supervisor`, `postgres` and `valkey`, empty once stopped.

        Read afresh each time: the supervisor starts a server again that was killed.
        """
        record = running.read(self.folder)
        return record.servers if record else {}

    def stop(self) -> None:
        """Stop both servers and wait until they are gone; twice does nothing."""
        _dismiss(self._supervisor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(folder: Path, *, durable: bool = True, slow_query_ms: int | None = None) -> Engines:
    """Start PostgreSQL and Valkey with their data in `folder`; blocks until both answer.

    Keep what is returned: the engines stop when it is dropped.
    `durable=False` is for tests: quicker, but a power cut may ruin the data, and a
    PostgreSQL that is killed forgets the commits of its last half second.
    `slow_query_ms` has PostgreSQL log every statement that takes at least that long.
    Raises an `EmbeddedError` that says what is in the way.
    """
    path = folder.absolute()
    request = Request(str(path), os.getpid(), durable, slow_query_ms)
    try:
        state = StateFolder.create(path)
        with state.open_log("supervisor") as log:
            position = log.tell()
            supervisor = _hire(request, log)
    except OSError as error:
        raise translate(error, path) from error
    try:
        addresses = _hear(supervisor, state, position)
    except BaseException:
        _dismiss(supervisor)
        raise
    return Engines(path, addresses, supervisor)


def _hire(request: Request, log: BinaryIO) -> subprocess.Popen[bytes]:
    # A session of its own, so that Ctrl-C reaches the caller alone, who stops the
    # engines when it no longer needs them. The caller's own path, so that the
    # supervisor finds the same packages; -S, so that it does not look for them again.
    command = [sys.executable, "-S", "-P", "-m", "stoa.kit.embedded.supervising"]
    python_path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)
    return subprocess.Popen(
        [*command, request.encode()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        cwd="/",
        env={**os.environ, "PYTHONPATH": python_path},
        start_new_session=True,
    )


def _hear(supervisor: subprocess.Popen[bytes], state: StateFolder, position: int) -> Addresses:
    assert supervisor.stdout is not None
    line = supervisor.stdout.readline()
    if not line:
        words = ending(state.logged_since("supervisor", position))
        log = state.log("supervisor")
        raise EngineFailed("The engines' supervisor", str(log), words)
    return decode_answer(line)


def _dismiss(supervisor: subprocess.Popen[bytes]) -> None:
    # The end of its input is what it sees when this process is killed. The signal is
    # for a process that has forked: a child's copy of the pipe keeps the input open.
    supervisor.terminate()
    for pipe in (supervisor.stdin, supervisor.stdout):
        if pipe is not None:
            pipe.close()
    supervisor.wait()
