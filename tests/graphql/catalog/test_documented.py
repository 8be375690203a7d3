"""The examples of docs/api/catalog.md work, one after the other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from stoa.domains import catalog
from stoa.domains.catalog.bulk_editing import run_bulk_edit
from stoa.kit.ids import parse_type_id, type_id
from stoa.tenants.context import open_shop
from tests import make
from tests.domains.catalog.supplying.books import stock_of, variants_of
from tests.graphql.asking import Ask

TEXT = (Path(__file__).parents[3] / "docs" / "api" / "catalog.md").read_text("utf-8")


def examples(start: str) -> list[str]:
    """The examples from this heading on."""
    return re.findall(r"```graphql\n(.*?)```", TEXT[TEXT.index(start) :], re.DOTALL)


async def run(ask: Ask, query: str, known: dict[str, str]) -> dict[str, Any]:
    """With the variables it declares; nothing may be refused."""
    variables = {name: known[name] for name in re.findall(r"\$(\w+): ID!", query)}
    data: dict[str, Any] = await ask.data(query, **variables)
    assert [each for each in data.values() if each.get("userErrors")] == []
    return data


async def test_supplying_as_documented(ask: Ask) -> None:
    supplier, [cup] = await make.supplier(ask.ctx), await variants_of(ask.ctx, 1)
    known = {"supplier": type_id("sup", supplier.id), "variant": type_id("var", cup.id)}
    price, create, place, receive, lead = examples("## Suppliers and what they ask")[:5]

    await run(ask, price, known)
    order = (await run(ask, create, known))["purchaseOrderCreate"]["purchaseOrder"]
    known |= {"order": order["id"], "line": order["lines"]["nodes"][0]["id"]}
    await run(ask, place, known)
    received = (await run(ask, receive, known))["purchaseOrderReceive"]
    learned = await run(ask, lead, known)

    assert (order["number"], order["total"]["amount"], order["lines"]["nodes"][0]["quantity"]) == (1, "108.00", 24)
    [landed] = received["receipt"]["landed"]
    assert (landed["total"]["amount"], landed["perPiece"]["amount"]) == ("53.00", "5.30")
    assert await stock_of(cup) == (10, 1, 14)
    assert learned["supplier"]["leadTime"] == {"days": 0.0, "p90": 0.0, "observations": 1}


async def test_histories_as_documented(ask: Ask) -> None:
    [cup] = await variants_of(ask.ctx, 1)
    change = catalog.VariantChanges(cup.id, sku="CUP-9")
    product_id = (await cup.product).id
    await catalog.update_product(ask.ctx, product_id, catalog.ProductChanges(variants=(change,)))

    found = await run(ask, examples("## Who did what")[0], {"variant": type_id("var", cup.id)})

    newest = found["variant"]["product"]["history"]["nodes"][0]
    assert (newest["name"], newest["actorName"], newest["changed"]) == (
        "ProductEdited",
        ask.ctx.actor.name,
        ["variants.sku"],
    )
    assert newest["changes"] == [{"field": "variants.sku", "old": cup.sku, "new": "CUP-9", "label": "CUP-9"}]


async def test_bulk_edits_as_documented(ask: Ask) -> None:
    await make.product(ask.ctx, title="Lamp", vendor="Hearth & Co")
    start, one, undo, export = examples("## Changing all that a filter finds")[:4]

    edit = (await run(ask, start, {}))["productBulkEditStart"]["productBulkEdit"]
    again = (await run(ask, start, {}))["productBulkEditStart"]["productBulkEdit"]
    with open_shop(ask.ctx.shop):
        await run_bulk_edit(ask.ctx.as_system(), parse_type_id(edit["id"], "bed"))
    seen = (await run(ask, one, {"edit": edit["id"]}))["productBulkEdit"]
    undoing = (await run(ask, undo, {"edit": edit["id"]}))["productBulkEditUndo"]["productBulkEdit"]
    exported = (await run(ask, export, {}))["productExportStart"]["productExport"]

    assert (edit["state"], again) == ("QUEUED", edit)
    assert (seen["productsChanged"], seen["productsRefused"]) == (1, 0)
    [row] = seen["rows"]["nodes"]
    assert row["changes"][-1] == {"field": "variants.price", "old": "19.99", "new": "17.99"}
    assert (undoing["state"], exported["state"]) == ("UNDOING", "QUEUED")
