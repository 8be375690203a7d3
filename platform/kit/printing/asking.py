"""Have a document typeset: off the event loop, two at a time, killed when it takes too long."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from typing import Any, Literal
from weakref import WeakKeyDictionary

import msgspec

MAX_SECONDS, AT_ONCE = 20.0, 2
PASSED_ON = ("PATH", "PYTHONPATH", "LANG")  # no secret of ours is where strangers' words are typeset

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


class NotPrinted(RuntimeError):
    """The document was not made: it took too long, or the template is wrong. The second is a bug."""


async def printed(
    template: str,
    data: dict[str, Any],
    *,
    format: Literal["pdf", "png"] = "pdf",
    ppi: float = 144.0,
    seconds: float = MAX_SECONDS,
) -> bytes:
    """The document; of a picture, its first page. The template finds its data as JSON in ``sys.inputs.data``."""
    told = msgspec.json.encode({"template": template, "data": data, "format": format, "ppi": ppi})
    async with _turn():
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "stoa.kit.printing.press"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(seconds):
                paper, complaint = await process.communicate(told)
        except TimeoutError:
            raise NotPrinted(f"The document took longer than {seconds} s.") from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
    if process.returncode or not paper:
        raise NotPrinted(f"typst: {complaint.decode(errors='replace')[-500:]}")
    return paper


def _turn() -> asyncio.Semaphore:
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
