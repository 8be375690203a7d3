"""Exports of what a filter finds: kept as it was written, evaluated when the file is."""

from __future__ import annotations

import csv
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest

from stoa.domains.catalog.models import ExportRun, ProductStatus
from stoa.tenants.access import Scope
from stoa.tenants.context import open_shop
from tests import make
from tests.domains.catalog.exporting.shops import content_of
from tests.graphql.asking import Ask
from tests.graphql.catalog.test_exporting import START, started, worked_on


async def handles(ask: Ask, export: dict[str, Any]) -> list[str]:
    run = await worked_on(ask, export["id"])
    with open_shop(ask.ctx.shop):
        content = await content_of(ask.ctx, run)
    return [row["Handle"] for row in csv.DictReader(StringIO(content.decode()))]


async def test_what_a_filter_finds_when_the_file_is_written_is_exported(ask: Ask) -> None:
    """X7: chosen as lists choose: by fields, behind relations, and by words."""
    lamps = await make.category(ask.ctx, "Lamps")
    await make.product(ask.ctx, title="Red lamp", handle="red", category=lamps, variants=({"price_minor": 5000},))
    await make.product(ask.ctx, title="Blue lamp", handle="blue", category=lamps, status=ProductStatus.DRAFT)
    await make.product(ask.ctx, title="Cup", handle="cup")
    where = {
        "or": [
            {"status": {"in": ["DRAFT"]}},
            {"variants": {"some": {"price": {"gte": {"amount": "50.00", "currency": "EUR"}}}}},
        ],
        "category": {"name": {"eq": "Lamps"}},
        "createdAt": {"gt": "2020-01-01T00:00:00Z"},
        "not": {"title": {"startsWith": "Green"}},
    }

    export = await started(ask, format="GENERIC", where=where)
    by_words = await started(ask, format="GENERIC", where={"status": {"eq": "ACTIVE"}}, search="lamp")
    await make.product(ask.ctx, title="Late lamp", handle="late", category=lamps, status=ProductStatus.DRAFT)

    assert await handles(ask, export) == ["red", "blue", "late"]
    assert await handles(ask, by_words) == ["red"]


async def test_more_than_a_batch_is_read_page_by_page(ask: Ask) -> None:
    for i in range(205):
        await make.product(ask.ctx, title=f"Lamp {i}", handle=f"lamp-{i}", variants=({"on_hand": None},))
    await make.product(ask.ctx, title="Cup", handle="cup")

    export = await started(ask, format="GENERIC", where={"title": {"startsWith": "Lamp"}})

    assert await handles(ask, export) == [f"lamp-{i}" for i in range(205)]


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"where": {"title": None}}, ["input", "where", "title"]),
        ({"where": {"id": {"eq": "lamp"}}}, ["input", "where", "id", "eq"]),
        (
            {"where": {"category": {"not": {"id": {"in": ["prod_x"]}}}}},
            ["input", "where", "category", "not", "id", "in", "0"],
        ),
        ({"search": "x" * 501}, ["input", "search"]),
    ],
)
async def test_a_bad_filter_is_refused_at_the_door(ask: Ask, wrong: dict[str, Any], path: list[str]) -> None:
    payload = (await ask.data(START, input={"format": "GENERIC", **wrong}))["productExportStart"]

    assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [("INVALID", path)]
    with open_shop(ask.ctx.shop):
        assert await ExportRun.all().count() == 0


async def test_who_may_not_see_costs_cannot_choose_by_them(ask: Ask) -> None:
    clerk = replace(ask, ctx=await make.context(ask.ctx.shop, scopes=frozenset({Scope.CATALOG_READ})))
    where = {"variants": {"some": {"cost": {"gt": {"amount": "1.00", "currency": "EUR"}}}}}

    error = await clerk.error(START, input={"format": "GENERIC", "where": where})

    assert (error["code"], error["params"]["scope"]) == ("PERMISSION_DENIED", Scope.CATALOG_COST)
    with open_shop(ask.ctx.shop):
        assert await ExportRun.all().count() == 0
