"""Sessions."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from stoa.kit.clock import set_to
from stoa.kit.errors import NotFound
from stoa.tenants.access import end_session, identify_session, sessions_of, sign_out, sign_out_everywhere
from stoa.tenants.access.errors import NotSignedIn
from stoa.tenants.access.identifying import IDLE
from stoa.tenants.access.sessions import LIFETIME, open_session
from stoa.tenants.models import Session
from tests.tenants.access.people import NOON, person, signed_in


async def _holds(secret: str) -> bool:
    try:
        await identify_session(secret)
    except NotSignedIn:
        return False
    return True


async def test_signing_out_ends_this_session_at_once_and_no_other(hearing: None) -> None:
    account = await person()
    laptop, phone = await signed_in(account), await signed_in(account)
    assert await _holds(laptop.secret)

    await sign_out(laptop.session.id)

    assert not await _holds(laptop.secret)
    assert await _holds(phone.secret)


async def test_signing_out_twice_changes_nothing(database: None) -> None:
    fresh = await signed_in()
    await sign_out(fresh.session.id)

    await sign_out(fresh.session.id)

    assert not await _holds(fresh.secret)


async def test_signing_out_everywhere_ends_every_session_at_once(hearing: None) -> None:
    account, stranger = await person(), await signed_in()
    mine = [await signed_in(account) for _ in range(3)]
    assert [await _holds(each.secret) for each in mine] == [True, True, True]

    assert await sign_out_everywhere(account.id) == 3

    assert [await _holds(each.secret) for each in mine] == [False, False, False]
    assert await _holds(stranger.secret)
    assert await sign_out_everywhere(account.id) == 0


async def test_once_signed_out_nobody_gets_in_however_many_requests_are_on_their_way(hearing: None) -> None:
    """A request that asked before and is answered after must not be what is remembered."""
    account = await person()
    for _ in range(20):
        _, secret = await open_session(account.id, address="", user_agent="")
        under_way = [asyncio.create_task(_holds(secret)) for _ in range(8)]
        await asyncio.sleep(0)

        await sign_out_everywhere(account.id)

        assert not await _holds(secret)
        await asyncio.gather(*under_way)
        assert not await _holds(secret)


async def test_signing_out_everywhere_else_keeps_the_one_in_hand(hearing: None) -> None:
    account = await person()
    here, there = await signed_in(account), await signed_in(account)

    assert await sign_out_everywhere(account.id, but=here.session.id) == 1

    assert await _holds(here.secret)
    assert not await _holds(there.secret)


async def test_sessions_are_listed_the_latest_first_without_the_ended(database: None) -> None:
    account = await person()
    with set_to(NOON):
        unused = await signed_in(account)
    with set_to(NOON + IDLE):
        early, late = await signed_in(account), await signed_in(account)
        listed = await sessions_of(account.id)

    assert unused.session.id not in [session.id for session in listed]
    assert [session.id for session in listed] == [late.session.id, early.session.id]


async def test_a_person_ends_one_of_their_sessions(hearing: None) -> None:
    account = await person()
    laptop, phone = await signed_in(account), await signed_in(account)
    assert await _holds(phone.secret)

    await end_session(account.id, phone.session.id)

    assert not await _holds(phone.secret)
    assert await _holds(laptop.secret)


async def test_a_stranger_s_session_is_not_found_and_goes_on(database: None) -> None:
    mine, theirs = await signed_in(), await signed_in()

    with pytest.raises(NotFound):
        await end_session(mine.account.id, theirs.session.id)

    assert await _holds(theirs.secret)
    assert theirs.session.id not in [session.id for session in await sessions_of(mine.account.id)]


async def test_a_session_unused_for_a_week_has_ended(hearing: None) -> None:
    with set_to(NOON):
        fresh = await signed_in()
    with set_to(NOON + IDLE - timedelta(seconds=1)):
        assert await _holds(fresh.secret)
    with set_to(NOON + IDLE - timedelta(seconds=1) + IDLE):
        assert not await _holds(fresh.secret)


async def test_a_session_used_every_day_ends_after_its_lifetime(hearing: None) -> None:
    with set_to(NOON):
        fresh = await signed_in()
    for day in range(1, LIFETIME.days):
        with set_to(NOON + timedelta(days=day)):
            assert await _holds(fresh.secret)

    with set_to(NOON + LIFETIME - timedelta(microseconds=1)):
        assert await _holds(fresh.secret)
    with set_to(NOON + LIFETIME):
        assert not await _holds(fresh.secret)


async def test_being_seen_is_written_down_once_a_minute(database: None) -> None:
    with set_to(NOON):
        fresh = await signed_in()

    for seconds, noted in [(59, 0), (60, 60), (119, 60), (121, 121)]:
        with set_to(NOON + timedelta(seconds=seconds)):
            assert await _holds(fresh.secret)
        assert (await Session.get(id=fresh.session.id)).seen_at == NOON + timedelta(seconds=noted)
