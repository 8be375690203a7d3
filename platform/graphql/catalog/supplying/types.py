"""Suppliers, their prices, purchase orders and receipts."""

from __future__ import annotations

from datetime import datetime

from stoa.domains.catalog import models
from stoa.domains.catalog.supplying import learning
from stoa.graphql.catalog.recalling import HistoryEntry
from stoa.graphql.catalog.stock.types import Location
from stoa.graphql.catalog.supplying.shapes import (
    NEWEST_PRICE,
    LandedLine,
    LeadTime,
    PurchaseState,
    PurchaseTransition,
    ReceiptCost,
    ReceiptLine,
    SpreadBy,
    landed_lines,
    lead_time,
    receipt_costs,
    receipt_lines,
    shown_money,
    transitions,
)
from stoa.graphql.catalog.types.products import Variant
from stoa.graphql.paging import Connection, Node
from stoa.graphql.reading.declaring import amount, column, computed, derived, many, stored, to_one
from stoa.graphql.scalars import Money
from stoa.tenants.access.scopes import Scope
from stoa.tenants.shop_models import EventRow

TOTAL = (
    "SELECT json_build_array(coalesce(sum(l.quantity * l.cost_minor), 0)::bigint, {row}.currency) "
    "FROM purchase_line l WHERE l.purchase_id = {row}.id"
)
FACTS = (
    "json_build_array({row}.state, EXISTS (SELECT FROM purchase_line l WHERE l.purchase_id = {row}.id), "
    "(SELECT s.is_active FROM supplier s WHERE s.id = {row}.supplier_id))"
)
OUTSTANDING = (
    "SELECT CASE WHEN p.state IN ('ORDERED', 'PART_RECEIVED') THEN greatest({row}.quantity - {row}.received, 0) "
    "ELSE 0 END FROM purchase_order p WHERE p.id = {row}.purchase_id"
)


@stored(models.Supplier, prefix="sup", scope=Scope.CATALOG_READ, search="search_text", order=("name_key",))
class Supplier(Node):
    """Who sells to the shop."""

    name: str = column("Unique in the shop.", filter=True, searched=True)
    currency: str = column("In which they are paid, unless an order says otherwise.")
    email: str = column("Where orders go; may be empty.", searched=True)
    phone: str = column("May be empty.", searched=True)
    note: str = column("For the shop alone.")
    lead_days: int | None = column("Days from order to delivery, as they say.")
    lead_time: LeadTime | None = computed(
        learning.OF_SUPPLIER, "Days as they have been; null while nothing has come.", convert=lead_time
    )
    is_active: bool = column("Whether anything is ordered there.", filter=True)
    prices: Connection[SupplierPrice] = many(
        "What they ask now, by variant.", order=("-variant_id", "-since"), only=NEWEST_PRICE
    )
    price_history: Connection[SupplierPrice] = many(
        "What they ask and have asked, by variant and newest first.", by="prices", order=("-variant_id", "-since")
    )
    purchase_orders: Connection[PurchaseOrder] = many("What was ordered there.", by="purchases", order=("-id",))
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")
    created_at: datetime = column("When it was made.")
    history: Connection[HistoryEntry] = many(
        "What happened to it, the newest first.", order=("-id",), across=(EventRow, "subject_id")
    )


@stored(models.SupplierPrice, prefix="spr", scope=Scope.CATALOG_READ, order=("variant_id", "since"))
class SupplierPrice(Node):
    """What a supplier asks for a variant, from a moment until they ask something else."""

    supplier: Supplier = to_one("Who asks it.", filter=True)
    variant: Variant = to_one("For what.", filter=True)
    supplier_code: str = column("What they call it; may be empty.", filter=True)
    price: Money = amount("minor", "For a piece.", scope=Scope.CATALOG_COST)
    minimum_quantity: int = column("The least they sell at once.")
    pack_size: int = column("They sell whole packs of so many pieces.")
    since: datetime = column("From when on.")


@stored(models.PurchaseOrder, prefix="po", scope=Scope.CATALOG_READ, order=("-id",))
class PurchaseOrder(Node):
    """What was ordered from a supplier, to be brought to a location."""

    number: int = column("Counts up in the shop, without gaps.", filter=True, sort=True)
    supplier: Supplier = to_one("Who is to bring it.", filter=True)
    location: Location = to_one("Where it is brought to.")
    state: PurchaseState = column("How far it is.", filter=True)
    available_transitions: list[PurchaseTransition] = computed(
        FACTS, "What can be done with it now, and why the rest cannot.", convert=transitions
    )
    currency: str = column("Of its costs.")
    total: Money = computed(
        TOTAL,
        "What was ordered comes to.",
        scope=Scope.CATALOG_COST,
        convert=lambda pair: shown_money(*pair),
    )
    note: str = column("For the shop, or for the supplier.")
    lines: Connection[PurchaseLine] = many("What was ordered.", order=("position",))
    receipts: Connection[Receipt] = many("What has come, delivery by delivery.", order=("id",))
    ordered_at: datetime | None = column("When it was placed.")
    expected_on: str | None = column("The day it is expected, as 2026-11-22, in the shop's time zone.")
    ended_at: datetime | None = column("When all had come, or it was closed or cancelled.")
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")
    created_at: datetime = column("When it was made.")
    history: Connection[HistoryEntry] = many(
        "What happened to it, the newest first.", order=("-id",), across=(EventRow, "subject_id")
    )


@stored(models.PurchaseLine, prefix="pol", scope=Scope.CATALOG_READ)
class PurchaseLine(Node):
    """So many of a variant on a purchase order."""

    purchase_order: PurchaseOrder = to_one("The order it stands on.", by="purchase", filter=True)
    variant: Variant = to_one("What.")
    quantity: int = column("How many were ordered.")
    received: int = column("How many have come, damaged ones among them; more than were ordered, if that was said.")
    outstanding: int = computed(OUTSTANDING, "How many are on their way; these are `incoming` in stock.")
    cost: Money = amount("cost_minor", "For a piece.", scope=Scope.CATALOG_COST)
    position: int = column("Its place on the order, from 0.")


@stored(models.Receipt, prefix="rec", scope=Scope.CATALOG_READ)
class Receipt(Node):
    """A delivery on a purchase order."""

    purchase_order: PurchaseOrder = to_one("What it was part of.", by="purchase")
    reference: str = column("The delivery note's number or the like; may be empty.")
    quantity: int = column("How many pieces came in all.")
    lines: list[ReceiptLine] = derived(("lines",), receipt_lines, "What came, line by line.")
    costs: list[ReceiptCost] = derived(
        ("costs", "currency"), receipt_costs, "What it cost beyond the goods.", scope=Scope.CATALOG_COST
    )
    landed: list[LandedLine] = derived(
        ("lines", "currency"), landed_lines, "What its lines came to.", scope=Scope.CATALOG_COST
    )
    spread_by: SpreadBy = column("What the costs were spread by.")
    exchange_rate: str | None = column(
        "How much of the shop's currency one of the order's was; null when the order's own is used.",
        scope=Scope.CATALOG_COST,
    )
    received_at: datetime = column("When it came.")
