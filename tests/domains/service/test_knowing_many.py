"""Many buyers at once are known as each of them would be, and forgotten as long as nobody has done anything with them."""

from __future__ import annotations

from stoa.domains.service import Buyer, forget_customers, forget_identities, known_customer, known_customers
from stoa.domains.service.models import Customer, CustomerIdentity
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction

ZENO = Buyer("Zeno", "Zeno@example.com", channel_id="till:1")
CLEANTHES = Buyer("Cleanthes", phone="+30123", channel_id="till:2")
GUEST = Buyer("Somebody", phone="+30123")


async def names() -> set[tuple[str, str]]:
    return {(each.kind, each.value) for each in await CustomerIdentity.all()}


async def test_each_is_known_by_channel_or_mail_and_nobody_by_phone(ctx: Context) -> None:
    async with shop_transaction():
        known = await known_customers([ZENO, CLEANTHES, GUEST, Buyer(email="zeno@EXAMPLE.com")], "till")

    zeno, cleanthes, guest, again = known.customers
    assert (guest, again) == (None, zeno)
    assert known.made == [zeno, cleanthes]
    assert known.identities == []
    assert await names() == {("CHANNEL", "till:1"), ("EMAIL", "zeno@example.com"), ("CHANNEL", "till:2")}
    row = await Customer.get(id=zeno)
    assert (row.name, row.email, row.source, row.external_id) == ("Zeno", "Zeno@example.com", "till", "1")


async def test_who_was_known_one_by_one_is_known_again_and_by_more(ctx: Context) -> None:
    async with shop_transaction():
        first = await known_customer(ctx, Buyer("Zeno", "zeno@example.com"))
        known = await known_customers([ZENO], "till")

    assert (known.customers, known.made, len(known.identities)) == ([first], [], 1)
    async with shop_transaction():
        await forget_identities(known.identities)
    assert await names() == {("EMAIL", "zeno@example.com")}


async def test_only_those_who_are_as_they_were_made_are_forgotten(ctx: Context, other_ctx: Context) -> None:
    async with shop_transaction():
        known = await known_customers([ZENO, CLEANTHES], "till")
    zeno, cleanthes = known.made
    await Customer.filter(id=zeno).update(version=2)

    with open_shop(other_ctx.shop):
        assert await forget_customers(known.made) == []
    assert await forget_customers(known.made) == [cleanthes]
    assert [each.id for each in await Customer.all()] == [zeno]
