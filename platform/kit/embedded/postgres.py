"""PostgreSQL: how its data folder is made, how it is started, how it says that it is ready."""

from __future__ import annotations

import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stoa.kit.embedded.account import Account
from stoa.kit.embedded.diagnosing import diagnose
from stoa.kit.embedded.folder import StateFolder
from stoa.kit.embedded.owner import Owner
from stoa.kit.embedded.spawning import IS_LINUX, spawn

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # No socket: its path may have 107 characters at most, a state folder has more.
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    # One transaction over a fleet of schemas locks each of their tables.
    "max_locks_per_transaction": "512",
    # Its start costs more than the short statements of a shop ever take.
    "jit": "off",
    "shared_preload_libraries": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
FRAGILE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # A log that may be in memory is kept short: nobody recovers much from it, and checkpoints cost nothing.
    "max_wal_size": "192MB",
    "min_wal_size": "64MB",
}


@dataclass(frozen=True)
class Postgres:
    folder: StateFolder
    account: Account
    programs: Path
    durable: bool
    slow_query_ms: int | None

    name = process_name = "postgres"
    # "Fast": ends the sessions and writes a checkpoint. SIGTERM would wait for clients.
    stop_signal = signal.SIGINT

    @property
    def home(self) -> Path:
        return self.folder.home(self.name)

    def url(self, port: int) -> str:
        return f"postgres://postgres:{self.folder.password()}@127.0.0.1:{port}/postgres"

    def prepare(self, owner: Owner) -> None:
        """Make the data folder if there is none; a killed initdb leaves none."""
        if self.home.exists():
            return
        draft = self.home.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self.account.own(draft)
        self._initdb(draft, owner)
        draft.replace(self.home)

    def _initdb(self, draft: Path, owner: Owner) -> None:
        command = [
            *(str(self.programs / "initdb"), "-D", self._place(draft)),
            *("--username=postgres", "--auth=scram-sha-256", "--pwfile=/dev/stdin"),
            *("--encoding=UTF8", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *([] if self.durable else ["--no-sync"]),
        ]
        initdb = spawn(
            command,
            account=self.account,
            home=draft,
            given=self.folder.password().encode(),
            # Its few lines fit into the pipe. On a full disk a file would stay empty.
            output=subprocess.PIPE,
            at_our_death=signal.SIGTERM,
        )
        try:
            while initdb.poll() is None:
                owner.pause(0.02)
        finally:
            initdb.terminate()
            words, _ = initdb.communicate()
        if initdb.returncode != 0:
            log = self.folder.log("initdb")
            log.write_bytes(words)
            raise diagnose("initdb", words.decode(errors="replace"), log)

    def command(self, port: int) -> list[str]:
        settings = {
            **SETTINGS,
            **({} if self.durable else FRAGILE),
            "port": str(port),
            "cluster_name": self.folder.mark,
            "log_min_duration_statement": str(-1 if self.slow_query_ms is None else self.slow_query_ms),
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [str(self.programs / "postgres"), "-D", self._place(self.home), *options]

    def given(self) -> bytes:
        return b""

    def environment(self) -> dict[str, str]:
        """Have the server overlook the pid that the last one left in its pid file.

        We hold the lock and have ended our leftovers, so a process of that pid is a
        stranger who got the number anew; without the hint PostgreSQL would refuse to
        start. Removing the file instead would also remove the note on the shared
        memory, by which PostgreSQL knows that no old backend is left.
        """
        status = self._status()
        return {"PG_GRANDPARENT_PID": status[0]} if status else {}

    def is_ready(self, pid: int, port: int) -> bool:
        # The status line that pg_ctl goes by: quicker than a connection, and certain
        # to be about this server.
        status = self._status()
        return len(status) > 7 and status[0] == str(pid) and status[7].strip() == "ready"

    def _status(self) -> list[str]:
        try:
            return (self.home / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _place(self, data: Path) -> str:
        # `nobody` may be unable to enter a folder above, such as root's home. We start
        # the program inside the data folder, and this name for it asks nobody above.
        if self.account.is_dropped and IS_LINUX:
            return "/proc/self/cwd"
        return str(data)
