"""Channels that orders come from: the shop names them; two are Stoa's own."""

from __future__ import annotations

from stoa.kit.errors import InvalidInput

AFTERSALE = "aftersale"  # of what is sent instead of something else
RETURNS = "returns"  # of imported returns whose order is not known: they were never a sale
OURS = (AFTERSALE, RETURNS)


def require_theirs(channel: str) -> None:
    """Raises `InvalidInput` for one of ours: orders of these are counted otherwise, and found by ids of ours."""
    if channel.strip().casefold() in OURS:
        raise InvalidInput("{channel} is Stoa's own: name another one.", channel=channel.strip())
