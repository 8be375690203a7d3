"""Reports from the asking to the file."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

from stoa.graphql.reporting import wishing
from stoa.graphql.reporting.registry import definition
from stoa.kit.clock import now
from stoa.kit.reporting import Format
from stoa.tenants.context import Context
from stoa.tenants.reporting.requesting import request_report
from tests import make


async def test_first(ctx: Context) -> None:
    cup = await make.sold(ctx, price_minor=1999)
    await make.order(ctx, [(cup, 2)])
    found = definition("sales_summary")
    asked = wishing.checked(found, wishing.Parameters(span=wishing.Span.THIS_MONTH))
    report = await request_report(ctx, wishing.wanted(ctx, found, Format.CSV, "en", asked, now()))
    assert report.file_name
