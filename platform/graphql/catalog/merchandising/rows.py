"""Mutations of several products at once, as GraphQL answers them: what became of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import strawberry

from stoa.domains.catalog.merchandising import RowResult
from stoa.graphql.errors import UserError, user_error
from stoa.graphql.mutations import Payload
from stoa.graphql.scalars import read_id
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.ids import type_id


@strawberry.type(description="What became of one product of a mutation of several.")
class ProductRow:
    index: int = strawberry.field(description="Its place in the input, from 0.")
    id: strawberry.ID = strawberry.field(description="The product.")
    product_id: strawberry.ID = strawberry.field(
        description="The product.", deprecation_reason="It is `id`, as in all mutations of several things."
    )
    changed: bool = strawberry.field(description="Whether it was changed; false too when it was so already.")
    user_errors: list[UserError] = strawberry.field(description="Why it was not changed; empty when that is no error.")


@strawberry.type(description="What a mutation of several products answers. `userErrors` has those of all rows.")
class RowsPayload(Payload):
    results: list[ProductRow] | None = strawberry.field(
        default=None, description="What became of each product, in the order asked for; null when all was refused."
    )
    succeeded: int = strawberry.field(default=0, description="How many rows were done, or were so already.")

    @property
    def was_refused(self) -> bool:
        return bool(self.results) and all(row.user_errors for row in self.results or ())


def read_products(ids: Iterable[str], *, at: str = "product_ids") -> list[UUID]:
    """The products that an input names. Raises `InvalidInput` that blames the one in the way."""
    with blaming(at):
        return [read_id(i, each, "prod") for i, each in enumerate(ids)]


def answered(results: Iterable[RowResult], payload: type[RowsPayload] = RowsPayload, **more: Any) -> Any:
    rows = [_row(index, each) for index, each in enumerate(results)]
    errors = [error for row in rows for error in row.user_errors]
    succeeded = sum(not row.user_errors for row in rows)
    return payload(results=rows, succeeded=succeeded, user_errors=errors, **more)


def _row(index: int, result: RowResult) -> ProductRow:
    errors = [user_error(refusal) for refusal in result.refusals]
    id = strawberry.ID(type_id("prod", str(result.id)))
    return ProductRow(index=index, id=id, product_id=id, changed=result.changed, user_errors=errors)


def same_twice(what: str, keys: list[str]) -> None:
    """Refuse an input in which one thing is named twice."""
    for i, key in enumerate(keys):
        if key in keys[:i]:
            raise InvalidInput("{key} is named twice.", path=[what, i], key=key[:60])
