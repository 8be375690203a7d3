"""The history of things: what happened, when, and who did it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.types import Info

from stoa.domains.catalog.recalling import OF_COSTS, changes_in
from stoa.graphql.catalog.facts import Change, change_of, name_of_field
from stoa.graphql.context import GraphContext
from stoa.graphql.paging import Node
from stoa.graphql.reading.declaring import column, derived, stored
from stoa.graphql.reading.planning import REQUIRES
from stoa.kit.ids import type_id
from stoa.tenants import access
from stoa.tenants.access.scopes import Scope
from stoa.tenants.shop_models import EventRow

ACTOR_PREFIXES = {"account": "acct", "token": "tok"}


def _changes(name: str, payload: dict[str, Any], *, of_costs: bool) -> list[Change]:
    return [change_of(each) for each in changes_in(name, payload) if (each["field"] in OF_COSTS) is of_costs]


def _fields(payload: dict[str, Any]) -> list[str]:
    return [name_of_field(each) for each in payload.get("changed", ())]


def _changed(name: str, payload: dict[str, Any]) -> list[Change]:
    return _changes(name, payload, of_costs=False)


def _costs_changed(name: str, payload: dict[str, Any]) -> list[Change]:
    return _changes(name, payload, of_costs=True)


def _actor_id(kind: str, id: str | None) -> strawberry.ID | None:
    prefix = ACTOR_PREFIXES.get(kind)
    return strawberry.ID(type_id(prefix, UUID(id))) if prefix and id else None


async def _names(actors: Sequence[tuple[str, str | None]]) -> list[str | None]:
    """Of all the actors on a page, in two statements."""
    known = await access.names_of([UUID(id) for _, id in actors if id])
    return [known.get(UUID(id)) if id else "Stoa" for _, id in actors]


@stored(EventRow, prefix="evt", scope=Scope.CATALOG_READ)
class HistoryEntry(Node):
    """Something that happened, and who did it. Of a tag that was renamed or merged, the id is `tagChangeUndo`'s."""

    name: str = column("What it was, in the past tense: ProductEdited, VariantsAdded and so on.")
    happened_at: datetime = column("When.", filter=True)
    changes: list[Change] = derived(("name", "payload"), _changed, "What an edit changed; costs are told apart.")
    cost_changes: list[Change] = derived(
        ("name", "payload"), _costs_changed, "What an edit changed of costs.", scope=Scope.CATALOG_COST
    )
    changed: list[str] = derived(
        ("payload",), _fields, "Names of what was changed; also where it is not told what that was and is."
    )
    actor_kind: str = column("Who did it: account (a person), token (a program) or system (Stoa itself).")
    actor_id: strawberry.ID | None = derived(("actor_kind", "actor_id"), _actor_id, "The id of who did it.")

    @strawberry.field(
        description="The name of who did it, as it is now; null when there is no such person or program any more.",
        metadata={REQUIRES: ("actor_id",)},
    )
    async def actor_name(self, info: Info[GraphContext, None]) -> str | None:
        kind, id = self.actor_id  # type: ignore[misc]  # what the planner has read for it: kind and id
        names: DataLoader[tuple[str, str | None], str | None] = info.context.loader("actors", _names)
        return await names.load((kind, id))
