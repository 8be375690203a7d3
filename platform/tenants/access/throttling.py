"""Throttling: tries are counted before they are made, so that fifty at the same moment are no better than five.

Each account and each address has a count in PostgreSQL. A try adds one, and the count fades with time (`fades`
seconds for each). Past `free` of them, the next is refused for `first_wait` seconds, then twice as long, up to
`longest_wait`. A refused try is not counted: who keeps hammering is let in again at the time that was told.
"""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from stoa.kit.clock import now
from stoa.tenants.access.errors import Throttled
from stoa.tenants.database import platform_client


@dataclass(frozen=True, slots=True)
class Limit:
    """How many tries of a kind are free, and what follows. Times in seconds."""

    kind: str
    free: int
    fades: float
    first_wait: float
    longest_wait: float


# An account: five mistakes cost nothing; a guesser comes to 4 an hour. Whoever knows only the e-mail can make its
# owner wait a quarter of an hour, no longer. An address may be a whole office, so it is allowed ten times as many.
PER_ACCOUNT: Final = Limit("account", free=5, fades=900, first_wait=30, longest_wait=900)
PER_ADDRESS: Final = Limit("address", free=50, fades=60, first_wait=30, longest_wait=900)
SIGN_UPS: Final = Limit("sign-up", free=20, fades=180, first_wait=60, longest_wait=900)

# One statement decides: parallel tries of one key queue on its row, and each sees the count of the one before.
# The wait is entered together with the try that uses up the free ones. $1 key, $2 now, $3 free, $4 fades,
# $5 first wait, $6 longest wait.
_COUNT: Final = """
INSERT INTO platform.attempts AS a (key, failures, last_at, blocked_until)
VALUES ($1, 1, $2, CASE WHEN $3::int <= 1 THEN $2::timestamptz + make_interval(secs => $5::float8) END)
ON CONFLICT (key) DO UPDATE SET (failures, last_at, blocked_until) = (
  SELECT f.failures, $2::timestamptz,
         CASE WHEN ceil(f.failures) >= $3 THEN $2::timestamptz + make_interval(
           secs => least($6::float8, $5 * power(2, least(ceil(f.failures) - $3, 30)))) END
  FROM (SELECT 1 + greatest(0, a.failures - greatest(0, extract(epoch FROM $2 - a.last_at)) / $4::float8)
        AS failures) f)
WHERE a.blocked_until IS NULL OR a.blocked_until <= $2
RETURNING failures
"""
_WAIT: Final = "SELECT blocked_until FROM platform.attempts WHERE key = $1"
_GIVE_BACK: Final = """
UPDATE platform.attempts SET failures = greatest(0, failures - 1),
  blocked_until = CASE WHEN ceil(failures - 1) >= $2::int THEN blocked_until END WHERE key = $1
"""
_RESET: Final = "DELETE FROM platform.attempts WHERE key = $1"


async def count_try(limit: Limit, who: str) -> None:
    """Count a try about to be made. Refuses with `Throttled` when there were too many.

    Not to be called inside a transaction: its roll-back would forget the try.
    """
    key, moment = _key(limit, who), now()
    arguments = [key, moment, limit.free, limit.fades, limit.first_wait, limit.longest_wait]
    if not await platform_client().execute_query_dict(_COUNT, arguments):
        raise Throttled(await _seconds_left(key, moment))


async def give_back(limit: Limit, who: str) -> None:
    """The try was a good one: it does not count. Earlier ones still do."""
    await platform_client().execute_query(_GIVE_BACK, [_key(limit, who), limit.free])


async def forgive(limit: Limit, who: str) -> None:
    """The try was a good one: nothing counts any more."""
    await platform_client().execute_query(_RESET, [_key(limit, who)])


def network_of(address: str) -> str:
    """What shares a count: an IPv4 address, or the /64 that one IPv6 customer owns and could hop about in."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


async def _seconds_left(key: str, moment: datetime) -> int:
    rows = await platform_client().execute_query_dict(_WAIT, [key])
    until = rows[0]["blocked_until"] if rows else None
    return max(1, math.ceil(((until or moment) - moment) / timedelta(seconds=1)))


def _key(limit: Limit, who: str) -> str:
    # hashed: people type passwords into the e-mail field, and one length fits all
    return f"{limit.kind} {sha256(who.encode()).hexdigest()}"
