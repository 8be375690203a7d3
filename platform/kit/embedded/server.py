"""One server, whichever engine it is: launched, awaited, launched again, stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Protocol

from stoa.kit.embedded.account import Account
from stoa.kit.embedded.diagnosing import diagnose
from stoa.kit.embedded.errors import EmbeddedError
from stoa.kit.embedded.folder import StateFolder
from stoa.kit.embedded.leftovers import end_leftovers
from stoa.kit.embedded.owner import Owner
from stoa.kit.embedded.ports import Ports, is_free
from stoa.kit.embedded.spawning import spawn

# Generous, for a recovery after a crash may have a gigabyte of journal to read.
START_SECONDS = 300.0
STOP_SECONDS = 30.0


class Engine(Protocol):
    """What the two engines do in different ways."""

    @property
    def name(self) -> str: ...
    @property
    def process_name(self) -> str: ...
    @property
    def folder(self) -> StateFolder: ...
    @property
    def account(self) -> Account: ...
    @property
    def home(self) -> Path: ...
    @property
    def stop_signal(self) -> signal.Signals: ...

    def url(self, port: int) -> str: ...
    def prepare(self, owner: Owner) -> None: ...
    def command(self, port: int) -> list[str]: ...
    def given(self) -> bytes: ...
    def environment(self) -> dict[str, str]: ...
    def is_ready(self, pid: int, port: int) -> bool: ...


class Server:
    def __init__(self, engine: Engine, owner: Owner) -> None:
        self.engine = engine
        self._owner = owner
        self._ports = Ports(engine.folder.path / "ports.json")
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._log = engine.folder.fresh_log(engine.name)
        self._log_start = 0

    @property
    def url(self) -> str:
        return self.engine.url(self._port)

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def launch(self) -> None:
        """Start the process and return at once: the engines start side by side."""
        engine = self.engine
        engine.prepare(self._owner)
        end_leftovers(engine.process_name, engine.folder.mark, engine.stop_signal)
        self._port = self._ports.of(engine.name)
        self._log_start = self._log.seek(0, os.SEEK_END)
        self._process = spawn(
            engine.command(self._port),
            account=engine.account,
            home=engine.home,
            given=engine.given(),
            output=self._log,
            at_our_death=engine.stop_signal,
            environment=engine.environment(),
        )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.engine.is_ready(self.pid, self._port):
            if time.monotonic() > deadline:
                raise self._failure()
            if not self.is_running:
                self._launch_elsewhere_or_fail()
            self._owner.pause(0.01)

    def ask_to_stop(self) -> None:
        if self._process and self.is_running:
            self._process.send_signal(self.engine.stop_signal)

    def wait_until_stopped(self) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _launch_elsewhere_or_fail(self) -> None:
        # Somebody may have taken the port between our look and the server's.
        if is_free(self._port):
            raise self._failure()
        self.launch()

    def _failure(self) -> EmbeddedError:
        folder, name = self.engine.folder, self.engine.name
        words = folder.logged_since(name, self._log_start)
        return diagnose(self.engine.process_name, words, folder.log(name))
