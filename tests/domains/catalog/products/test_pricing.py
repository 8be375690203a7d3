"""Prices leave their history, whoever changes them, and the lowest of the last 30 days is known."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoa.domains import catalog
from stoa.domains.catalog import ProductChanges, ProductDraft, VariantChanges, VariantDraft
from stoa.domains.catalog.models import PriceChange, Variant
from stoa.domains.catalog.pricing import LOWEST_BEFORE
from stoa.kit.clock import now
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from tests import make
from tests.domains.catalog.products.wares import euros, variants_of


async def prices_of(variant: Variant) -> list[tuple[str, int | None]]:
    return [(each.kind.value, each.minor) for each in await PriceChange.filter(variant_id=variant.id).order_by("since")]


async def lowest(variant: Variant) -> int | None:
    sql = f"SELECT ({LOWEST_BEFORE.format(row='v')})::text AS pair FROM variant v WHERE v.id = $1"
    [row] = await shop_client().execute_query_dict(sql, [variant.id])
    return None if row["pair"] is None else int(row["pair"].strip("[]").split(",")[0])


async def test_creating_writes_the_first_prices_and_editing_those_that_change(ctx: Context) -> None:
    """P5: sale, list and cost price, with history."""
    draft = VariantDraft(price=euros(1990), list_price=euros(2500), cost=euros(800))
    product = await catalog.create_product(ctx, ProductDraft("Cup", variants=[draft, VariantDraft()]))
    priced, unpriced = await variants_of(product)
    assert sorted(await prices_of(priced)) == [("COST", 800), ("LIST", 2500), ("SALE", 1990)]
    assert await prices_of(unpriced) == []

    changes = VariantChanges(priced.id, price=euros(1490), list_price=None, cost=euros(800), title="Large")
    await catalog.update_product(ctx, product.id, ProductChanges(variants=(changes,)))
    assert sorted((await prices_of(priced))[3:], key=str) == [("LIST", None), ("SALE", 1490)]

    await catalog.update_product(ctx, product.id, ProductChanges(title="Mug"))
    assert len(await prices_of(priced)) == 5


async def test_no_way_of_changing_a_price_leaves_the_history_behind(ctx: Context) -> None:
    product = await make.product(ctx, variants=({"price_minor": 100}, {"price_minor": 200}))
    first, second = await variants_of(product)

    await Variant.filter(product_id=product.id).update(price_minor=150)

    assert await prices_of(first) == [("SALE", 100), ("SALE", 150)]
    assert await prices_of(second) == [("SALE", 200), ("SALE", 150)]


async def _with_prices(ctx: Context, prices: list[tuple[float, int | None]], moment: datetime) -> Variant:
    """A variant with a history of sale prices, each so many days ago."""
    product = await make.product(ctx, variants=({"price_minor": prices[-1][1], "on_hand": None},))
    [variant] = await variants_of(product)
    await PriceChange.filter(variant_id=variant.id).delete()
    for days, minor in prices:
        since = moment - timedelta(days=days)
        await PriceChange.create(variant=variant, kind="SALE", currency="EUR", minor=minor, since=since)
    return variant


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ([(0.0, 1500)], None),  # the first price: there was none before
        ([(10.0, 2000), (0.0, 1500)], 2000),
        ([(90.0, 2000), (40.0, 1800), (0.0, 1500)], 1800),  # in force as the 30 days began
        ([(90.0, 1000), (40.0, 1800), (0.0, 1500)], 1800),  # 1000 ended before them
        ([(90.0, 1000), (29.0, 1800), (0.0, 1500)], 1000),  # 1000 ended within them
        ([(20.0, 2000), (15.0, 1200), (10.0, 2000), (0.0, 1500)], 1200),
        ([(60.0, 1200), (50.0, 2000), (45.0, 1500)], 1200),  # counted from when the present price began
        ([(10.0, 2000), (0.0, None)], None),  # it has no price now
        ([(40.0, None), (0.0, 1500)], None),  # it had none then
        ([(40.0, None), (10.0, 1600), (0.0, 1500)], 1600),
    ],
)
async def test_the_lowest_price_of_the_last_30_days(
    ctx: Context, prices: list[tuple[float, int | None]], expected: int | None
) -> None:
    assert await lowest(await _with_prices(ctx, prices, now())) == expected


def lowest_by_hand(prices: list[tuple[float, int | None]]) -> int | None:
    """Day by day: what was asked at any moment of the 30 days before the last change."""
    if prices[-1][1] is None:
        return None
    began = prices[-1][0]
    in_force = [
        minor
        for (days, minor), (next_days, _) in zip(prices, prices[1:], strict=False)
        if minor is not None and days > began and next_days < began + 30
    ]
    return min(in_force, default=None)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    days=st.sets(st.integers(0, 80), min_size=1, max_size=6),
    minors=st.lists(st.none() | st.integers(1, 9).map(lambda n: n * 100), min_size=6, max_size=6),
)
async def test_the_lowest_price_is_what_counting_by_hand_finds(
    ctx: Context, days: set[int], minors: list[int | None]
) -> None:
    prices = list(zip([float(each) for each in sorted(days, reverse=True)], minors, strict=False))

    assert await lowest(await _with_prices(ctx, prices, now())) == lowest_by_hand(prices)
