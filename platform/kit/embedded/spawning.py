"""How a server, or a program that prepares its data, is started: as whom, and until when."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, BinaryIO

from stoa.kit.embedded.account import Account

IS_LINUX = sys.platform == "linux"
PR_SET_PDEATHSIG = 1

# What a loader or a temporary file needs. Anything else could change how a server
# works (PGOPTIONS, LC_ALL), or is a secret that is none of its business.
PASSED_ON = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def spawn(
    command: list[str],
    *,
    account: Account,
    home: Path,
    given: bytes,
    output: BinaryIO | int,
    at_our_death: signal.Signals,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start the command in `home` as the account, with `given` as its standard input."""
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    with tempfile.TemporaryFile() as stdin:
        _fill(stdin, given, account)
        return subprocess.Popen(
            command,
            cwd=home,
            env={**passed_on, "TZ": "UTC", **(environment or {})},
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=account.uid if account.is_dropped else None,
            group=account.gid if account.is_dropped else None,
            extra_groups=[] if account.is_dropped else None,
            # Runs after the change of user, which would undo it. Safe, because the
            # supervisor has one thread; and for that reason "us" is all of it: the
            # kernel's signal comes when the thread that forked ends.
            preexec_fn=_dying_with_us(at_our_death) if IS_LINUX else None,
        )


def _fill(file: IO[bytes], content: bytes, account: Account) -> None:
    # A file without a name, for the content is secret. Not a pipe: initdb opens
    # /dev/stdin anew, which the kernel allows only to the owner of what is behind it.
    account.own(file.fileno())
    file.write(content)
    file.seek(0)


def _dying_with_us(number: signal.Signals) -> Callable[[], None]:
    us, libc = os.getpid(), ctypes.CDLL(None)

    def ask_the_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != us:  # we ended before the request
            os._exit(1)

    return ask_the_kernel
