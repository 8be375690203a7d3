"""Tags: on and off products, renamed, merged, and put back."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from stoa.domains.catalog import merchandising
from stoa.domains.catalog.errors import NoSuchProduct, NoSuchTag, NoSuchTagChange, TagChangedSince, TagTaken
from stoa.domains.catalog.models import Product, ProductTag, Tag
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import new_id
from stoa.kit.text import searchable
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of


async def tagged(ctx: Context, *names: str) -> Product:
    product = await make.product(ctx)
    await merchandising.change_tags(ctx, [product.id], add=names)
    return product


async def tags_of(product: Product) -> list[str]:
    rows = await ProductTag.filter(product_id=product.id).order_by("tag__name").values_list("tag__name", flat=True)
    return [str(each) for each in rows]


async def tag_named(name: str) -> Tag:
    return await Tag.get(name=name)


async def everything() -> list[object]:
    return [await each.all().order_by("id").values() for each in (Tag,)] + [
        await ProductTag.all().order_by("product_id", "tag_id").values("product_id", "tag_id"),
        await Product.all().order_by("id").values("id", "search_text"),
    ]


async def test_tags_are_made_when_they_are_first_put_on_products(ctx: Context) -> None:
    """P11: many tags lead to a product."""
    one, two = await make.product(ctx), await make.product(ctx)

    rows = await merchandising.change_tags(ctx, [one.id, two.id], add=["Gift", " 礼物 ", "gift"])

    assert [each.changed for each in rows] == [True, True]
    assert await tags_of(one) == await tags_of(two) == ["Gift", "礼物"]
    assert await Tag.all().count() == 2
    text = (await Product.get(id=one.id)).search_text
    assert sorted(text.split("\n\x03\n")[1].split("\n")) == [searchable("礼物"), "gift"]
    assert await events_of(ctx) == [
        ("ProductTagsChanged", {"product_id": str(each.id), "added": ["Gift", "礼物"], "removed": []})
        for each in (one, two)
    ]


async def test_twice_changes_nothing(ctx: Context) -> None:
    product = await tagged(ctx, "Gift")
    before, news = await catalog_of(ctx), await events_of(ctx)

    [row] = await merchandising.change_tags(ctx, [product.id], add=["GIFT"], remove=["never had"])

    assert row.changed is False
    assert await events_of(ctx) == news
    assert (await catalog_of(ctx))["product"][0]["search_text"] == before["product"][0]["search_text"]


async def test_tags_are_taken_off_by_name(ctx: Context) -> None:
    product = await tagged(ctx, "Gift", "New")

    await merchandising.change_tags(ctx, [product.id], add=["Old"], remove=["gift", "NEW"])

    assert await tags_of(product) == ["Old"]
    assert (await events_of(ctx))[-1][1] == {
        "product_id": str(product.id),
        "added": ["Old"],
        "removed": ["Gift", "New"],
    }


async def test_rows_fail_alone(ctx: Context, other_ctx: Context) -> None:
    mine, theirs = await make.product(ctx), await make.product(other_ctx)
    full = await make.product(ctx)
    for start in range(0, 250, 50):
        await merchandising.change_tags(ctx, [full.id], add=[f"t{n}" for n in range(start, start + 50)])
    before = await catalog_of(other_ctx)

    rows = await merchandising.change_tags(ctx, [mine.id, theirs.id, full.id], add=["Gift"])

    assert [each.changed for each in rows] == [True, False, False]
    assert isinstance(rows[1].refusal, NoSuchProduct)
    assert rows[2].refusal is not None
    assert (rows[2].refusal.message, rows[2].refusal.path) == (
        "A product has at most 250 tags.",
        ("product_ids", 2),
    )
    assert await catalog_of(other_ctx) == before


async def test_what_is_no_tag_is_refused(ctx: Context) -> None:
    product = await make.product(ctx)
    for add, remove, path in (
        (["x", " "], [], ("add", 1)),
        (["x" * 61], [], ("add", 0)),
        (["x"], ["X"], ("remove",)),
    ):
        with pytest.raises(InvalidInput) as refused:
            await merchandising.change_tags(ctx, [product.id], add=add, remove=remove)
        assert refused.value.path == path
    assert await Tag.all().count() == 0


async def test_tags_put_on_at_once_all_count(ctx: Context) -> None:
    product = await make.product(ctx)

    await asyncio.gather(*(merchandising.change_tags(ctx, [product.id], add=[f"a{n}", f"b{9 - n}"]) for n in range(10)))

    assert len(await tags_of(product)) == 20
    words = (await Product.get(id=product.id)).search_text.split("\x03\n")[1].split("\n")
    assert sorted(words) == sorted(await tags_of(product))


async def test_a_renamed_tag_is_found_by_its_new_name_and_can_be_put_back(ctx: Context) -> None:
    """P11: rename a tag."""
    product = await tagged(ctx, "Gift")
    before = await everything()

    tag, change = await merchandising.rename_tag(ctx, (await tag_named("Gift")).id, "Present")

    assert change is not None
    assert await tags_of(product) == ["Present"]
    assert (await Product.get(id=product.id)).search_text.endswith("\npresent")
    await merchandising.undo_tag_change(ctx, change)
    assert await everything() == before
    assert [name for name, _ in await events_of(ctx)] == ["ProductTagsChanged", "TagRenamed", "TagChangeUndone"]


async def test_a_name_that_another_tag_has_is_refused(ctx: Context) -> None:
    await tagged(ctx, "Gift", "Present")
    before = await everything()

    with pytest.raises(TagTaken) as refused:
        await merchandising.rename_tag(ctx, (await tag_named("Gift")).id, "PRESENT")

    assert refused.value.message == "There is a tag named PRESENT already; merge the two."
    assert await everything() == before
    tag, change = await merchandising.rename_tag(ctx, (await tag_named("Gift")).id, "Gift")
    assert (tag.name, change) == ("Gift", None)
    await merchandising.rename_tag(ctx, tag.id, "GIFT")


async def merged(ctx: Context) -> tuple[list[Product], UUID]:
    products = [await tagged(ctx, *names) for names in (["gift"], ["gifts", "new"], ["Present", "gift"], ["new"])]
    into = await tag_named("gift")
    others = [(await tag_named(name)).id for name in ("gifts", "Present")]
    _, change = await merchandising.merge_tags(ctx, into.id, others)
    return products, change


async def test_several_tags_become_one_and_apart_again(ctx: Context) -> None:
    """P11: merge tags; undoing puts every product back."""
    products = [await tagged(ctx, *names) for names in (["gift"], ["gifts", "new"], ["Present", "gift"], ["new"])]
    before = await everything()
    into = await tag_named("gift")

    _, change = await merchandising.merge_tags(
        ctx, into.id, [(await tag_named(name)).id for name in ("gifts", "Present")]
    )

    assert [await tags_of(each) for each in products] == [["gift"], ["gift", "new"], ["gift"], ["new"]]
    assert sorted(str(each) for each in await Tag.all().values_list("name", flat=True)) == ["gift", "new"]
    assert "present" not in (await Product.get(id=products[2].id)).search_text
    await merchandising.undo_tag_change(ctx, change)
    assert await everything() == before


async def test_what_is_undone_cannot_be_undone_again(ctx: Context) -> None:
    _, change = await merged(ctx)
    await merchandising.undo_tag_change(ctx, change)
    before = await everything()

    with pytest.raises(TagChangedSince, match="undone already"):
        await merchandising.undo_tag_change(ctx, change)
    assert await everything() == before


async def test_undoing_is_refused_where_it_would_destroy_what_came_after(ctx: Context) -> None:
    products, change = await merged(ctx)

    await merchandising.change_tags(ctx, [products[1].id], remove=["gift"])
    with pytest.raises(TagChangedSince) as lost:
        await merchandising.undo_tag_change(ctx, change)
    assert lost.value.message == "1 products that got the tag gift by it have lost it since."
    await merchandising.change_tags(ctx, [products[1].id], add=["gift"])

    await merchandising.change_tags(ctx, [products[0].id], add=["PRESENT"])
    with pytest.raises(TagChangedSince, match="another tag named PRESENT now"):
        await merchandising.undo_tag_change(ctx, change)

    gift, new = await tag_named("gift"), await tag_named("new")
    await merchandising.merge_tags(ctx, new.id, [gift.id])
    before = await everything()
    with pytest.raises(TagChangedSince, match="gone"):
        await merchandising.undo_tag_change(ctx, change)
    assert await everything() == before


async def test_a_renaming_after_which_came_another_is_not_undone(ctx: Context) -> None:
    await tagged(ctx, "Gift")
    tag, change = await merchandising.rename_tag(ctx, (await tag_named("Gift")).id, "Present")
    assert change is not None
    await tagged(ctx, "gift")

    with pytest.raises(TagChangedSince, match="another tag named Gift now"):
        await merchandising.undo_tag_change(ctx, change)
    await merchandising.rename_tag(ctx, tag.id, "Surprise")
    with pytest.raises(TagChangedSince, match="renamed to Surprise since"):
        await merchandising.undo_tag_change(ctx, change)


async def test_undoing_passes_over_products_that_are_gone(ctx: Context) -> None:
    products, change = await merged(ctx)
    await products[1].delete()

    await merchandising.undo_tag_change(ctx, change)

    assert await tags_of(products[2]) == ["Present", "gift"]


async def test_a_tag_is_not_merged_into_itself(ctx: Context) -> None:
    await tagged(ctx, "Gift")
    tag = await tag_named("Gift")
    for merged_ids in ([], [tag.id]):
        with pytest.raises(InvalidInput) as refused:
            await merchandising.merge_tags(ctx, tag.id, merged_ids)
        assert refused.value.path == ("merged_ids",)


async def test_tags_of_nobody_or_of_another_shop_are_not_found(ctx: Context, other_ctx: Context) -> None:
    await tagged(ctx, "Mine")
    mine = await tag_named("Mine")
    with open_shop(other_ctx.shop):
        await tagged(other_ctx, "Theirs", "More")
        theirs, more = await tag_named("Theirs"), await tag_named("More")
        _, change = await merchandising.merge_tags(other_ctx, theirs.id, [more.id])
        before = await everything()

    for tag_id in (new_id(), theirs.id):
        with pytest.raises(NoSuchTag):
            await merchandising.rename_tag(ctx, tag_id, "X")
        with pytest.raises(NoSuchTag) as refused:
            await merchandising.merge_tags(ctx, mine.id, [tag_id])
        assert refused.value.path == ("merged_ids", 0)
        with pytest.raises(NoSuchTag) as refused:
            await merchandising.merge_tags(ctx, tag_id, [mine.id])
        assert refused.value.path == ("into_id",)
    for change_id in (new_id(), change):
        with pytest.raises(NoSuchTagChange):
            await merchandising.undo_tag_change(ctx, change_id)
    with open_shop(other_ctx.shop):
        assert await everything() == before
