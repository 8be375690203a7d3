"""What is said of a picture can be changed, and the order of a product's pictures (P7)."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoa.domains.catalog.errors import NoSuchImage, NoSuchProduct, ProductChanged
from stoa.domains.catalog.media import Focus, ImageChanges, reorder_images, update_image
from stoa.domains.catalog.media.describing import with_alts
from stoa.domains.catalog.media.editing import _arranged
from stoa.domains.catalog.models import Image, Product
from stoa.kit.errors import InvalidInput, Refusals
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of
from tests.domains.catalog.media.darkroom import images_of

URLS = tuple(f"https://img.test/{n}.jpg" for n in range(4))


async def one(ctx: Context) -> tuple[Product, Image]:
    product = await make.product(ctx, images=URLS[:1])
    [image] = await images_of(product)
    return product, image


async def test_what_is_named_is_changed_and_the_rest_stays(ctx: Context) -> None:
    """P7."""
    product, image = await one(ctx)

    await update_image(ctx, image.id, ImageChanges(alt=" A lamp "), expected_version=1)
    await update_image(ctx, image.id, ImageChanges(alts={"zh": "灯", "en": "Lamp"}), expected_version=2)
    await update_image(ctx, image.id, ImageChanges(focus=Focus(0, 1000)), expected_version=3)
    await update_image(ctx, image.id, ImageChanges(alts={"en": ""}))

    [changed] = await images_of(product)
    assert (changed.alt, changed.translations) == ("A lamp", {"zh": {"alt": "灯"}})
    assert (changed.focal_x, changed.focal_y) == (0, 1000)
    assert (await Product.get(id=product.id)).version == 5
    edited = ("ImagesChanged", {"product_id": str(product.id), "how": "edited", "image_ids": [str(image.id)]})
    assert await events_of(ctx) == [edited] * 4


async def test_changing_nothing_changes_nothing(ctx: Context) -> None:
    _, image = await one(ctx)
    await update_image(ctx, image.id, ImageChanges(alt="A", alts={"zh": "甲"}))
    before = await catalog_of(ctx)

    for same in (ImageChanges(), ImageChanges(alt="A"), ImageChanges(alts={"zh": "甲"}), ImageChanges(focus=Focus())):
        await update_image(ctx, image.id, same)

    assert await catalog_of(ctx) == before


async def test_what_cannot_be_said_is_refused(ctx: Context) -> None:
    _, image = await one(ctx)
    before = await catalog_of(ctx)

    with pytest.raises(Refusals) as refused:
        await update_image(ctx, image.id, ImageChanges(alt="x" * 513, alts={"zh": "x" * 513}, focus=Focus(0, 1001)))

    paths = [each.path for each in refused.value.refusals]
    assert paths == [("alt",), ("translations", 0, "alt"), ("focal_point",)]
    assert await catalog_of(ctx) == before


async def test_an_older_version_is_refused(ctx: Context) -> None:
    product, image = await one(ctx)
    await update_image(ctx, image.id, ImageChanges(alt="A"))
    before = await catalog_of(ctx)

    with pytest.raises(ProductChanged):
        await update_image(ctx, image.id, ImageChanges(alt="B"), expected_version=1)
    with pytest.raises(ProductChanged):
        await reorder_images(ctx, product.id, [image.id], expected_version=1)

    assert await catalog_of(ctx) == before


async def test_pictures_are_put_in_another_order(ctx: Context) -> None:
    """P7: those named first, the others as they stood."""
    product = await make.product(ctx, images=URLS)
    a, b, c, d = [each.id for each in await images_of(product)]

    await reorder_images(ctx, product.id, [c, a], expected_version=1)

    assert [(each.id, each.position) for each in await images_of(product)] == [(c, 0), (a, 1), (b, 2), (d, 3)]
    assert (await Product.get(id=product.id)).version == 2
    order = [str(each) for each in (c, a, b, d)]
    expected = {"product_id": str(product.id), "how": "reordered", "image_ids": order}
    assert await events_of(ctx) == [("ImagesChanged", expected)]


async def test_the_order_that_there_is_changes_nothing(ctx: Context) -> None:
    product = await make.product(ctx, images=URLS)
    a, b, *_ = [each.id for each in await images_of(product)]
    before = await catalog_of(ctx)

    for same in ([], [a], [a, b]):
        await reorder_images(ctx, product.id, same)

    assert await catalog_of(ctx) == before


async def test_positions_with_gaps_and_twins_are_put_right(ctx: Context) -> None:
    """Old imports may have left them."""
    product = await make.product(ctx, images=URLS)
    await Image.filter(product_id=product.id).update(position=7)
    ids = [each.id for each in await images_of(product)]

    await reorder_images(ctx, product.id, ids[::-1])

    assert [(each.id, each.position) for each in await images_of(product)] == list(zip(ids[::-1], range(4)))


async def test_what_is_not_there_cannot_be_put_first(ctx: Context) -> None:
    product, other = await make.product(ctx, images=URLS), await make.product(ctx, images=URLS)
    a, b, *_ = [each.id for each in await images_of(product)]
    [elsewhere, *_] = await images_of(other)
    before = await catalog_of(ctx)

    for wrong, kind, place in (
        ([b, elsewhere.id], NoSuchImage, 1),
        ([new_id()], NoSuchImage, 0),
        ([b, a, b], InvalidInput, 2),
    ):
        with pytest.raises(kind) as refused:
            await reorder_images(ctx, product.id, wrong)
        assert refused.value.path == ("ids", place)

    assert await catalog_of(ctx) == before


async def test_a_strangers_pictures_are_not_found(ctx: Context, other_ctx: Context) -> None:
    theirs = await make.product(other_ctx, images=URLS)
    with open_shop(other_ctx.shop):
        [image, *_] = await images_of(theirs)
    own = await make.product(ctx, images=URLS)
    before = await catalog_of(other_ctx)

    with pytest.raises(NoSuchImage):
        await update_image(ctx, image.id, ImageChanges(alt="Mine"))
    with pytest.raises(NoSuchProduct):
        await reorder_images(ctx, theirs.id, [image.id])
    with pytest.raises(NoSuchImage):
        await reorder_images(ctx, own.id, [image.id])

    assert await catalog_of(other_ctx) == before


async def test_two_who_reorder_at_once_leave_one_of_the_orders(ctx: Context) -> None:
    product = await make.product(ctx, images=URLS)
    ids = [each.id for each in await images_of(product)]
    orders = [ids[::-1], [ids[2], ids[0], ids[3], ids[1]]]

    async def reorder(order: list[UUID]) -> None:
        with open_shop(ctx.shop):
            await reorder_images(ctx, product.id, order)

    await asyncio.gather(*(reorder(order) for order in orders * 3))

    images = await images_of(product)
    assert [each.position for each in images] == [0, 1, 2, 3]
    assert [each.id for each in images] in orders


@given(st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_an_order_keeps_every_picture_and_those_not_named_as_they_stood(data: Any) -> None:
    before = [new_id() for _ in range(data.draw(st.integers(0, 12)))]
    wanted = data.draw(st.permutations(before)) if before else []
    wanted = wanted[: data.draw(st.integers(0, len(wanted)))]

    order = _arranged(before, wanted)

    assert order[: len(wanted)] == list(wanted)
    assert sorted(order) == sorted(before)
    rest = order[len(wanted) :]
    assert rest == [each for each in before if each in rest]


@given(
    st.dictionaries(st.sampled_from(["en", "zh"]), st.sampled_from(["", "a", "b"])),
    st.sampled_from([{}, {"zh": {"alt": "x", "title": "t"}}, {"en": {"alt": "y"}}]),
)
def test_translations_hold_what_was_said_last_and_no_empty_words(
    alts: dict[str, str], before: dict[str, dict[str, str]]
) -> None:
    after = with_alts(before, alts)

    for locale in ("en", "zh"):
        wanted = alts.get(locale, before.get(locale, {}).get("alt", ""))
        assert after.get(locale, {}).get("alt", "") == wanted
        assert after.get(locale, {}).get("title") == before.get(locale, {}).get("title")
    assert all(all(words.values()) and words for words in after.values())
