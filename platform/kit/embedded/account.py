"""Whom the servers run as: the caller, or `nobody` for root, whom PostgreSQL refuses."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int
    is_dropped: bool

    @classmethod
    def choose(cls) -> Account:
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), is_dropped=False)
        # Present on every system, so nobody has to create a user.
        nobody = pwd.getpwnam("nobody")
        return cls(nobody.pw_uid, nobody.pw_gid, is_dropped=True)

    def own(self, path: Path | int) -> None:
        if self.is_dropped:
            os.chown(path, self.uid, self.gid)

    def can_run(self, program: Path) -> bool:
        """Tried for real: each folder above, each mount option may be in the way."""
        if not self.is_dropped:
            return True
        try:
            self._run([str(program), "--version"])
        except PermissionError:
            return False
        return True

    def can_enter(self, folder: Path) -> bool:
        """Only asked for a dropped account."""
        return self._run(["/bin/sh", "-c", 'test -x "$0"', str(folder)]) == 0

    def _run(self, command: list[str]) -> int:
        return subprocess.run(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            check=False,
        ).returncode
