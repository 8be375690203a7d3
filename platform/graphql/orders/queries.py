"""The orders' part of Query."""

from __future__ import annotations

from stoa.graphql.orders.types import Order
from stoa.graphql.paging import Connection
from stoa.graphql.reading.declaring import one_of, page_of, root


@root
class OrderQueries:
    """What can be asked of orders."""

    order: Order | None = one_of("One order by its id.")
    orders: Connection[Order] = page_of("The shop's orders, newest first.")
