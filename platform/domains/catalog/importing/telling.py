"""Tell the history of each product what an import made of it, and who ordered that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from stoa.domains.catalog.events import FieldChange, ProductImported, ProductImportUndone
from stoa.domains.catalog.importing.planned import Told
from stoa.domains.catalog.importing.snapshots import Snapshot
from stoa.domains.catalog.models import ImportRun, ProductStatus
from stoa.domains.catalog.publishing.turning import news_of_turn
from stoa.domains.catalog.recalling import bounded, changes_between, of_variant
from stoa.kit.money import Money
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.outbox import publish

_NOW = "SELECT id, status, handle FROM product WHERE id = ANY($1)"
Row = dict[str, Any]


def told_of(
    known: Snapshot, columns: Row, variants: Sequence[Row], stock: Sequence[Row], besides: Sequence[str]
) -> Told:
    """What differs between a product as it was and its rows as they will be; `besides` are fields that are told of by
    name only."""
    own = [name for name, value in columns.items() if name != "search_text" and known[name] != value]
    fields, changes = dict.fromkeys(own), changes_between(known, columns, own)
    before = {each["id"]: each for each in known["variants"]}
    on_hand = {str(each["variant_id"]): each["on_hand"] for each in stock}
    for row in variants:
        old = before.get(str(row["id"]))
        if old is None:
            fields["variants"] = None
            continue
        named = [name for name in row if name != "id" and old[name] != row[name]]
        found = changes_between(_priced(old), _priced({**old, **row}), named)
        if old["id"] in on_hand:
            found.append(FieldChange("on_hand", str(old["on_hand"]), str(on_hand[old["id"]])))
        of = of_variant(UUID(old["id"]), old["sku"] or old["title"], found)
        fields |= dict.fromkeys(each.field for each in of)
        changes += of
    return Told(known["id"], known["status"], columns["status"], [*fields, *besides], bounded(changes))


def _priced(row: Row) -> Row:
    """With prices as people read them."""
    return {
        name: Money(value, row["currency"]) if name.endswith("_minor") and value is not None else value
        for name, value in row.items()
    }


async def tell(ctx: Context, run: ImportRun, told: Sequence[Told]) -> None:
    """One line for each product, and the news of those that go on sale or off, in one statement."""
    news: list[Any] = []
    for each in told:
        product_id, before = UUID(str(each.product_id)), each.before and ProductStatus(each.before)
        news.append(ProductImported(product_id, run.id, before is None, tuple(each.changed), each.changes))
        news += news_of_turn(product_id, before or None, ProductStatus(each.after))
    await publish(ctx, *news, is_told=False)  # `ProductsImported` speaks for all of them


async def tell_undone(ctx: Context, run: ImportRun, befores: Sequence[Snapshot]) -> None:
    """That these products are about to be what they were before the run."""
    rows = await shop_client().execute_query_dict(_NOW, [[UUID(each["id"]) for each in befores]])
    now: dict[str, Row] = {str(row["id"]): row for row in rows}
    news: list[Any] = []
    for before in befores:
        current, product_id = now[before["id"]], UUID(before["id"])
        changed = [name for name in ("status", "handle") if current[name] != before[name]]
        news.append(ProductImportUndone(product_id, run.id, tuple(changes_between(current, before, changed))))
        news += news_of_turn(product_id, ProductStatus(current["status"]), ProductStatus(before["status"]))
    await publish(ctx, *news, is_told=False)
