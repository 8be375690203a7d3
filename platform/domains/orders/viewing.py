"""Views that are saved: a list of orders as somebody wants to see it again, their own or everybody's.

Who may only look at orders has views of their own; everybody's are for those who work on orders.

What may be filtered and ordered by, the API knows, which stands above: it leaves a checker here when its schema is
built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from stoa.domains.catalog import SAME, Same
from stoa.domains.orders.errors import NoSuchView, TooManyViews, ViewChanged
from stoa.domains.orders.events import SavedViewCreated, SavedViewDeleted, SavedViewEdited
from stoa.domains.orders.models import SavedView
from stoa.kit.checking import check_version
from stoa.kit.errors import InvalidInput
from stoa.kit.text import clean_line
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

ORDERS, MAX_VIEWS, MAX_BYTES = "ORDERS", 200, 10_000
# What `orders` takes: {"where": {...}, "orderBy": [...], "search": "..."}. Raises `InvalidInput` of what it does not.
Checker = Callable[[Mapping[str, Any]], None]
_checkers: list[Checker] = []
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' saved views', 0))"


def check_views_with(checker: Checker) -> None:
    """From now on the queries of views are checked so."""
    _checkers[:] = [checker]


@dataclass(frozen=True, slots=True)
class ViewDraft:
    """`query` is as the API's JSON has it: ``{"where", "orderBy", "search"}``, what is not said left out."""

    name: str
    query: Mapping[str, Any]
    is_shared: bool = False
    position: int = 0


@dataclass(frozen=True, slots=True)
class ViewChanges:
    name: str | Same = SAME
    query: Mapping[str, Any] | Same = SAME
    is_shared: bool | Same = SAME
    position: int | Same = SAME


async def create_view(ctx: Context, draft: ViewDraft) -> SavedView:
    """Save it, one's own or everybody's.

    Raises `InvalidInput` that blames a part of the query, `TooManyViews`, and `MissingScope` for everybody's when the
    caller may not change orders.
    """
    changes = ViewChanges(draft.name, draft.query, draft.is_shared, draft.position)
    columns = _checked(ctx, changes)
    async with shop_transaction():
        await shop_client().execute_query(_ONE_AT_A_TIME)
        if await views_of(ctx).count() >= MAX_VIEWS:
            raise TooManyViews("There are {limit} views already.", limit=MAX_VIEWS)
        row = await SavedView.create(subject=ORDERS, **columns)
        await publish(ctx, SavedViewCreated(row.id, row.name))
    return row


async def update_view(
    ctx: Context, view_id: UUID, changes: ViewChanges, *, expected_version: int | None = None
) -> SavedView:
    """Raises `NoSuchView`, also for another's own one, `ViewChanged`, and what creating raises."""
    columns = _checked(ctx, changes)
    async with shop_transaction():
        row = await _locked(ctx, view_id)
        check_version(row, expected_version, ViewChanged, row.name)
        changed = [name for name, value in columns.items() if getattr(row, name) != value]
        if changed:
            row.update_from_dict({name: columns[name] for name in changed})
            row.version += 1
            await row.save(update_fields=[*changed, "version"])
            await publish(ctx, SavedViewEdited(row.id, tuple(changed)))
    return row


async def delete_view(ctx: Context, view_id: UUID) -> None:
    async with shop_transaction():
        row = await _locked(ctx, view_id)
        await row.delete()
        await publish(ctx, SavedViewDeleted(row.id, row.name))


def views_of(ctx: Context) -> QuerySet[SavedView]:
    """Those that the caller sees: their own, and everybody's."""
    return SavedView.filter(Q(owner_id=ctx.actor.id) | Q(owner_id__isnull=True), subject=ORDERS)


async def views(ctx: Context) -> list[SavedView]:
    """In their order; there are not many."""
    return await views_of(ctx).order_by("position", "name", "id").limit(MAX_VIEWS)


async def _locked(ctx: Context, view_id: UUID) -> SavedView:
    row = await views_of(ctx).filter(id=view_id).select_for_update().first()
    if row is None:
        raise NoSuchView("There is no such view.", path=["id"])
    if row.owner_id is None:
        ctx.require(Scope.ORDERS_WRITE)
    return row


def _checked(ctx: Context, changes: ViewChanges) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if not isinstance(changes.name, Same):
        columns["name"] = clean_line(changes.name, what="name", limit=120)
    if not isinstance(changes.query, Same):
        columns["query"] = _checked_query(changes.query)
    if changes.is_shared is True:
        ctx.require(Scope.ORDERS_WRITE)
    if not isinstance(changes.is_shared, Same):
        columns["owner_id"] = None if changes.is_shared else ctx.actor.id
    if not isinstance(changes.position, Same):
        if not 0 <= changes.position <= 10_000:
            raise InvalidInput("{position} is no place in a list.", path=["position"], position=changes.position)
        columns["position"] = changes.position
    return columns


def _checked_query(query: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in query.items() if value is not None}
    if len(msgspec.json.encode(kept)) > MAX_BYTES:
        raise InvalidInput("The filter is longer than {limit:,} letters.", path=["where"], limit=MAX_BYTES)
    for check in _checkers:
        check(kept)
    return kept
