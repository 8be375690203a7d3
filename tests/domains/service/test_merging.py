"""Two customers become one, with their orders; undone, everything is as it was."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from stoa.domains import service
from stoa.domains.orders.models import Order
from stoa.domains.service import Buyer, Consent, ConsentWay
from stoa.domains.service.errors import (
    AlreadyUndone,
    ChangedSinceMerging,
    CustomerChanged,
    NoSuchMerge,
    SameCustomer,
)
from stoa.domains.service.models import Customer, CustomerIdentity, IdentityKind
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.domains.service.buyers import buyer, do, everything, known, react


async def two(ctx: Context) -> tuple[Customer, Customer]:
    """Zeno, and the same Zeno as a channel knows him; each with an order."""
    zeno = await buyer(ctx, "Zeno", email="zeno@example.com", tags=["vip"], note="Walks.", metadata={"size": "L"})
    other = await buyer(
        ctx, "Z.", phone="12345", channel_id="wechat:o1", tags=["vip", "new"], note="Sits.", metadata={"size": "M"}
    )
    await service.add_address(ctx, zeno.id, {"line1": "Stoa 1"})
    await service.add_address(ctx, other.id, {"line1": "Stoa 1"})
    await service.add_address(ctx, other.id, {"line1": "Stoa 2"}, is_default=True)
    for customer, granted in ((zeno, True), (other, False)):
        await service.set_consent(ctx, customer.id, Consent(ConsentWay.EMAIL, granted, "checkout"))
    await service.set_consent(ctx, other.id, Consent(ConsentWay.SMS, True, "phone"))
    return await Customer.get(id=zeno.id), await Customer.get(id=other.id)


async def customers_as_they_are() -> dict[UUID, dict[str, Any]]:
    """Without what every change raises."""
    rows = await Customer.all().values()
    return {row["id"]: {name: row[name] for name in row if name not in ("version", "updated_at")} for row in rows}


async def test_what_one_has_goes_to_the_other(ctx: Context) -> None:
    zeno, other = await two(ctx)

    merge = await service.merge_customers(ctx, zeno.id, other.id, expected_version=zeno.version)

    kept, gone = await Customer.get(id=zeno.id), await Customer.get(id=other.id)
    assert (kept.name, kept.email, kept.phone, kept.note) == ("Zeno", "zeno@example.com", "12345", "Walks.\nSits.")
    assert (kept.tags, kept.metadata) == (["vip", "new"], {"size": "L"})
    assert [(each["line1"], each["is_default"]) for each in kept.addresses] == [("Stoa 1", True), ("Stoa 2", False)]
    assert {way: each["granted"] for way, each in kept.consents.items()} == {"email": False, "sms": True}
    assert [each["granted"] for each in kept.consents["email"]["before"]] == [True]
    assert gone.merged_into_id == zeno.id  # type: ignore[attr-defined]
    assert await known(other.id) == []
    assert await known(zeno.id) == [("CHANNEL", "wechat:o1"), ("EMAIL", "zeno@example.com"), ("PHONE", "12345")]
    assert (await events_of(ctx))[-1] == (
        "CustomersMerged",
        {
            "customer_id": str(zeno.id),
            "merge_id": str(merge.id),
            "gone_ids": [str(other.id)],
            "withdrawn": ["email"],
        },
    )


async def test_ids_of_the_one_that_went_lead_to_the_other(ctx: Context) -> None:
    zeno, other = await two(ctx)
    await service.merge_customers(ctx, zeno.id, other.id)

    saved = await service.update_customer(ctx, other.id, {"name": "Zeno of Citium"})

    assert saved.id == zeno.id
    assert await service.present_ids([other.id, zeno.id, new_id()]) == {other.id: zeno.id, zeno.id: zeno.id}
    order = await make.order(ctx, buyer=Buyer(channel_id="wechat:o1"))
    assert order.customer_id == zeno.id  # type: ignore[attr-defined]


async def test_undone_both_are_as_they_were(ctx: Context) -> None:
    zeno, other = await two(ctx)
    before, identities = await customers_as_they_are(), await CustomerIdentity.all().order_by("id").values()
    merge = await service.merge_customers(ctx, zeno.id, other.id)

    await service.undo_merge(ctx, merge.id)

    assert await customers_as_they_are() == before
    assert await CustomerIdentity.all().order_by("id").values() == identities
    once = await everything()
    with pytest.raises(AlreadyUndone):
        await service.undo_merge(ctx, merge.id)
    assert await everything() == once


async def test_what_has_nothing_to_do_with_it_stays_when_it_is_undone(ctx: Context) -> None:
    zeno, other = await two(ctx)
    merge = await service.merge_customers(ctx, zeno.id, other.id)
    await service.update_customer(ctx, zeno.id, {"name": "Zeno of Citium", "email": "z@stoa.test"})

    await service.undo_merge(ctx, merge.id)

    kept = await Customer.get(id=zeno.id)
    assert (kept.name, kept.email, kept.phone, kept.tags) == ("Zeno of Citium", "z@stoa.test", "", ["vip"])
    assert await known(zeno.id) == [("EMAIL", "z@stoa.test")]
    assert await known(other.id) == [("CHANNEL", "wechat:o1"), ("PHONE", "12345")]


async def test_undoing_is_refused_where_it_would_lose_something(ctx: Context) -> None:
    zeno, other = await two(ctx)
    merge = await service.merge_customers(ctx, zeno.id, other.id)
    await service.update_customer(ctx, zeno.id, {"phone": "67890"})
    await service.add_address(ctx, zeno.id, {"line1": "Stoa 3"})
    before = await everything()

    with pytest.raises(ChangedSinceMerging) as refused:
        await service.undo_merge(ctx, merge.id)

    assert refused.value.params["what"] == "phone,addresses,identities"
    assert refused.value.message == (
        "Undoing it would lose what was changed of Zeno since: telephone number, addresses, what they are known by."
    )
    assert await everything() == before


async def test_merges_are_undone_from_the_last_to_the_first(ctx: Context) -> None:
    zeno, other = await two(ctx)
    third = await buyer(ctx, "Third", channel_id="app:3")
    before = await customers_as_they_are()
    first = await service.merge_customers(ctx, zeno.id, other.id)
    second = await service.merge_customers(ctx, third.id, zeno.id)
    assert (await service.present_ids([other.id]))[other.id] == third.id
    merged = await everything()

    with pytest.raises(ChangedSinceMerging) as refused:
        await service.undo_merge(ctx, first.id)
    assert refused.value.params == {"name": "Zeno", "what": "merged_into"}
    assert await everything() == merged

    await service.undo_merge(ctx, second.id)
    await service.undo_merge(ctx, first.id)
    assert await customers_as_they_are() == before


async def test_one_is_not_merged_with_itself(ctx: Context) -> None:
    zeno, other = await two(ctx)
    await service.merge_customers(ctx, zeno.id, other.id)
    before = await everything()

    for gone in (zeno.id, other.id):
        with pytest.raises(SameCustomer):
            await service.merge_customers(ctx, zeno.id, gone)
    third = await buyer(ctx, "Third")
    before = await everything()
    with pytest.raises(CustomerChanged):
        await service.merge_customers(ctx, zeno.id, third.id, expected_version=1)

    assert await everything() == before


async def owners() -> dict[UUID, UUID | None]:
    rows: Any = await Order.all().values_list("id", "customer_id")
    return dict(rows)


async def test_orders_follow_their_buyers_there_and_back(ctx: Context) -> None:
    zeno, other = await two(ctx)
    third = await buyer(ctx, "Third", channel_id="app:3")
    placed = {
        who.id: (await make.order(ctx, buyer=by)).id
        for who, by in (
            (zeno, Buyer(email="zeno@example.com")),
            (other, Buyer(channel_id="wechat:o1")),
            (third, Buyer(channel_id="app:3")),
        )
    }
    guest = (await make.order(ctx)).id

    first = await service.merge_customers(ctx, zeno.id, other.id)
    await react(ctx)
    second = await service.merge_customers(ctx, third.id, zeno.id)
    await react(ctx)
    assert await owners() == {**dict.fromkeys(placed.values(), third.id), guest: None}
    await react(ctx, newest=2)  # a job that comes twice, or late, changes nothing
    assert await owners() == {**dict.fromkeys(placed.values(), third.id), guest: None}
    since = (await make.order(ctx, buyer=Buyer(channel_id="wechat:o1"))).id

    await service.undo_merge(ctx, second.id)
    await react(ctx)
    mine = {placed[zeno.id]: zeno.id, placed[other.id]: zeno.id, placed[third.id]: third.id, guest: None}
    assert await owners() == {**mine, since: third.id}
    await service.undo_merge(ctx, first.id)
    await react(ctx, newest=4)
    assert await owners() == {**mine, placed[other.id]: other.id, since: third.id}
    assert {order.id: order.buyer_id for order in await Order.filter(id__in=list(placed.values()))} == {
        order: who for who, order in placed.items()
    }


async def test_a_merge_that_was_undone_before_its_job_ran_moves_nothing(ctx: Context) -> None:
    zeno, other = await two(ctx)
    order = await make.order(ctx, buyer=Buyer(channel_id="wechat:o1"))
    merge = await service.merge_customers(ctx, zeno.id, other.id)
    await service.undo_merge(ctx, merge.id)

    await do(
        ctx,
        "CustomersMerged",
        {"customer_id": str(zeno.id), "merge_id": str(merge.id), "gone_ids": [str(other.id)], "withdrawn": []},
    )

    assert (await owners())[order.id] == other.id


async def test_a_strangers_merge_is_not_found(ctx: Context, other_ctx: Context) -> None:
    with open_shop(other_ctx.shop):
        zeno, other = await two(other_ctx)
        merge = await service.merge_customers(other_ctx, zeno.id, other.id)
        before = await everything()

    with pytest.raises(NoSuchMerge):
        await service.undo_merge(ctx, merge.id)
    assert await service.find_customer(ctx, IdentityKind.CHANNEL, "wechat:o1") is None

    with open_shop(other_ctx.shop):
        assert await everything() == before
