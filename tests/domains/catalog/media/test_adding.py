"""Pictures are added behind those there are, each by itself; uploads are planned to be made fit (P7)."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from stoa.domains import catalog
from stoa.domains.catalog.errors import NoSuchProduct, ProductChanged
from stoa.domains.catalog.media import Focus, NewImage, add_images
from stoa.domains.catalog.models import Product
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, open_shop
from stoa.tenants.shop_models import Upload, UploadState
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of
from tests.domains.catalog.media.darkroom import images_of, jobs_of, uploaded
from tests.graphql.asking import statements_sent

HERE, THERE = NewImage(url="https://img.test/here.jpg"), NewImage(url="https://img.test/there.jpg")


async def version_of(product: Product) -> int:
    return (await Product.get(id=product.id)).version


async def test_pictures_are_added_behind_those_there_are(ctx: Context) -> None:
    """P7."""
    product = await make.product(ctx, images=("https://img.test/first.jpg",))
    lamp = NewImage(url="https://img.test/l.jpg", alt=" A lamp ", alts={"zh": "灯"}, focus=Focus(250, 1000))

    outcomes = await add_images(ctx, product.id, [HERE, lamp], expected_version=1)

    _, here, shown = await images_of(product)
    assert [each.id for each in outcomes] == [here.id, shown.id]
    assert [each.refusals for each in outcomes] == [[], []]
    assert (here.position, here.url, here.alt, here.translations) == (1, HERE.url, "", {})
    assert (shown.position, shown.alt, shown.translations) == (2, "A lamp", {"zh": {"alt": "灯"}})
    assert (shown.focal_x, shown.focal_y, here.focal_x, here.focal_y) == (250, 1000, 500, 500)
    assert await version_of(product) == 2
    assert await events_of(ctx) == [
        (
            "ImagesChanged",
            {"product_id": str(product.id), "how": "added", "image_ids": [str(here.id), str(shown.id)]},
        )
    ]


async def test_an_upload_is_claimed_and_planned_to_be_looked_at(ctx: Context, owner: asyncpg.Connection) -> None:
    """P7: its address is known, but nothing is there yet."""
    product = await make.product(ctx)
    upload_id = await uploaded(ctx)

    [outcome] = await add_images(ctx, product.id, [NewImage(upload_id=upload_id)])

    [image], upload = await images_of(product), await Upload.get(id=upload_id)
    assert (image.id, image.file_key, upload.state) == (outcome.id, upload.file_key, UploadState.KEPT)
    assert image.url.startswith("/media/shop_")
    assert upload.file_key.rpartition("/")[2] not in image.url
    assert (image.processed_at, image.sizes, image.width, image.failure) == (None, [], None, None)
    assert await jobs_of(owner, ctx) == [("catalog.process_image", "images", {"file_key": upload.file_key})]


async def test_a_product_made_with_uploads_has_them_looked_at_too(ctx: Context, owner: asyncpg.Connection) -> None:
    uploads = [await uploaded(ctx), await uploaded(ctx)]
    images = [
        catalog.ImageDraft(upload_id=uploads[0]),
        catalog.ImageDraft(url=HERE.url),
        catalog.ImageDraft(upload_id=uploads[1]),
    ]

    product = await catalog.create_product(
        ctx, catalog.ProductDraft("Lamp", variants=[catalog.VariantDraft()], images=images)
    )

    first, _, third = await images_of(product)
    assert [payload for _, _, payload in await jobs_of(owner, ctx)] == [
        {"file_key": first.file_key},
        {"file_key": third.file_key},
    ]


async def test_what_cannot_be_added_is_said_of_each(ctx: Context, owner: asyncpg.Connection) -> None:
    """The others are."""
    product = await make.product(ctx)
    used, table, good = await uploaded(ctx), await uploaded(ctx, b"sku\nA\n", "text/csv"), await uploaded(ctx)
    await add_images(ctx, product.id, [NewImage(upload_id=used)])

    outcomes = await add_images(
        ctx,
        product.id,
        [
            NewImage(url="ftp://img.test/x"),
            NewImage(),
            NewImage(url=HERE.url, upload_id=good),
            NewImage(upload_id=used),
            NewImage(upload_id=table),
            NewImage(upload_id=new_id()),
            NewImage(upload_id=good),
            NewImage(upload_id=good),
            NewImage(url=HERE.url, alt="x" * 513, alts={"zh": "x" * 513}, focus=Focus(-1, 0)),
            HERE,
        ],
    )

    told = [[(each.code, each.path) for each in outcome.refusals] for outcome in outcomes]
    assert told == [
        [("INVALID", ("url",))],
        [("INVALID", ())],
        [("INVALID", ())],
        [("UPLOAD_UNFIT", ("upload_id",))],
        [("UPLOAD_UNFIT", ("upload_id",))],
        [("NOT_FOUND", ("upload_id",))],
        [],
        [("UPLOAD_UNFIT", ("upload_id",))],
        [("INVALID", ("alt",)), ("INVALID", ("translations", 0, "alt")), ("INVALID", ("focal_point",))],
        [],
    ]
    assert [each.position for each in await images_of(product)] == [0, 1, 2]
    assert len(await jobs_of(owner, ctx)) == 2


async def test_a_product_has_fifty_pictures_at_the_most(ctx: Context) -> None:
    """P7. An upload that finds no room may be used elsewhere."""
    product = await make.product(ctx)
    many = [NewImage(url=f"https://img.test/{n}.jpg") for n in range(48)]
    upload_id = await uploaded(ctx)
    assert all(each.id for each in await add_images(ctx, product.id, many))

    outcomes = await add_images(ctx, product.id, [HERE, NewImage(), THERE, NewImage(upload_id=upload_id)])

    assert [bool(each.id) for each in outcomes] == [True, False, True, False]
    assert [each.code for each in outcomes[3].refusals] == ["TOO_MANY_IMAGES"]
    assert len(await images_of(product)) == 50
    assert (await Upload.get(id=upload_id)).state is UploadState.RECEIVED


@pytest.mark.parametrize("count", [0, 51])
async def test_none_and_more_than_fifty_at_once_are_refused(ctx: Context, count: int) -> None:
    product = await make.product(ctx)
    before = await catalog_of(ctx)

    with pytest.raises(InvalidInput, match=f"{count} images; 1 to 50"):
        await add_images(ctx, product.id, [HERE] * count)

    assert await catalog_of(ctx) == before


async def test_nothing_is_announced_when_none_could_be_added(ctx: Context) -> None:
    product = await make.product(ctx)
    before = await catalog_of(ctx)

    await add_images(ctx, product.id, [NewImage(), NewImage(upload_id=new_id())])

    assert await catalog_of(ctx) == before


async def test_a_product_that_was_changed_meanwhile_gets_none(ctx: Context) -> None:
    product, upload_id = await make.product(ctx), await uploaded(ctx)
    await add_images(ctx, product.id, [HERE])
    before = await catalog_of(ctx)

    with pytest.raises(ProductChanged) as refused:
        await add_images(ctx, product.id, [NewImage(upload_id=upload_id)], expected_version=1)

    assert refused.value.params.items() >= {"current_version": 2}.items()
    assert await catalog_of(ctx) == before


async def test_a_strangers_product_is_not_found_and_his_upload_neither(ctx: Context, other_ctx: Context) -> None:
    own, theirs = await make.product(ctx), await make.product(other_ctx)
    upload_id = await uploaded(other_ctx)
    before = await catalog_of(other_ctx)

    with pytest.raises(NoSuchProduct):
        await add_images(ctx, theirs.id, [HERE])
    [outcome] = await add_images(ctx, own.id, [NewImage(upload_id=upload_id)])

    assert [each.code for each in outcome.refusals] == ["NOT_FOUND"]
    assert await catalog_of(other_ctx) == before
    assert await images_of(own) == []


async def test_statements_do_not_grow_with_pictures(ctx: Context) -> None:
    async def cost(count: int) -> int:
        product = await make.product(ctx)
        images: list[Any] = [NewImage(upload_id=await uploaded(ctx)) for _ in range(count)]
        async with statements_sent(ctx) as sent:
            with open_shop(ctx.shop):
                await add_images(ctx, product.id, [*images, *[HERE] * count])
        return len(sent)

    assert await cost(1) == await cost(12)


async def test_two_at_once_get_positions_of_their_own(ctx: Context) -> None:
    product = await make.product(ctx)

    async def add(url: str) -> None:
        with open_shop(ctx.shop):
            await add_images(ctx, product.id, [NewImage(url=url)])

    await asyncio.gather(*(add(f"https://img.test/{n}.jpg") for n in range(8)))

    assert [each.position for each in await images_of(product)] == list(range(8))
