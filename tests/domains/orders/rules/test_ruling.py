"""Conditions: each kind of them about real orders, and what cannot be said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stoa.domains.catalog.models import Category, ProductTag, Tag
from stoa.domains.orders.models import Order, OrderRule, RuleKind
from stoa.domains.orders.rules import About, Actions, Condition, Relation, RuleDraft, create_rule, delete_rule
from stoa.domains.orders.rules.asking import met
from stoa.domains.orders.rules.ruling import ALLOWED
from stoa.domains.service import Buyer
from stoa.kit.errors import InvalidInput, NotFound
from stoa.kit.ids import type_id
from stoa.tenants.context import Context
from tests import make

IS, IS_NOT, HAS, BEGINS = Relation.IS, Relation.IS_NOT, Relation.CONTAINS, Relation.STARTS_WITH
AT_LEAST, AT_MOST = Relation.AT_LEAST, Relation.AT_MOST


async def rule_of(ctx: Context, *conditions: Condition) -> OrderRule:
    return await create_rule(ctx, RuleDraft("A rule", RuleKind.CLASSIFY, conditions, Actions(queue="hers")))


async def is_met(ctx: Context, order: Order, about: About, relation: Relation, value: str) -> bool:
    rule = await rule_of(ctx, Condition(about, relation, value))
    await delete_rule(ctx, rule.id)
    return bool(await met(ctx, order.id, [rule]))


@pytest.fixture
async def order(ctx: Context) -> Order:
    """3 pieces for 25.00, of a cup in a category inside Kitchen, tagged Fragile; from somebody known, on a Sunday."""
    kitchen = await make.category(ctx, "Kitchen")
    shelf = await make.category(ctx, "Cups", parent=kitchen)
    cup = await make.sold(ctx, price_minor=500, sku="CUP-1")
    product = await cup.product  # type: ignore[misc]
    product.category = shelf
    await product.save()
    tag = await Tag.create(name="Fragile", name_key="fragile")
    await ProductTag.create(product=product, tag=tag)
    file = await make.sold(ctx, price_minor=1500, sku="FILE", requires_shipping=False)
    zeno = Buyer("Zeno", "zeno@example.com")
    await make.order(ctx, [(cup, 1)], buyer=zeno, placed_at=datetime(2026, 1, 1, tzinfo=UTC))
    return await make.order(
        ctx,
        [(cup, 2), (file, 1)],
        channel="wechat",
        buyer=zeno,
        shipping_address={"line1": "Stoa 1", "country": "cn", "province": "Guangdong"},
        buyer_note="A GIFT, please wrap it 100%",
        tags=["vip"],
        placed_at=datetime(2026, 3, 1, 22, 30, tzinfo=UTC),  # 23:30 on Sunday in Berlin
    )


CASES = [
    (About.CHANNEL, IS, "wechat", "web"),
    (About.TOTAL, AT_LEAST, "25.00", "25.01"),
    (About.TOTAL, AT_MOST, "25", "24.99"),
    (About.PIECES, AT_LEAST, "3", "4"),
    (About.SKU, IS, "CUP-1", "CUP"),
    (About.SKU, BEGINS, "CUP", "UP"),
    (About.PRODUCT_TAG, IS, "FRAGILE", "sturdy"),
    (About.COUNTRY, IS, "cn", "DE"),
    (About.PROVINCE, BEGINS, "guang", "dong"),
    (About.PROVINCE, HAS, "dong", "beijing"),
    (About.CUSTOMER, IS, "known", "new"),
    (About.EARLIER_ORDERS, AT_LEAST, "1", "2"),
    (About.EARLIER_ORDERS, AT_MOST, "1", "0"),
    (About.BUYER_NOTE, HAS, "gift", "birthday"),
    (About.BUYER_NOTE, HAS, "100%", "1_0"),
    (About.PAYMENT_STATE, IS, "unpaid", "paid"),
    (About.DAY, IS, "sunday", "monday"),
    (About.ORDER_TAG, IS, "vip", "VIP"),
    (About.GOODS, IS, "mixed", "digital"),
]


async def test_conditions_are_met_or_not(ctx: Context, order: Order) -> None:
    """O2"""
    for about, relation, yes, no in CASES:
        assert await is_met(ctx, order, about, relation, yes), (about, yes)
        assert not await is_met(ctx, order, about, relation, no), (about, no)
        if IS_NOT in ALLOWED[about] and relation is IS:
            assert not await is_met(ctx, order, about, IS_NOT, yes), (about, yes)
            assert await is_met(ctx, order, about, IS_NOT, no), (about, no)


async def test_hours_are_those_of_the_shop(ctx: Context, order: Order) -> None:
    assert await is_met(ctx, order, About.HOUR, AT_LEAST, "23")
    assert not await is_met(ctx, order, About.HOUR, AT_MOST, "22")


async def test_a_category_has_those_inside_it_in_it(ctx: Context, order: Order) -> None:
    kitchen = await Category.get(name="Kitchen")
    garden = await make.category(ctx, "Garden")

    assert await is_met(ctx, order, About.CATEGORY, IS, type_id("cat", kitchen.id))
    assert not await is_met(ctx, order, About.CATEGORY, IS, type_id("cat", garden.id))
    assert await is_met(ctx, order, About.CATEGORY, IS_NOT, type_id("cat", garden.id))


async def test_all_conditions_must_hold_and_none_is_every_order(ctx: Context, order: Order) -> None:
    wechat, dear = Condition(About.CHANNEL, IS, "wechat"), Condition(About.TOTAL, AT_LEAST, "100")
    rules = [await rule_of(ctx, wechat, dear), await rule_of(ctx, wechat), await rule_of(ctx)]

    assert [each.id for each in await met(ctx, order.id, rules)] == [rules[1].id, rules[2].id]


async def test_a_guest_is_neither_new_nor_known(ctx: Context) -> None:
    guest = await make.order(ctx)

    assert await is_met(ctx, guest, About.CUSTOMER, IS, "GUEST")
    assert await is_met(ctx, guest, About.EARLIER_ORDERS, AT_MOST, "0")
    assert not await is_met(ctx, guest, About.CUSTOMER, IS, "NEW")


UNSAYABLE = [
    (About.CHANNEL, AT_LEAST, "web", "relation"),
    (About.TOTAL, AT_LEAST, "19.999", "value"),
    (About.PIECES, AT_LEAST, "-1", "value"),
    (About.PIECES, AT_LEAST, "many", "value"),
    (About.HOUR, AT_LEAST, "24", "value"),
    (About.DAY, IS, "someday", "value"),
    (About.CUSTOMER, IS, "friend", "value"),
    (About.PAYMENT_STATE, IS, "owed", "value"),
    (About.CATEGORY, IS, "Kitchen", "value"),
    (About.CHANNEL, IS, " ", "value"),
]


async def test_what_cannot_be_said(ctx: Context) -> None:
    for about, relation, value, path in UNSAYABLE:
        with pytest.raises(InvalidInput) as refused:
            await rule_of(ctx, Condition(About.CHANNEL, IS, "web"), Condition(about, relation, value))

        assert refused.value.path == ("conditions", 1, path)
    assert await OrderRule.all().count() == 0


async def test_a_strangers_category_is_not_found(ctx: Context, other_ctx: Context) -> None:
    theirs = await make.category(other_ctx)

    with pytest.raises(NotFound):
        await rule_of(ctx, Condition(About.CATEGORY, IS, type_id("cat", theirs.id)))

    assert await OrderRule.all().count() == 0
