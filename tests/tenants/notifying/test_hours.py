"""Quiet hours and slots, by the clock on somebody's wall: also on the days when it is changed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from stoa.tenants.notifying.hours import next_hour, next_time, quiet_until, read_time

BERLIN, SHANGHAI, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai"), ZoneInfo("Australia/Lord_Howe")
NIGHT = (time(22), time(7))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "moment", "until"),
    [
        (SHANGHAI, "2026-11-26 13:59:59", None),  # 21:59:59
        (SHANGHAI, "2026-11-26 14:00:00", "2026-11-26 23:00"),
        (SHANGHAI, "2026-11-26 22:59:59", "2026-11-26 23:00"),
        (SHANGHAI, "2026-11-26 23:00:00", None),
        # Berlin's night to 2026-03-29 is an hour short, that to 2026-10-25 an hour long
        (BERLIN, "2026-03-28 21:00:00", "2026-03-29 05:00"),
        (BERLIN, "2026-03-29 04:59:59", "2026-03-29 05:00"),
        (BERLIN, "2026-03-29 05:00:00", None),
        (BERLIN, "2026-10-24 20:00:00", "2026-10-25 06:00"),
        (BERLIN, "2026-10-25 05:59:59", "2026-10-25 06:00"),
        (BERLIN, "2026-10-25 06:00:00", None),
    ],
)
def test_a_night_goes_over_midnight_and_is_as_long_as_it_is(zone: ZoneInfo, moment: str, until: str | None) -> None:
    assert quiet_until(utc(moment), *NIGHT, zone) == (until and utc(until))


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-11-26 11:59:59", None),
        ("2026-11-26 12:00:00", "2026-11-26 13:00"),
        ("2026-11-26 12:59:59", "2026-11-26 13:00"),
        ("2026-11-26 13:00:00", None),
    ],
)
def test_quiet_may_be_in_the_middle_of_the_day(moment: str, until: str | None) -> None:
    assert quiet_until(utc(moment), time(12), time(13), ZoneInfo("UTC")) == (until and utc(until))


def test_quiet_that_ends_in_the_hour_that_comes_twice_ends_the_first_time() -> None:
    """Berlin, 2026-10-25: 02:30 is 00:30 and 01:30 UTC. Nobody waits for a day because of it."""
    quiet = (time(22), time(2, 30))

    assert quiet_until(utc("2026-10-25 00:29"), *quiet, BERLIN) == utc("2026-10-25 00:30")
    assert quiet_until(utc("2026-10-25 00:30"), *quiet, BERLIN) is None
    assert quiet_until(utc("2026-10-25 01:15"), *quiet, BERLIN) is None


def test_quiet_that_ends_in_the_hour_that_is_left_out_ends_after_the_gap() -> None:
    """Berlin, 2026-03-29: there is no 02:30; by the offset before the change it is 01:30 UTC."""
    assert quiet_until(utc("2026-03-29 00:59"), time(22), time(2, 30), BERLIN) == utc("2026-03-29 01:30")


@pytest.mark.parametrize("zone", [BERLIN, SHANGHAI, LORD_HOWE, ZoneInfo("America/New_York"), ZoneInfo("UTC")])
def test_in_a_year_every_quiet_moment_ends_within_hours_and_is_over_then(zone: ZoneInfo) -> None:
    moment = utc("2026-01-01 00:00")
    while moment < utc("2027-01-01 00:00"):
        until = quiet_until(moment, *NIGHT, zone)
        if until is not None:
            assert moment < until <= moment + timedelta(hours=10, minutes=30)
            assert quiet_until(until, *NIGHT, zone) is None
        moment += timedelta(minutes=37)


@pytest.mark.parametrize("zone", [BERLIN, SHANGHAI, LORD_HOWE])
def test_in_a_year_a_daily_slot_comes_once_a_day(zone: ZoneInfo) -> None:
    moment, slots = utc("2026-01-01 12:00"), []
    while moment < utc("2027-01-01 12:00"):
        moment = next_time(moment, time(2, 30), zone)
        slots.append(moment.astimezone(zone).date())
    assert slots[:-1] == [slots[0] + timedelta(days=i) for i in range(len(slots) - 1)]
    assert len(slots) in (365, 366)


def test_the_next_time_and_hour_are_after_the_moment() -> None:
    assert next_time(utc("2026-11-26 01:00"), time(9), SHANGHAI) == utc("2026-11-27 01:00")
    assert next_time(utc("2026-11-26 00:59"), time(9), SHANGHAI) == utc("2026-11-26 01:00")
    assert next_hour(utc("2026-11-26 01:00")) == utc("2026-11-26 02:00")
    assert next_hour(utc("2026-11-26 01:59:59")) == utc("2026-11-26 02:00")


def test_who_is_quiet_from_and_until_the_same_time_is_never() -> None:
    assert quiet_until(utc("2026-11-26 12:00"), time(12), time(12), ZoneInfo("UTC")) is None


@pytest.mark.parametrize("text", ["", "9:00", "24:00", "12", "12:60", "12:00:00", "noon!"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_time(text)
