"""Categories: renamed, moved in the tree, taken away when nothing stands on them."""

from __future__ import annotations

import asyncio

import pytest

from stoa.domains.catalog import merchandising
from stoa.domains.catalog.errors import CategoryChanged, CategoryCircle, CategoryInUse, CategoryTaken, NoSuchCategory
from stoa.domains.catalog.merchandising import CategoryChanges
from stoa.domains.catalog.models import Category
from stoa.kit.errors import InvalidInput, Refusals
from stoa.kit.ids import new_id
from stoa.tenants.context import Context
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of


async def test_what_is_named_changes_and_the_rest_stays(ctx: Context) -> None:
    """P8: a clear classification can be put right."""
    above, shelf = await make.category(ctx, "Kitchen"), await make.category(ctx, "Cups")

    zh = {"name": " 茶杯 ", "description": ""}
    changes = CategoryChanges(name="Tea cups", parent_id=above.id, position=3, translations={"zh": zh})
    await merchandising.update_category(ctx, shelf.id, changes, expected_version=1)

    now = await Category.get(id=shelf.id)
    assert (now.name, now.name_key, now.parent_id, now.position) == ("Tea cups", "tea cups", above.id, 3)  # type: ignore[attr-defined]
    assert (now.translations, now.description, now.version) == ({"zh": {"name": "茶杯"}}, "", 2)
    changed = ["name", "translations", "parent_id", "position"]
    assert await events_of(ctx) == [("CategoryEdited", {"category_id": str(shelf.id), "changed": changed})]


async def test_nothing_changed_is_not_announced(ctx: Context) -> None:
    shelf = await make.category(ctx, "Cups")

    await merchandising.update_category(ctx, shelf.id, CategoryChanges(name="Cups"))

    assert (await Category.get(id=shelf.id)).version == 1
    assert await events_of(ctx) == []


async def test_a_category_cannot_stand_inside_itself(ctx: Context) -> None:
    top = await make.category(ctx, "Top")
    middle = await make.category(ctx, "Middle", parent=top)
    low = await make.category(ctx, "Low", parent=middle)
    before = await catalog_of(ctx)

    for parent in (top, middle, low):
        with pytest.raises(CategoryCircle) as refused:
            await merchandising.update_category(ctx, top.id, CategoryChanges(parent_id=parent.id))
        assert refused.value.path == ("parent_id",)
    assert refused.value.message == "Low stands inside Top; a category cannot stand inside itself."
    assert await catalog_of(ctx) == before


async def test_two_moves_at_once_make_no_circle(ctx: Context) -> None:
    one, two = await make.category(ctx, "One"), await make.category(ctx, "Two")
    for _ in range(5):
        outcomes = await asyncio.gather(
            merchandising.update_category(ctx, one.id, CategoryChanges(parent_id=two.id)),
            merchandising.update_category(ctx, two.id, CategoryChanges(parent_id=one.id)),
            return_exceptions=True,
        )
        assert sorted(type(each).__name__ for each in outcomes) == ["Category", "CategoryCircle"]
        for each in (one, two):
            await merchandising.update_category(ctx, each.id, CategoryChanges(parent_id=None))


async def test_the_tree_grows_no_deeper_than_twelve(ctx: Context) -> None:
    parent = None
    for depth in range(12):
        parent = await make.category(ctx, f"Depth {depth}", parent=parent)
    assert parent is not None
    other = await make.category(ctx, "Other")

    with pytest.raises(InvalidInput, match="at most 12 deep"):
        await merchandising.update_category(ctx, other.id, CategoryChanges(parent_id=parent.id))
    assert (await Category.get(id=other.id)).parent_id is None  # type: ignore[attr-defined]


async def test_an_empty_category_goes(ctx: Context) -> None:
    shelf = await make.category(ctx, "Cups")

    await merchandising.delete_category(ctx, shelf.id)

    assert await Category.all().count() == 0
    assert await events_of(ctx) == [("CategoryDeleted", {"category_id": str(shelf.id), "name": "Cups"})]


async def test_what_stands_on_a_category_keeps_it(ctx: Context) -> None:
    shelf = await make.category(ctx, "Cups")
    await make.category(ctx, "Tea cups", parent=shelf)
    await make.product(ctx, category=shelf)
    await make.product(ctx, category=shelf)
    before = await catalog_of(ctx)

    with pytest.raises(CategoryInUse) as refused:
        await merchandising.delete_category(ctx, shelf.id)

    assert refused.value.message == "On Cups stand 2 products and 1 categories; move them first."
    assert refused.value.params.items() >= {"products": 2, "categories": 1}.items()
    assert await catalog_of(ctx) == before


async def test_what_cannot_be_is_refused(ctx: Context) -> None:
    shelf = await make.category(ctx, "Cups")
    await make.category(ctx, "Mugs")
    before = await catalog_of(ctx)

    with pytest.raises(CategoryTaken) as taken:
        await merchandising.update_category(ctx, shelf.id, CategoryChanges(name="MUGS"))
    assert (taken.value.path, taken.value.params) == (("name",), {"taken": "MUGS"})
    with pytest.raises(CategoryChanged) as changed:
        await merchandising.update_category(ctx, shelf.id, CategoryChanges(name="X"), expected_version=7)
    assert changed.value.params.items() >= {"current_version": 1}.items()
    with pytest.raises(Refusals) as wrong:
        await merchandising.update_category(ctx, shelf.id, CategoryChanges(name=" ", translations={"?": {}}))
    assert [each.path for each in wrong.value.refusals] == [("name",), ("name",), ("translations", "?")]
    assert await catalog_of(ctx) == before


async def test_a_category_of_nobody_or_of_another_shop_is_not_found(ctx: Context, other_ctx: Context) -> None:
    mine, theirs = await make.category(ctx), await make.category(other_ctx)
    before = await catalog_of(other_ctx)

    for category_id in (new_id(), theirs.id):
        with pytest.raises(NoSuchCategory):
            await merchandising.update_category(ctx, category_id, CategoryChanges(name="Mine"))
        with pytest.raises(NoSuchCategory):
            await merchandising.update_category(ctx, mine.id, CategoryChanges(parent_id=category_id))
        with pytest.raises(NoSuchCategory):
            await merchandising.delete_category(ctx, category_id)
    assert await catalog_of(other_ctx) == before
