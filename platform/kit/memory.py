"""Memory: how often the collector of cycles looks, in a process that has loaded what it needs."""

from __future__ import annotations

import gc


def settle_memory() -> None:
    """What has been loaded by now stays: keep the collector from looking through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
