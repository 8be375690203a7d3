"""Sweeping: what access keeps and nobody needs any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from tortoise.expressions import Q

from stoa.kit.clock import now
from stoa.tenants.access.identifying import IDLE
from stoa.tenants.models import Attempts, Session

# By then five failures of an account and fifty of an address have faded (throttling.py).
FADED: Final = timedelta(days=1)


async def sweep() -> tuple[int, int]:
    """Delete sessions that ended by themselves and counts that have faded; how many of each. Once a day is enough."""
    moment = now()
    sessions = await Session.filter(Q(expires_at__lte=moment) | Q(seen_at__lte=moment - IDLE)).delete()
    counts = await Attempts.filter(last_at__lte=moment - FADED).delete()
    return sessions, counts
