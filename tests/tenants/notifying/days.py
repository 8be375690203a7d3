"""A shop's day far ahead, at which what is due is done by hand, as workers do it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from stoa.kit import clock
from stoa.kit.letterbox import Letter, Letterbox
from stoa.tenants.context import Context
from stoa.workers.reactions import JOBS
from stoa.workers.settings import LANES
from stoa.workers.working import Hands

# Noon in Shanghai, on a day to which no test will ever be late: what is due by the real clock is due then too.
NOON = datetime(2064, 5, 6, 4, tzinfo=UTC)
DUE = """
SELECT id, attempts, kind FROM platform.job
WHERE shop_schema = $1 AND state = 'QUEUED' AND run_at <= $2 AND kind = ANY($3::text[]) ORDER BY run_at, id
"""


@dataclass
class Day:
    """A shop's day: what time it is, and doing what is due by then."""

    ctx: Context
    owner: asyncpg.Connection
    box: Letterbox

    async def work(self, *kinds: str) -> int:
        """Do every job that is due, and what follows from it, as workers do; how many. What fails is not tried again."""
        tried: set[Any] = set()
        while rows := [row for row in await self._due(kinds) if row["id"] not in tried]:
            for row in rows:
                await self.deliver(row["id"], row["kind"])
                tried.add(row["id"])
        return len(tried)

    async def _due(self, kinds: tuple[str, ...]) -> list[Any]:
        wanted = list(kinds or ("notifications", "general"))
        return list(await self.owner.fetch(DUE, self.ctx.shop.schema, clock.now(), wanted))

    async def work_one(self, name: str) -> None:
        """Do the jobs of that name, and not what follows from them."""
        ids = await self.owner.fetch(
            "SELECT id FROM platform.job WHERE shop_schema = $1 AND name = $2 AND state = 'QUEUED' ORDER BY id",
            self.ctx.shop.schema,
            name,
        )
        for row in ids:
            await self.deliver(row["id"])

    async def deliver(self, job_id: Any, kind: str = "notifications") -> None:
        """One attempt at a job."""
        sent = "UPDATE platform.job SET state = 'SENT', attempts = attempts + 1 WHERE id = $1 RETURNING attempts"
        attempt = await self.owner.fetchval(sent, job_id)
        await Hands(LANES[kind], JOBS).perform(str(job_id), attempt)  # type: ignore[index]

    async def letters(self, channel: str = "mail") -> list[Letter]:
        """What has left by it, the first first."""
        return (await self.box.letters(self.ctx.shop.schema, channel=channel))[::-1]

    async def messages(self, **equal: Any) -> list[dict[str, Any]]:
        """The rows of the shop, the oldest first."""
        rows = await self.owner.fetch(
            "SELECT * FROM platform.notification WHERE shop_schema = $1 ORDER BY id", self.ctx.shop.schema
        )
        return [dict(row) for row in rows if all(row[name] == value for name, value in equal.items())]

    async def states(self, channel: str = "MAIL") -> list[str]:
        return [each["state"] for each in await self.messages(channel=channel)]


def later(**span: float) -> Any:
    """A block that many hours or minutes after noon."""
    return clock.set_to(NOON + timedelta(**span))
