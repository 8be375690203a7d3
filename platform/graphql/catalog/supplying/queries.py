"""Supplying's part of Query."""

from __future__ import annotations

from stoa.graphql.catalog.supplying.types import PurchaseOrder, Supplier
from stoa.graphql.paging import Connection
from stoa.graphql.reading.declaring import one_of, page_of, root


@root
class SupplyingQueries:
    """What can be asked of suppliers and purchases."""

    supplier: Supplier | None = one_of("One supplier by its id.")
    suppliers: Connection[Supplier] = page_of("The shop's suppliers, by name.")
    purchase_order: PurchaseOrder | None = one_of("One purchase order by its id.")
    purchase_orders: Connection[PurchaseOrder] = page_of("The shop's purchase orders, newest first.")
