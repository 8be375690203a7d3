"""Signing in."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from stoa.kit.clock import set_to
from stoa.tenants.access import identify_session, sign_in
from stoa.tenants.access.browsing import check_csrf
from stoa.tenants.access.errors import NotSignedIn, SignInFailed, Throttled
from stoa.tenants.access.opaque import hash_of
from stoa.tenants.access.passwords import is_outdated, is_right
from stoa.tenants.access.sessions import LIFETIME
from stoa.tenants.access.throttling import PER_ACCOUNT, PER_ADDRESS, count_try
from stoa.tenants.models import Account, Session
from tests import make
from tests.tenants.access.people import NOON, PASSWORD, WRONG, new_address, new_email, person, signed_in


async def _try(email: str, password: str, *, address: str | None = None) -> object:
    """What comes of it: a session, or the refusal."""
    try:
        return await sign_in(email, password, address=address or new_address(), user_agent="")
    except (SignInFailed, Throttled) as refused:
        return refused


async def _fail(address: str, *, times: int) -> None:
    """So often somebody failed from there (without the work of hashing)."""
    for _ in range(times):
        await count_try(PER_ADDRESS, address)


async def test_signing_in_opens_a_session(database: None) -> None:
    account = await person()

    with set_to(NOON):
        fresh = await sign_in(account.email, PASSWORD, address="203.0.113.7", user_agent="Firefox\x00 on Linux")

    session = await Session.get(id=fresh.session.id)
    assert (await session.account).id == fresh.account.id == account.id
    assert (session.address, session.user_agent) == ("203.0.113.7", "Firefox on Linux")
    assert (session.created_at, session.seen_at, session.expires_at) == (NOON, NOON, NOON + LIFETIME)


async def test_the_secret_is_kept_nowhere(database: None) -> None:
    fresh = await signed_in()

    kept = (await Session.filter(id=fresh.session.id).values())[0]
    assert kept["secret_hash"] == hash_of(fresh.secret)
    assert fresh.secret not in str(kept)


async def test_the_csrf_token_is_that_of_the_session(database: None) -> None:
    fresh = await signed_in()

    check_csrf(fresh.secret, fresh.csrf_token)


async def test_the_e_mail_may_be_written_otherwise(database: None) -> None:
    account = await person("Hipparchia@stoa.example")

    fresh = await sign_in(" HIPPARCHIA@Stoa.Example ", PASSWORD, address=new_address(), user_agent="")

    assert fresh.account.id == account.id


async def test_a_wrong_password_and_an_unknown_e_mail_are_refused_alike(database: None) -> None:
    account, without_password = await person(), await make.account()

    refusals = [
        await _try(account.email, WRONG),
        await _try(new_email(), PASSWORD),
        await _try("no e-mail at all", PASSWORD),
        await _try("a\x00b\ud800", PASSWORD),
        await _try(account.email, "x" * 100_000),
        await _try(without_password.email, PASSWORD),
        await _try(without_password.email, ""),
    ]

    assert {(type(refusal), str(refusal)) for refusal in refusals} == {
        (SignInFailed, "The e-mail or the password is not right.")
    }
    assert not await Session.filter(account_id__in=[account.id, without_password.id]).exists()


async def test_each_sign_in_has_a_new_secret_and_ends_the_session_it_replaces(database: None) -> None:
    account = await person()
    first = await signed_in(account)

    second = await sign_in(account.email, PASSWORD, address=new_address(), user_agent="", instead_of=first.secret)

    assert second.secret != first.secret
    assert (await identify_session(second.secret)).session_id == second.session.id
    with pytest.raises(NotSignedIn):
        await identify_session(first.secret)


async def test_a_failed_sign_in_ends_no_session(database: None) -> None:
    account = await person()
    first = await signed_in(account)

    with pytest.raises(SignInFailed):
        await sign_in(account.email, WRONG, address=new_address(), user_agent="", instead_of=first.secret)

    assert (await identify_session(first.secret)).account_id == account.id


async def test_a_secret_planted_by_somebody_is_never_taken_over(database: None) -> None:
    """Session fixation: what the browser brings along is ended or ignored."""
    planted = "x" * 43

    fresh = await sign_in((await person()).email, PASSWORD, address=new_address(), user_agent="", instead_of=planted)

    assert fresh.secret != planted
    with pytest.raises(NotSignedIn):
        await identify_session(planted)


async def test_fifty_guesses_at_the_same_moment_are_no_better_than_five(database: None) -> None:
    account = await person()

    with set_to(NOON):
        answers = await asyncio.gather(*(_try(account.email, WRONG) for _ in range(50)))
        the_right_one = await _try(account.email, PASSWORD)

    assert [type(answer) for answer in answers].count(SignInFailed) == PER_ACCOUNT.free
    assert [answer.retry_after for answer in answers if isinstance(answer, Throttled)] == [30] * 45
    assert isinstance(the_right_one, Throttled)
    assert not await Session.filter(account_id=account.id).exists()


async def test_who_waits_as_long_as_told_gets_in(database: None) -> None:
    account = await person()
    with set_to(NOON):
        for _ in range(PER_ACCOUNT.free):
            await _try(account.email, WRONG)
        refused = await _try(account.email, PASSWORD)
    assert isinstance(refused, Throttled)

    with set_to(NOON + timedelta(seconds=refused.retry_after)):
        fresh = await signed_in(account)

    assert fresh.account.id == account.id


async def test_getting_in_wipes_the_account_s_slate(database: None) -> None:
    account = await person()
    with set_to(NOON):
        for _ in range(3):
            for _ in range(PER_ACCOUNT.free - 1):
                assert isinstance(await _try(account.email, WRONG), SignInFailed)
            await signed_in(account)


async def test_an_unknown_e_mail_is_throttled_like_a_known_one(database: None) -> None:
    with set_to(NOON):
        email = new_email()
        answers = [await _try(email, WRONG) for _ in range(PER_ACCOUNT.free + 1)]

    assert [type(answer) for answer in answers] == [SignInFailed] * 5 + [Throttled]


async def test_an_address_that_tries_many_accounts_is_throttled(database: None) -> None:
    address, account = new_address(), await person()

    with set_to(NOON):
        await _fail(address, times=PER_ADDRESS.free - 1)
        assert isinstance(await _try(new_email(), WRONG, address=address), SignInFailed)
        refused = await _try(account.email, PASSWORD, address=address)
        elsewhere = await signed_in(account)

    assert isinstance(refused, Throttled)
    assert refused.retry_after == 30
    assert elsewhere.account.id == account.id


async def test_getting_in_does_not_wipe_the_address_s_slate(database: None) -> None:
    """Else a guesser would sign in to an account of their own from time to time."""
    address, own = new_address(), await person()

    with set_to(NOON):
        await _fail(address, times=PER_ADDRESS.free - 1)
        await signed_in(own, address=address)
        assert isinstance(await _try(new_email(), WRONG, address=address), SignInFailed)
        assert isinstance(await _try(new_email(), WRONG, address=address), Throttled)


async def test_an_office_that_signs_in_properly_is_not_throttled(database: None) -> None:
    address, account = new_address(), await person()

    with set_to(NOON):
        await _fail(address, times=PER_ADDRESS.free - 1)
        for _ in range(3):
            await signed_in(account, address=address)


async def test_an_outdated_hash_is_renewed(database: None) -> None:
    account = await person()
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    await Account.filter(id=account.id).update(password_hash=old)

    await signed_in(account)

    renewed = (await Account.get(id=account.id)).password_hash
    assert renewed is not None
    assert not is_outdated(renewed)
    assert await is_right(PASSWORD, renewed)
