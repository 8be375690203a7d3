"""Processes that start engines and may be killed, and what the tests ask about them."""

from __future__ import annotations

import json
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it")

PYTHON_PATH = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)

# What a caller does: start, say how it went, live until its input ends.
PROGRAM = """
import json, sys
from pathlib import Path
from stoa.kit.embedded import EmbeddedError, start
{before}
try:
    engines = start(Path(sys.argv[1]), durable={durable})
except EmbeddedError as error:
    print(json.dumps(dict(error=type(error).__name__, says=str(error))), flush=True)
    sys.exit(1)
{after}
print(json.dumps(dict(
    database_url=engines.database_url, redis_url=engines.redis_url, pids=engines.pids,
    child=globals().get("child", 0),
)), flush=True)
sys.stdin.read()
engines.stop()
"""


@dataclass
class Caller:
    """A process of its own that has started engines, or was told why it cannot."""

    process: subprocess.Popen[str]
    database_url: str = ""
    redis_url: str = ""
    pids: dict[str, int] = field(default_factory=dict)
    child: int = 0
    error: str = ""
    says: str = ""

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        self.process.send_signal(number)
        self.process.wait()

    def leave(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        self.process.wait(60)

    def see_all_end(self) -> None:
        until(lambda: not any(is_alive(pid) for pid in self.pids.values()))


def begin(
    folder: Path,
    *,
    durable: bool = False,
    before: str = "",
    after: str = "",
    python: str = sys.executable,
    uid: int | None = None,
    environment: Mapping[str, str] | None = None,
    cwd: Path = Path("/"),
    within: Sequence[str] = (),
) -> subprocess.Popen[str]:
    program = PROGRAM.format(durable=durable, before=before, after=after)
    return subprocess.Popen(
        [*within, python, "-P", "-c", program, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": PYTHON_PATH, **(environment or {})},
        user=uid,
        group=uid,
        extra_groups=None if uid is None else [],
    )


def listen(process: subprocess.Popen[str]) -> Caller:
    assert process.stdout is not None
    return Caller(process, **json.loads(process.stdout.readline()))


def crash(pids: Mapping[str, int]) -> None:
    """End all three at once, as the end of a container does."""
    # Halted first, or the supervisor would start the servers again.
    os.kill(pids["supervisor"], signal.SIGSTOP)
    for pid in reversed([*pids.values()]):
        os.kill(pid, signal.SIGKILL)
    until(lambda: not any(is_alive(pid) for pid in pids.values()))


def children_of(pid: int) -> list[int]:
    listing = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, check=False)
    return [int(child) for child in listing.stdout.split()]


def nobody() -> int:
    return pwd.getpwnam("nobody").pw_uid


def python_for(uid: int) -> str:
    """An interpreter that this user can run and that finds stoa; else the test is skipped.

    Root's own is often in root's home, which nobody else may enter.
    """
    version = f"python3.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        if _works_for(uid, python):
            return python
    pytest.skip(f"user id {uid} can run no {version} that finds stoa")


def _works_for(uid: int, python: str) -> bool:
    try:
        subprocess.run(
            [python, "-P", "-c", "import stoa.kit.embedded"],
            env={**os.environ, "PYTHONPATH": PYTHON_PATH},
            stderr=subprocess.DEVNULL,
            cwd="/",
            user=uid,
            group=uid,
            extra_groups=[],
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def is_alive(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return state != "" and not state.startswith("Z")


def until(condition: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


async def ask(database_url: str, query: str) -> object:
    connection = await asyncpg.connect(database_url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def tell(redis_url: str, *command: str) -> object:
    async with Redis.from_url(redis_url, decode_responses=True) as client:
        return await client.execute_command(*command)
