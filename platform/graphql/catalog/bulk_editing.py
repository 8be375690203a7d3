"""Changing all products that a filter finds: the types, inputs, payloads, queries, mutations, the subscription."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

import msgspec
import strawberry
from strawberry.types import Info

from stoa.domains.catalog import bulk_editing, models
from stoa.domains.catalog.choosing import Chosen
from stoa.graphql.catalog.choosing import plain
from stoa.graphql.catalog.exporting import Where
from stoa.graphql.catalog.facts import Change, change_of
from stoa.graphql.catalog.inputs import MetadataInput, each_of, given, metadata, optional
from stoa.graphql.catalog.merchandising.rows import same_twice
from stoa.graphql.catalog.pricing import PriceKind
from stoa.graphql.catalog.types import ProductStatus
from stoa.graphql.context import GraphContext
from stoa.graphql.enums import shown_enum
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.paging import Connection, Node
from stoa.graphql.reading.declaring import (
    column,
    derived,
    fetched,
    many,
    one_of,
    page_of,
    root,
    stored,
    streamed,
)
from stoa.graphql.saying import said_now
from stoa.graphql.scalars import MoneyInput, read_id
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.ids import type_id
from stoa.tenants.access import Scope
from stoa.tenants.context import Context
from stoa.tenants.live import listen

State = shown_enum(
    models.BulkEditState,
    "How far a bulk edit is.",
    name="ProductBulkEditState",
    QUEUED="Waiting for its turn.",
    RUNNING="At work.",
    UNDOING="Putting back what it changed.",
    DONE="Ended well.",
    FAILED="Given up; what it has done stays, and can be undone.",
    CANCELLED="Ended by somebody; what it has done stays, and can be undone.",
    UNDONE="Put back after it had ended.",
)
Outcome = shown_enum(
    models.BulkEditOutcome,
    "What became of a product in a bulk edit.",
    name="ProductBulkEditOutcome",
    CHANGED="It was changed; in a dry run, it would be.",
    REFUSED="It was not, and `message` says why.",
    RESTORED="It was changed, and put back.",
    LEFT="It was changed and, since it has changed again, not put back.",
)


@stored(models.BulkEditRow, prefix="ber", scope=Scope.CATALOG_READ)
class ProductBulkEditRow(Node):
    """What became of one product in a bulk edit. Of those that were so already there are no rows."""

    product_id: strawberry.ID = column(
        "The product, which may be deleted by now.", convert=lambda id: strawberry.ID(type_id("prod", id))
    )
    title: str = column("Its title then.")
    outcome: Outcome = column("What became of it.", filter=True)  # type: ignore[valid-type]
    code: str | None = column("Why it was refused or left, for programs.", filter=True)
    message: str | None = column("Why it was refused or left, in words.", convert=said_now)
    changes: list[Change] = column(
        "What was and is, or would be. Of costs it says that they change, and not what they are.",
        convert=lambda kept: [change_of(each) for each in kept],
    )


@stored(models.BulkEdit, prefix="bed", scope=Scope.CATALOG_READ)
class ProductBulkEdit(Node):
    """A change to all the products that a filter finds: how far it is, and what came of it."""

    state: State = column("How far it is.", filter=True)  # type: ignore[valid-type]
    dry_run: bool = column("Whether it only tells what it would do: then the first hundred have rows.")
    percent: int = derived(
        ("state", "products_done", "products_total"), models.percent_edited, "Of the work in hand, 0 to 100."
    )
    failure: str | None = column("Why it failed, in words.", convert=said_now)
    products_total: int = column("Products chosen, as they were counted when it began.")
    products_done: int = column("Products looked at so far.")
    products_changed: int = column("Products changed (or that would be, in a dry run).")
    products_refused: int = column("Products that could not be changed; each has a row that says why.")
    products_restored: int = column("Products put back by undoing.")
    rows: Connection[ProductBulkEditRow] = many("What became of each product.", filter=True)
    created_at: datetime = column("When it was asked for.")
    started_at: datetime | None = column("When it began.")
    finished_at: datetime | None = column("When it ended.")


@strawberry.input(
    description="How a price changes: by `percent` or by `amount`. It is exact: the result is rounded once, half up, "
    "to the currency's minor unit or to a multiple of `roundTo`; then `less` is taken off. Where there is no price, "
    "there is none afterwards; a product of which one would fall below zero is refused."
)
class PriceRuleInput:
    price: PriceKind = strawberry.field(description="Which price; COST needs `catalog:cost`.")
    percent: str | None = optional('By how many percent, as a decimal such as "-12.5"; -100 to 10,000.')
    amount: MoneyInput | None = optional("By how much, in the shop's currency; less than nothing lowers it.")
    round_to: MoneyInput | None = optional("The result is a multiple of this, e.g. 0.05 or 1.00.")
    less: MoneyInput | None = optional("Taken off at the end: 0.01 makes 19.99 of 20.00.")

    def read(self, currency: str) -> bulk_editing.PriceRule:
        to = _minor("round_to", self.round_to, currency)
        return bulk_editing.PriceRule(
            kind=models.PriceKind(self.price),
            percent=None if self.percent is None else _percent(self.percent),
            amount=_minor("amount", self.amount, currency),
            to=1 if to is None else to,
            less=_minor("less", self.less, currency) or 0,
        )


def _minor(name: str, given: MoneyInput | None, currency: str) -> int | None:
    with blaming(name):
        return None if given is None else bulk_editing.minor_of(given.read(), currency)


def _percent(text: str) -> Decimal:
    try:
        return Decimal(text.strip()[:40])
    except InvalidOperation:
        raise InvalidInput("{text!r} is not a number.", path=["percent"], text=text[:40]) from None


@strawberry.input(description="Values of an attribute that is a facet.")
class BulkAttributeInput:
    key: str = strawberry.field(description="The attribute's key.")
    values: list[str] = strawberry.field(description="In place of those a product has; none takes them away.")


@strawberry.input(description="What is changed of each product; what is left out stays.")
class ProductBulkChangesInput:
    status: ProductStatus | None = optional("What goes on sale so must be ready to, as for `productPublish`.")
    vendor: str | None = optional("Who makes it.")
    category_id: strawberry.ID | None = given("The shelf it stands on; null takes it off.")
    add_tags: list[str] = strawberry.field(default_factory=list, description="Tags to put on it, 50 at most.")
    remove_tags: list[str] = strawberry.field(default_factory=list, description="Tags to take off it, 50 at most.")
    prices: list[PriceRuleInput] = strawberry.field(
        default_factory=list, description="How its variants' prices change."
    )
    attributes: list[BulkAttributeInput] = strawberry.field(default_factory=list, description="Values of facets.")
    metadata: list[MetadataInput] = strawberry.field(
        default_factory=list, description="Values of attributes that are no facets; those not named stay."
    )

    def order(self, currency: str) -> bulk_editing.Order:
        same_twice("attributes", [each.key for each in self.attributes])
        return bulk_editing.Order(
            status=None if self.status is None else models.ProductStatus(self.status),
            vendor=self.vendor,
            category_id=self._category(),
            add_tags=tuple(self.add_tags),
            remove_tags=tuple(self.remove_tags),
            prices=tuple(each_of("prices", self.prices, lambda each: each.read(currency))),
            attributes={each.key: tuple(each.values) for each in self.attributes},
            metadata=metadata(self.metadata) or {},
        )

    def _category(self) -> Any:
        if self.category_id is strawberry.UNSET:
            return msgspec.UNSET
        return None if self.category_id is None else read_id("category_id", self.category_id, "cat")


@strawberry.input(description="Which products are to be changed, and what of them.")
class ProductBulkEditStartInput:
    where: Where | None = optional("Those that meet this when it comes to them, as `products` takes it.")
    search: str | None = optional("Those that `products(search:)` would find then.")
    everything: bool = optional("Really all products: needed when there is neither `where` nor `search`.", False)
    changes: ProductBulkChangesInput = strawberry.field(description="What is changed of each.")
    dry_run: bool = optional("Only tell what would be done: how many, and the first hundred before and after.", False)

    def chosen(self) -> Chosen:
        return Chosen(where=None if self.where is None else plain(self.where), search=self.search)


@strawberry.input(description="Which bulk edit is meant.")
class ProductBulkEditRefInput:
    id: strawberry.ID = strawberry.field(description="The bulk edit's id.")


@root
class ProductBulkEditPayload(Payload):
    """A bulk edit after a mutation."""

    product_bulk_edit: ProductBulkEdit | None = fetched("The bulk edit as it is now; null when there are errors.")


@shop_mutation(
    Scope.CATALOG_WRITE,
    "Change all the products that a filter finds; it runs in the background, 200 products at a time. Each is changed "
    "or refused by itself; prices of cost need `catalog:cost`.",
    once=True,
)
async def product_bulk_edit_start(ctx: Context, input: ProductBulkEditStartInput) -> ProductBulkEditPayload:
    with blaming("changes"):
        order = input.changes.order(ctx.shop.currency)
    run = await bulk_editing.start_bulk_edit(
        ctx, input.chosen(), order, everything=input.everything, dry_run=input.dry_run
    )
    return ProductBulkEditPayload.of(product_bulk_edit=run.id)


@shop_mutation(
    Scope.CATALOG_WRITE,
    "End a bulk edit before its end; what it has done stays, and can be undone. Twice changes nothing.",
)
async def product_bulk_edit_cancel(ctx: Context, input: ProductBulkEditRefInput) -> ProductBulkEditPayload:
    run = await bulk_editing.cancel_bulk_edit(ctx, read_id("id", input.id, "bed"))
    return ProductBulkEditPayload.of(product_bulk_edit=run.id)


@shop_mutation(
    Scope.CATALOG_WRITE,
    "Put back what a bulk edit changed. What somebody changed since stays, and its row says so. Twice changes nothing.",
)
async def product_bulk_edit_undo(ctx: Context, input: ProductBulkEditRefInput) -> ProductBulkEditPayload:
    run = await bulk_editing.undo_bulk_edit(ctx, read_id("id", input.id, "bed"))
    return ProductBulkEditPayload.of(product_bulk_edit=run.id)


@root
class BulkEditQueries:
    """What can be asked of bulk edits."""

    product_bulk_edit: ProductBulkEdit | None = one_of("One bulk edit by its id.")
    product_bulk_edits: Connection[ProductBulkEdit] = page_of("The shop's bulk edits, newest first.", order=("-id",))


@strawberry.type
class BulkEditMutations:
    """What can be done with bulk edits."""

    product_bulk_edit_start = product_bulk_edit_start
    product_bulk_edit_cancel = product_bulk_edit_cancel
    product_bulk_edit_undo = product_bulk_edit_undo


@streamed(
    Scope.CATALOG_READ, "How a bulk edit gets on: at once, at every step, and when it has ended; then it completes."
)
async def product_bulk_edit_progress(
    info: Info[GraphContext, None], id: Annotated[strawberry.ID, strawberry.argument(description="The bulk edit's id.")]
) -> AsyncGenerator[ProductBulkEdit | None, None]:
    ctx = info.context.require(Scope.CATALOG_READ, "productBulkEditProgress")
    run_id: UUID = read_id("id", id, "bed")
    async with listen(ctx.shop, f"bulk_edit:{run_id}") as stream:
        is_over = False
        while not is_over:
            is_over = await bulk_editing.has_ended(run_id)  # before it is read: so the end itself is always told
            yield run_id  # type: ignore[misc]  # the planner makes a ProductBulkEdit of it
            if not is_over and await anext(stream, None) is None:
                return  # the process ends; the client will ask again elsewhere


@strawberry.type
class BulkEditSubscriptions:
    """What can be watched of bulk edits."""

    product_bulk_edit_progress = product_bulk_edit_progress
