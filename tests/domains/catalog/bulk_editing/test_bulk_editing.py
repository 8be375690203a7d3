"""One change to all products that a filter finds: tried before, done page by page, cancelled, undone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from stoa.domains.catalog import ProductChanges, bulk_editing, update_product
from stoa.domains.catalog.bulk_editing import Order, PriceRule, run_bulk_edit, start_bulk_edit, undo_bulk_edit
from stoa.domains.catalog.choosing import EVERYTHING, Chosen
from stoa.domains.catalog.models import (
    BulkEdit,
    BulkEditRow,
    BulkEditState,
    PriceKind,
    Product,
    ProductStatus,
    ProductTag,
    Variant,
)
from stoa.kit.errors import NotFound, Refusal
from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence
from stoa.kit.money import Money
from stoa.tenants.context import Context, MissingScope, open_shop
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of
from tests.graphql.asking import statements_sent

DRAFTS = Chosen(status=ProductStatus.DRAFT)


async def edited(ctx: Context, order: Order, chosen: Chosen = DRAFTS, **how: Any) -> BulkEdit:
    run = await start_bulk_edit(ctx, chosen, order, **how)
    return await run_bulk_edit(ctx.as_system(), run.id)


async def drafts(ctx: Context, count: int, **given: Any) -> list[Product]:
    given = {"variants": ({"on_hand": None},), **given}
    return [await make.product(ctx, title=f"P{i}", status=ProductStatus.DRAFT, **given) for i in range(count)]


async def rows_of(run: BulkEdit) -> list[BulkEditRow]:
    return await BulkEditRow.filter(run_id=run.id).order_by("id")


def percent(text: str, **more: Any) -> PriceRule:
    return PriceRule(PriceKind.SALE, percent=Decimal(text), **more)


@pytest.mark.parametrize(
    ("minor", "rule", "becomes"),
    [
        (1999, percent("-10"), 1799),  # 1799.1
        (1995, percent("-10"), 1796),  # 1795.5: half up
        (5, percent("50"), 8),  # 7.5
        (1000, percent("0.049999"), 1000),
        (1000, percent("0.05"), 1001),  # 1000.5
        (999_999_999_999_999, percent("-0.000001"), 999_999_989_999_999),  # a float has not that many digits
        (1999, percent("-100"), 0),
        (1999, percent("-10", to=5), 1800),  # 1799.1 lies nearer to 18.00 than to 17.95
        (1875, percent("0", to=50), 1900),  # in the middle: up
        (1999, percent("5", to=100, less=1), 2099),  # 2098.95, 21.00, 20.99
        (1999, PriceRule(PriceKind.SALE, amount=-500), 1499),
        (1999, PriceRule(PriceKind.SALE, amount=150, to=100), 2100),
    ],
)
def test_a_price_is_changed_exactly(minor: int, rule: PriceRule, becomes: int) -> None:
    """P3: rounded once, half up; Decimal, and never a float."""
    assert rule.applied(Money(minor, "EUR")) == Money(becomes, "EUR")


async def test_all_that_is_chosen_is_changed_and_nothing_else(ctx: Context) -> None:
    lamps = await make.category(ctx, "Lamps")
    one, two = await drafts(ctx, 2, vendor="Old")
    other = await make.product(ctx, vendor="Old")

    run = await edited(
        ctx, Order(vendor="New ", category_id=lamps.id, add_tags=("Sale",), prices=(percent("-10"),)), DRAFTS
    )

    assert (run.state, run.products_total, run.products_done) == (BulkEditState.DONE, 2, 2)
    assert (run.products_changed, run.products_refused) == (2, 0)
    for each in (one, two):
        product = await Product.get(id=each.id)
        assert (product.vendor, product.category_id, product.version) == ("New", lamps.id, 2)  # type: ignore[attr-defined]
        assert (await Variant.get(product_id=each.id)).price_minor == 1799
        assert "sale" in product.search_text
    assert (await Product.get(id=other.id)).vendor == "Old"
    [row, _] = await rows_of(run)
    assert [(each["field"], each["old"], each["new"]) for each in row.changes] == [
        ("vendor", "Old", "New"),
        ("category", None, "Lamps"),
        ("tags", "", "Sale"),
        ("variants.price", "19.99", "17.99"),
    ]
    assert {name for name, _ in await events_of(ctx)} == {"ProductEdited", "ProductTagsChanged"}


async def test_pages_follow_each_other_though_the_edit_changes_what_is_chosen(ctx: Context) -> None:
    await drafts(ctx, 203)

    run = await edited(ctx, Order(status=ProductStatus.ARCHIVED))

    assert (run.products_total, run.products_done, run.products_changed) == (203, 203, 203)
    assert await Product.filter(status=ProductStatus.ARCHIVED).count() == 203
    assert await BulkEditRow.filter(run_id=run.id).count() == 203


async def test_statements_do_not_grow_with_products(ctx: Context) -> None:
    counts = []
    for count in (1, 20):
        await drafts(ctx, count)
        run = await start_bulk_edit(ctx, DRAFTS, Order(vendor=f"V{count}", add_tags=("x",), prices=(percent("1"),)))
        async with statements_sent(ctx) as sent:
            await run_bulk_edit(ctx.as_system(), run.id)
        counts.append(len(sent))
        assert run.id

    assert counts[0] == counts[1] <= 45, counts


async def test_a_dry_run_tells_what_would_be_and_changes_nothing(ctx: Context) -> None:
    await drafts(ctx, 2)
    await make.product(ctx, status=ProductStatus.DRAFT, variants=({"price_minor": 100, "on_hand": None},))
    before = await catalog_of(ctx)

    run = await edited(ctx, Order(add_tags=("New",), prices=(PriceRule(PriceKind.SALE, amount=-500),)), dry_run=True)

    assert await catalog_of(ctx) == before
    assert await ProductTag.all().count() == 0
    assert (run.state, run.products_done, run.products_changed, run.products_refused) == (BulkEditState.DONE, 3, 2, 1)
    first, _, refused = await rows_of(run)
    assert [(each["field"], each["old"], each["new"]) for each in first.changes] == [
        ("tags", "", "New"),
        ("variants.price", "19.99", "14.99"),
    ]
    assert (refused.outcome, refused.code, str(Sentence.of(refused.message))) == (
        "REFUSED",
        "PRICE_BELOW_ZERO",
        "1.00 EUR would become -4.00 EUR.",
    )
    with pytest.raises(Refusal):
        await undo_bulk_edit(ctx, run.id)


async def test_who_is_refused_is_left_wholly_as_it_was(ctx: Context) -> None:
    lamps = await make.category(ctx, "Lamps")
    [bare] = await drafts(ctx, 1)
    good = await make.product(ctx, status=ProductStatus.DRAFT, category=lamps, images=["https://img.test/1.png"])

    run = await edited(ctx, Order(status=ProductStatus.ACTIVE, add_tags=("New",)))

    assert (run.products_changed, run.products_refused) == (1, 1)
    assert (await Product.get(id=good.id)).status is ProductStatus.ACTIVE
    assert (await Product.get(id=bare.id)).status is ProductStatus.DRAFT
    assert [each.product_id for each in await ProductTag.all()] == [good.id]  # type: ignore[attr-defined]
    codes = {row.product_id: row.code for row in await rows_of(run)}
    assert codes == {bare.id: "NOT_READY", good.id: None}


async def test_undoing_puts_back_what_nobody_has_changed_since(ctx: Context) -> None:
    lamps = await make.category(ctx, "Lamps")
    one, two, three = await drafts(ctx, 3, vendor="Old")
    before = {each.id: (await Variant.get(product_id=each.id)).price_minor for each in (one, two, three)}
    run = await edited(ctx, Order(vendor="New", category_id=lamps.id, add_tags=("Sale",), prices=(percent("20"),)))
    await update_product(ctx, two.id, ProductChanges(vendor="Mine"))  # just what the edit touched
    await update_product(ctx, three.id, ProductChanges(title="Else"))  # and what it did not

    await undo_bulk_edit(ctx, run.id)
    await undo_bulk_edit(ctx, run.id)
    run = await run_bulk_edit(ctx.as_system(), run.id)

    assert (run.state, run.products_restored) == (BulkEditState.UNDONE, 2)
    for each in (one, three):
        product = await Product.get(id=each.id)
        assert (product.vendor, product.category_id) == ("Old", None)  # type: ignore[attr-defined]
        assert (await Variant.get(product_id=each.id)).price_minor == before[each.id]
        assert "sale" not in product.search_text
    kept = await Product.get(id=two.id)
    assert (kept.vendor, kept.category_id) == ("Mine", lamps.id)  # type: ignore[attr-defined]
    assert [each.product_id for each in await ProductTag.all()] == [two.id]  # type: ignore[attr-defined]
    assert {row.product_id: (row.outcome, row.code) for row in await rows_of(run)} == {
        one.id: ("RESTORED", None),
        two.id: ("LEFT", "CHANGED_SINCE"),
        three.id: ("RESTORED", None),
    }
    assert (await Product.get(id=three.id)).title == "Else"


async def test_one_that_is_cancelled_stops_and_can_be_undone(ctx: Context) -> None:
    await drafts(ctx, 2)
    run = await start_bulk_edit(ctx, DRAFTS, Order(vendor="New"))
    await bulk_editing.cancel_bulk_edit(ctx, run.id)
    await bulk_editing.cancel_bulk_edit(ctx, run.id)

    run = await run_bulk_edit(ctx.as_system(), run.id)

    assert (run.state, run.products_done) == (BulkEditState.CANCELLED, 0)
    done = await edited(ctx, Order(vendor="New"))
    with pytest.raises(bulk_editing.CannotCancelBulkEdit):
        await bulk_editing.cancel_bulk_edit(ctx, done.id)
    running = await start_bulk_edit(ctx, DRAFTS, Order(vendor="Newer"))
    await BulkEdit.filter(id=running.id).update(state=BulkEditState.RUNNING)
    await bulk_editing.cancel_bulk_edit(ctx, running.id)
    assert (await run_bulk_edit(ctx.as_system(), running.id)).state is BulkEditState.CANCELLED
    assert await Product.filter(vendor="Newer").count() == 0
    await undo_bulk_edit(ctx, running.id)
    assert (await run_bulk_edit(ctx.as_system(), running.id)).state is BulkEditState.UNDONE


@pytest.mark.parametrize(
    ("order", "path"),
    [
        (Order(), ("changes",)),
        (Order(vendor="x" * 121), ("changes", "vendor")),
        (Order(category_id=new_id()), ("changes", "category_id")),
        (Order(add_tags=("a",), remove_tags=("A",)), ("changes", "remove_tags")),
        (Order(prices=(PriceRule(PriceKind.SALE),)), ("changes", "prices", 0)),
        (Order(prices=(percent("1"), percent("2"))), ("changes", "prices", 1, "price")),
        (Order(prices=(percent("-100.1"),)), ("changes", "prices", 0, "percent")),
        (Order(prices=(percent("NaN"),)), ("changes", "prices", 0, "percent")),
        (Order(prices=(percent("1", to=0),)), ("changes", "prices", 0, "round_to")),
    ],
)
async def test_what_could_be_done_to_no_product_is_refused_at_the_door(
    ctx: Context, order: Order, path: tuple[Any, ...]
) -> None:
    with pytest.raises(Refusal) as refused:
        await start_bulk_edit(ctx, DRAFTS, order)

    assert refused.value.path == path
    assert await BulkEdit.all().count() == 0


async def test_all_products_are_meant_only_by_who_says_so(ctx: Context) -> None:
    await drafts(ctx, 1)
    for nothing in (EVERYTHING, Chosen(where={}), Chosen(search=" ")):
        with pytest.raises(bulk_editing.NothingChosen):
            await start_bulk_edit(ctx, nothing, Order(vendor="x"))
    assert await BulkEdit.all().count() == 0

    assert (await edited(ctx, Order(vendor="x"), EVERYTHING, everything=True)).products_changed == 1


async def test_costs_are_for_those_who_may_see_them(ctx: Context) -> None:
    product = await make.product(ctx, status=ProductStatus.DRAFT, variants=({"cost_minor": 500, "on_hand": None},))
    clerk = await make.context(ctx.shop, scopes=frozenset({"catalog:write", "catalog:read"}))
    order = Order(prices=(PriceRule(PriceKind.COST, amount=-100),))

    with pytest.raises(MissingScope):
        await start_bulk_edit(clerk, DRAFTS, order)
    run = await edited(ctx, order)

    assert (await Variant.get(product_id=product.id)).cost_minor == 400
    [row] = await rows_of(run)
    assert [(each["field"], each["old"], each["new"]) for each in row.changes] == [("variants.cost", None, None)]


async def test_three_at_work_are_enough(ctx: Context) -> None:
    for _ in range(3):
        await start_bulk_edit(ctx, DRAFTS, Order(vendor="x"))
    with pytest.raises(bulk_editing.TooManyBulkEdits):
        await start_bulk_edit(ctx, DRAFTS, Order(vendor="x"))


async def test_a_stranger_finds_nothing(ctx: Context, other_ctx: Context) -> None:
    [mine] = await drafts(ctx, 1)
    run = await start_bulk_edit(ctx, DRAFTS, Order(vendor="x"))
    theirs = await make.category(other_ctx, "Theirs")

    with open_shop(other_ctx.shop):
        for verb in (bulk_editing.cancel_bulk_edit, undo_bulk_edit):
            with pytest.raises(NotFound):
                await verb(other_ctx, run.id)
        with pytest.raises(NotFound):
            await run_bulk_edit(other_ctx, run.id)
        assert (await edited(other_ctx, Order(vendor="x"), EVERYTHING, everything=True)).products_done == 0
    with pytest.raises(NotFound):
        await start_bulk_edit(ctx, DRAFTS, Order(category_id=theirs.id))
    assert (await Product.get(id=mine.id)).vendor == ""
