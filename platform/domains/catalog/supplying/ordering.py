"""Order from a supplier: drafts are made and changed until they are placed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from stoa.domains.catalog.changing import SAME
from stoa.domains.catalog.errors import (
    NoSuchLocation,
    NoSuchPurchase,
    NoSuchSupplier,
    PurchaseChanged,
    SupplierInactive,
)
from stoa.domains.catalog.events import PurchaseOrderCreated, PurchaseOrderEdited, PurchaseOrderPlaced
from stoa.domains.catalog.models import Location, MovementKind, PurchaseLine, PurchaseOrder, PurchaseState, Supplier
from stoa.domains.catalog.stock.moving import Move, move
from stoa.domains.catalog.supplying.drafting import (
    LineDraft,
    PurchaseChanges,
    PurchaseDraft,
    check_lines,
    lines_of,
    terms_of,
)
from stoa.domains.catalog.supplying.learning import usual_days
from stoa.domains.catalog.supplying.states import PurchaseAction, require
from stoa.domains.catalog.variants import set_what_differs
from stoa.kit import checking
from stoa.kit.clock import now
from stoa.kit.errors import blaming
from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence
from stoa.kit.money import exponent_of
from stoa.kit.text import clean_text
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

REFERENCE = "purchase_order"  # what movements of stock are for
# Until the end of the transaction nobody else in this shop takes a number, so one that is given back is taken again.
_MY_TURN = "SELECT pg_advisory_xact_lock(hashtext('purchase_order.number'), hashtext(current_schema()))"
_NEXT = "SELECT coalesce(max(number), 0) + 1 AS number FROM purchase_order"


async def create_purchase(ctx: Context, draft: PurchaseDraft) -> PurchaseOrder:
    """Draft an order. It gets the next number of the shop: there are no gaps, and none is given twice.

    Raises `NoSuchSupplier`, `SupplierInactive`, `NoSuchLocation`, `MissingScope` for costs without the right, and
    `Refusals` with all that is wrong with the lines (`QuantityUnfit`, `NoSupplierPrice`, `WrongCurrency`, ...).
    """
    check_lines(ctx, draft.lines)
    note = _note(draft.note)
    async with shop_transaction():
        supplier = await _active_supplier(draft.supplier_id)
        currency = _currency(draft.currency or supplier.currency)
        location = await location_of(draft.location_id)
        order = PurchaseOrder(id=new_id(), supplier_id=supplier.id, location_id=location.id, currency=currency)
        order.note, order.expected_on = note, draft.expected_on
        lines = await _lines(order, supplier, draft.lines, round_up=draft.round_up)
        order.number = await _next_number()
        await order.save(force_create=True)
        await PurchaseLine.bulk_create(lines)
        await publish(ctx, PurchaseOrderCreated(order.id, order.number))
    return order


async def update_purchase(
    ctx: Context, purchase_id: UUID, changes: PurchaseChanges, *, expected_version: int | None = None
) -> PurchaseOrder:
    """Change a draft and raise its version. Lines that are named take the place of all that were there.

    Raises `NoSuchPurchase`, `PurchaseStands` when it is no draft any more, `PurchaseChanged`, and what creating raises.
    """
    lines = None if changes.lines is SAME else changes.lines
    if lines is not None:
        check_lines(ctx, lines)
    columns = _columns(changes)
    async with shop_transaction():
        order = await locked_purchase(purchase_id)
        check_version(order, expected_version)
        require(order, PurchaseAction.UPDATE)
        if changes.location_id is not SAME:
            columns["location_id"] = (await location_of(changes.location_id)).id
        changed = set_what_differs(order, columns)
        if lines is not None and await _exchange_lines(order, lines, round_up=changes.round_up):
            changed.append("lines")
        if changed:
            await save(order, *(name for name in changed if name != "lines"))
            await publish(ctx, PurchaseOrderEdited(order.id, tuple(changed)))
    return order


async def place_purchase(ctx: Context, purchase_id: UUID, *, expected_version: int | None = None) -> PurchaseOrder:
    """Order it: from now on its pieces are incoming at its location.

    When no day was named, it is expected after as many days as deliveries of this supplier have usually taken, or as
    the supplier says. Raises `NoSuchPurchase`, `PurchaseChanged` and `PurchaseStands`.
    """
    async with shop_transaction():
        order = await locked_purchase(purchase_id)
        check_version(order, expected_version)
        supplier = await Supplier.get(id=order.supplier_id)  # type: ignore[attr-defined]
        lines = await PurchaseLine.filter(purchase_id=order.id).order_by("position")
        require(order, PurchaseAction.PLACE, has_lines=bool(lines), supplier_is_active=supplier.is_active)
        order.state, order.ordered_at = PurchaseState.ORDERED, now()
        order.expected_on = order.expected_on or await _expected(ctx, supplier)
        await save(order, "state", "ordered_at", "expected_on")
        await expect(ctx, order, {each.variant_id: each.quantity for each in lines})  # type: ignore[attr-defined]
        await publish(ctx, PurchaseOrderPlaced(order.id, order.number))
    return order


async def expect(ctx: Context, order: PurchaseOrder, pieces: dict[UUID, int], *, reason: str = "") -> None:
    """So many more of each variant are incoming; fewer, if negative."""
    location_id: UUID = order.location_id  # type: ignore[attr-defined]
    moves = [Move(id, location_id, MovementKind.ORDERED, incoming=count) for id, count in pieces.items() if count]
    if moves:
        await move(ctx, moves, reason=reason, reference=(REFERENCE, order.id))


async def locked_purchase(purchase_id: UUID) -> PurchaseOrder:
    missing = NoSuchPurchase("There is no such purchase order.", path=["id"])
    return await checking.locked(PurchaseOrder, purchase_id, missing, no_key=True)


def check_version(order: PurchaseOrder, expected: int | None) -> None:
    checking.check_version(
        order, expected, PurchaseChanged, Sentence("Purchase order {number}", {"number": order.number})
    )


async def save(order: PurchaseOrder, *changed: str) -> None:
    order.version += 1
    await order.save(update_fields=[*changed, "version"])


async def location_of(location_id: UUID | None) -> Location:
    """That location, or the main one. Raises `NoSuchLocation`."""
    found = Location.filter(is_main=True) if location_id is None else Location.filter(id=location_id, is_active=True)
    location = await found.get_or_none()
    if location is None:
        raise NoSuchLocation("There is no such location.", path=["location_id"])
    return location


async def _active_supplier(supplier_id: UUID) -> Supplier:
    supplier = await Supplier.get_or_none(id=supplier_id)
    if supplier is None:
        raise NoSuchSupplier("There is no such supplier.", path=["supplier_id"])
    if not supplier.is_active:
        raise SupplierInactive("Nothing is ordered from {name} any more.", path=["supplier_id"], name=supplier.name)
    return supplier


async def _lines(
    order: PurchaseOrder, supplier: Supplier, drafts: Sequence[LineDraft], *, round_up: bool
) -> list[PurchaseLine]:
    terms = await terms_of(supplier.id, supplier.name, order.currency, drafts, round_up=round_up)
    return lines_of(order.id, drafts, terms)


async def _exchange_lines(order: PurchaseOrder, drafts: Sequence[LineDraft], *, round_up: bool) -> bool:
    """Whether that made a difference."""
    supplier = await Supplier.get(id=order.supplier_id)  # type: ignore[attr-defined]
    lines = await _lines(order, supplier, drafts, round_up=round_up)
    before = await PurchaseLine.filter(purchase_id=order.id).order_by("position")
    if [_content(each) for each in before] == [_content(each) for each in lines]:
        return False
    await PurchaseLine.filter(purchase_id=order.id).delete()
    await PurchaseLine.bulk_create(lines)
    return True


def _content(line: PurchaseLine) -> tuple[Any, ...]:
    return line.variant_id, line.quantity, line.cost_minor  # type: ignore[attr-defined]


async def _next_number() -> int:
    await shop_client().execute_query(_MY_TURN)
    [row] = await shop_client().execute_query_dict(_NEXT)  # a statement of its own: it sees what was waited for
    return int(row["number"])


async def _expected(ctx: Context, supplier: Supplier) -> date | None:
    days = await usual_days(supplier.id) or supplier.lead_days
    today = now().astimezone(ZoneInfo(ctx.shop.time_zone)).date()
    return None if days is None else today + timedelta(days=days)


def _columns(changes: PurchaseChanges) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if changes.note is not SAME:
        columns["note"] = _note(changes.note)
    if changes.expected_on is not SAME:
        columns["expected_on"] = changes.expected_on
    return columns


def _note(text: str) -> str:
    with blaming("note"):
        return clean_text(text, what="note", limit=5000)


def _currency(code: str) -> str:
    with blaming("currency"):
        exponent_of(code)
    return code
