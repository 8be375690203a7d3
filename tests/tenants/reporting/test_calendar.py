"""When a schedule is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.kit.errors import Refusals
from stoa.tenants.reporting.calendar import When, label_of
from stoa.tenants.reporting.models import Cadence

BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "zone", "after", "due"),
    [
        (When(Cadence.DAILY, 7), SHANGHAI, "2026-11-25T22:59", "2026-11-25T23:00"),
        (When(Cadence.DAILY, 7), SHANGHAI, "2026-11-25T23:00", "2026-11-26T23:00"),
        (When(Cadence.DAILY, 0, 30), BERLIN, "2026-06-30T22:29", "2026-06-30T22:30"),
        (When(Cadence.WEEKLY, 8, weekday=0), BERLIN, "2026-11-26T12:00", "2026-11-30T07:00"),
        (When(Cadence.MONTHLY, 6, day=1), BERLIN, "2026-11-26T12:00", "2026-12-01T05:00"),
        (When(Cadence.MONTHLY, 6, day=31), BERLIN, "2026-02-01T00:00", "2026-02-28T05:00"),
        (When(Cadence.MONTHLY, 6, day=31), BERLIN, "2028-02-01T00:00", "2028-02-29T05:00"),
        (When(Cadence.MONTHLY, 6, day=30), BERLIN, "2026-12-30T05:00", "2027-01-30T05:00"),
        # 02:30 on the day without one is 03:30; of two 02:30 the first counts, and once
        (When(Cadence.DAILY, 2, 30), BERLIN, "2026-03-29T00:00", "2026-03-29T01:30"),
        (When(Cadence.DAILY, 2, 30), BERLIN, "2026-10-25T00:00", "2026-10-25T00:30"),
        (When(Cadence.DAILY, 2, 30), BERLIN, "2026-10-25T00:30", "2026-10-26T01:30"),
    ],
)
def test_the_next_slot(when: When, zone: str, after: str, due: str) -> None:
    assert when.next_after(utc(after), zone) == utc(due)


@given(
    st.builds(
        When,
        st.sampled_from(Cadence),
        st.integers(0, 23),
        st.integers(0, 59),
        st.integers(0, 6),
        st.integers(1, 31),
    ),
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
    st.sampled_from([BERLIN, SHANGHAI, "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]),
)
def test_slots_follow_each_other_and_each_has_a_name_of_its_own(when: When, moment: datetime, zone: str) -> None:
    first = when.next_after(moment, zone)
    second = when.next_after(first, zone)

    longest = {Cadence.DAILY: 2, Cadence.WEEKLY: 8, Cadence.MONTHLY: 33}[when.cadence]
    assert moment < first < second <= first + timedelta(days=longest)
    assert label_of(first, zone) != label_of(second, zone)
    local = first.astimezone(ZoneInfo(zone))
    assert when.cadence is not Cadence.WEEKLY or local.weekday() == when.weekday


def test_what_is_no_time_is_refused_all_at_once() -> None:
    with pytest.raises(Refusals) as refused:
        When(Cadence.DAILY, 24, 60, 7, 0).check()

    assert [each.path for each in refused.value.refusals] == [("hour",), ("minute",), ("weekday",), ("day",)]
