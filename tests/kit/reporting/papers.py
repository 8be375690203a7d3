"""Documents for tests of writing."""

from __future__ import annotations

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
