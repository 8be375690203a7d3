"""The process that asked for the engines, seen from the supervisor: when it ends, we do."""

from __future__ import annotations

import os
import select
import signal
import sys


class OwnerGone(Exception):
    """Nobody needs the engines any more."""


class Owner:
    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._has_dismissed_us = False
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._dismiss)

    def pause(self, seconds: float) -> None:
        """Wait; raise OwnerGone as soon as the owner ends, lets go or sends a signal.

        Two signs of its end: the pipe it holds closes at once, yet a child that it
        forked may hold a copy; our parent changes for certain, yet must be asked.
        """
        ended, _, _ = select.select([sys.stdin], [], [], seconds)
        if ended or self._has_dismissed_us or os.getppid() != self.pid:
            raise OwnerGone

    def _dismiss(self, *_: object) -> None:
        self._has_dismissed_us = True
