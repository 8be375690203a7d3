"""Uploads are made fit to be shown, or refused with a reason; removed pictures take their files along (P7)."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from stoa.domains.catalog.errors import NoSuchProduct, ProductChanged
from stoa.domains.catalog.importing import run_import, undo_import
from stoa.domains.catalog.media import NewImage, add_images, remove_images
from stoa.domains.catalog.media.forgetting import forget_unused
from stoa.domains.catalog.media.processing import give_up_picture, process_picture
from stoa.domains.catalog.media.words import SENTENCES, sentence_for
from stoa.domains.catalog.models import Image, ImportState, Product
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import new_id
from stoa.settings import Settings
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction
from stoa.tenants.shop_models import Upload
from stoa.tenants.uploading import shop_files
from stoa.workers.running import at_work
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of
from tests.domains.catalog.importing.tables import imported, table
from tests.domains.catalog.media.darkroom import (
    JPEG,
    content_of,
    develop_all,
    images_of,
    is_kept,
    jobs_of,
    uploaded,
)
from tests.kit.pictures.album import halves, located, opened, png_header, saved

END = 60  # seconds after which a test that hangs is ended


async def shown(ctx: Context, data: bytes = JPEG, content_type: str = "image/jpeg") -> Image:
    """The row of an upload that a product stands on."""
    product = await make.product(ctx)
    [outcome] = await add_images(
        ctx, product.id, [NewImage(upload_id=await uploaded(ctx, data, content_type), alt="x")]
    )
    return await Image.get(id=outcome.id)


async def test_an_upload_becomes_three_sizes_at_addresses_known_from_the_start(ctx: Context) -> None:
    """P7: and the file that was sent is kept, at none."""
    image = await shown(ctx, saved(halves(2000, 1000), "PNG"), "image/png")
    assert await content_of(ctx, image.url) is None

    await develop_all(ctx)

    done = await Image.get(id=image.id)
    assert (done.url, done.alt, done.failure) == (image.url, "x", None)
    assert (done.width, done.height, done.content_type, done.warnings) == (2000, 1000, "image/png", [])
    assert done.processed_at is not None
    assert [(each["name"], each["width"], each["height"]) for each in done.sizes] == [
        ("LARGE", 1600, 800),
        ("MEDIUM", 800, 400),
        ("SMALL", 240, 120),
    ]
    assert done.sizes[0]["url"] == done.url
    assert len({each["url"] for each in done.sizes}) == 3
    for each in done.sizes:
        content = await content_of(ctx, each["url"])
        assert content is not None
        assert (len(content), each["content_type"]) == (each["bytes"], "image/webp")
        assert opened(content).size == (each["width"], each["height"])
    assert done.file_key is not None
    assert await is_kept(ctx, done.file_key)
    assert (await events_of(ctx))[-1] == (
        "ImagesChanged",
        {"product_id": str(image.product_id), "how": "processed", "image_ids": [str(image.id)]},  # type: ignore[attr-defined]
    )
    assert (await Product.all().first()).version == 2  # type: ignore[union-attr]  # the merchant changed nothing more


async def test_a_small_upload_has_the_same_file_for_two_sizes(ctx: Context) -> None:
    image = await shown(ctx, saved(halves(500, 300), "PNG"), "image/png")

    await develop_all(ctx)

    done = await Image.get(id=image.id)
    assert [each["url"] == done.url for each in done.sizes] == [True, True, False]
    assert done.warnings == ["TOO_SMALL"]


async def test_a_phones_picture_is_upright_and_does_not_say_where_it_was_taken(ctx: Context) -> None:
    image = await shown(ctx, located(6))

    await develop_all(ctx)

    done = await Image.get(id=image.id)
    assert (done.width, done.height) == (300, 400)
    for each in done.sizes:
        content = await content_of(ctx, each["url"])
        assert content is not None
        assert b"SecretPhone" not in content
        assert dict(opened(content).getexif()) == {}


@pytest.mark.parametrize(
    ("data", "content_type", "failure"),
    [
        (JPEG + b"PK\x03\x04 and a whole archive", "image/jpeg", "HAS_MORE_BEHIND"),
        (JPEG[:-100], "image/jpeg", "BROKEN"),
        (png_header(20_000, 20_000), "image/png", "TOO_MANY_PIXELS"),
        (b"\x89PNG\r\n\x1a\n<svg onload='alert(1)'/>", "image/png", "BROKEN"),
    ],
)
async def test_what_cannot_be_shown_says_why_and_is_nowhere_to_be_had(
    ctx: Context, data: bytes, content_type: str, failure: str
) -> None:
    """P7: the row stays, so that the merchant sees it."""
    image = await shown(ctx, data, content_type)

    await develop_all(ctx)

    done = await Image.get(id=image.id)
    assert (done.failure, done.sizes, done.width) == (failure, [], None)
    assert done.processed_at is not None
    assert await content_of(ctx, done.url) is None
    assert (await events_of(ctx))[-1][1]["how"] == "processed"


async def test_every_code_has_words_in_both_languages() -> None:
    codes = {
        *("TOO_SMALL", "BLURRED", "ODD_SHAPE", "LOW_CONTRAST", "NO_ALT"),
        *("NOT_A_PICTURE", "BROKEN", "HAS_MORE_BEHIND", "TOO_MANY_PIXELS", "TOO_COSTLY", "FILE_GONE", "NOT_PROCESSED"),
    }
    assert set(SENTENCES) == codes
    for code in codes:
        assert sentence_for(code).said_in("en").endswith(".")
        assert sentence_for(code).said_in("zh").endswith("。")
    assert sentence_for("NEWER_THAN_US").said_in("zh") == "NEWER_THAN_US"
    assert "50,000,000" in sentence_for("TOO_MANY_PIXELS").said_in("en")
    assert "50,000,000" in sentence_for("TOO_MANY_PIXELS").said_in("zh")


async def test_doing_it_twice_changes_nothing(ctx: Context) -> None:
    image = await shown(ctx)
    await develop_all(ctx)
    before = await catalog_of(ctx)

    assert image.file_key is not None
    await process_picture(ctx, image.file_key, finish=shop_transaction)

    assert await catalog_of(ctx) == before


async def test_every_picture_that_stands_on_the_file_gets_its_sizes(ctx: Context) -> None:
    """A copy of a product shares its files."""
    image = await shown(ctx)
    copy = await Image.create(product=await make.product(ctx), url=image.url, file_key=image.file_key)

    await develop_all(ctx)

    done, copied = await Image.get(id=image.id), await Image.get(id=copy.id)
    assert copied.sizes == done.sizes != []
    assert copied.processed_at == done.processed_at


async def test_a_file_that_is_gone_is_said_to_be(ctx: Context) -> None:
    image = await shown(ctx)
    assert image.file_key is not None
    await shop_files(ctx.shop).delete(image.file_key)

    await develop_all(ctx)

    assert (await Image.get(id=image.id)).failure == "FILE_GONE"


async def test_what_was_given_up_says_so(ctx: Context) -> None:
    image = await shown(ctx)
    assert image.file_key is not None

    async with shop_transaction():
        await give_up_picture(ctx, image.file_key)

    done = await Image.get(id=image.id)
    assert (done.failure, done.processed_at is not None) == ("NOT_PROCESSED", True)


async def test_the_workers_do_it(ctx: Context, settings: Settings, owner: asyncpg.Connection) -> None:
    """P7: from the upload to its sizes, and from the removal to nothing."""
    image = await shown(ctx)
    async with at_work(settings, ["general", "images"]):
        async with asyncio.timeout(END):
            while (done := await Image.get(id=image.id)).processed_at is None:
                await asyncio.sleep(0.02)
        assert await content_of(ctx, done.url) is not None
        assert done.file_key is not None

        await remove_images(ctx, done.product_id, [done.id])  # type: ignore[attr-defined]
        async with asyncio.timeout(END):
            while await is_kept(ctx, done.file_key) or await Upload.filter(file_key=done.file_key).exists():
                await asyncio.sleep(0.02)
    assert [await content_of(ctx, each["url"]) for each in done.sizes] == [None] * 3


# Removing -------------------------------------------------------------------------------------------------------------


async def forget_all(ctx: Context, owner: asyncpg.Connection) -> None:
    """What the workers would do."""
    for name, _, payload in await jobs_of(owner, ctx):
        if name == "catalog.forget_images":
            await forget_unused(ctx, payload["file_keys"])


async def test_pictures_are_removed_and_their_files_once_that_is_certain(
    ctx: Context, owner: asyncpg.Connection
) -> None:
    """P7."""
    image = await shown(ctx)
    await develop_all(ctx)
    done = await Image.get(id=image.id)
    [elsewhere] = await add_images(ctx, done.product_id, [NewImage(url="https://img.test/x.jpg")])  # type: ignore[attr-defined]

    outcomes = await remove_images(ctx, done.product_id, [done.id, elsewhere.id], expected_version=3)  # type: ignore[attr-defined, list-item]

    assert [each.id for each in outcomes] == [done.id, elsewhere.id]
    assert await Image.all().count() == 0
    assert await content_of(ctx, done.url) is not None
    await forget_all(ctx, owner)
    assert [await content_of(ctx, each["url"]) for each in done.sizes] == [None] * 3
    assert done.file_key is not None
    assert not await is_kept(ctx, done.file_key)
    assert await Upload.all().count() == 0
    name, news = (await events_of(ctx))[-1]
    assert (name, news["how"]) == ("ImagesChanged", "removed")
    assert sorted(news["image_ids"]) == sorted([str(done.id), str(elsewhere.id)])
    await forget_all(ctx, owner)  # twice changes nothing


async def test_a_file_stays_as_long_as_another_picture_stands_on_it(ctx: Context, owner: asyncpg.Connection) -> None:
    image = await shown(ctx)
    await develop_all(ctx)
    done = await Image.get(id=image.id)
    other = await make.product(ctx)
    copy = await Image.create(product=other, url=done.url, file_key=done.file_key, sizes=done.sizes)

    await remove_images(ctx, done.product_id, [done.id])  # type: ignore[attr-defined]
    await forget_all(ctx, owner)
    assert await content_of(ctx, done.url) is not None

    await remove_images(ctx, other.id, [copy.id])
    await forget_all(ctx, owner)
    assert await content_of(ctx, done.url) is None


async def test_a_picture_removed_while_it_was_made_leaves_nothing(ctx: Context, owner: asyncpg.Connection) -> None:
    image = await shown(ctx)
    assert image.file_key is not None
    real = shop_transaction

    def finish_late():  # type: ignore[no-untyped-def]
        """The transaction that ends the job, begun when the picture has just gone."""

        class Late:
            async def __aenter__(self) -> None:
                await remove_images(ctx, image.product_id, [image.id])  # type: ignore[attr-defined]
                await forget_all(ctx, owner)
                self.transaction = real()
                await self.transaction.__aenter__()

            async def __aexit__(self, *error: object) -> None:
                await self.transaction.__aexit__(*error)  # type: ignore[arg-type]

        return Late()

    await process_picture(ctx, image.file_key, finish=finish_late)

    assert await content_of(ctx, image.url) is None
    assert not await is_kept(ctx, image.file_key)


async def test_what_is_not_there_is_said_of_each(ctx: Context) -> None:
    product = await make.product(ctx, images=("https://img.test/a.jpg", "https://img.test/b.jpg"))
    other = await make.product(ctx, images=("https://img.test/c.jpg",))
    a, b = await images_of(product)
    [c] = await images_of(other)

    outcomes = await remove_images(ctx, product.id, [new_id(), a.id, c.id])

    assert [[each.code for each in outcome.refusals] for outcome in outcomes] == [
        ["IMAGE_NOT_FOUND"],
        [],
        ["IMAGE_NOT_FOUND"],
    ]
    assert [each.id for each in await images_of(product)] == [b.id]
    assert [each.id for each in await images_of(other)] == [c.id]


async def test_removing_what_is_not_there_changes_nothing(ctx: Context, other_ctx: Context) -> None:
    product = await make.product(ctx, images=("https://img.test/a.jpg",))
    theirs = await make.product(other_ctx, images=("https://img.test/a.jpg",))
    with open_shop(other_ctx.shop):
        [image] = await images_of(theirs)
    before, theirs_before = await catalog_of(ctx), await catalog_of(other_ctx)

    await remove_images(ctx, product.id, [new_id(), image.id])
    with pytest.raises(NoSuchProduct):
        await remove_images(ctx, theirs.id, [image.id])
    with pytest.raises(InvalidInput):
        await remove_images(ctx, product.id, [])
    with pytest.raises(ProductChanged):
        await remove_images(ctx, product.id, [new_id()], expected_version=9)

    assert await catalog_of(ctx) == before
    assert await catalog_of(other_ctx) == theirs_before


async def test_an_import_is_undone_whether_or_not_pictures_were_made_meanwhile(ctx: Context) -> None:
    """Making sizes is nobody's change; removing a picture is, and then the product is left alone."""
    first = table(("L-1", "Lamp", "5"), header=("Code", "Name", "Price"))
    second = table(("L-1", "Fine lamp", "6"), header=("Code", "Name", "Price"))
    mapping = {"sku": "Code", "title": "Name", "price": "Price"}
    await imported(ctx, first, mapping=mapping)
    product = await Product.get(title="Lamp")
    await add_images(ctx, product.id, [NewImage(upload_id=await uploaded(ctx))])
    run = await imported(ctx, second, mapping=mapping)
    await develop_all(ctx)

    await undo_import(ctx, run.id)
    assert (await run_import(ctx, run.id)).state is ImportState.UNDONE

    assert (await Product.get(id=product.id)).title == "Lamp"
    [image] = await images_of(product)
    assert await content_of(ctx, image.url) is not None
