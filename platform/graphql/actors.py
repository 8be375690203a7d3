"""Who did something, as types over the log of events show it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.types import Info

from stoa.graphql.context import GraphContext
from stoa.graphql.reading.planning import REQUIRES
from stoa.kit.ids import type_id
from stoa.tenants import access

ACTOR_PREFIXES = {"account": "acct", "token": "tok"}


def shown_actor(kind: str, id: str | None) -> strawberry.ID | None:
    prefix = ACTOR_PREFIXES.get(kind)
    return strawberry.ID(type_id(prefix, UUID(id))) if prefix and id else None


async def _names(actors: Sequence[tuple[str, str | None]]) -> list[str | None]:
    """Of all the actors on a page, in two statements."""
    known = await access.names_of([UUID(id) for _, id in actors if id])
    return [known.get(UUID(id)) if id else "Stoa" for _, id in actors]


@strawberry.type
class Acted:
    """For a stored type with a field `actor_id` that is derived from kind and id: the name of who it was."""

    @strawberry.field(
        description="The name of who did it, as it is now; null when there is no such person or program any more.",
        metadata={REQUIRES: ("actor_id",)},
    )
    async def actor_name(self, info: Info[GraphContext, None]) -> str | None:
        kind, id = self.actor_id  # type: ignore[attr-defined]  # what the planner has read for it: kind and id
        names: DataLoader[tuple[str, str | None], str | None] = info.context.loader("actors", _names)
        return await names.load((kind, id))
