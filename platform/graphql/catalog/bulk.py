"""Changing many products in one mutation: what came of each."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from stoa.domains import catalog
from stoa.graphql.catalog.inputs import ProductUpdateInput, each_of, optional
from stoa.graphql.enums import shown_enum
from stoa.graphql.errors import UserError, user_error
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.scalars import read_id
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import type_id
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context

Policy = shown_enum(
    catalog.BulkPolicy,
    "What becomes of the good rows of a bulk change when others are refused.",
    IGNORE_FAILED="The good ones are done; each of the others says why it was not.",
    REJECT_EVERYTHING="Nothing is done, and the others say why.",
)


@strawberry.type(description="What came of one row of a bulk change.")
class BulkRow:
    index: int = strawberry.field(description="Its place in the input, from 0.")
    id: strawberry.ID = strawberry.field(description="The product.")
    changed: bool = strawberry.field(description="Whether it was changed; false too when it was so already.")
    version: int | None = strawberry.field(description="Its version now; null when it was not changed, or not counted.")
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")


@strawberry.type(description="After a bulk change. `userErrors` has those of all rows.")
class BulkPayload(Payload):
    results: list[BulkRow] | None = strawberry.field(default=None, description="One for each row, in their order.")
    succeeded: int = strawberry.field(default=0, description="How many rows were done.")

    @property
    def was_refused(self) -> bool:
        return bool(self.results) and not self.succeeded


@strawberry.input(description="Many products to be changed, each its own way.")
class ProductsBulkUpdateInput:
    products: list[ProductUpdateInput] = strawberry.field(
        description="Up to 250. Stock cannot be set here: that is done by stock's own mutations. "
        "An idempotencyKey in a row is not looked at; that beside the rows counts."
    )
    policy: Policy = optional(  # type: ignore[valid-type]
        "What becomes of the others when some are refused.", catalog.BulkPolicy.IGNORE_FAILED
    )


@shop_mutation(
    Scope.CATALOG_WRITE,
    "Change up to 250 products in one transaction, with a result for each. All rows together take the "
    "statements of one; each with a handle, options or a code in it some of its own.",
    once=True,
)
async def products_bulk_update(ctx: Context, input: ProductsBulkUpdateInput) -> BulkPayload:
    edits = each_of("products", input.products, _edit)
    policy = input.policy
    results = await catalog.update_products(ctx, edits, policy)
    return bulk_payload(results, strict=policy is catalog.BulkPolicy.REJECT_EVERYTHING)


def _edit(row: ProductUpdateInput) -> catalog.ProductEdit:
    changes = row.changes()
    for i, each in enumerate(changes.variants):
        if "on_hand" in each.named:
            raise InvalidInput("Stock cannot be set in bulk edits.", path=["variants", i, "on_hand"])
    return catalog.ProductEdit(read_id("id", row.id, "prod"), changes, row.expected_version)


def bulk_payload(results: Sequence[catalog.RowResult], *, strict: bool) -> BulkPayload:
    """`strict`: one refused row was enough for nothing to be done, and the payload says so."""
    errors = [[user_error(refusal) for refusal in each.refusals] for each in results]
    nothing_done = strict and any(errors)
    return BulkPayload(
        user_errors=[each for row in errors for each in row],
        results=[
            BulkRow(
                index=i,
                id=strawberry.ID(type_id("prod", str(each.id))),
                changed=each.changed and not nothing_done,
                version=None if nothing_done else each.version,
                user_errors=wrong,
            )
            for i, (each, wrong) in enumerate(zip(results, errors, strict=True))
        ],
        succeeded=0 if nothing_done else sum(not wrong for wrong in errors),
    )


@strawberry.type
class BulkMutations:
    """What can be done to many products at once."""

    products_bulk_update = products_bulk_update
