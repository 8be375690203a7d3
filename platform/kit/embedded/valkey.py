"""Valkey: how it is started, and how it says that it is ready."""

from __future__ import annotations

import signal
import socket
from dataclasses import dataclass
from pathlib import Path

from stoa.kit.embedded.account import Account
from stoa.kit.embedded.folder import StateFolder
from stoa.kit.embedded.owner import Owner


@dataclass(frozen=True)
class Valkey:
    folder: StateFolder
    account: Account
    program: Path
    durable: bool

    name = "valkey"
    process_name = "valkey-server"
    stop_signal = signal.SIGTERM

    @property
    def home(self) -> Path:
        return self.folder.home(self.name)

    def url(self, port: int) -> str:
        return f"redis://:{self.folder.password()}@127.0.0.1:{port}/0"

    def prepare(self, owner: Owner) -> None:
        self.home.mkdir(mode=0o700, exist_ok=True)
        self.account.own(self.home)

    def command(self, port: int) -> list[str]:
        return [
            *(str(self.program), "-"),
            *("--bind", "127.0.0.1", "--port", str(port)),
            # Where it is started: the way to it may be closed to `nobody`.
            *("--dir", "./"),
            *("--appendonly", "yes", "--save", ""),
            *("--appendfsync", "everysec" if self.durable else "no"),
            *("--maxmemory-policy", "noeviction"),
            *("--proc-title-template", f"{{title}} {{listen-addr}} {self.folder.mark}"),
        ]

    def given(self) -> bytes:
        # Not on the command line, which every user of the machine can read.
        return f"requirepass {self.folder.password()}\n".encode()

    def environment(self) -> dict[str, str]:
        return {}

    def is_ready(self, pid: int, port: int) -> bool:
        # Only ours knows the password; while it loads its data it answers -LOADING.
        conversation = f"AUTH {self.folder.password()}\r\nPING\r\n".encode()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(conversation)
                return connection.makefile("rb").read(12) == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False
