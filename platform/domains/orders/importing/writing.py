"""Write orders: a batch of what was formed goes into the shop's tables by COPY, with all that undoing it needs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg
from tortoise.exceptions import IntegrityError

from stoa.domains import catalog, service
from stoa.domains.orders.channels import RETURNS
from stoa.domains.orders.importing.formed import Formed, Row, Setting
from stoa.domains.orders.importing.forming import form
from stoa.domains.orders.importing.gathering import FileOrder
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.importing.issues import Issue
from stoa.tenants.importing.models import ImportRun
from stoa.tenants.importing.staging import forget_written, keep_issues

KNOWN = """
SELECT channel, external_id, number, content_hash FROM sales_order
WHERE (channel = $1 AND external_id = ANY($2)) OR (channel = $3 AND external_id = ANY($4))
"""
AT_ONCE = 2_000  # rows: while they are put into the wire's form nobody else gets a turn
ORDER, CUSTOMER, IDENTITY = "order", "customer", "identity"  # the marks of what was made
ORDER_COLUMNS = (
    *("id", "channel", "external_id", "content_hash", "state", "payment_state", "fulfilment_state", "aftersale_state"),
    *("customer_id", "buyer_id", "email", "phone", "shipping_address", "billing_address", "note", "currency"),
    *("subtotal_minor", "discount_minor", "shipping_minor", "tax_minor", "tax_included", "total_minor"),
    *(
        "authorized_minor",
        "captured_minor",
        "refunded_minor",
        "waived_minor",
        "pricing",
        "tags",
        "metadata",
        "placed_at",
    ),
    *("confirmed_at", "delivered_at", "ended_at", "end_reason", "search_text", "created_at", "updated_at"),
)
LINE_COLUMNS = (
    *("id", "order_id", "position", "variant_id", "sku", "title", "variant_title", "quantity", "currency"),
    *("unit_minor", "discount_minor", "tax_minor", "total_minor", "weight_grams", "requires_shipping", "properties"),
    *("cancelled", "shipped", "delivered", "returned", "refunded", "refunded_minor", "gone_minor"),
)
TRANSITION_COLUMNS = (
    *("id", "order_id", "machine", "action", "from_state", "to_state", "actor_kind", "actor_id", "happened_at"),
)
PAYMENT_COLUMNS = (
    *("id", "order_id", "provider", "method", "state", "currency", "authorized_minor", "captured_minor"),
    *("refunded_minor", "note", "paid_at", "created_at"),
)
REFUND_COLUMNS = (
    *("id", "order_id", "case_id", "state", "currency", "amount_minor", "shipping_minor", "extra_minor", "lines"),
    *("parts", "reason", "actor_kind", "actor_id", "created_at", "settled_at"),
)
CASE_COLUMNS = (
    *("id", "order_id", "kind", "state", "reason", "lines", "currency", "refund_minor", "created_at", "ended_at"),
)
CHANGE_COLUMNS = ("id", "run_id", "product_id", "line", "mark")


async def write(ctx: Context, run: ImportRun, orders: Sequence[FileOrder]) -> None:
    """Write a batch in the open transaction (in a dry run: find out what would be written), and count it in `run`."""
    setting = await _look_around(ctx, run, orders)
    formed, issues = await asyncio.to_thread(_form, orders, setting)
    new = await _new_ones(formed, setting, issues)
    run.products_created += len(new)
    _count(run, returns=sum(each.is_return for each in new), lines=sum(len(each.lines) for each in new))
    if new and not run.dry_run:
        await _insert(run, new, setting)
    await forget_written(run.id, [each.key for each in orders])
    run.products_done += len(orders)
    await keep_issues(run, issues)


async def _look_around(ctx: Context, run: ImportRun, orders: Sequence[FileOrder]) -> Setting:
    codes = sorted({line.sku for order in orders for line in order.lines if line.sku})
    offers = await catalog.offering.offers([], codes) if codes else []
    return Setting(
        source=run.source,
        currency=ctx.shop.currency,
        offers={each.sku: each for each in offers if each.sku},
        columns=frozenset(run.mapping),
        actor=ctx.actor,
        moment=now(),
    )


def _form(orders: Sequence[FileOrder], setting: Setting) -> tuple[list[Formed], list[Issue]]:
    formed: list[Formed] = []
    issues: list[Issue] = []
    for order in orders:
        ready, odd = form(order, setting)
        formed += ready
        issues += odd
    return formed, issues


async def _new_ones(formed: Sequence[Formed], setting: Setting, issues: list[Issue]) -> list[Formed]:
    """Without those that are there: what is the same is one order; one that differs is reported, never overwritten."""
    sales = [each.known_as[1] for each in formed if not each.is_return]
    returns = [each.known_as[1] for each in formed if each.is_return]
    rows = await shop_client().execute_query_dict(KNOWN, [setting.source, sales, RETURNS, returns])
    known = {(row["channel"], row["external_id"]): row for row in rows}
    for each in formed:
        row = known.get(each.known_as)
        if row is not None and bytes(row["content_hash"] or b"") != each.order["content_hash"]:
            sentence = Sentence("Order {key} is here already as {number}, with other content, and is left as it is.")
            said = sentence.filled(key=each.key, number=row["number"])
            issues.append(Issue(each.line, "", "ORDER_DIFFERS", said, each.key, refused=True, field="order"))
    return [each for each in formed if each.known_as not in known]


async def _insert(run: ImportRun, new: Sequence[Formed], setting: Setting) -> None:
    known = await service.known_customers([each.buyer for each in new], setting.source)
    _count(run, customers=len(known.made), guests=sum(id is None for id in known.customers))
    for each, customer_id in zip(new, known.customers, strict=True):
        each.order |= {
            "customer_id": customer_id,
            "buyer_id": customer_id,
            "created_at": setting.moment,
            "updated_at": setting.moment,
        }
    # customers first: undoing goes backwards, and no customer goes before their orders
    made = [(CUSTOMER, id, 0) for id in known.made] + [(IDENTITY, id, 0) for id in known.identities]
    made += [(ORDER, each.order["id"], each.line) for each in new]
    changes = [
        {"id": new_id(), "run_id": run.id, "product_id": id, "line": line, "mark": mark} for mark, id, line in made
    ]
    for table, columns, rows in (
        ("sales_order", ORDER_COLUMNS, [each.order for each in new]),
        ("order_line", LINE_COLUMNS, _all(each.lines for each in new)),
        ("order_transition", TRANSITION_COLUMNS, _all(each.transitions for each in new)),
        ("payment", PAYMENT_COLUMNS, _all(each.payments for each in new)),
        ("aftersale_case", CASE_COLUMNS, _all(each.cases for each in new)),
        ("refund", REFUND_COLUMNS, _all(each.refunds for each in new)),
        ("import_change", CHANGE_COLUMNS, changes),
    ):
        await _copy(table, columns, rows)


def _all(parts: Iterable[list[Row]]) -> list[Row]:
    return [row for part in parts for row in part]


async def _copy(table: str, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    """In pieces. Raises `IntegrityError` when somebody else has just brought the same."""
    for start in range(0, len(rows), AT_ONCE):
        records = await asyncio.to_thread(_records, rows[start : start + AT_ONCE], columns)
        async with shop_client().acquire_connection() as connection:
            try:
                await connection.copy_records_to_table(table, records=records, columns=columns)
            except asyncpg.UniqueViolationError as error:
                raise IntegrityError(error) from error


def _records(rows: Sequence[Row], columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    return [tuple(_plain(row[column]) for column in columns) for row in rows]


def _plain(value: Any) -> Any:
    return as_json(value) if type(value) in (dict, list) else value


def _count(run: ImportRun, **made: int) -> None:
    run.made = {**run.made, **{name: run.made.get(name, 0) + count for name, count in made.items()}}
