"""Lead times: what suppliers kept, weighed by pieces, not what they say."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import count as counting
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoa.domains.catalog import supplying
from stoa.domains.catalog.models import Location, PurchaseOrder, Receipt, Supplier, Variant
from stoa.domains.catalog.supplying import Delivery, ReceivedDraft
from stoa.domains.catalog.supplying.learning import OF_SUPPLIER, OF_VARIANT
from stoa.kit.clock import set_to
from stoa.kit.ids import new_id
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from tests import make
from tests.domains.catalog.supplying.books import lines_of, variants_of

numbers = counting(1)
START = datetime(2026, 1, 5, 9, tzinfo=UTC)


async def told_of(row: Supplier | Variant) -> Any:
    """What the statement says of it, as GraphQL gets it."""
    table, sql = ("supplier", OF_SUPPLIER) if isinstance(row, Supplier) else ("variant", OF_VARIANT)
    query = f"SELECT ({sql.replace('{row}', 'x')}) AS told FROM {table} x WHERE x.id = $1"
    [found] = await shop_client().execute_query_dict(query, [row.id])
    return found["told"]


async def ordered(ctx: Context, supplier: Supplier, lines: list[tuple[Variant, int, int]]) -> PurchaseOrder:
    with set_to(START):
        return await make.purchase(ctx, supplier, lines)


async def came(ctx: Context, order: PurchaseOrder, days: float, **pieces: int) -> None:
    """So many of the lines at these positions (`_0=3`), so many days after the order."""
    lines = await lines_of(order)
    drafts = [ReceivedDraft(lines[int(position[1:])].id, count) for position, count in pieces.items()]
    with set_to(START + timedelta(days=days)):
        await supplying.receive_purchase(ctx, order.id, Delivery(drafts, allow_over=True))


async def test_median_and_90th_percentile_weigh_pieces_and_not_deliveries(ctx: Context) -> None:
    """10 pieces after 3 days, 80 after 7, 10 after 30: half were here by day 7, nine of ten too."""
    supplier, [cup] = await make.supplier(ctx, lead_days=2), await variants_of(ctx, 1)
    order = await ordered(ctx, supplier, [(cup, 1000, 1)])
    assert await told_of(supplier) is None
    assert await told_of(cup) == "[]"

    for days, pieces in ((3, 10), (7, 80), (30.25, 10)):
        await came(ctx, order, days, _0=pieces)
    assert await told_of(supplier) == "[7.0, 7.0, 3]"
    await came(ctx, order, 40, _0=1)

    assert await told_of(supplier) == "[7.0, 30.3, 4]"


async def test_each_variant_has_its_own_time_with_each_supplier(ctx: Context) -> None:
    quick, slow = await make.supplier(ctx), await make.supplier(ctx)
    [cup, pot] = await variants_of(ctx)
    first = await ordered(ctx, quick, [(cup, 5, 1), (pot, 5, 1)])
    second = await ordered(ctx, slow, [(cup, 5, 1)])

    await came(ctx, first, 2, _0=5)
    await came(ctx, first, 9, _1=5)
    await came(ctx, second, 20, _0=5)

    assert await told_of(cup) == f'[["{quick.id}", 2.0, 2.0, 1], ["{slow.id}", 20.0, 20.0, 1]]'
    assert await told_of(pot) == f'[["{quick.id}", 9.0, 9.0, 1]]'
    assert await told_of(quick) == "[2.0, 9.0, 2]"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(seen=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 50)), min_size=1, max_size=12))
async def test_it_is_what_counting_pieces_one_by_one_gives(ctx: Context, seen: list[tuple[int, int]]) -> None:
    """Against the plain definition: line the pieces up by their days, take the one half way and at nine tenths."""
    supplier = await make.supplier(ctx)
    location = await Location.get(is_main=True)
    order = await PurchaseOrder.create(
        number=next(numbers), supplier=supplier, location=location, currency="EUR", ordered_at=START
    )
    await Receipt.bulk_create(
        Receipt(
            id=new_id(),
            purchase_id=order.id,
            quantity=count,
            currency="EUR",
            lines=[],
            costs=[],
            received_at=START + timedelta(days=day),
        )
        for day, count in seen
    )
    pieces = sorted(day for day, count in seen for _ in range(count))

    def at(tenths: int) -> float:
        return float(pieces[-(-len(pieces) * tenths // 10) - 1])

    assert json.loads(await told_of(supplier)) == [at(5), at(9), len(seen)]
