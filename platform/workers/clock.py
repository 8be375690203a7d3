"""The clock: plans what is due by the time of day, once per slot, whatever number of dispatchers and restarts.

A slot is a moment that an entry names: the 02:30 of a day, in the time zone of the shop. The table `clock_slot` says
which one was planned last for each zone; a slot and the jobs of all its shops are one statement, so who comes second
plans nothing. A job's `dedupe_key` names the slot by its local date, so that a shop which moves to another zone does
not have the same day's slot twice. Of slots that passed while nobody worked, the last one is made up for.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from stoa.kit.clock import now
from stoa.kit.ids import NEW_ID
from stoa.tenants.jobs import PLATFORM_ITSELF, AnyJobFunction, JobFunction, Priority

TICK = 1.0  # seconds between looks at the clock
ZONES_EVERY = 30.0  # seconds between looks at the zones that shops are in
ZONES = "SELECT DISTINCT time_zone FROM platform.shop WHERE state = 'ACTIVE'"
# An entry or a zone that is new begins with its next slot: the one that has passed was not its business.
_MOVE = """
WITH moved AS (
  INSERT INTO platform.clock_slot AS c (key, slot) VALUES ($1, $2)
  ON CONFLICT (key) DO UPDATE SET slot = excluded.slot WHERE c.slot < excluded.slot
  RETURNING xmax <> 0 AS was_known)
INSERT INTO platform.job (id, shop_schema, kind, name, payload, dedupe_key, state, run_at, attempts, failures,
                          max_attempts, priority, is_ready, created_at)
SELECT {id}, {shop}, $3, $4, jsonb_build_object('slot', $2::timestamptz, 'label', $5::text),
       $6::text, 'QUEUED', $2, 0, 0, $7, $8, true, clock_timestamp()
FROM moved{shops} WHERE was_known{which}
ON CONFLICT DO NOTHING
"""
PLAN_FOR_SHOPS = _MOVE.format(
    id=NEW_ID,
    shop="s.schema_name",
    shops=", platform.shop s",
    which=" AND s.state = 'ACTIVE' AND s.time_zone = $9 AND s.created_at < $2",
)
PLAN_FOR_PLATFORM = _MOVE.format(id=NEW_ID, shop=f"'{PLATFORM_ITSELF}'", shops="", which="")


@dataclass(frozen=True, slots=True)
class Slot:
    """A moment at which something is due, and what it is called where it is."""

    at: datetime
    label: str


class When(Protocol):
    def last(self, moment: datetime, zone: ZoneInfo) -> Slot:
        """The last slot that is not after the moment, which is in UTC."""


@dataclass(frozen=True, slots=True)
class Every:
    """At whole multiples of a span: every hour on the hour, wherever the shop is."""

    span: timedelta

    def last(self, moment: datetime, zone: ZoneInfo) -> Slot:
        seconds = self.span.total_seconds()
        at = datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)
        # as fine as the span: two slots of one label would be one
        return Slot(at, at.isoformat(timespec="seconds" if seconds % 60 else "minutes"))


@dataclass(frozen=True, slots=True)
class Daily:
    """Once a day at a time of day; on some days of the week (Monday is 0) or of the month alone, if said.

    As RFC 5545 has it: a time that the change to summer leaves out is taken by the offset before the change (02:30 is
    03:30 then), and of a time that comes twice in autumn the first counts. A day that a month lacks is left out.
    """

    at: time_of_day
    weekdays: frozenset[int] = frozenset(range(7))
    days: frozenset[int] = frozenset(range(1, 32))

    def last(self, moment: datetime, zone: ZoneInfo) -> Slot:
        day = moment.astimezone(zone).date() + timedelta(days=1)  # a slot in a gap may belong to the day before
        while True:
            if day.weekday() in self.weekdays and day.day in self.days and (slot := self._slot(day, zone)).at <= moment:
                return slot
            day -= timedelta(days=1)

    def _slot(self, day: date, zone: ZoneInfo) -> Slot:
        local = datetime.combine(day, self.at, zone)  # fold=0: the first of two, the offset before a gap
        return Slot(local.astimezone(UTC), f"{day.isoformat()} {self.at:%H:%M}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the schedule. A job of the platform itself is planned once, any other for every shop."""

    name: str
    job: AnyJobFunction
    when: When


class Clock:
    """Looks whether a new slot has begun. Remembers what it has planned only to ask PostgreSQL less often."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self._planned: dict[str, datetime] = {}
        self._zones: list[str] = []
        self._next_look = self._next_zones = 0.0

    async def tick(self, connection: Any) -> None:
        """Plan what is due by now, on the connection that holds the dispatcher's lock."""
        if self.entries and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + TICK
            await self.plan(connection, now())

    async def plan(self, connection: Any, moment: datetime) -> None:
        """Plan every slot that the moment is not before."""
        if time.monotonic() >= self._next_zones:
            self._zones = [row["time_zone"] for row in await connection.fetch(ZONES)]
            self._next_zones = time.monotonic() + ZONES_EVERY
        for entry in self.entries:
            for zone in self._zones if isinstance(entry.job, JobFunction) else ["UTC"]:
                slot = entry.when.last(moment, ZoneInfo(zone))
                key = f"{entry.name} {zone}"
                if self._planned.get(key) != slot.at:
                    await _plan(connection, entry, key, slot, zone)
                    self._planned[key] = slot.at


async def _plan(connection: Any, entry: Entry, key: str, slot: Slot, zone: str) -> None:
    job, dedupe_key = entry.job, f"clock {entry.name} {slot.label}"
    priority = job.priority if isinstance(job, JobFunction) else Priority.NORMAL
    values = [key, slot.at, job.kind, job.name, slot.label, dedupe_key, job.max_attempts, int(priority)]
    if isinstance(job, JobFunction):
        await connection.execute(PLAN_FOR_SHOPS, *values, zone)
    else:
        await connection.execute(PLAN_FOR_PLATFORM, *values)
