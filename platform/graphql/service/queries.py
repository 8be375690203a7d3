"""The buyers' part of Query."""

from __future__ import annotations

from stoa.graphql.paging import Connection
from stoa.graphql.reading.declaring import one_of, page_of, root
from stoa.graphql.service.types import Customer


@root
class ServiceQueries:
    """What can be asked of the buyers."""

    customer: Customer | None = one_of("One customer by its id.")
    customers: Connection[Customer] = page_of(
        "The shop's customers, newest first; without those who turned out to be another, or were erased.",
        only="{row}.merged_into_id IS NULL AND {row}.erased_at IS NULL",
    )
