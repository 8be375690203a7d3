"""Being asked to stop: answers that have no end of their own end then, instead of holding the process up."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

ASKED_BY = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def noticing_signals(closing: asyncio.Event) -> Iterator[None]:
    """Set `closing` at the first signal to stop, then let the server's own handler do what it does.

    Servers tell an application that it is over when the last answer has been sent, which for a stream is never.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals come to the main thread alone
        return
    loop, before = asyncio.get_running_loop(), {number: signal.getsignal(number) for number in ASKED_BY}

    def notice(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(closing.set)
        _pass_on(before[signal.Signals(number)], number, frame)

    for number in ASKED_BY:
        signal.signal(number, notice)
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is notice:
                signal.signal(number, handler)


def _pass_on(handler: Any, number: int, frame: FrameType | None) -> None:
    if callable(handler):
        handler(number, frame)
    elif handler == signal.SIG_DFL:
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
