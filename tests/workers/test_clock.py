"""The clock: when slots are, and that each is planned once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from stoa.settings import Settings
from stoa.tenants.jobs import PLATFORM_ITSELF
from stoa.workers import schedule
from stoa.workers.clock import Clock, Daily, Entry, Every, Slot
from stoa.workers.running import at_work
from stoa.workers.schedule import CLOCK
from tests import make
from tests.workers import trade
from tests.workers.conftest import until
from tests.workers.test_turns import for_the_platform
from tests.workers.trade import JOBS, LANES

NIGHT = Daily(time(2, 30))
BERLIN, SHANGHAI, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "moment", "slot", "label"),
    [
        (SHANGHAI, "2026-03-10 18:29:59", "2026-03-09 18:30", "2026-03-10 02:30"),
        (SHANGHAI, "2026-03-10 18:30:00", "2026-03-10 18:30", "2026-03-11 02:30"),
        # Berlin's summer begins on 2026-03-29: from 01:59 to 03:00, so there is no 02:30; it is done at 03:30
        (BERLIN, "2026-03-29 01:29:59", "2026-03-28 01:30", "2026-03-28 02:30"),
        (BERLIN, "2026-03-29 01:30:00", "2026-03-29 01:30", "2026-03-29 02:30"),
        (BERLIN, "2026-03-30 00:30:00", "2026-03-30 00:30", "2026-03-30 02:30"),
        # and it ends on 2026-10-25: 02:30 comes twice, and the first counts
        (BERLIN, "2026-10-25 00:29:59", "2026-10-24 00:30", "2026-10-24 02:30"),
        (BERLIN, "2026-10-25 00:30:00", "2026-10-25 00:30", "2026-10-25 02:30"),
        (BERLIN, "2026-10-25 01:30:00", "2026-10-25 00:30", "2026-10-25 02:30"),
        (NEW_YORK, "2026-03-08 07:30:00", "2026-03-08 07:30", "2026-03-08 02:30"),
        (NEW_YORK, "2026-11-01 07:29:00", "2026-11-01 06:30", "2026-11-01 02:30"),
    ],
)
def test_a_time_of_day_is_the_shops_and_comes_once_a_day(zone: ZoneInfo, moment: str, slot: str, label: str) -> None:
    if zone is NEW_YORK and moment.startswith("2026-11-01"):  # 02:30 comes once there: it is 01:30 that comes twice
        slot = "2026-10-31 06:30" if utc(moment) < utc("2026-11-01 07:30") else slot
        label = "2026-10-31 02:30"
    assert NIGHT.last(utc(moment), zone) == Slot(utc(slot), label)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai", "UTC"])
def test_in_a_year_every_day_has_its_slot_once_and_in_order(zone: str) -> None:
    moment, slots = utc("2026-01-01 12:00"), []
    while moment < utc("2027-01-01 12:00"):
        slot = NIGHT.last(moment, ZoneInfo(zone))
        if not slots or slots[-1] != slot:
            slots.append(slot)
        moment += timedelta(minutes=30)

    labels = [slot.label for slot in slots]
    assert len(slots) == len(set(labels)) == 366
    assert [slot.at for slot in slots] == sorted(slot.at for slot in slots)


def test_days_of_the_week_and_of_the_month_can_be_named() -> None:
    mondays, firsts, leap = (
        Daily(time(9), weekdays=frozenset({0})),
        Daily(time(9), days=frozenset({1})),
        Daily(time(9), days=frozenset({31})),
    )
    moment = utc("2026-11-26 12:00")

    assert mondays.last(moment, ZoneInfo("UTC")).label == "2026-11-23 09:00"
    assert firsts.last(moment, ZoneInfo("UTC")).label == "2026-11-01 09:00"
    assert leap.last(moment, ZoneInfo("UTC")).label == "2026-10-31 09:00"


def test_spans_are_counted_alike_everywhere() -> None:
    quarter = Every(timedelta(minutes=15))

    assert quarter.last(utc("2026-11-26 12:29:59"), BERLIN).at == utc("2026-11-26 12:15")
    assert quarter.last(utc("2026-11-26 12:30:00"), BERLIN).at == utc("2026-11-26 12:30")


NIGHTLY = [Entry("night", trade.shelve, NIGHT), Entry("platform", for_the_platform, NIGHT)]


async def planned(owner: asyncpg.Connection) -> list[tuple[str, str]]:
    rows = await owner.fetch(
        "SELECT shop_schema, payload ->> 'label' AS label FROM platform.job ORDER BY run_at, label"
    )
    return [(row["shop_schema"], row["label"]) for row in rows]


@pytest.fixture(autouse=True)
async def no_other_shops(owner: asyncpg.Connection) -> None:
    """Shops of other tests are not the clock's business here."""
    await owner.execute("UPDATE platform.shop SET state = 'DROPPED'")
    await owner.execute("DELETE FROM platform.clock_slot")


async def zoned(owner: asyncpg.Connection, zone: str) -> str:
    shop = await make.shop()
    await owner.execute(
        "UPDATE platform.shop SET time_zone = $2, created_at = '2026-01-01' WHERE id = $1", shop.id, zone
    )
    return shop.schema


