"""When people want to be left alone, and when what was gathered is sent: by the clock on their wall.

As the clock of the shops has it (workers/clock.py): a time that the change to summer leaves out is taken by the offset
before the change, and of a time that comes twice in autumn the first counts.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)  # fold=0: the first of two, the offset before a gap


def quiet_until(moment: datetime, begins: time, ends: time, zone: ZoneInfo) -> datetime | None:
    """When the quiet that reigns at this moment ends; None when none does. It may go over midnight."""
    if begins == ends:
        return None
    today = moment.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        start = instant(day, begins, zone)
        end = instant(day if ends > begins else day + timedelta(days=1), ends, zone)
        if start <= moment < end:
            return end
    return None


def next_time(moment: datetime, at: time, zone: ZoneInfo) -> datetime:
    """The next time, after this moment, that the clock shows `at`."""
    day = moment.astimezone(zone).date() - timedelta(days=1)
    while (found := instant(day, at, zone)) <= moment:
        day += timedelta(days=1)
    return found


def next_hour(moment: datetime) -> datetime:
    """The next full hour, after this moment."""
    return datetime.fromtimestamp((moment.timestamp() // 3600 + 1) * 3600, UTC)


def read_time(text: str) -> time:
    """``22:30``. Raises `ValueError`."""
    if len(text) != 5:
        raise ValueError(text)
    return time.fromisoformat(text)
