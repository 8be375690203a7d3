"""Collections: by hand and in order, or by rules that are followed when products change."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoa.domains import catalog
from stoa.domains.catalog import ProductChanges, merchandising, stock
from stoa.domains.catalog.errors import (
    CollectionChanged,
    FollowsRules,
    HandleTaken,
    HasNoRules,
    NoSuchAttribute,
    NoSuchCategory,
    NoSuchCollection,
)
from stoa.domains.catalog.merchandising import (
    About,
    AttributeDraft,
    CollectionChanges,
    CollectionDraft,
    Condition,
    Match,
    Relation,
    Rules,
)
from stoa.domains.catalog.models import AttributeType, Category, Collection, CollectionProduct, Product, Variant
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import new_id, type_id
from stoa.settings import Settings
from stoa.tenants.context import Context, open_shop
from stoa.workers import reactions
from stoa.workers.running import at_work
from tests import make
from tests.domains.catalog.catalogs import events_of


def rules(
    *conditions: tuple[About, Relation, str] | tuple[About, Relation, str, str], match: Match = Match.ALL
) -> Rules:
    return Rules(match, [Condition(*each) for each in conditions])


GIFTS = rules((About.TAG, Relation.IS, "gift"))


async def in_it(collection: Collection) -> list[UUID]:
    rows = await CollectionProduct.filter(collection_id=collection.id).order_by("position", "id")
    return [each.product_id for each in rows]  # type: ignore[attr-defined]


async def by_hand(ctx: Context) -> tuple[Collection, list[Product]]:
    products = [await make.product(ctx, title=f"Cup {n}") for n in range(4)]
    row = await merchandising.create_collection(ctx, CollectionDraft("Spring", description="For spring."))
    await merchandising.put_into_collection(ctx, row.id, [each.id for each in products[:3]])
    return row, products


async def test_products_are_put_into_a_collection_in_order(ctx: Context) -> None:
    row, products = await by_hand(ctx)

    rows = await merchandising.put_into_collection(ctx, row.id, [products[3].id, products[0].id])

    assert [each.changed for each in rows] == [True, False]
    assert await in_it(row) == [each.id for each in products]
    assert (await Collection.get(id=row.id)).handle == "spring"
    assert [name for name, _ in await events_of(ctx)] == ["CollectionCreated", "CollectionEdited", "CollectionEdited"]


async def test_products_are_taken_out_and_put_in_order(ctx: Context) -> None:
    row, [one, two, three, other] = await by_hand(ctx)

    rows = await merchandising.take_from_collection(ctx, row.id, [two.id, other.id])
    assert [each.changed for each in rows] == [True, False]
    await merchandising.put_into_collection(ctx, row.id, [other.id])
    await merchandising.reorder_collection(ctx, row.id, [other.id, three.id])
    assert await in_it(row) == [other.id, three.id, one.id]
    news = await events_of(ctx)
    rows = await merchandising.reorder_collection(ctx, row.id, [other.id])
    assert [each.changed for each in rows] == [False]
    assert await events_of(ctx) == news


async def test_a_collection_is_changed_and_taken_away(ctx: Context) -> None:
    row, _ = await by_hand(ctx)
    changes = CollectionChanges(title="Summer", handle="Summer 1", translations={"zh": {"name": "夏天"}})
    await merchandising.update_collection(ctx, row.id, changes, expected_version=2)
    now_ = await Collection.get(id=row.id)
    assert (now_.title, now_.handle, now_.version) == ("Summer", "summer-1", 3)

    with pytest.raises(CollectionChanged):
        await merchandising.update_collection(ctx, row.id, changes, expected_version=2)
    with pytest.raises(HandleTaken):
        await merchandising.create_collection(ctx, CollectionDraft("X", handle="summer-1"))
    with pytest.raises(HasNoRules):
        await merchandising.update_collection(ctx, row.id, CollectionChanges(rules=GIFTS))
    with pytest.raises(HasNoRules):
        await merchandising.refresh_collection(ctx, row.id)
    await merchandising.delete_collection(ctx, row.id)
    assert await Collection.all().count() == await CollectionProduct.all().count() == 0
    assert await Product.all().count() == 4


async def test_rules_say_what_is_in_a_collection(ctx: Context) -> None:
    """P12: a collection by rules has what meets them, at once and after every refresh."""
    one, two = await make.product(ctx), await make.product(ctx)
    await merchandising.change_tags(ctx, [one.id], add=["Gift"])

    row = await merchandising.create_collection(ctx, CollectionDraft("Gifts", rules=GIFTS))
    assert await in_it(row) == [one.id]
    with pytest.raises(FollowsRules):
        await merchandising.put_into_collection(ctx, row.id, [two.id])

    await merchandising.change_tags(ctx, [two.id], add=["Gift"])
    await merchandising.change_tags(ctx, [one.id], remove=["Gift"])
    done = await merchandising.refresh_collection(ctx, row.id)
    assert (done.come, done.gone) == (1, 1)
    assert await in_it(row) == [two.id]
    again = await merchandising.refresh_collection(ctx, row.id)
    assert (again.come, again.gone) == (0, 0)


async def world(ctx: Context) -> dict[str, Product]:
    """Products that differ in everything a rule can be about."""
    kitchen = await make.category(ctx, "Kitchen")
    cups = await make.category(ctx, "Cups", parent=kitchen)
    await merchandising.define_attribute(ctx, AttributeDraft("weight", "Weight", AttributeType.NUMBER))
    await merchandising.define_attribute(ctx, AttributeDraft("made", "Made", AttributeType.DATE))
    made = {
        "cup": await make.product(
            ctx, title="Blue Cup", category=cups, vendor="Meissen", variants=({"price_minor": 900, "on_hand": 0},)
        ),
        "pot": await make.product(
            ctx, title="Pot 100%", category=kitchen, vendor="WMF", variants=({"price_minor": 5000, "on_hand": 7},)
        ),
        "book": await make.product(
            ctx, title="蓝色的书", variants=({"price_minor": None, "on_hand": 1}, {"on_hand": 1})
        ),
    }
    await merchandising.change_tags(ctx, [made["pot"].id], add=["Gift"])
    await merchandising.set_attributes(
        ctx, [made["cup"].id], {"weight": ["9.5"], "material": ["Clay"], "made": ["2025-01-01"]}
    )
    await merchandising.set_attributes(ctx, [made["pot"].id], {"weight": ["100"], "made": ["2026-01-01"]})
    return made


async def found_by(ctx: Context, asked: Rules, made: dict[str, Product]) -> list[str]:
    preview = await merchandising.preview_rules(ctx, asked, first=10)
    assert preview.count == len(preview.product_ids)
    return sorted(name for name, each in made.items() if each.id in preview.product_ids)


async def test_every_kind_of_condition(ctx: Context) -> None:
    made = await world(ctx)
    await make.category(ctx, "Empty")
    ids = {each.name: type_id("cat", each.id) for each in await Category.all()}
    moment = now().isoformat()

    for condition, expected in (
        ((About.TITLE, Relation.CONTAINS, "BLUE"), ["cup"]),
        ((About.TITLE, Relation.CONTAINS, "蓝色"), ["book"]),
        ((About.TITLE, Relation.CONTAINS, "0%"), ["pot"]),
        ((About.TITLE, Relation.STARTS_WITH, "cup"), []),
        ((About.TITLE, Relation.STARTS_WITH, "pot"), ["pot"]),
        ((About.TITLE, Relation.IS, "blue cup"), ["cup"]),
        ((About.TITLE, Relation.IS_NOT, "blue cup"), ["book", "pot"]),
        ((About.VENDOR, Relation.IS, "meissen"), ["cup"]),
        ((About.VENDOR, Relation.CONTAINS, "m"), ["cup", "pot"]),
        ((About.PRICE, Relation.AT_LEAST, "19.99"), ["book", "pot"]),
        ((About.PRICE, Relation.AT_MOST, "9.00"), ["cup"]),
        ((About.CATEGORY, Relation.IS, ids["Kitchen"]), ["cup", "pot"]),
        ((About.CATEGORY, Relation.IS, ids["Cups"]), ["cup"]),
        ((About.CATEGORY, Relation.IS_NOT, ids["Cups"]), ["book", "pot"]),
        ((About.CATEGORY, Relation.IS, ids["Empty"]), []),
        ((About.TAG, Relation.IS, "GIFT"), ["pot"]),
        ((About.TAG, Relation.IS_NOT, "gift"), ["book", "cup"]),
        ((About.ATTRIBUTE, Relation.IS, "Clay", "material"), ["cup"]),
        ((About.ATTRIBUTE, Relation.IS_NOT, "Clay", "material"), ["book", "pot"]),
        ((About.ATTRIBUTE, Relation.IS, "9.50", "weight"), ["cup"]),
        ((About.ATTRIBUTE, Relation.AT_LEAST, "10", "weight"), ["pot"]),
        ((About.ATTRIBUTE, Relation.AT_MOST, "2025-06-01", "made"), ["cup"]),
        ((About.STOCK, Relation.AT_LEAST, "2"), ["book", "pot"]),
        ((About.STOCK, Relation.AT_MOST, "0"), ["cup"]),
        ((About.CREATED, Relation.AT_MOST, moment), ["book", "cup", "pot"]),
        ((About.CREATED, Relation.AT_LEAST, moment), []),
    ):
        assert await found_by(ctx, rules(condition), made) == expected, condition


async def test_all_conditions_or_any(ctx: Context) -> None:
    made = await world(ctx)
    both = ((About.PRICE, Relation.AT_LEAST, "10"), (About.TAG, Relation.IS, "gift"))

    assert await found_by(ctx, rules(*both), made) == ["pot"]
    assert await found_by(ctx, rules(*both, match=Match.ANY), made) == ["book", "pot"]


PARTS = st.lists(
    st.sampled_from(
        [
            ((About.PRICE, Relation.AT_LEAST, "10"), {"pot", "book"}),
            ((About.TAG, Relation.IS, "gift"), {"pot"}),
            ((About.TAG, Relation.IS_NOT, "gift"), {"cup", "book"}),
            ((About.TITLE, Relation.CONTAINS, "cup"), {"cup"}),
            ((About.STOCK, Relation.AT_MOST, "2"), {"cup", "book"}),
            ((About.VENDOR, Relation.IS_NOT, "wmf"), {"cup", "book"}),
        ]
    ),
    min_size=1,
    max_size=5,
)


async def test_conditions_combine_as_sets_do(ctx: Context) -> None:
    made = await world(ctx)
    cases: list[tuple[Any, Match]] = []

    @settings(max_examples=25, suppress_health_check=list(HealthCheck), database=None)
    @given(PARTS, st.sampled_from(Match))
    def gather(parts: Any, match: Match) -> None:
        cases.append((parts, match))

    gather()
    for parts, match in cases:
        sets = [expected for _, expected in parts]
        expected = set.intersection(*sets) if match is Match.ALL else set.union(*sets)
        assert await found_by(ctx, rules(*(each for each, _ in parts), match=match), made) == sorted(expected)


async def test_rules_that_cannot_be_are_refused(ctx: Context, other_ctx: Context) -> None:
    theirs = await make.category(other_ctx)
    for condition, refusal, path in (
        ((About.PRICE, Relation.IS, "1"), InvalidInput, "relation"),
        ((About.PRICE, Relation.AT_LEAST, "1.999"), InvalidInput, "value"),
        ((About.STOCK, Relation.AT_LEAST, "many"), InvalidInput, "value"),
        ((About.CREATED, Relation.AT_LEAST, "yesterday"), InvalidInput, "value"),
        ((About.CREATED, Relation.AT_LEAST, "2026-01-01T00:00:00"), InvalidInput, "value"),
        ((About.CATEGORY, Relation.IS, type_id("cat", theirs.id)), NoSuchCategory, "value"),
        ((About.CATEGORY, Relation.IS, type_id("prod", theirs.id)), InvalidInput, "value"),
        ((About.ATTRIBUTE, Relation.IS, "x", "nothing"), NoSuchAttribute, "key"),
        ((About.ATTRIBUTE, Relation.AT_LEAST, "x", "material"), InvalidInput, "relation"),
        ((About.TAG, Relation.IS, " "), InvalidInput, "value"),
    ):
        with pytest.raises(refusal) as refused:
            await merchandising.create_collection(ctx, CollectionDraft("X", rules=rules(condition)))
        assert refused.value.path == ("rules", "conditions", 0, path), condition
    with pytest.raises(InvalidInput):
        await merchandising.create_collection(ctx, CollectionDraft("X", rules=rules()))
    assert await Collection.all().count() == 0


async def test_other_rules_take_effect_at_once(ctx: Context) -> None:
    made = await world(ctx)
    row = await merchandising.create_collection(ctx, CollectionDraft("Gifts", rules=GIFTS))

    cheap = rules((About.PRICE, Relation.AT_MOST, "10"))
    await merchandising.update_collection(ctx, row.id, CollectionChanges(rules=cheap))

    assert await in_it(row) == [made["cup"].id]


async def test_only_what_has_changed_is_looked_at(ctx: Context) -> None:
    one, two = await make.product(ctx), await make.product(ctx)
    row = await merchandising.create_collection(ctx, CollectionDraft("Gifts", rules=GIFTS))
    since = now()

    assert await merchandising.follow_changes(ctx, since) == 0
    await merchandising.change_tags(ctx, [two.id], add=["gift"])
    assert await merchandising.follow_changes(ctx, since) == 1
    assert await in_it(row) == [two.id]
    await merchandising.change_tags(ctx, [one.id, two.id], add=["gift"])
    assert await merchandising.follow_changes(ctx, since) == 2
    assert await merchandising.follow_changes(ctx, since) == 2  # as often as one likes
    assert sorted(await in_it(row)) == [one.id, two.id]


async def test_a_burst_of_edits_makes_few_jobs_and_all_of_it_is_followed(
    ctx: Context, settings: Settings, owner: asyncpg.Connection
) -> None:
    products = [await make.product(ctx, title=f"Cup {n}") for n in range(30)]
    row = await merchandising.create_collection(
        ctx, CollectionDraft("New", rules=rules((About.TITLE, Relation.STARTS_WITH, "mug")))
    )
    reactions.fill()
    try:
        for each in products:
            await catalog.update_product(ctx, each.id, ProductChanges(title=f"Mug {each.title}"))
    finally:
        reactions.fill({})

    planned = await owner.fetch("SELECT name FROM platform.job WHERE shop_schema = $1", ctx.shop.schema)
    assert {each["name"] for each in planned} == {"catalog.follow_changes"}
    assert 1 <= len(planned) <= 3
    async with at_work(settings, ["general"]), asyncio.timeout(30):
        while len(await in_it(row)) < 30:
            await asyncio.sleep(0.05)


async def test_what_is_sold_out_is_found_sold_out(ctx: Context, settings: Settings, owner: asyncpg.Connection) -> None:
    """Twenty sales, and few jobs: a collection of what is sold out follows the stock."""
    few = [await make.product(ctx, variants=({"on_hand": 2},)) for _ in range(10)]
    variants = [(await Variant.get(product_id=each.id)).id for each in few]
    row = await merchandising.create_collection(
        ctx, CollectionDraft("Sold out", rules=rules((About.STOCK, Relation.AT_MOST, "0")))
    )
    assert await in_it(row) == []

    for _ in range(2):
        for each in variants:
            await stock.reserve(ctx, stock.Holder("cart", new_id()), [stock.Demand(each, 1)])

    planned = await owner.fetch("SELECT name FROM platform.job WHERE shop_schema = $1", ctx.shop.schema)
    assert {each["name"] for each in planned} == {"catalog.follow_stock"}
    assert 1 <= len(planned) <= 3
    async with at_work(settings, ["general"]), asyncio.timeout(30):
        while len(await in_it(row)) < 10:
            await asyncio.sleep(0.05)


async def test_where_no_collection_asks_for_stock_no_job_follows_it(ctx: Context, owner: asyncpg.Connection) -> None:
    one = await make.product(ctx)
    await merchandising.create_collection(ctx, CollectionDraft("Gifts", rules=GIFTS))

    await stock.adjust(ctx, [stock.Adjustment((await Variant.get(product_id=one.id)).id, quantity=-1)], reason="broken")

    assert await owner.fetch("SELECT name FROM platform.job WHERE shop_schema = $1", ctx.shop.schema) == []


async def test_collections_of_nobody_or_of_another_shop_are_not_found(ctx: Context, other_ctx: Context) -> None:
    product = await make.product(ctx)
    with open_shop(other_ctx.shop):
        theirs, _ = await by_hand(other_ctx)
        ruled = await merchandising.create_collection(other_ctx, CollectionDraft("Gifts", rules=GIFTS))

    for collection_id in (new_id(), theirs.id, ruled.id):
        for work in (
            merchandising.update_collection(ctx, collection_id, CollectionChanges(title="Mine")),
            merchandising.delete_collection(ctx, collection_id),
            merchandising.put_into_collection(ctx, collection_id, [product.id]),
            merchandising.take_from_collection(ctx, collection_id, [product.id]),
            merchandising.reorder_collection(ctx, collection_id, [product.id]),
            merchandising.refresh_collection(ctx, collection_id),
        ):
            with pytest.raises(NoSuchCollection):
                await work
    with open_shop(other_ctx.shop):
        assert (await Collection.get(id=theirs.id)).title == "Spring"
        assert await CollectionProduct.all().count() == 3