def test_slots_of_a_span_are_told_apart_however_short_it_is() -> None:
    quick, hourly = Every(timedelta(seconds=2)), Every(timedelta(hours=1))
    moments = [utc(f"2026-05-01 12:00:{second:02}") for second in range(60)]

    assert len({quick.last(moment, BERLIN).label for moment in moments}) == 30
    assert {hourly.last(moment, BERLIN).label for moment in moments} == {"2026-05-01T12:00+00:00"}


async def test_a_slot_is_planned_once_whatever_number_of_dispatchers_and_restarts(owner: asyncpg.Connection) -> None:
    """Each shop at its own 02:30; 24 hours of looks every ten minutes, by two clocks that start anew all the time."""
    berlin, shanghai = await zoned(owner, "Europe/Berlin"), await zoned(owner, "Asia/Shanghai")
    moment = utc("2026-10-24 12:00")
    while moment <= utc("2026-10-26 12:00"):
        for _ in range(2):
            await Clock(NIGHTLY).plan(owner, moment)
        moment += timedelta(minutes=30)

    assert await planned(owner) == [
        (shanghai, "2026-10-25 02:30"),
        (berlin, "2026-10-25 02:30"),
        (PLATFORM_ITSELF, "2026-10-25 02:30"),
        (shanghai, "2026-10-26 02:30"),
        (berlin, "2026-10-26 02:30"),
        (PLATFORM_ITSELF, "2026-10-26 02:30"),
    ]
    runs = await owner.fetch("SELECT run_at FROM platform.job WHERE shop_schema = $1 ORDER BY run_at", berlin)
    assert [row["run_at"] for row in runs] == [utc("2026-10-25 00:30"), utc("2026-10-26 01:30")]


async def test_what_passed_before_an_entry_or_a_shop_was_there_is_not_made_up_for(owner: asyncpg.Connection) -> None:
    await zoned(owner, "UTC")
    await Clock(NIGHTLY).plan(owner, utc("2026-05-01 12:00"))
    assert await planned(owner) == []

    late = await zoned(owner, "UTC")
    await owner.execute("UPDATE platform.shop SET created_at = '2026-05-02 11:00Z' WHERE schema_name = $1", late)
    await Clock(NIGHTLY).plan(owner, utc("2026-05-02 12:00"))
    assert late not in [schema for schema, _ in await planned(owner)]


async def test_of_slots_missed_while_nobody_worked_the_last_is_made_up_for(owner: asyncpg.Connection) -> None:
    shop = await zoned(owner, "UTC")
    await Clock(NIGHTLY[:1]).plan(owner, utc("2026-05-01 12:00"))
    await Clock(NIGHTLY[:1]).plan(owner, utc("2026-05-09 12:00"))

    assert await planned(owner) == [(shop, "2026-05-09 02:30")]


async def test_a_shop_that_moves_to_another_zone_has_no_day_twice(owner: asyncpg.Connection) -> None:
    shop = await zoned(owner, "Asia/Shanghai")
    await zoned(owner, "America/New_York")
    for moment in ("2026-05-01 12:00", "2026-05-01 19:00"):
        await Clock(NIGHTLY[:1]).plan(owner, utc(moment))
    await owner.execute("UPDATE platform.shop SET time_zone = 'America/New_York' WHERE schema_name = $1", shop)
    await Clock(NIGHTLY[:1]).plan(owner, utc("2026-05-02 12:00"))

    assert [label for schema, label in await planned(owner) if schema == shop] == ["2026-05-02 02:30"]


def test_no_two_entries_share_a_name() -> None:
    schedule.check(CLOCK)
    with pytest.raises(ValueError, match="share a name"):
        schedule.check([CLOCK[0], CLOCK[0]])


async def test_the_clock_of_a_process_at_work_is_the_table(settings: Settings) -> None:
    async with at_work(settings, []) as ours, at_work(settings, [], jobs=JOBS, lanes=LANES) as a_tests:
        assert (ours.clock.entries, a_tests.clock.entries) == (CLOCK, ())


@pytest.fixture
async def alone(owner: asyncpg.Connection) -> AsyncIterator[None]:
    """Other tests leave hundreds of shops, for each of which the clock would plan: out of its sight for a while."""
    hidden = await owner.fetch("UPDATE platform.shop SET state = 'DROPPED' WHERE state = 'ACTIVE' RETURNING id")
    yield
    await owner.execute("UPDATE platform.shop SET state = 'ACTIVE' WHERE id = ANY($1)", [row["id"] for row in hidden])


async def test_what_the_clock_plans_is_done_with_more_than_one_dispatcher(
    owner: asyncpg.Connection, settings: Settings, alone: None
) -> None:
    shop = await zoned(owner, "Europe/Berlin")
    often = [Entry("tick", trade.count, Every(timedelta(seconds=2)))]
    done = "SELECT count(*) FROM platform.job WHERE shop_schema = $1 AND state = 'DONE'"
    async with (
        at_work(settings, jobs=JOBS, lanes=LANES, clock=often),
        at_work(settings, jobs=JOBS, lanes=LANES, clock=often),
    ):
        await until(lambda: owner.fetchval(done, shop), lambda number: number >= 2)

    rows = await owner.fetch("SELECT DISTINCT payload ->> 'slot' AS slot, dedupe_key FROM platform.job")
    assert len({row["slot"] for row in rows}) == len({row["dedupe_key"] for row in rows}) == len(rows)
