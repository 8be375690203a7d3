"""Identifying: who asks, for which shop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from stoa.kit.clock import set_to
from stoa.kit.ids import new_id, type_id
from stoa.tenants.access import create_token, identify_session, identify_token, identifying, scopes_of
from stoa.tenants.access.errors import NoShopChosen, NotSignedIn, UnknownShop
from stoa.tenants.access.identifying import remembered
from stoa.tenants.access.opaque import new_session_secret
from stoa.tenants.context import Actor, Context, ShopRef
from stoa.tenants.database import platform_client
from stoa.tenants.models import Account, Membership, Session, Shop
from tests import make
from tests.tenants.access.people import NOON, all_news_heard, at_work, member_of, person, signed_in


@contextmanager
def _statements() -> Iterator[list[str]]:
    """What the platform's pool is asked in the block."""
    asked: list[str] = []
    connections = [holder._con for holder in platform_client()._pool._holders if holder._con]  # type: ignore[union-attr]

    def note(record: Any) -> None:
        asked.append(record.query)

    for connection in connections:
        connection.add_query_logger(note)
    yield asked
    for connection in connections:
        connection.remove_query_logger(note)


async def test_a_session_says_who_asks_and_in_their_only_shop(shop: ShopRef) -> None:
    account = await make.member(shop, await person(locale="zh"), role="STAFF")
    fresh = await signed_in(account)

    identity = await identify_session(fresh.secret)

    assert identity.actor == Actor("account", account.id, "Chrysippus of Soli")
    assert (identity.account_id, identity.session_id, identity.token_id) == (account.id, fresh.session.id, None)
    assert (identity.shop, identity.scopes, identity.locale) == (shop, scopes_of("STAFF"), "zh")
    assert identity.trusted_documents_only is False
    assert identity.context("r-1") == Context(shop, identity.actor, scopes_of("STAFF"), "zh", "r-1")
    assert identity.context("r-1", locale="en").locale == "en"


async def test_who_is_of_no_shop_is_somebody_without_rights(database: None) -> None:
    identity = await identify_session((await signed_in()).secret)

    assert (identity.shop, identity.scopes) == (None, frozenset())
    with pytest.raises(NoShopChosen):
        identity.context("a-request")


async def test_who_is_of_several_shops_names_one(shop: ShopRef, other_shop: ShopRef) -> None:
    account = await member_of(shop)
    await make.member(other_shop, account, role="VIEWER")
    secret = (await signed_in(account)).secret

    assert (await identify_session(secret)).shop is None
    for named, role in ((shop, "OWNER"), (other_shop, "VIEWER")):
        identity = await identify_session(secret, type_id("shop", named.id))
        assert (identity.shop, identity.scopes) == (named, scopes_of(role))


async def test_a_shop_of_others_and_one_that_is_not_are_refused_alike(
    hearing: None, shop: ShopRef, other_shop: ShopRef
) -> None:
    await make.member(other_shop)
    secret = (await signed_in(await member_of(shop))).secret
    await all_news_heard()
    assert (await identify_session(secret)).shop == shop
    refusals = set()

    for named in (
        *(type_id("shop", other_shop.id), type_id("shop", new_id()), type_id("prod", shop.id), str(shop.id)),
        *(shop.schema, "", "shop_", "x" * 10_000, "shop_\x00\ud800"),
    ):
        with pytest.raises(UnknownShop) as refused:
            await identify_session(secret, named)
        refusals.add((refused.value.code, str(refused.value), refused.value.path))

    assert len(refusals) == 1
    assert len(remembered) == 1


async def test_a_shop_that_was_dropped_is_unknown_at_once(hearing: None, shop: ShopRef) -> None:
    secret = (await signed_in(await member_of(shop))).secret
    named = type_id("shop", shop.id)
    assert (await identify_session(secret, named)).shop == shop

    await Shop.filter(id=shop.id).update(state="DROPPED")
    remembered.forget(shop.id)

    with pytest.raises(UnknownShop):
        await identify_session(secret, named)
    assert (await identify_session(secret)).shop is None


