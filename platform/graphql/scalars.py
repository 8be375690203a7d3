"""Values the API writes in its own way: money, big numbers, times."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, NewType
from uuid import UUID

import strawberry
from graphql import GraphQLError, GraphQLSchema
from strawberry.types.scalar import ScalarDefinition

from stoa.graphql.compiled import IDENTITY_OUTPUT
from stoa.kit import money
from stoa.kit.errors import blaming
from stoa.kit.ids import parse_type_id

BigInt = NewType("BigInt", int)
Point = NewType("Point", tuple[Any, ...])
EXACT_IN_JSON = 2**53


def read_id(name: str | int, text: str, prefix: str) -> UUID:
    """The id in the argument or input field `name`. Refuses, and blames it, what is no id of that type."""
    with blaming(name):
        return parse_type_id(text, prefix)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > EXACT_IN_JSON:
        raise GraphQLError(f"BigInt cannot represent {value!r}: a whole number up to 2^53 is needed.")
    return value


def _written_time(value: Any) -> str:
    """Times come from PostgreSQL as ISO text already, or from operations as aware datetimes."""
    return value if isinstance(value, str) else str(value.isoformat())


def _read_time(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise GraphQLError(f"{value!r} is not a time; write it like 2026-11-22T15:04:05Z.") from None
    if moment.tzinfo is None:
        raise GraphQLError(f"{value!r} lacks a time zone; write it like 2026-11-22T15:04:05Z or +08:00.")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise GraphQLError(f"{value!r} is before or after all time; write it like 2026-11-22T15:04:05Z.") from None


def _read_day(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise GraphQLError(f"{value!r} is not a day; write it like 2026-11-22.") from None


def _written_point(value: Any) -> list[Any]:
    """A pair as it is; clients never send one."""
    return list(value)


def _unread(value: Any) -> Any:
    raise GraphQLError("A point is only ever read.")


SCALARS: dict[object, ScalarDefinition] = {
    Point: strawberry.scalar(
        name="Point",
        description="A figure of a series, `[t, v]`: the first day of its period, and the number (of money, minor).",
        serialize=_written_point,
        parse_value=_unread,
    ),
    BigInt: strawberry.scalar(
        name="BigInt", description="A whole number up to 2^53, as a JSON number.", serialize=_whole, parse_value=_whole
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day, e.g. 2026-11-22.",
        serialize=lambda value: value if isinstance(value, str) else value.isoformat(),
        parse_value=_read_day,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment, ISO 8601 with its offset, e.g. 2026-11-22T15:04:05.123456+00:00.",
        serialize=_written_time,
        parse_value=_read_time,
    ),
}


@strawberry.type(description="An amount of money, exact.")
class Money:
    amount: str = strawberry.field(description='The decimal number as text, e.g. "19.90"; never a float.')
    currency: str = strawberry.field(description="ISO 4217, e.g. EUR.")
    minor: BigInt = strawberry.field(description="The same in minor units (cents, fen).")


def shown_money(minor: int, currency: str) -> Money:
    return money.Money(minor, currency)  # type: ignore[return-value]  # has all that GraphQL's has


@strawberry.input(description="An amount of money, exact.")
class MoneyInput:
    amount: str = strawberry.field(description='The decimal number as text, e.g. "19.90".')
    currency: str = strawberry.field(description="ISO 4217, e.g. EUR.")

    def read(self) -> money.Money:
        """The amount; refuses more decimals than the currency has."""
        return money.parse_money(self.amount, self.currency)


def let_text_through(schema: GraphQLSchema) -> None:
    """Tell the compiled executor that times are written as they are when PostgreSQL has made text of them."""
    schema.type_map["DateTime"].extensions[IDENTITY_OUTPUT] = str
