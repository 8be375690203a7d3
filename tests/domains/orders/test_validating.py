"""What is examined when an order is placed: each check with its reason, in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from stoa.domains import orders
from stoa.domains.catalog.stock import Limits, set_limits
from stoa.domains.orders import Check, LineDraft, Severity
from stoa.domains.orders.models import Order, OrderRule, RuleKind
from stoa.domains.orders.rating import Incoming, rate_by
from stoa.domains.orders.validating import facts_statement
from stoa.domains.service import Buyer
from stoa.kit import clock
from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence
from stoa.settings import Settings
from stoa.tenants.connecting import owner_connection
from stoa.tenants.context import Context
from tests import make
from tests.domains.orders.ledgers import eur

ZENO = Buyer("Zeno", "zeno@example.com")
THERE = {"name": "Zeno", "line1": "Stoa 1", "city": "Athens", "country": "GR"}


async def found(order: Order) -> list[tuple[str, str, str]]:
    return [(each["code"], each["severity"], orders.words_of(each).said_in("en")) for each in order.checks]


@pytest.fixture
def rated() -> Iterator[None]:
    yield
    rate_by(None)


async def test_an_order_with_nothing_wrong_has_no_checks(ctx: Context) -> None:
    """O4"""
    order = await make.order(ctx, buyer=ZENO, shipping_address=THERE)

    assert order.checks == []
    assert not orders.is_blocked(order.checks)


async def test_an_address_must_be_complete_for_what_is_sent(ctx: Context) -> None:
    """O4: in China by province, city, street and phone."""
    bare = await make.order(ctx, shipping_address={"city": "Athens"})
    chinese = await make.order(ctx, shipping_address={"country": "CN", "city": "杭州市", "province": "浙江省"})
    digital = await make.order(ctx, [(await make.sold(ctx, requires_shipping=False), 1)])

    words = "The address is not complete: the name, the street, the country is missing."
    assert await found(bare) == [("ADDRESS", "BLOCKING", words)]
    [check] = await found(chinese)
    assert check[2] == "The address is not complete: the street, the phone is missing."
    assert orders.words_of(chinese.checks[0]).said_in("zh") == "地址不完整：缺少街道地址、电话。"
    assert digital.checks == []


async def test_another_price_than_the_catalogs_is_told(ctx: Context) -> None:
    cup, jug, pot = [await make.sold(ctx, price_minor=1000) for _ in range(3)]
    draft = orders.OrderDraft(
        [
            LineDraft(1, cup.id, unit_price=eur(989)),
            LineDraft(1, jug.id, unit_price=eur(1011)),
            LineDraft(1, pot.id, unit_price=eur(990)),
        ],
        shipping_address=THERE,
    )

    placed = await orders.place_order(ctx, draft)

    assert await found(await Order.get(id=placed.order_id)) == [
        ("PRICE", "BLOCKING", f"{cup.sku}: sold at 9.89 EUR, and 10.00 EUR in the catalog."),
        ("PRICE", "WARNING", f"{jug.sku}: sold at 10.11 EUR, and 10.00 EUR in the catalog."),
    ]


async def test_the_same_again_within_an_hour_is_told(ctx: Context) -> None:
    cup, jug = await make.sold(ctx, on_hand=20), await make.sold(ctx, on_hand=20)
    first = await make.order(ctx, [(cup, 1), (jug, 2)], buyer=ZENO, shipping_address=THERE)
    same = await make.order(ctx, [(jug, 2), (cup, 1)], buyer=ZENO, shipping_address=THERE)
    other = await make.order(ctx, [(jug, 1), (cup, 1)], buyer=ZENO, shipping_address=THERE)
    somebody = await make.order(ctx, [(cup, 1), (jug, 2)], shipping_address=THERE)
    guest = await make.order(ctx, [(cup, 1), (jug, 2)], shipping_address=THERE)
    with clock.set_to(clock.now() + timedelta(hours=2)):
        later = await make.order(ctx, [(cup, 1), (jug, 2)], buyer=ZENO, shipping_address=THERE)

    words = f"The same buyer has ordered the same within an hour: order {first.number}."
    assert await found(same) == [("DUPLICATE", "BLOCKING", words)]
    assert [each.checks for each in (first, other, somebody, later)] == [[]] * 4
    assert (await found(guest))[0][2].endswith(f"order {somebody.number}.")


async def test_much_money_is_looked_at_sooner_from_somebody_new(ctx: Context) -> None:
    cup = await make.sold(ctx, price_minor=200_001)
    first = await make.order(ctx, [(cup, 1)], buyer=ZENO, shipping_address=THERE)
    await orders.confirm_order(ctx, first.id)
    second = await make.order(ctx, [(cup, 2)], buyer=ZENO, shipping_address=THERE)
    third = await make.order(ctx, [(cup, 5)], buyer=ZENO, shipping_address=THERE)

    words = "2000.01 EUR from somebody who has not bought before."
    assert await found(first) == [("NEW_BUYER", "BLOCKING", words)]
    assert second.checks == []
    assert await found(third) == [("AMOUNT", "BLOCKING", "It comes to 10000.05 EUR: more than 10000.00 EUR.")]


async def test_what_is_sold_before_it_is_there_is_told(ctx: Context) -> None:
    cup = await make.sold(ctx, on_hand=2)
    await set_limits(ctx, [Limits(cup.id, backorder_limit=5)])
    there = await make.order(ctx, [(cup, 2)], shipping_address=THERE)
    ahead = await make.order(ctx, [(cup, 3)], shipping_address=THERE)

    assert there.checks == []
    assert await found(ahead) == [("SOLD_IN_ADVANCE", "WARNING", f"{cup.sku}: 3 more are sold than there are.")]


async def test_the_shops_own_rules_of_risk_are_asked(ctx: Context, rated: None) -> None:
    """The port of `rating.py`: whoever fills it sees the order and the shop's active rules."""
    seen: list[Incoming] = []

    async def ratings(ctx: Context, incoming: Incoming) -> Sequence[Check]:
        seen.append(incoming)
        return [Check("RULE", Severity.WARNING, Sentence("Odd: {name}.", {"name": incoming.rules[0]["name"]}))]

    rate_by(ratings)
    await make.order(ctx, shipping_address=THERE)
    await OrderRule.create(name="Night", kind=RuleKind.RISK, is_active=True, conditions=[{"about": "hour"}])
    await OrderRule.create(name="Off", kind=RuleKind.RISK)
    order = await make.order(ctx, buyer=ZENO, shipping_address=THERE)

    assert await found(order) == [("RULE", "WARNING", "Odd: Night.")]
    [incoming] = seen
    assert [each["conditions"] for each in incoming.rules] == [[{"about": "hour"}]]
    assert (incoming.is_new_customer, incoming.priced.total) == (True, 3998)


@pytest.mark.parametrize(("customer_id", "index"), [(new_id(), "order_of_customer"), (None, "order_of_guest")])
async def test_a_duplicate_is_looked_for_by_an_index(
    ctx: Context, settings: Settings, customer_id: UUID | None, index: str
) -> None:
    await make.order(ctx, shipping_address=THERE)
    sql = "EXPLAIN (FORMAT JSON) " + facts_statement(customer_id)
    values = [customer_id, new_id(), "{}", "", None, "web", None]

    async with owner_connection(settings) as owner, owner.transaction():
        await owner.execute(f'SET LOCAL search_path TO "{ctx.shop.schema}"')
        await owner.execute("SET LOCAL enable_seqscan TO off")
        plan = await owner.fetchval(sql, *values)

    assert index in plan
