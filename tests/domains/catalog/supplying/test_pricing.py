"""What suppliers ask: only added to, row by row, and the newest counts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stoa.domains.catalog import supplying
from stoa.domains.catalog.errors import NoSuchSupplier
from stoa.domains.catalog.models import SupplierPrice, Variant
from stoa.domains.catalog.supplying import PriceDraft
from stoa.domains.catalog.supplying.pricing import latest_prices
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import new_id
from stoa.kit.money import Money
from stoa.tenants.access import Scope
from stoa.tenants.context import Context, MissingScope, open_shop
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of


async def variants_of(ctx: Context, count: int = 2) -> list[Variant]:
    product = await make.product(ctx, variants=({},) * count)
    with open_shop(ctx.shop):
        return await Variant.filter(product_id=product.id).order_by("position")


def draft(variant: Variant, minor: int = 500, **more: Any) -> PriceDraft:
    return PriceDraft(variant.id, Money(minor, "EUR"), **more)


async def test_prices_are_added_and_the_newest_counts(ctx: Context) -> None:
    """F15: the history of what suppliers ask."""
    supplier, [cup, pot] = await make.supplier(ctx), await variants_of(ctx)

    first = await supplying.set_supplier_prices(
        ctx, supplier.id, [draft(cup, 500, supplier_code=" K-1 ", minimum_quantity=10, pack_size=5), draft(pot, 900)]
    )
    second = await supplying.set_supplier_prices(ctx, supplier.id, [draft(cup, 450), draft(pot, 900)])

    assert [each.changed for each in first + second] == [True, True, True, False]
    assert second[1].id == first[1].id
    history = await SupplierPrice.filter(variant_id=cup.id).order_by("since", "id")
    assert [(each.minor, each.supplier_code, each.minimum_quantity, each.pack_size) for each in history] == [
        (500, "K-1", 10, 5),
        (450, "", 1, 1),
    ]
    latest = await latest_prices(supplier.id, [cup.id, pot.id])
    assert {id: row["minor"] for id, row in latest.items()} == {cup.id: 450, pot.id: 900}
    assert [payload["variant_ids"] for name, payload in await events_of(ctx) if name == "SupplierPricesSet"] == [
        [str(cup.id), str(pot.id)],
        [str(cup.id)],
    ]


async def test_a_row_that_is_refused_keeps_no_other_back(ctx: Context, other_ctx: Context) -> None:
    supplier, [cup, pot] = await make.supplier(ctx), await variants_of(ctx)
    [theirs] = await variants_of(other_ctx, 1)

    results = await supplying.set_supplier_prices(
        ctx,
        supplier.id,
        [
            draft(theirs),
            draft(cup, -1),
            draft(cup, pack_size=0),
            draft(cup, supplier_code="x" * 121),
            draft(pot),
            draft(pot, 600),
        ],
    )

    refused = [(each.refusals[0].code, each.refusals[0].path) if each.refusals else None for each in results]
    assert refused == [
        ("VARIANT_NOT_FOUND", ("variant_id",)),
        ("INVALID", ("price",)),
        ("INVALID", ("pack_size",)),
        ("INVALID", ("supplier_code",)),
        None,
        ("INVALID", ("variant_id",)),
    ]
    assert [each.minor for each in await SupplierPrice.all()] == [500]


async def test_of_those_who_set_prices_at_once_one_is_the_newest(ctx: Context) -> None:
    supplier, [cup, _] = await make.supplier(ctx), await variants_of(ctx)

    await asyncio.gather(
        *(supplying.set_supplier_prices(ctx, supplier.id, [draft(cup, minor)]) for minor in range(1, 7))
    )

    moments = await SupplierPrice.all().order_by("since").values_list("since", flat=True)
    assert len(set(moments)) == 6


async def test_prices_need_the_right_to_see_costs(ctx: Context) -> None:
    supplier, [cup, _] = await make.supplier(ctx), await variants_of(ctx)
    clerk = await make.context(ctx.shop, scopes=frozenset({Scope.CATALOG_READ, Scope.CATALOG_WRITE}))
    before = await catalog_of(ctx)

    with pytest.raises(MissingScope):
        await supplying.set_supplier_prices(clerk, supplier.id, [draft(cup)])
    with pytest.raises(InvalidInput):
        await supplying.set_supplier_prices(ctx, supplier.id, [draft(cup)] * 251)

    assert await catalog_of(ctx) == before


async def test_a_strangers_supplier_is_not_found(ctx: Context, other_ctx: Context) -> None:
    theirs, [cup, _] = await make.supplier(other_ctx), await variants_of(ctx)
    before = await catalog_of(other_ctx), await catalog_of(ctx)

    for id in (theirs.id, new_id()):
        with pytest.raises(NoSuchSupplier) as refused:
            await supplying.set_supplier_prices(ctx, id, [draft(cup)])
        assert refused.value.path == ("supplier_id",)

    assert (await catalog_of(other_ctx), await catalog_of(ctx)) == before
