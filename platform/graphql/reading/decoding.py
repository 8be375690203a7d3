"""What PostgreSQL's JSON is decoded into: one msgspec struct for each selection, and the pages around them.

Where a connection shows its rows, in `nodes` and in `edges { node }`, each such place has rows of its own in the
JSON (a view): what is selected there need not agree with what is selected elsewhere under the same names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from stoa.graphql.compiled import response_slot
from stoa.graphql.reading.cursors import Keys, encode_cursor
from stoa.kit.money import decimal_string

COUNT_LIMIT = 10_000


class AmountRow(msgspec.Struct, array_like=True, frozen=True):
    """A price as PostgreSQL hands it over; looks like `Money` to GraphQL."""

    minor: int
    currency: str

    @property
    def amount(self) -> str:
        return decimal_string(self.minor, self.currency)


class CountRow(msgspec.Struct, frozen=True):
    value: int
    precision: str


class PageInfoRow(msgspec.Struct, frozen=True):
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class FullPage(msgspec.Struct, array_like=True):
    """A page that knows where it stands. A subclass adds its views: lists of rows, one longer than `limit` if there are
    more, in the order in which they were read: from the end, if `backward`."""

    limit: int
    backward: bool
    bounded: bool
    order: str
    found: int
    counted: int | None
    keys: list[Keys] | None

    def kept(self, rows: list[Any]) -> list[Any]:
        kept = rows if len(rows) <= self.limit else rows[: self.limit]
        return kept[::-1] if self.backward else kept

    @property
    def cursors(self) -> list[str]:
        return [encode_cursor(self.order, keys) for keys in self.kept(self.keys or [])]

    @property
    def page_info(self) -> PageInfoRow:
        keys, more = self.kept(self.keys or []), self.found > self.limit
        return PageInfoRow(
            self.bounded if self.backward else more,
            more if self.backward else self.bounded,
            encode_cursor(self.order, keys[0]) if keys else None,
            encode_cursor(self.order, keys[-1]) if keys else None,
        )

    @property
    def count(self) -> CountRow:
        counted = self.counted or 0
        return CountRow(min(counted, COUNT_LIMIT), "EXACT" if counted <= COUNT_LIMIT else "AT_LEAST")


def row_struct(type_name: str, slots: Sequence[tuple[str, Any]]) -> type[msgspec.Struct]:
    """A struct for one selection; the JSON has its values in this order."""
    fields: list[Any] = list(slots) or [("nothing", Any, None)]
    return msgspec.defstruct(f"{type_name}Row", fields, array_like=True, namespace={"graphql_type": type_name})


def nodes_page(rows: Mapping[str, type]) -> type[msgspec.Struct]:
    """A page of which nothing but nodes was asked for, by their response keys."""
    fields = [(response_slot(key), list[row]) for key, row in rows.items()]  # type: ignore[valid-type]
    return msgspec.defstruct("NodesPage", fields, array_like=True)


def full_page(
    views: Sequence[type], nodes: Mapping[str, int], edges: Mapping[str, Mapping[str, int]]
) -> type[msgspec.Struct]:
    """A page with everything. `nodes` and `edges { node }` tell by their response keys which view they show."""
    fields = [(f"view{number}", list[row]) for number, row in enumerate(views)]  # type: ignore[valid-type]
    shown: dict[str, Any] = {response_slot(key): _nodes_of(number) for key, number in nodes.items()}
    shown |= {response_slot(key): _edges_of(below) for key, below in edges.items()}
    return msgspec.defstruct("FullPage", fields, bases=(FullPage,), array_like=True, namespace=shown)


def _nodes_of(number: int) -> property:
    view = f"view{number}"
    return property(lambda page: page.kept(getattr(page, view)))


def _edges_of(nodes: Mapping[str, int]) -> property:
    edge: Any = msgspec.defstruct("Edge", ["cursor", *map(response_slot, nodes)], frozen=True)
    views = [f"view{number}" for number in nodes.values()]

    def edges(page: FullPage) -> list[Any]:
        columns = [page.kept(getattr(page, view)) for view in views]
        return [edge(*values) for values in zip(page.cursors, *columns, strict=True)]

    return property(edges)
