"""The state folder: what lies where in it, and the secret of its engines."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from stoa.kit.embedded.errors import FolderUnusable


@dataclass(frozen=True)
class StateFolder:
    path: Path

    @classmethod
    def create(cls, path: Path) -> StateFolder:
        # Never chmod: the folder may be one that people use for other things too.
        path.mkdir(parents=True, exist_ok=True)
        return cls(path)

    def home(self, engine: str) -> Path:
        """Where the data of one engine lives."""
        return self.path / engine

    def log(self, engine: str) -> Path:
        return self.path / f"{engine}.log"

    def open_log(self, engine: str) -> BinaryIO:
        return open(self.log(engine), "ab", opener=_private)

    def fresh_log(self, engine: str) -> BinaryIO:
        """Begin a new log, and keep the one of the run before."""
        log = self.log(engine)
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        return self.open_log(engine)

    def logged_since(self, engine: str, position: int) -> str:
        with self.log(engine).open("rb") as log:
            log.seek(position)
            return log.read().decode(errors="replace")

    @property
    def mark(self) -> str:
        """A word in the command line of each server, by which it is known as ours."""
        name = os.fsencode(self.path.resolve())
        return f"stoa-{hashlib.sha256(name).hexdigest()[:12]}"

    def password(self) -> str:
        """The password of both engines, made up on the first start."""
        file = self.path / "password"
        if not file.exists():
            self._refuse_to_forget(file)
            draft = file.with_suffix(".new")
            draft.unlink(missing_ok=True)
            with open(draft, "wb", opener=_private) as secret:
                secret.write(secrets.token_hex(24).encode())
            draft.replace(file)
        return file.read_text()

    def _refuse_to_forget(self, file: Path) -> None:
        if self.home("postgres").exists():
            reason = (
                f"it holds a database, but {file.name}, the file with its password, is "
                "gone. Put the file back, or remove the folder and begin anew."
            )
            raise FolderUnusable(str(self.path), reason)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
