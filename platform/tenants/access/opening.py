"""Opening a shop: for a newcomer together with the account, or for an account that wants one more."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from uuid import UUID
from zoneinfo import available_timezones

import asyncpg

from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.ids import new_id
from stoa.kit.languages import Locale
from stoa.kit.money import exponent_of
from stoa.kit.text import clean_line
from stoa.settings import Settings
from stoa.tenants.access.accounts import (
    account_for,
    email_taken,
    read_locale,
    read_newcomer,
)
from stoa.tenants.access.identifying import remembered
from stoa.tenants.access.scopes import Role
from stoa.tenants.access.throttling import SIGN_UPS, count_try, network_of
from stoa.tenants.connecting import owner_connection
from stoa.tenants.context import ShopRef
from stoa.tenants.models import Account
from stoa.tenants.provisioning import provisioner

SHOP_NAME_LIMIT = 120
_INSERT_ACCOUNT: Final = """
INSERT INTO platform.account (id, email, email_key, password_hash, name, locale, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_INSERT_MEMBERSHIP: Final = """
INSERT INTO platform.membership (id, account_id, shop_id, role, created_at) VALUES ($1, $2, $3, $4, $5)
"""
# Each takes a connection of the owner's, outside the pools: a wave of sign-ups must not use up PostgreSQL's.
_at_once: Final = asyncio.Semaphore(4)


@dataclass(frozen=True, slots=True)
class ShopWish:
    """What a merchant wants, checked."""

    name: str
    currency: str
    time_zone: str
    locale: Locale


def read_shop_wish(name: str, *, currency: str, time_zone: str, locale: str, called: str = "name") -> ShopWish:
    """Check what a shop is opened with. Refuses with `InvalidInput`, its path the field in the way.

    `called` is what the caller calls the shop's name.
    """
    with blaming(called):
        name = clean_line(name, what="shop's name", limit=SHOP_NAME_LIMIT)
    with blaming("currency"):
        exponent_of(currency)
    return ShopWish(name, currency, read_time_zone(time_zone), read_locale(locale))


def read_time_zone(text: str) -> str:
    """The name of a zone. Refuses with `InvalidInput`."""
    if text not in _time_zones():
        raise InvalidInput(
            "{time_zone!r} is not a time zone, e.g. Asia/Shanghai.", path=["time_zone"], time_zone=text[:60]
        )
    return text


async def open_account(
    settings: Settings,
    email: str,
    password: str,
    *,
    name: str,
    shop_name: str,
    currency: str,
    time_zone: str,
    locale: str = "en",
    address: str | None = None,
) -> tuple[Account, ShopRef]:
    """Sign up and own a shop: both or neither.

    Account, shop, schema, role and membership are one transaction on one connection of the owner's, the account
    first: an e-mail in use is refused (`Taken`) before any table is made, a second sign-up of the same e-mail waits
    for the first, and after a failure or a crash nothing is left, so that trying again is all there is to do.
    Refuses with `InvalidInput`, `WeakPassword`, and `Throttled` when too many come from `address` (None: not counted).
    """
    newcomer = read_newcomer(email, password, name=name, locale=locale)
    wish = read_shop_wish(shop_name, currency=currency, time_zone=time_zone, locale=locale, called="shop_name")
    if address is not None:
        await count_try(SIGN_UPS, network_of(address))
    account = await account_for(newcomer)
    async with _at_once, owner_connection(settings) as connection, connection.transaction():
        await _insert_account(connection, account)
        shop = await _open_for(settings, connection, account.id, wish)
    return await Account.get(id=account.id), shop


async def open_another_shop(
    settings: Settings, account_id: UUID, *, name: str, currency: str, time_zone: str, locale: str = "en"
) -> ShopRef:
    """One more shop for an account, as its owner; all or nothing."""
    wish = read_shop_wish(name, currency=currency, time_zone=time_zone, locale=locale)
    async with _at_once, owner_connection(settings) as connection, connection.transaction():
        shop = await _open_for(settings, connection, account_id, wish)
    remembered.forget(account_id)
    return shop


async def _insert_account(connection: Any, account: Account) -> None:
    person = (account.email, account.email_key, account.password_hash, account.name, account.locale)
    try:
        await connection.execute(_INSERT_ACCOUNT, account.id, *person, account.created_at)
    except asyncpg.UniqueViolationError:
        raise email_taken(account.email) from None


async def _open_for(settings: Settings, connection: Any, account_id: UUID, wish: ShopWish) -> ShopRef:
    shop = await provisioner(settings).create_in(
        connection, wish.name, currency=wish.currency, time_zone=wish.time_zone, locale=wish.locale
    )
    await connection.execute(_INSERT_MEMBERSHIP, new_id(), account_id, shop.id, Role.OWNER, now())
    return shop


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(zone for zone in available_timezones() if "/" in zone or zone == "UTC")
