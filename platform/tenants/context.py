"""Context: who asks, for which shop, with what rights; and the shop that is open in this task."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

from stoa.kit.errors import Refusal
from stoa.kit.ids import new_id
from stoa.kit.languages import Locale

SCHEMA_NAME = re.compile(r"shop_[a-z0-9]{12,40}")


class NoShopOpen(RuntimeError):
    """Code reached for a shop's tables without saying which shop: a bug, never a refusal."""


class MissingScope(Refusal):
    """The credential lacks a right."""

    code = "PERMISSION_DENIED"


@dataclass(frozen=True, slots=True)
class ShopRef:
    """What every floor needs to know of a shop; `schema` is also the name of its PostgreSQL role."""

    id: UUID
    schema: str
    name: str
    currency: str
    time_zone: str

    def __post_init__(self) -> None:
        if not SCHEMA_NAME.fullmatch(self.schema):
            raise ValueError(f"{self.schema!r} is not a shop's schema")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is at work: a person's account, a program's token, or Stoa itself."""

    kind: Literal["account", "token", "system"]
    id: UUID | None = None
    name: str = "Stoa"


@dataclass(frozen=True, slots=True)
class Context:
    """Handed to every operation, first. Of one shop, for one request or one job."""

    shop: ShopRef
    actor: Actor = Actor("system")
    scopes: frozenset[str] = frozenset()
    locale: Locale = "en"
    request_id: str = field(default_factory=lambda: new_id().hex)

    def require(self, scope: str) -> None:
        """Refuse unless the credential holds `scope`; Stoa itself may do anything."""
        if self.actor.kind != "system" and scope not in self.scopes:
            raise MissingScope("This needs the scope {scope}.", scope=scope)

    def as_system(self) -> Context:
        return replace(self, actor=Actor("system"), scopes=frozenset())


_open_shop: ContextVar[str | None] = ContextVar("open_shop", default=None)


@contextmanager
def open_shop(shop: ShopRef) -> Iterator[ShopRef]:
    """Open the shop for this task and the tasks it starts: its tables, and no other's, can be reached."""
    token = _open_shop.set(shop.schema)
    try:
        yield shop
    finally:
        _open_shop.reset(token)


def open_schema() -> str:
    """The schema of the open shop. Raises `NoShopOpen`: nothing is ever read from a shop by default."""
    schema = _open_shop.get()
    if schema is None:
        raise NoShopOpen("No shop is open: wrap the call in open_shop(shop).")
    return schema
