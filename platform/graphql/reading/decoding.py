"""What PostgreSQL's JSON is decoded into: one msgspec struct for each selection, and the pages around them."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from stoa.kit.errors import InvalidInput
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


class EdgeRow(msgspec.Struct, frozen=True):
    cursor: str
    node: Any


class NodesPage(msgspec.Struct, array_like=True):
    """A page of which nothing but the nodes was asked for: a subclass declares `nodes`."""


class FullPage(msgspec.Struct, array_like=True):
    """A page that also knows where it stands: a subclass declares `rows`, one more than the limit if there are more."""

    limit: int
    backward: bool
    bounded: bool
    order: str
    counted: int | None

    @property
    def kept(self) -> list[Any]:
        rows: list[Any] = self.rows  # type: ignore[attr-defined]
        kept = rows if len(rows) <= self.limit else rows[: self.limit]
        return kept[::-1] if self.backward else kept

    @property
    def nodes(self) -> list[Any]:
        return self.kept

    @property
    def edges(self) -> list[EdgeRow]:
        return [EdgeRow(encode_cursor(self.order, row.cursor_keys), row) for row in self.kept]

    @property
    def page_info(self) -> PageInfoRow:
        kept, more = self.kept, len(self.rows) > self.limit  # type: ignore[attr-defined]
        with_cursors = kept and hasattr(kept[0], "cursor_keys")
        return PageInfoRow(
            self.bounded if self.backward else more,
            more if self.backward else self.bounded,
            encode_cursor(self.order, kept[0].cursor_keys) if with_cursors else None,
            encode_cursor(self.order, kept[-1].cursor_keys) if with_cursors else None,
        )

    @property
    def count(self) -> CountRow:
        counted = self.counted or 0
        return CountRow(min(counted, COUNT_LIMIT), "EXACT" if counted <= COUNT_LIMIT else "AT_LEAST")


def row_struct(type_name: str, slots: list[tuple[str, Any]]) -> type[msgspec.Struct]:
    """A struct for one selection; the JSON has its values in this order."""
    fields = [(name, kind) for name, kind in slots]
    return msgspec.defstruct(f"{type_name}Row", fields, array_like=True, namespace={"graphql_type": type_name})


def nodes_page(row: type) -> type[msgspec.Struct]:
    return msgspec.defstruct("NodesPage", [("nodes", list[row])], bases=(NodesPage,), array_like=True)  # type: ignore[valid-type]


def full_page(row: type) -> type[msgspec.Struct]:
    return msgspec.defstruct("FullPage", [("rows", list[row])], bases=(FullPage,), array_like=True)  # type: ignore[valid-type]


def encode_cursor(order: str, keys: list[Any]) -> str:
    """Opaque to clients: the order it belongs to, and the values of the row it stands at."""
    return base64.urlsafe_b64encode(msgspec.json.encode([order, keys])).decode().rstrip("=")


def decode_cursor(cursor: str, order: str, width: int, *, argument: str) -> list[str]:
    """The values behind a cursor, as text. Refuses one that is damaged or was made under another order."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        made_for, keys = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=tuple[str, list[str]])
    except (ValueError, msgspec.MsgspecError):
        raise InvalidInput("This is not a cursor of this API.", path=[argument]) from None
    if made_for != order or len(keys) != width:
        raise InvalidInput("This cursor belongs to a list in another order.", path=[argument])
    return keys
