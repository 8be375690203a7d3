"""Suppliers: made, changed on the version that was read, put aside; names are theirs alone."""

from __future__ import annotations

import pytest

from stoa.domains.catalog import supplying
from stoa.domains.catalog.errors import NoSuchSupplier, SupplierChanged, SupplierInactive, SupplierTaken
from stoa.domains.catalog.models import Supplier
from stoa.domains.catalog.supplying import PurchaseDraft, SupplierChanges, SupplierDraft
from stoa.kit.errors import Refusals
from stoa.kit.ids import new_id
from stoa.tenants.context import Context
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of


async def test_a_supplier_is_kept_as_described(ctx: Context) -> None:
    made = await supplying.create_supplier(
        ctx, SupplierDraft(" 景德镇　Kilns ", "CNY", "sales@kilns.test", "+86 798", "Ask for Li.", 21)
    )

    kept = await Supplier.get(id=made.id)
    assert (kept.name, kept.name_key, kept.currency) == ("景德镇 Kilns", "景德镇 kilns", "CNY")
    assert (kept.email, kept.phone, kept.note, kept.lead_days) == ("sales@kilns.test", "+86 798", "Ask for Li.", 21)
    assert (kept.is_active, kept.version) == (True, 1)
    assert await events_of(ctx) == [("SupplierCreated", {"supplier_id": str(made.id)})]


async def test_a_supplier_is_paid_in_the_shops_currency_unless_another_is_named(ctx: Context) -> None:
    assert (await supplying.create_supplier(ctx, SupplierDraft("Kilns"))).currency == "EUR"


async def test_a_name_is_given_once(ctx: Context) -> None:
    await make.supplier(ctx, "Kilns")
    other = await make.supplier(ctx, "Mills")
    before = await catalog_of(ctx)

    with pytest.raises(SupplierTaken) as refused:
        await supplying.create_supplier(ctx, SupplierDraft("KILNS"))
    with pytest.raises(SupplierTaken):
        await supplying.update_supplier(ctx, other.id, SupplierChanges(name="kilns"))

    assert (refused.value.path, refused.value.params) == (("name",), {"taken": "KILNS"})
    assert await catalog_of(ctx) == before


async def test_everything_that_is_wrong_is_said_at_once(ctx: Context) -> None:
    before = await catalog_of(ctx)

    with pytest.raises(Refusals) as refused:
        await supplying.create_supplier(ctx, SupplierDraft(" ", "XXX", "nobody", "1" * 41, "", 731))

    assert [each.path for each in refused.value.refusals] == [
        ("name",),
        ("currency",),
        ("email",),
        ("phone",),
        ("lead_days",),
    ]
    assert await catalog_of(ctx) == before


async def test_what_is_named_changes_and_the_rest_stays(ctx: Context) -> None:
    made = await make.supplier(ctx, "Kilns", note="Old.", lead_days=9)

    saved = await supplying.update_supplier(
        ctx, made.id, SupplierChanges(name="Mills", lead_days=None), expected_version=1
    )

    kept = await Supplier.get(id=made.id)
    assert (kept.name, kept.name_key, kept.note, kept.lead_days, kept.version) == ("Mills", "mills", "Old.", None, 2)
    assert (saved.version, kept.search_text) == (2, "mills\n\n")
    assert (await events_of(ctx))[-1] == (
        "SupplierEdited",
        {"supplier_id": str(made.id), "changed": ["name", "lead_days"]},
    )


async def test_nothing_named_is_nothing_changed(ctx: Context) -> None:
    made = await make.supplier(ctx, "Kilns")
    before = await catalog_of(ctx)

    await supplying.update_supplier(ctx, made.id, SupplierChanges(name="Kilns"))
    await supplying.update_supplier(ctx, made.id, SupplierChanges())

    assert await catalog_of(ctx) == before


async def test_an_edit_of_an_old_version_is_refused(ctx: Context) -> None:
    made = await make.supplier(ctx, "Kilns")
    await supplying.update_supplier(ctx, made.id, SupplierChanges(note="x"))
    before = await catalog_of(ctx)

    with pytest.raises(SupplierChanged) as refused:
        await supplying.update_supplier(ctx, made.id, SupplierChanges(note="y"), expected_version=1)

    assert refused.value.params.items() >= {"current_version": 2}.items()
    assert await catalog_of(ctx) == before


async def test_nothing_is_ordered_from_one_who_was_put_aside(ctx: Context) -> None:
    made = await make.supplier(ctx)
    await supplying.deactivate_supplier(ctx, made.id)
    await supplying.deactivate_supplier(ctx, made.id)
    before = await catalog_of(ctx)

    with pytest.raises(SupplierInactive):
        await supplying.create_purchase(ctx, PurchaseDraft(made.id))

    assert await catalog_of(ctx) == before
    assert (await Supplier.get(id=made.id)).version == 2
    await supplying.update_supplier(ctx, made.id, SupplierChanges(is_active=True))
    await supplying.create_purchase(ctx, PurchaseDraft(made.id))


async def test_a_strangers_supplier_is_not_found(ctx: Context, other_ctx: Context) -> None:
    theirs = await make.supplier(other_ctx)
    before = await catalog_of(other_ctx)

    for id in (theirs.id, new_id()):
        with pytest.raises(NoSuchSupplier):
            await supplying.update_supplier(ctx, id, SupplierChanges(name="Mine"))
        with pytest.raises(NoSuchSupplier):
            await supplying.deactivate_supplier(ctx, id)

    assert await catalog_of(other_ctx) == before
