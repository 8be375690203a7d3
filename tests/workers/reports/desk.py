"""Where reports are asked for and made, by real workers; and how their files are read."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

from stoa.graphql.reporting import wishing
from stoa.graphql.reporting.registry import definition
from stoa.graphql.schema import schema
from stoa.kit.clock import now
from stoa.kit.languages import Locale
from stoa.kit.reporting import Format
from stoa.settings import Settings
from stoa.tenants.context import Context, open_shop
from stoa.tenants.reporting.models import Report, ReportState
from stoa.tenants.reporting.requesting import request_report
from stoa.tenants.uploading import shop_files
from stoa.workers.running import at_work

PATIENCE = 60  # seconds


@asynccontextmanager
async def worked(settings: Settings) -> AsyncIterator[None]:
    """Reports are made meanwhile."""
    schema()  # as every process at work builds it at its start
    async with at_work(settings, ["reports", "notifications", "general"]):
        yield


async def asked(
    ctx: Context, name: str, format: Format = Format.CSV, *, locale: Locale = "en", recipients: Any = (), **said: Any
) -> Report:
    """Ask for a report as the API does."""
    found = definition(name)
    parameters = wishing.checked(found, wishing.Parameters(**said))
    with open_shop(ctx.shop):
        wanted = wishing.wanted(ctx, found, format, locale, parameters, now(), recipients)
        return await request_report(ctx, wanted)


async def ended(report: Report) -> Report:
    """The report when it is over."""
    async with asyncio.timeout(PATIENCE):
        while (seen := await Report.get(id=report.id)).state is ReportState.QUEUED:
            await asyncio.sleep(0.02)
    return seen


async def content(ctx: Context, report: Report) -> bytes:
    assert report.file_key is not None, report.failure
    return b"".join([chunk async for chunk in shop_files(ctx.shop).stream(report.file_key)])


async def rows(ctx: Context, report: Report) -> list[dict[str, str]]:
    """Of a CSV file."""
    text = (await content(ctx, report)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def today(ctx: Context) -> date:
    return wishing.today_of(ctx.shop, now())
