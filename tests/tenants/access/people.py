"""Who appears in the tests of access: people with passwords, and how they come to a session or a context."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count

from stoa.kit.ids import new_id
from stoa.tenants.access import Identity, SignedIn, identify_session, scopes_of, sign_in, sign_up
from stoa.tenants.access.hearing import CHANNEL
from stoa.tenants.access.identifying import remembered
from stoa.tenants.context import Actor, Context, ShopRef
from stoa.tenants.database import platform_client
from stoa.tenants.models import Account
from tests import make

PASSWORD = "olives and figs at noon"
WRONG = "olives and figs at midnight"
NOON = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
_numbers = count(1)


def new_address() -> str:
    """An address that no other test calls from (the throttle remembers them)."""
    number = next(_numbers)
    return f"198.18.{number // 250}.{number % 250 + 1}"


def new_email() -> str:
    return f"chrysippus-{next(_numbers)}@example.com"


async def person(email: str | None = None, *, locale: str = "en") -> Account:
    """Somebody who can sign in with `PASSWORD`."""
    return await sign_up(email or new_email(), PASSWORD, name="Chrysippus of Soli", locale=locale)


async def signed_in(account: Account | None = None, *, address: str | None = None) -> SignedIn:
    account = account or await person()
    return await sign_in(account.email, PASSWORD, address=address or new_address(), user_agent="Firefox")


async def member_of(shop: ShopRef, *, role: str = "OWNER") -> Account:
    """Somebody with a password who works in the shop."""
    return await make.member(shop, await person(), role=role)


async def at_work(shop: ShopRef, *, role: str = "OWNER", account: Account | None = None) -> Context:
    """A member of the shop at work, with the rights of the role and no more."""
    account = account or await make.member(shop, role=role)
    return Context(shop, Actor("account", account.id, account.name), scopes_of(role))


async def context_of(secret: str, shop_id: str | None = None) -> Context:
    return (await identify_session(secret, shop_id)).context("a-request")


async def all_news_heard() -> None:
    """Wait until this process has heard of every change so far: news come in the order of the commits.

    A test needs it before it relies on something being remembered, which news of its own doing would undo.
    """
    marker, key = new_id(), ("marker", None)
    remembered.keep(
        key,
        Identity(Actor("system"), marker, "en"),
        about=[marker],
        changes=remembered.changes,
        moment=NOON,
        good_until=NOON + timedelta(seconds=1),
    )
    await platform_client().execute_query("SELECT pg_notify($1, $2)", [CHANNEL, str(marker)])
    async with asyncio.timeout(20):
        while remembered.recall(key, NOON):
            await asyncio.sleep(0.001)
