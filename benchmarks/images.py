"""Pictures: what the processor takes to make three sizes of twelve megapixels, and whether the event loop notices."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from time import perf_counter, process_time

from PIL import Image

from benchmarks.engines import benched
from benchmarks.printing import figure
from stoa.domains.catalog import ImageDraft, ProductDraft, VariantDraft, create_product
from stoa.domains.catalog.media.processing import process_picture
from stoa.domains.catalog.models import Image as Picture
from stoa.kit.pictures.asking import developed
from stoa.tenants.connecting import connect, disconnect
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction
from stoa.tenants.provisioning import provisioner
from stoa.tenants.uploading import receive_upload, stage_upload

WIDTH, HEIGHT = 4000, 3000
TIMES, SHORT_TIMES = 20, 6
TICK = 0.001  # seconds


async def run(*, short: bool = False) -> bool:
    photo, times = _photo(), SHORT_TIMES if short else TIMES
    good = await _processor(photo, times)
    async with benched() as settings:
        await connect(settings)
        ctx = Context(await provisioner(settings).create("Bench", currency="EUR", time_zone="Europe/Berlin"))
        with open_shop(ctx.shop):
            good &= await _loop(ctx, photo, times)
        await disconnect()
    return good


async def _processor(photo: bytes, times: int) -> bool:
    """As workers do it: each picture in a fork, which tells what it took. Decoding alone beside it, in turns."""
    whole, alone = [], []
    for _ in range(times + 1):
        made = await developed(_body(photo), len(photo))
        whole.append(1000 * made.seconds[1])
        alone.append(1000 * _decoding(photo))
    took, decoding = statistics.median(whole[1:]), statistics.median(alone[1:])
    against = f"{took:.0f} ms in all; decoding alone, at half the size (draft), {decoding:.0f} ms"
    return figure("images", "sizes_beyond_decoding", took - decoding, "ms", "< 150", against)


async def _loop(ctx: Context, photo: bytes, times: int) -> bool:
    """The whole job, two at once, as a worker has them."""
    keys = [await _upload(ctx, photo) for _ in range(times)]
    start = perf_counter()
    async with _gaps() as gaps:
        for pair in zip(keys[::2], keys[1::2], strict=True):
            await asyncio.gather(*(process_picture(ctx, key, finish=shop_transaction) for key in pair))
    took = perf_counter() - start
    if await Picture.filter(processed_at=None).exists() or await Picture.filter(failure__not_isnull=True).exists():
        raise RuntimeError("Not all pictures were made.")
    figure("images", "pictures", times / took, "pictures/s", "", "two at once, from the upload to the row")
    against = f"{len(gaps)} ticks; the median gap {1000 * statistics.median(gaps):.2f} ms"
    return figure("images", "longest_gap_of_the_loop", 1000 * max(gaps), "ms", "<= 20", against)


async def _upload(ctx: Context, photo: bytes) -> str:
    """The key of a file that a product stands on."""
    upload = (await stage_upload(ctx, "photo.jpg", "image/jpeg", len(photo))).upload
    await receive_upload(ctx, upload.id, _body(photo))
    images = [ImageDraft(upload_id=upload.id)]
    product = await create_product(ctx, ProductDraft("Lantern", variants=[VariantDraft()], images=images))
    return str((await Picture.get(product_id=product.id)).file_key)


@asynccontextmanager
async def _gaps() -> AsyncIterator[list[float]]:
    """How long after the last turn a task that wants one every millisecond got its next."""
    gaps: list[float] = []

    async def tick() -> None:
        last = perf_counter()
        while True:
            await asyncio.sleep(TICK)
            last, before = perf_counter(), last
            gaps.append(last - before)

    task = asyncio.create_task(tick())
    try:
        yield gaps
    finally:
        task.cancel()


def _decoding(photo: bytes) -> float:
    """Seconds of the processor for nothing but the pixels, by the same decoder at the same scale."""
    start = process_time()
    image = Image.open(BytesIO(photo))
    image.draft(None, (1600, 1200))
    image.load()
    return process_time() - start


def _photo() -> bytes:
    """Soft shapes in three colours under a camera's noise."""
    shapes = [Image.effect_noise((WIDTH // 16, HEIGHT // 16), 80).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)]
    shapes += [Image.linear_gradient("L").resize((WIDTH, HEIGHT)), Image.radial_gradient("L").resize((WIDTH, HEIGHT))]
    noise = Image.effect_noise((WIDTH, HEIGHT), 12)
    photo, file = Image.blend(Image.merge("RGB", shapes), Image.merge("RGB", [noise] * 3), 0.25), BytesIO()
    photo.save(file, "JPEG", quality=88)
    return file.getvalue()


async def _body(photo: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(photo), 256 * 1024):
        yield photo[start : start + 256 * 1024]
