"""The history of things: what happened, when, and who did it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from stoa.domains.catalog.recalling import OF_COSTS, changes_in
from stoa.graphql.actors import Acted, shown_actor
from stoa.graphql.catalog.facts import Change, change_of, name_of_field
from stoa.graphql.paging import Node
from stoa.graphql.reading.declaring import column, derived, stored
from stoa.tenants.access.scopes import Scope
from stoa.tenants.shop_models import EventRow


def _changes(name: str, payload: dict[str, Any], *, of_costs: bool) -> list[Change]:
    return [change_of(each) for each in changes_in(name, payload) if (each["field"] in OF_COSTS) is of_costs]


def _fields(payload: dict[str, Any]) -> list[str]:
    return [name_of_field(each) for each in payload.get("changed", ())]


def _changed(name: str, payload: dict[str, Any]) -> list[Change]:
    return _changes(name, payload, of_costs=False)


def _costs_changed(name: str, payload: dict[str, Any]) -> list[Change]:
    return _changes(name, payload, of_costs=True)


@stored(EventRow, prefix="evt", scope=Scope.CATALOG_READ)
class HistoryEntry(Acted, Node):
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
    actor_id: strawberry.ID | None = derived(("actor_kind", "actor_id"), shown_actor, "The id of who did it.")
