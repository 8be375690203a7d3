"""The examples of docs/api/reports.md work, one after the other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from stoa.graphql.reporting.registry import DEFINITIONS
from stoa.kit.clock import now
from stoa.kit.reporting import MOST_ROWS
from stoa.tenants.reporting.models import KEPT, Report
from tests import make
from tests.graphql.asking import Ask

TEXT = (Path(__file__).parents[3] / "docs" / "api" / "reports.md").read_text("utf-8")


async def run(ask: Ask, query: str, **known: str) -> Any:
    variables = {name: known[name] for name in re.findall(r"\$(\w+): (?:ID|Date)!", query)}
    data: dict[str, Any] = await ask.data(query, **variables)
    assert [each for each in data.values() if isinstance(each, dict) and each.get("userErrors")] == []
    return next(iter(data.values()))


async def test_reports_as_documented(ask: Ask) -> None:
    await make.order(ask.ctx)
    days = {"since": f"{now():%Y-%m}-01", "until": f"{now():%Y-%m}-28"}
    there_are, ask_for, look, fetch, schedule, sales = re.findall(r"```graphql\n(.*?)```", TEXT, re.DOTALL)

    names = [each["name"] for each in await run(ask, there_are)]
    report = (await run(ask, ask_for, **days))["report"]
    seen = await run(ask, look, report=report["id"])
    key = f"{ask.ctx.shop.schema}/reports/x"
    await Report.filter(shop_schema=ask.ctx.shop.schema).update(state="DONE", file_key=key)
    link = await run(ask, fetch, report=report["id"])
    arranged = (await run(ask, schedule))["reportSchedule"]
    figures = await run(ask, sales, **days)

    assert names == re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE) == list(DEFINITIONS)
    assert (seen["state"], seen["job"]) == ("QUEUED", {"state": "QUEUED", "percent": None})
    assert report["id"] in link["url"]
    assert arranged["version"] == 1
    assert [each["metric"] for each in figures["series"]] == ["TOTAL", "ORDERS"]
    for limit in MOST_ROWS.values():
        assert f"{limit:,}" in TEXT
    assert f"{KEPT.days} days" in TEXT