@pytest.mark.parametrize("secret", ["", "x" * 43, "x" * 44, "'; --", "ü\ud800", "\x00" * 43])
async def test_what_opens_nothing_is_refused(database: None, secret: str) -> None:
    for named in (None, type_id("shop", new_id()), "nonsense"):
        with pytest.raises(NotSignedIn):
            await identify_session(secret, named)


async def test_a_secret_that_was_never_handed_out_is_refused(database: None) -> None:
    with pytest.raises(NotSignedIn):
        await identify_session(new_session_secret())


async def test_a_token_is_no_session_and_a_session_no_token(hearing: None, shop: ShopRef) -> None:
    made = await create_token(await at_work(shop), name="R", scopes=["catalog:read"])
    fresh = await signed_in()
    await identify_session(fresh.secret)
    await identify_token(made.secret)

    with pytest.raises(NotSignedIn):
        await identify_session(made.secret)
    with pytest.raises(NotSignedIn):
        await identify_token(fresh.secret)


async def test_the_hash_that_is_kept_opens_nothing(shop: ShopRef) -> None:
    """Who reads the database cannot sign in with what is there."""
    fresh = await signed_in()

    with pytest.raises(NotSignedIn):
        await identify_session((await Session.get(id=fresh.session.id)).secret_hash)


async def test_asking_takes_one_statement_and_asking_again_none(hearing: None, shop: ShopRef) -> None:
    with set_to(NOON):
        session = (await signed_in(await member_of(shop))).secret
        token = (await create_token(await at_work(shop), name="R", scopes=["catalog:read"])).secret
        await identify_token(token)
        await all_news_heard()
        remembered.forget_all()

        with _statements() as asked:
            first = await identify_session(session), await identify_token(token)
        assert len(asked) == 2

        with _statements() as asked:
            again = await identify_session(session), await identify_token(token)
        assert asked == []
    assert first[0] is again[0]
    assert first[1] is again[1]


async def test_after_a_minute_the_database_is_asked_again(hearing: None, shop: ShopRef) -> None:
    with set_to(NOON):
        session = (await signed_in(await member_of(shop))).secret
        await all_news_heard()
        await identify_session(session)

    # the second statement notes that the session was used
    for seconds, statements in ((59, 0), (60, 2), (61, 0)):
        with set_to(NOON + timedelta(seconds=seconds)), _statements() as asked:
            await identify_session(session)
        assert len(asked) == statements


async def test_while_nobody_listens_nothing_is_remembered(database: None, shop: ShopRef) -> None:
    session = (await signed_in(await member_of(shop))).secret
    assert not remembered.is_hearing

    for _ in range(2):
        with _statements() as asked:
            await identify_session(session)
        assert len(asked) == 1


async def test_another_session_of_the_same_person_is_remembered_apart(hearing: None, shop: ShopRef) -> None:
    account = await member_of(shop)
    first, second = await signed_in(account), await signed_in(account)

    assert (await identify_session(first.secret)).session_id == first.session.id
    assert (await identify_session(second.secret)).session_id == second.session.id


async def test_deleting_an_account_takes_everything_along(shop: ShopRef, owner: asyncpg.Connection) -> None:
    account = await member_of(shop)
    session = (await signed_in(account)).secret
    token = (await create_token(await at_work(shop, account=account), name="R", scopes=["catalog:read"])).secret

    await Account.filter(id=account.id).delete()

    with pytest.raises(NotSignedIn):
        await identify_session(session)
    with pytest.raises(NotSignedIn):
        await identify_token(token)
    assert not await Membership.filter(account_id=account.id).exists()


@pytest.mark.parametrize(
    ("statement", "values"),
    [(identifying._BY_SESSION, ["", new_id(), NOON, NOON]), (identifying._BY_TOKEN, ["", NOON])],
    ids=["session", "token"],
)
async def test_finding_out_needs_no_sequential_scan(
    owner: asyncpg.Connection, statement: str, values: list[object]
) -> None:
    """However many people and shops there are (a small table is scanned all the same, hence the setting)."""
    async with owner.transaction():
        await owner.execute("SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_generic_plan")
        plan = [row[0] for row in await owner.fetch(f"EXPLAIN {statement}", *values)]

    assert len(plan) > 3
    assert not [line for line in plan if "Seq Scan" in line]
