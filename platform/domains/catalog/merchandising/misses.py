"""What was searched for and not, or hardly, found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client

MAX_DAYS, MAX_LISTED = 366, 100
# The last day's search tells what is found now; the index of (day, words) finds the days.
_MISSES = """
SELECT words, sum(searches)::bigint AS searches, (array_agg(found ORDER BY day DESC))[1] AS found, max(day) AS last_day
FROM search_log WHERE day >= $1 GROUP BY words
HAVING (array_agg(found ORDER BY day DESC))[1] <= $2 ORDER BY searches DESC, words LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Miss:
    """Words, how often they were searched for, how many the last such search found as typed, and when that was."""

    words: str
    searches: int
    found: int
    last_day: date


async def search_misses(ctx: Context, *, days: int = 30, at_most: int = 0, first: int = 50) -> list[Miss]:
    """What of the last days found no more than `at_most` products, most searched for first. Raises `InvalidInput`."""
    if not 0 < days <= MAX_DAYS:
        raise InvalidInput("{days} days; 1 to {limit} are allowed.", path=["days"], limit=MAX_DAYS, days=days)
    if not 0 < first <= MAX_LISTED:
        raise InvalidInput("first is {first}; 1 to {limit} are allowed.", path=["first"], first=first, limit=MAX_LISTED)
    since = now().astimezone(ZoneInfo(ctx.shop.time_zone)).date() - timedelta(days=days - 1)
    rows = await shop_client().execute_query_dict(_MISSES, [since, at_most, first])
    return [Miss(row["words"], row["searches"], row["found"], row["last_day"]) for row in rows]
