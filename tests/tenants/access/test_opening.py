"""Opening a shop together with the account, or for it."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from stoa.domains.catalog.models import Product
from stoa.kit.clock import set_to
from stoa.kit.errors import InvalidInput, Taken
from stoa.settings import Settings
from stoa.tenants.access import identify_session, open_account, open_another_shop
from stoa.tenants.access.errors import Throttled, WeakPassword
from stoa.tenants.access.throttling import SIGN_UPS, count_try
from stoa.tenants.context import open_shop
from stoa.tenants.models import Account, Membership, Shop
from tests.tenants.access.people import NOON, PASSWORD, new_address, new_email, person, signed_in

WISH: dict[str, Any] = {
    "name": "Mei Lin",
    "shop_name": " Mei's  Teas ",
    "currency": "CNY",
    "time_zone": "Asia/Shanghai",
}
# Everything a shop leaves in the database, as one number each.
TRACES = """
SELECT (SELECT count(*) FROM platform.account), (SELECT count(*) FROM platform.shop),
       (SELECT count(*) FROM platform.membership), (SELECT count(*) FROM platform.shop_migration),
       (SELECT count(*) FROM pg_namespace WHERE nspname ^@ 'shop_')
"""
OBSTACLE = """
CREATE FUNCTION platform.obstacle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'out of luck'; END $$;
CREATE TRIGGER obstacle BEFORE INSERT ON platform.membership FOR EACH ROW EXECUTE FUNCTION platform.obstacle()
"""


async def test_a_newcomer_gets_an_account_and_a_shop_to_work_in(settings: Settings, database: None) -> None:
    email = new_email()

    with set_to(NOON):
        account, shop = await open_account(settings, email, PASSWORD, **WISH, locale="zh")

    assert (account.email, account.name, account.locale, account.created_at) == (email, "Mei Lin", "zh", NOON)
    assert (shop.name, shop.currency, shop.time_zone) == ("Mei's Teas", "CNY", "Asia/Shanghai")
    assert (await Shop.get(id=shop.id)).locale == "zh"
    member = await Membership.get(account_id=account.id)
    assert (member.role, (await member.shop).ref) == ("OWNER", shop)
    with open_shop(shop):
        assert await Product.all().count() == 0


async def test_the_newcomer_signs_in_and_is_in_the_new_shop(settings: Settings, database: None) -> None:
    account, shop = await open_account(settings, new_email(), PASSWORD, **WISH)

    identity = await identify_session((await signed_in(account)).secret)

    assert identity.shop == shop
    assert "catalog:write" in identity.scopes


async def test_a_taken_e_mail_leaves_no_shop_behind(
    settings: Settings, database: None, owner: asyncpg.Connection
) -> None:
    account = await person()
    before = await owner.fetchrow(TRACES)

    with pytest.raises(Taken):
        await open_account(settings, account.email.upper(), PASSWORD, **WISH)

    assert await owner.fetchrow(TRACES) == before


async def test_a_failure_in_the_last_step_leaves_nothing_and_the_next_try_works(
    settings: Settings, database: None, owner: asyncpg.Connection
) -> None:
    email, before = new_email(), await owner.fetchrow(TRACES)
    await owner.execute(OBSTACLE)
    try:
        with pytest.raises(asyncpg.RaiseError, match="out of luck"):
            await open_account(settings, email, PASSWORD, **WISH)
    finally:
        await owner.execute("DROP TRIGGER obstacle ON platform.membership; DROP FUNCTION platform.obstacle()")
    assert await owner.fetchrow(TRACES) == before

    account, _ = await open_account(settings, email, PASSWORD, **WISH)

    assert account.email == email


async def test_the_same_sign_up_sent_four_times_at_once_opens_one_shop(settings: Settings, database: None) -> None:
    email = new_email()

    answers = await asyncio.gather(
        *(open_account(settings, email, PASSWORD, **WISH) for _ in range(4)), return_exceptions=True
    )

    assert [type(answer) for answer in answers].count(Taken) == 3
    account = await Account.get(email_key=email)
    assert await Membership.filter(account_id=account.id).count() == 1


async def test_eight_newcomers_at_once_all_get_their_own_shop(settings: Settings, database: None) -> None:
    opened = await asyncio.gather(*(open_account(settings, new_email(), PASSWORD, **WISH) for _ in range(8)))

    assert len({account.id for account, _ in opened}) == 8
    assert len({shop.schema for _, shop in opened}) == 8


@pytest.mark.parametrize(
    ("field", "value"),
    [("currency", "XXX"), ("currency", "eur"), ("time_zone", "Mars/Olympus"), ("time_zone", "../etc/passwd")]
    + [("time_zone", "Asia"), ("shop_name", "  "), ("shop_name", "x" * 121), ("name", ""), ("locale", "la")],
)
async def test_what_a_shop_cannot_be_opened_with_is_named(
    settings: Settings, database: None, owner: asyncpg.Connection, field: str, value: str
) -> None:
    before = await owner.fetchrow(TRACES)

    with pytest.raises(InvalidInput) as refused:
        await open_account(settings, new_email(), PASSWORD, **{**WISH, field: value})

    assert refused.value.path == (field,)
    assert await owner.fetchrow(TRACES) == before


async def test_one_address_cannot_fill_the_house_with_shops(
    settings: Settings, database: None, owner: asyncpg.Connection
) -> None:
    address, taken = new_address(), (await person()).email
    before = await owner.fetchrow(TRACES)

    with set_to(NOON):
        for _ in range(SIGN_UPS.free - 1):
            await count_try(SIGN_UPS, address)
        with pytest.raises(Taken):
            await open_account(settings, taken, PASSWORD, **WISH, address=address)
        with pytest.raises(Throttled) as refused:
            await open_account(settings, new_email(), PASSWORD, **WISH, address=address)

    assert refused.value.retry_after == 60
    assert await owner.fetchrow(TRACES) == before


async def test_a_slip_of_the_pen_is_not_counted(settings: Settings, database: None) -> None:
    address = new_address()
    for _ in range(SIGN_UPS.free + 1):
        with pytest.raises(WeakPassword):
            await open_account(settings, new_email(), "short", **WISH, address=address)

    await open_account(settings, new_email(), PASSWORD, **WISH, address=address)


async def test_an_account_opens_a_second_shop_and_a_failure_opens_none(
    settings: Settings, database: None, owner: asyncpg.Connection
) -> None:
    account, first = await open_account(settings, new_email(), PASSWORD, **WISH)
    wish = {key: value for key, value in WISH.items() if key != "shop_name"} | {"name": "Mei's Cups"}

    second = await open_another_shop(settings, account.id, **wish)

    shops = await Membership.filter(account_id=account.id).order_by("id").values_list("shop_id", "role")
    assert shops == [(first.id, "OWNER"), (second.id, "OWNER")]
    before = await owner.fetchrow(TRACES)
    for field, value in (("currency", "shells"), ("name", "  ")):
        with pytest.raises(InvalidInput) as refused:
            await open_another_shop(settings, account.id, **wish | {field: value})
        assert refused.value.path == (field,)
    assert await owner.fetchrow(TRACES) == before
