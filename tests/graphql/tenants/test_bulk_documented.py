"""The examples of docs/api/bulk.md work, one after the other, and its lines are what files hold."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson

from stoa.kit.ids import type_id
from tests import make
from tests.graphql.asking import Ask
from tests.graphql.tenants.bulk_runs import ended, lines_of, uploaded

TEXT = (Path(__file__).parents[3] / "docs" / "api" / "bulk.md").read_text("utf-8")


async def run(ask: Ask, query: str, **known: str) -> dict[str, Any]:
    """With the variables it declares; nothing may be refused."""
    variables = {name: known[name] for name in re.findall(r"\$(\w+): ID!", query) if name in known}
    data: dict[str, Any] = await ask.data(query, **variables)
    assert [each for each in data.values() if each.get("userErrors")] == []
    return data


def told(number: int) -> list[dict[str, Any]]:
    """The lines of an example."""
    return [orjson.loads(line) for line in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)[number].splitlines()]


async def test_bulk_runs_as_documented(ask: Ask) -> None:
    cup = await make.sold(ask.ctx, price_minor=1999, sku="CUP-1")
    order = await make.order(ask.ctx, [(cup, 2)])
    product = await make.product(ask.ctx, title="Amphora")
    query, mutation, look, follow, link, cancel = re.findall(r"```graphql\n(.*?)```", TEXT, re.DOTALL)

    asked = (await run(ask, query))["bulkQueryRun"]["bulkRun"]["id"]
    await ended(ask, asked)
    assert [line.keys() for line in await lines_of(ask, asked)] == [line.keys() for line in told(0)]
    assert (await lines_of(ask, asked))[0]["id"] == type_id("ord", order.id)

    lines = [
        {"input": {**line["input"], "id": type_id("prod", product.id if number == 0 else order.id)}}
        for number, line in enumerate(told(1))
    ]
    upload = await uploaded(ask.ctx, orjson.dumps(lines[0]) + b"\n" + orjson.dumps(lines[1]) + b"\nnot json\n")
    done = (await run(ask, mutation, upload=upload))["bulkMutationRun"]["bulkRun"]["id"]
    await ended(ask, done)
    answers, examples = await lines_of(ask, done), told(2)
    assert [line.keys() for line in answers] == [line.keys() for line in examples]
    assert answers[0]["data"]["productUpdate"]["product"]["title"] == "Amphora, black-figure"
    assert answers[1]["data"]["productUpdate"]["userErrors"] == examples[1]["data"]["productUpdate"]["userErrors"]
    assert answers[2]["errors"][0]["extensions"]["code"] == examples[2]["errors"][0]["extensions"]["code"]

    seen = (await run(ask, look, run=done))["bulkRun"]
    assert (seen["state"], seen["objectCount"], seen["objectTotal"], seen["failedCount"]) == ("DONE", 3, 3, 2)
    assert follow.startswith("subscription")
    assert "/downloads/" in (await run(ask, link, run=done))["bulkRunLink"]["url"]
    waiting = (await run(ask, query))["bulkQueryRun"]["bulkRun"]["id"]
    assert (await run(ask, cancel, run=waiting))["bulkRunCancel"]["bulkRun"]["state"] == "CANCELLED"
