"""Documents for tests of writing."""

from __future__ import annotations

import os
from pathlib import Path

from stoa.kit.reporting import Block, Fact, Head, Spool

WORDS = {
    "made": "Made today by Zeno",
    "page": "Page [page] of [pages]",
    "total": "Total",
    "nothing": "Nothing to show.",
    "before": "vs previous period",
    "new": "new",
    "summary": "Summary",
    "chart_data": "Chart data",
    "value": "Value",
}
HEAD = Head("Report", "October 2026", "Stoa Poikile", "en", "EUR", [Fact("Channel", "web")], WORDS)


def spooled(folder: Path, *blocks: Block, name: str = "spool") -> Path:
    """The blocks in a spool; where it is."""
    with Spool(folder / name) as spool:
        for block in blocks:
            spool.add(block)
    return spool.path


def children() -> list[int]:
    """Presses of this process that are alive."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                status = (place / "stat").read_text()
                command = (place / "cmdline").read_bytes()
            except OSError:
                continue
            state, parent = status.rpartition(")")[2].split()[:2]
            if int(parent) == os.getpid() and b"stoa.kit.reporting.press" in command and state != "Z":
                found.append(int(place.name))
    return found
