from __future__ import annotations

from datetime import timedelta

from stoa.kit.clock import now
from stoa.tenants import sweeping
from stoa.tenants.context import Context, open_shop
from stoa.tenants.jobs import Job
from stoa.tenants.models import Attempts
from stoa.tenants.shop_models import KeptAnswer, Upload
from stoa.tenants.sweeping import KEEP_ANSWERS
from stoa.tenants.uploading import stage_upload


def job_of(ctx: Context) -> Job:
    return Job(ctx.shop.id, "tenants.sweep", {}, 1, 0, 5, ctx.shop.schema)


async def kept(key: str, age: timedelta) -> None:
    await KeptAnswer.create(key=key, request_hash=b"x", answer={}, created_at=now() - age)


async def test_answers_are_kept_as_long_as_promised_and_no_longer(ctx: Context) -> None:
    await kept("old", KEEP_ANSWERS + timedelta(minutes=1))
    await kept("recent", KEEP_ANSWERS - timedelta(minutes=1))

    await sweeping.sweep_shop(ctx, job_of(ctx))

    assert await KeptAnswer.all().values_list("key", flat=True) == ["recent"]


async def test_another_shops_answers_are_not_this_shops_business(ctx: Context, other_ctx: Context) -> None:
    await kept("old", KEEP_ANSWERS * 2)

    with open_shop(other_ctx.shop):
        await sweeping.sweep_shop(other_ctx, job_of(other_ctx))

    assert await KeptAnswer.all().count() == 1


async def test_uploads_that_were_never_used_are_forgotten(ctx: Context) -> None:
    late = (await stage_upload(ctx, "late.csv", "text/csv", 10)).upload
    await stage_upload(ctx, "soon.csv", "text/csv", 10)
    await Upload.filter(id=late.id).update(expires_at=now() - timedelta(seconds=1))

    await sweeping.sweep_shop(ctx, job_of(ctx))

    assert await Upload.all().values_list("file_name", flat=True) == ["soon.csv"]


async def test_what_access_keeps_is_swept_by_a_job_of_the_platform(ctx: Context) -> None:
    await Attempts.create(key="faded", failures=1.0, last_at=now() - timedelta(days=2))
    await Attempts.create(key="fresh", failures=1.0, last_at=now())
    try:
        await sweeping.sweep_access(job_of(ctx))

        assert await Attempts.filter(key__in=["faded", "fresh"]).values_list("key", flat=True) == ["fresh"]
    finally:
        await Attempts.filter(key="fresh").delete()
