"""Customers: made, changed on the version that was read; what they are known by is theirs alone."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from stoa.domains import service
from stoa.domains.service import Consent, ConsentWay, CustomerDraft
from stoa.domains.service.errors import (
    CustomerChanged,
    IdentityTaken,
    NoSuchAddress,
    NoSuchCustomer,
    NoSuchIdentity,
)
from stoa.domains.service.models import Customer, CustomerIdentity, IdentityKind
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput, Refusals
from stoa.kit.ids import new_id, type_id
from stoa.tenants.context import Context, open_shop
from tests.domains.catalog.catalogs import events_of
from tests.domains.service.buyers import buyer, everything, known


async def test_a_customer_is_kept_as_described(ctx: Context) -> None:
    made = await buyer(
        ctx,
        " 芝诺　Zeno ",
        email="Zeno@Example.com",
        phone="+49 (30) 123 456",
        channel_id="wechat:o1",
        locale="zh",
        tags=["vip", "vip"],
        metadata={"size": "L"},
    )

    kept = await Customer.get(id=made.id)
    assert (kept.name, kept.email, kept.phone, kept.locale) == (
        "芝诺 Zeno",
        "Zeno@Example.com",
        "+49 (30) 123 456",
        "zh",
    )
    assert (kept.tags, kept.metadata, kept.version) == (["vip"], {"size": "L"}, 1)
    assert await known(made.id) == [
        ("CHANNEL", "wechat:o1"),
        ("EMAIL", "zeno@example.com"),
        ("PHONE", "+4930123456"),
    ]
    assert await events_of(ctx) == [("CustomerCreated", {"customer_id": str(made.id)})]


async def test_a_customer_is_found_however_it_is_written(ctx: Context) -> None:
    made = await buyer(ctx, email="zeno@example.com", phone="+49 30 123456")

    for kind, text in ((IdentityKind.EMAIL, "ZENO@example.com"), (IdentityKind.PHONE, "+49 (30) 12-34-56")):
        assert await service.find_customer(ctx, kind, text) == made.id
    assert await service.find_customer(ctx, IdentityKind.CHANNEL, "wechat:o1") is None


async def test_everything_that_is_wrong_is_said_at_once(ctx: Context) -> None:
    before = await everything()

    with pytest.raises(Refusals) as refused:
        await buyer(ctx, "x" * 121, email="nobody", phone="call me", locale="xx", tags=[""])
    with pytest.raises(InvalidInput) as empty:
        await service.create_customer(ctx, CustomerDraft(note="Who?"))

    assert [each.path for each in refused.value.refusals] == [("name",), ("email",), ("phone",), ("locale",), ("tags",)]
    assert empty.value.path == ("name",)
    assert await everything() == before


async def test_an_identity_is_one_customers_alone(ctx: Context) -> None:
    zeno, other = await buyer(ctx, "Zeno", email="zeno@example.com"), await buyer(ctx, "Chrysippus")
    before = await everything()

    with pytest.raises(IdentityTaken) as made:
        await buyer(ctx, email="ZENO@example.com")
    with pytest.raises(IdentityTaken) as changed:
        await service.update_customer(ctx, other.id, {"email": "Zeno@example.com"})
    with pytest.raises(IdentityTaken) as added:
        await service.add_identity(ctx, other.id, IdentityKind.EMAIL, "zeno@example.com")

    assert made.value.params == {
        "holder": "Zeno",
        "value": "zeno@example.com",
        "customer": type_id("cust", zeno.id),
    }
    assert [each.value.path for each in (made, changed, added)] == [("email",), ("email",), ("value",)]
    assert await everything() == before


async def test_of_many_who_take_an_identity_at_once_one_gets_it(ctx: Context) -> None:
    answers = await asyncio.gather(*(buyer(ctx, f"Z{n}", phone="12345") for n in range(5)), return_exceptions=True)

    assert [type(each).__name__ for each in answers if not isinstance(each, Customer)] == ["IdentityTaken"] * 4
    assert await Customer.all().count() == await CustomerIdentity.all().count() == 1


async def test_identities_follow_the_email_and_the_phone(ctx: Context) -> None:
    zeno = await buyer(ctx, "Zeno", email="zeno@example.com", phone="12345", channel_id="wechat:o1")

    saved = await service.update_customer(
        ctx, zeno.id, {"email": "z@stoa.test", "phone": "", "metadata": {"size": "M"}}, expected_version=1
    )

    assert (saved.version, saved.email, saved.phone, saved.metadata) == (2, "z@stoa.test", "", {"size": "M"})
    assert await known(zeno.id) == [("CHANNEL", "wechat:o1"), ("EMAIL", "z@stoa.test")]
    assert (await Customer.get(id=zeno.id)).search_text.split("\n") == ["zeno", "z@stoa.test", "wechat:o1"]
    assert (await events_of(ctx))[-1] == (
        "CustomerEdited",
        {"customer_id": str(zeno.id), "changed": ["email", "phone", "metadata"]},
    )


async def test_nothing_named_is_nothing_changed(ctx: Context) -> None:
    zeno = await buyer(ctx, "Zeno", tags=["a"])
    before = await everything()

    await service.update_customer(ctx, zeno.id, {})
    await service.update_customer(ctx, zeno.id, {"name": "Zeno", "tags": ["a"]})

    assert await everything() == before


async def test_what_somebody_else_saved_is_not_overwritten(ctx: Context) -> None:
    zeno = await buyer(ctx, "Zeno")
    await service.update_customer(ctx, zeno.id, {"note": "Walks."})
    before = await everything()

    with pytest.raises(CustomerChanged) as refused:
        await service.update_customer(ctx, zeno.id, {"note": "Sits."}, expected_version=1)

    assert refused.value.params == {"name": "Zeno", "expected": 1, "current_version": 2}
    assert await everything() == before


async def test_identities_come_and_go(ctx: Context) -> None:
    zeno = await buyer(ctx, "Zeno", email="zeno@example.com")
    await service.add_identity(ctx, zeno.id, IdentityKind.CHANNEL, "wechat:o1")
    once = await everything()
    await service.add_identity(ctx, zeno.id, IdentityKind.CHANNEL, "wechat:o1")
    assert await everything() == once

    email = await CustomerIdentity.get(kind="EMAIL")
    saved = await service.remove_identity(ctx, email.id)

    assert (saved.email, await known(zeno.id)) == ("", [("CHANNEL", "wechat:o1")])
    with pytest.raises(NoSuchIdentity):
        await service.remove_identity(ctx, email.id)


async def test_addresses_are_added_changed_and_removed_and_one_is_the_default(ctx: Context) -> None:
    zeno = await buyer(ctx, "Zeno")
    _, first = await service.add_address(ctx, zeno.id, {"line1": "Stoa 1", "country": "gr"})
    _, second = await service.add_address(ctx, zeno.id, {"line1": "Stoa 2"}, is_default=True)

    changed = await service.update_address(ctx, zeno.id, first, {"line1": "Stoa 3"}, is_default=True)
    assert changed.addresses == [
        {"id": str(first), "is_default": True, "line1": "Stoa 3"},
        {"id": str(second), "is_default": False, "line1": "Stoa 2"},
    ]
    left = await service.remove_address(ctx, zeno.id, first)
    assert left.addresses == [{"id": str(second), "is_default": True, "line1": "Stoa 2"}]

    before = await everything()
    with pytest.raises(NoSuchAddress):
        await service.remove_address(ctx, zeno.id, first)
    with pytest.raises(InvalidInput) as refused:
        await service.add_address(ctx, zeno.id, {"line1": "", "city": "  "})
    assert refused.value.path == ("address",)
    assert await everything() == before


async def test_consents_are_kept_with_what_was_so_before(ctx: Context) -> None:
    zeno = await buyer(ctx, "Zeno")
    yesterday = now() - timedelta(days=1)
    yes = Consent(ConsentWay.EMAIL, True, "checkout", "I want the newsletter.", yesterday)
    await service.set_consent(ctx, zeno.id, yes)
    once = await everything()
    await service.set_consent(ctx, zeno.id, yes)
    assert await everything() == once

    saved = await service.set_consent(ctx, zeno.id, Consent(ConsentWay.EMAIL, False, "门店"))

    email = saved.consents["email"]
    assert (email["granted"], email["source"], email["proof"]) == (False, "门店", "")
    assert email["before"] == [
        {"granted": True, "at": yesterday.isoformat(), "source": "checkout", "proof": "I want the newsletter."}
    ]
    told = [payload for name, payload in await events_of(ctx) if name == "CustomerConsentChanged"]
    assert [(each["way"], each["granted"], each["source"]) for each in told] == [
        ("email", True, "checkout"),
        ("email", False, "门店"),
    ]


async def test_a_consent_needs_a_source_and_is_not_of_the_future(ctx: Context) -> None:
    zeno = await buyer(ctx, "Zeno")
    before = await everything()

    with pytest.raises(InvalidInput) as source:
        await service.set_consent(ctx, zeno.id, Consent(ConsentWay.SMS, True, "zeno@example.com"))
    with pytest.raises(InvalidInput) as at:
        await service.set_consent(ctx, zeno.id, Consent(ConsentWay.SMS, True, "phone", at=now() + timedelta(minutes=1)))

    assert (source.value.path, at.value.path) == (("source",), ("at",))
    assert await everything() == before


async def test_a_strangers_customer_is_not_found(ctx: Context, other_ctx: Context) -> None:
    with open_shop(other_ctx.shop):
        theirs = await buyer(other_ctx, "Theirs", email="t@example.com")
        identity = await CustomerIdentity.get(kind="EMAIL")
        before = await everything()
    mine = await buyer(ctx, "Mine")
    consent = Consent(ConsentWay.SMS, True, "phone")

    for attempt in (
        service.update_customer(ctx, theirs.id, {"name": "Mine"}),
        service.add_address(ctx, theirs.id, {"line1": "Mine"}),
        service.update_address(ctx, theirs.id, new_id(), None, is_default=True),
        service.remove_address(ctx, theirs.id, new_id()),
        service.set_consent(ctx, theirs.id, consent),
        service.add_identity(ctx, theirs.id, IdentityKind.CHANNEL, "mine"),
        service.merge_customers(ctx, mine.id, theirs.id),
        service.merge_customers(ctx, theirs.id, mine.id),
        service.erase_customer(ctx, theirs.id),
    ):
        with pytest.raises(NoSuchCustomer):
            await attempt
    with pytest.raises(NoSuchIdentity):
        await service.remove_identity(ctx, identity.id)

    with open_shop(other_ctx.shop):
        assert await everything() == before
