"""Uploads are announced, sent once to a signed address, and claimed for what they are fit for."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from stoa.kit import clock
from stoa.kit.errors import InvalidInput, NotFound
from stoa.kit.ids import new_id
from stoa.settings import Settings
from stoa.tenants.context import Context, open_shop
from stoa.tenants.linking import LinkRefused
from stoa.tenants.shop_models import Upload, UploadState
from stoa.tenants.uploading import (
    AlreadyUploaded,
    NotUploaded,
    Purpose,
    StagedUpload,
    UploadBroken,
    UploadTooLarge,
    UploadUnfit,
    claim_upload,
    receive_upload,
    shop_files,
    shop_of_link,
    stage_upload,
    sweep_uploads,
)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
PICTURES = "image/avif, image/gif, image/jpeg, image/png, image/webp"


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def parts_of(path: str) -> tuple[UUID, UUID, int, str]:
    """What the HTTP route reads from the address: shop, upload, expiry and signature."""
    url = urlsplit(path)
    _, _, shop_id, upload_id = url.path.split("/")
    query = parse_qs(url.query)
    return UUID(shop_id), UUID(upload_id), int(query["expires"][0]), query["signature"][0]


async def received(
    shop_id: UUID, upload_id: UUID, *, expires: int, signature: str, body: AsyncIterator[bytes]
) -> Upload:
    """As the HTTP route does."""
    shop = await shop_of_link(shop_id, upload_id, expires=expires, signature=signature)
    with open_shop(shop):
        return await receive_upload(Context(shop), upload_id, body)


async def send(staged: StagedUpload, *body: bytes) -> Upload:
    shop_id, upload_id, expires, signature = parts_of(staged.path)
    return await received(shop_id, upload_id, expires=expires, signature=signature, body=chunks(*body))


async def uploaded(ctx: Context, content: bytes = b"sku\nA\n", content_type: str = "text/csv") -> Upload:
    return await send(await stage_upload(ctx, "file", content_type, len(content)), content)


def files_on_disk(settings: Settings, ctx: Context) -> list[Path]:
    return [path for path in (Path(settings.files) / ctx.shop.schema).rglob("*") if path.is_file()]


async def test_a_file_is_announced_sent_and_claimed(ctx: Context) -> None:
    staged = await stage_upload(ctx, "C:\\goods\\产品 list.csv", "text/csv; charset=utf-8", 12)
    assert staged.path.startswith(f"/uploads/{ctx.shop.id}/{staged.upload.id}?expires=")
    assert (staged.upload.file_name, staged.upload.content_type) == ("产品 list.csv", "text/csv")
    assert (staged.upload.state, staged.upload.file_key) == (UploadState.EXPECTED, "")

    await send(staged, b"sku,ti", b"tle\nA\n")

    upload = await claim_upload(ctx, staged.upload.id, Purpose.IMPORT)
    assert upload.state is UploadState.RECEIVED
    assert b"".join([chunk async for chunk in shop_files(ctx.shop).stream(upload.file_key)]) == b"sku,title\nA\n"


async def test_the_address_needs_no_open_shop_and_opens_the_right_one(ctx: Context, other_ctx: Context) -> None:
    staged = await stage_upload(ctx, "a.csv", "text/csv", 3)

    with open_shop(other_ctx.shop):
        await send(staged, b"abc")
        assert await Upload.all().count() == 0

    assert (await Upload.get(id=staged.upload.id)).state is UploadState.RECEIVED


@pytest.mark.parametrize(
    ("content_type", "size"), [("text/csv", 200 * 1024 * 1024 + 1), ("image/png", 20 * 1024 * 1024 + 1)]
)
async def test_too_large_a_file_is_refused_when_announced(ctx: Context, content_type: str, size: int) -> None:
    with pytest.raises(UploadTooLarge, match="is larger than"):
        await stage_upload(ctx, "a", content_type, size)

    assert await Upload.all().count() == 0
    await stage_upload(ctx, "a", content_type, size - 1)


@pytest.mark.parametrize(("content_type", "size"), [("text", 5), ("", 5), ("text/csv", 0), ("text/csv", -1)])
async def test_nonsense_is_not_announced(ctx: Context, content_type: str, size: int) -> None:
    with pytest.raises(InvalidInput):
        await stage_upload(ctx, "a", content_type, size)


async def test_more_bytes_than_announced_are_refused_while_they_come(ctx: Context, settings: Settings) -> None:
    staged = await stage_upload(ctx, "a.csv", "text/csv", 10)
    came = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal came
        while True:
            came += 4
            yield b"abcd"

    shop_id, upload_id, expires, signature = parts_of(staged.path)
    with pytest.raises(UploadTooLarge):
        await received(shop_id, upload_id, expires=expires, signature=signature, body=endless())

    assert came == 12
    assert files_on_disk(settings, ctx) == []
    assert (await Upload.get(id=upload_id)).state is UploadState.EXPECTED


async def test_a_body_that_ends_early_leaves_nothing_and_may_be_sent_again(ctx: Context, settings: Settings) -> None:
    staged = await stage_upload(ctx, "a.csv", "text/csv", 10)

    with pytest.raises(UploadBroken, match="after 4 of 10 bytes"):
        await send(staged, b"abcd")
    assert files_on_disk(settings, ctx) == []

    await send(staged, b"abcdefghij")
    assert len(files_on_disk(settings, ctx)) == 1


async def test_a_line_that_goes_dead_leaves_nothing(ctx: Context, settings: Settings) -> None:
    staged = await stage_upload(ctx, "a.csv", "text/csv", 20 * 1024 * 1024)

    async def dying() -> AsyncIterator[bytes]:
        for _ in range(12):
            yield os.urandom(1024 * 1024)
        raise ConnectionResetError

    shop_id, upload_id, expires, signature = parts_of(staged.path)
    with pytest.raises(ConnectionResetError):
        await received(shop_id, upload_id, expires=expires, signature=signature, body=dying())

    assert files_on_disk(settings, ctx) == []
    assert (await Upload.get(id=upload_id)).state is UploadState.EXPECTED


async def test_a_file_is_sent_once(ctx: Context, settings: Settings) -> None:
    staged = await stage_upload(ctx, "a.csv", "text/csv", 3)
    first = await send(staged, b"one")

    with pytest.raises(AlreadyUploaded):
        await send(staged, b"two")

    assert len(files_on_disk(settings, ctx)) == 1
    assert b"".join([chunk async for chunk in shop_files(ctx.shop).stream(first.file_key)]) == b"one"


async def test_of_two_senders_at_once_one_wins(ctx: Context, settings: Settings) -> None:
    staged = await stage_upload(ctx, "a.csv", "text/csv", 6)
    shop_id, upload_id, expires, signature = parts_of(staged.path)

    async def overtaken() -> AsyncIterator[bytes]:
        yield b"slo"
        await send(staged, b"faster")
        yield b"wer"

    with pytest.raises(AlreadyUploaded):
        await received(shop_id, upload_id, expires=expires, signature=signature, body=overtaken())

    upload = await claim_upload(ctx, upload_id, Purpose.IMPORT)
    assert len(files_on_disk(settings, ctx)) == 1
    assert b"".join([chunk async for chunk in shop_files(ctx.shop).stream(upload.file_key)]) == b"faster"


async def test_a_forged_address_is_refused(ctx: Context, other_ctx: Context, settings: Settings) -> None:
    staged = await stage_upload(ctx, "a.csv", "text/csv", 3)
    shop_id, upload_id, expires, signature = parts_of(staged.path)

    for forged in (
        (other_ctx.shop.id, upload_id, expires, signature),
        (shop_id, new_id(), expires, signature),
        (shop_id, upload_id, expires + 1, signature),
        (shop_id, upload_id, expires, signature[:-1] + ("0" if signature[-1] != "0" else "1")),
        (shop_id, upload_id, expires, ""),
        (shop_id, upload_id, expires, "é"),
    ):
        with pytest.raises(LinkRefused):
            await received(forged[0], forged[1], expires=forged[2], signature=forged[3], body=chunks(b"abc"))

    assert files_on_disk(settings, ctx) == []


async def test_an_address_is_good_for_an_hour(ctx: Context) -> None:
    staged = await stage_upload(ctx, "a.csv", "text/csv", 3)

    with clock.set_to(clock.now() + timedelta(hours=1, seconds=1)), pytest.raises(LinkRefused, match="time"):
        await send(staged, b"abc")

    await send(staged, b"abc")


async def test_what_says_it_is_an_image_must_be_one(ctx: Context, settings: Settings) -> None:
    page = b"<html><script>alert(1)</script></html>"
    staged = await stage_upload(ctx, "a.png", "image/png", len(page))

    with pytest.raises(UploadUnfit, match="is not image/png"):
        await send(staged, page[:3], page[3:])

    assert files_on_disk(settings, ctx) == []
    assert (await uploaded(ctx, PNG, "image/png")).state is UploadState.RECEIVED


async def test_an_image_is_claimed_once(ctx: Context) -> None:
    upload = await uploaded(ctx, PNG, "image/png")

    assert (await claim_upload(ctx, upload.id, Purpose.IMAGE)).file_key == upload.file_key
    with pytest.raises(UploadUnfit, match="in use already"):
        await claim_upload(ctx, upload.id, Purpose.IMAGE)

    assert (await Upload.get(id=upload.id)).state is UploadState.KEPT


async def test_a_table_may_be_claimed_again(ctx: Context) -> None:
    upload = await uploaded(ctx)

    first = await claim_upload(ctx, upload.id, Purpose.IMPORT)
    assert (await claim_upload(ctx, upload.id, Purpose.IMPORT)).file_key == first.file_key


@pytest.mark.parametrize(
    ("content", "content_type", "purpose", "fit"),
    [
        (PNG, "image/png", Purpose.IMPORT, "text/csv"),
        (b"sku\n", "text/csv", Purpose.IMAGE, PICTURES),
        (b"<svg/>", "image/svg+xml", Purpose.IMAGE, PICTURES),
    ],
)
async def test_a_file_serves_what_it_is_fit_for(
    ctx: Context, content: bytes, content_type: str, purpose: Purpose, fit: str
) -> None:
    upload = await uploaded(ctx, content, content_type)

    with pytest.raises(UploadUnfit, match="does not serve here") as refused:
        await claim_upload(ctx, upload.id, purpose)

    assert refused.value.params["fit"] == fit
    assert (await Upload.get(id=upload.id)).state is UploadState.RECEIVED


async def test_what_has_not_arrived_cannot_be_claimed(ctx: Context) -> None:
    staged = await stage_upload(ctx, "a.csv", "text/csv", 3)

    with pytest.raises(NotUploaded, match="a.csv"):
        await claim_upload(ctx, staged.upload.id, Purpose.IMPORT)
    with pytest.raises(NotFound):
        await claim_upload(ctx, new_id(), Purpose.IMPORT)


async def test_a_stranger_finds_nothing(ctx: Context, other_ctx: Context) -> None:
    upload = await uploaded(ctx)

    with open_shop(other_ctx.shop), pytest.raises(NotFound):
        await claim_upload(other_ctx, upload.id, Purpose.IMPORT)


async def test_what_was_never_used_is_swept_away(ctx: Context, settings: Settings) -> None:
    kept, unused = await uploaded(ctx, PNG, "image/png"), await uploaded(ctx)
    await claim_upload(ctx, kept.id, Purpose.IMAGE)
    await stage_upload(ctx, "never.csv", "text/csv", 3)
    assert await sweep_uploads(ctx) == 0

    with clock.set_to(clock.now() + timedelta(days=8)):
        assert await sweep_uploads(ctx) == 2

    assert [each.id for each in await Upload.all()] == [kept.id]
    assert [path.name for path in files_on_disk(settings, ctx)] == [kept.file_key.rsplit("/", 1)[-1]]
    assert unused.file_key != kept.file_key
