"""Sweeping."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from stoa.kit.clock import set_to
from stoa.tenants.access import sweep
from stoa.tenants.access.identifying import IDLE
from stoa.tenants.access.sweeping import FADED
from stoa.tenants.access.throttling import PER_ACCOUNT, PER_ADDRESS, count_try
from stoa.tenants.models import Attempts, Session
from tests.tenants.access.people import new_address, person, signed_in

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)  # before anything another test leaves


async def test_ended_sessions_and_faded_counts_go_and_the_others_stay(database: None) -> None:
    with set_to(LONG_AGO):
        account = await person()
        unused = await signed_in(account)
        await count_try(PER_ACCOUNT, new_address())
    counted = await Attempts.filter(last_at=LONG_AGO).count()
    with set_to(LONG_AGO + IDLE):
        fresh = await signed_in(account)
        await count_try(PER_ACCOUNT, new_address())
        before = await Attempts.all().count()

        swept = await sweep()

    assert swept == (1, counted)
    assert await Attempts.all().count() == before - counted
    assert [session.id for session in await Session.filter(account_id=account.id)] == [fresh.session.id]
    assert unused.session.id != fresh.session.id


async def test_what_is_swept_would_have_faded_anyway() -> None:
    for limit in (PER_ACCOUNT, PER_ADDRESS):
        assert timedelta(seconds=limit.fades * limit.free + limit.longest_wait) < FADED
