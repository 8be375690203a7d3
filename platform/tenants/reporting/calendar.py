"""When a schedule is due: its next slot, in the shop's time zone."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from stoa.kit.errors import InvalidInput, Refusal, Refusals
from stoa.tenants.reporting.models import Cadence


@dataclass(frozen=True, slots=True)
class When:
    """At a time of day: every day, on a day of the week (Monday is 0), or on a day of the month, on its last if it has
    fewer. A time that the change to summer leaves out is taken by the offset before; of one that comes twice the first
    counts (RFC 5545)."""

    cadence: Cadence
    hour: int
    minute: int = 0
    weekday: int = 0
    day: int = 1

    def check(self) -> None:
        """Raises `Refusals`."""
        limits = (("hour", 0, 23), ("minute", 0, 59), ("weekday", 0, 6), ("day", 1, 31))
        wrong: list[Refusal] = [
            InvalidInput("{name} must be between {low} and {high}.", path=[name], name=name, low=low, high=high)
            for name, low, high in limits
            if not low <= getattr(self, name) <= high
        ]
        if wrong:
            raise Refusals(wrong)

    def next_after(self, moment: datetime, zone: str) -> datetime:
        """The first slot after the moment, in UTC."""
        where = ZoneInfo(zone)
        day = moment.astimezone(where).date() - timedelta(days=1)  # a slot in a gap may belong to the day before
        while True:
            if self._is_on(day) and (at := self._at(day, where)) > moment:
                return at
            day += timedelta(days=1)

    def _is_on(self, day: date) -> bool:
        if self.cadence is Cadence.WEEKLY:
            return day.weekday() == self.weekday
        if self.cadence is Cadence.MONTHLY:
            return day.day == min(self.day, calendar.monthrange(day.year, day.month)[1])
        return True

    def _at(self, day: date, zone: ZoneInfo) -> datetime:
        return datetime.combine(day, time(self.hour, self.minute), zone).astimezone(UTC)


def label_of(slot: datetime, zone: str) -> str:
    """What a slot is called where it is: there is one of the name, also for a shop that moves to another zone."""
    return f"{slot.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
