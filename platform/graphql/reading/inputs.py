"""The inputs of lists: filters by kind of value; and the place where each type's `Where` and `Order` are put.

`filtering.make_inputs` adds `ProductWhere`, `ProductOrder` and so on to this module: their annotations are text, and
Strawberry looks the names up here.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from stoa.graphql.scalars import MoneyInput


@strawberry.enum(description="Which way a list runs.")
class Direction(Enum):
    ASC = strawberry.enum_value("ASC", description="Smallest, oldest or A first.")
    DESC = strawberry.enum_value("DESC", description="Largest, newest or Z first.")


@strawberry.input(description="A test of an id.")
class IdFilter:
    eq: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Is this one.")
    in_: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, name="in", description="Is one of these."
    )


@strawberry.input(description="A test of a text; all that is given must hold.")
class TextFilter:
    eq: str | None = strawberry.field(default=strawberry.UNSET, description="Is exactly this.")
    in_: list[str] | None = strawberry.field(default=strawberry.UNSET, name="in", description="Is one of these.")
    starts_with: str | None = strawberry.field(default=strawberry.UNSET, description="Begins so.")
    contains: str | None = strawberry.field(
        default=strawberry.UNSET, description="Has this in it, upper or lower case alike."
    )
    is_null: bool | None = strawberry.field(default=strawberry.UNSET, description="Is there none?")


@strawberry.input(description="A test of a list of texts.")
class TextsFilter:
    has: str | None = strawberry.field(default=strawberry.UNSET, description="Has exactly this among them.")


@strawberry.input(description="A test of a yes or no.")
class BooleanFilter:
    eq: bool | None = strawberry.field(default=strawberry.UNSET, description="Is this.")


@strawberry.input(description="A test of a whole number; all that is given must hold.")
class IntFilter:
    eq: int | None = strawberry.field(default=strawberry.UNSET, description="Is exactly this.")
    in_: list[int] | None = strawberry.field(default=strawberry.UNSET, name="in", description="Is one of these.")
    gt: int | None = strawberry.field(default=strawberry.UNSET, description="Is greater.")
    gte: int | None = strawberry.field(default=strawberry.UNSET, description="Is this or greater.")
    lt: int | None = strawberry.field(default=strawberry.UNSET, description="Is less.")
    lte: int | None = strawberry.field(default=strawberry.UNSET, description="Is this or less.")


@strawberry.input(description="A test of a number; all that is given must hold.")
class NumberFilter:
    eq: float | None = strawberry.field(default=strawberry.UNSET, description="Is exactly this.")
    gt: float | None = strawberry.field(default=strawberry.UNSET, description="Is greater.")
    gte: float | None = strawberry.field(default=strawberry.UNSET, description="Is this or greater.")
    lt: float | None = strawberry.field(default=strawberry.UNSET, description="Is less.")
    lte: float | None = strawberry.field(default=strawberry.UNSET, description="Is this or less.")
    is_null: bool | None = strawberry.field(default=strawberry.UNSET, description="Is there none?")


@strawberry.input(description="A test of a moment; all that is given must hold.")
class DateTimeFilter:
    gt: datetime | None = strawberry.field(default=strawberry.UNSET, description="Is later.")
    gte: datetime | None = strawberry.field(default=strawberry.UNSET, description="Is this or later.")
    lt: datetime | None = strawberry.field(default=strawberry.UNSET, description="Is earlier.")
    lte: datetime | None = strawberry.field(default=strawberry.UNSET, description="Is this or earlier.")
    is_null: bool | None = strawberry.field(default=strawberry.UNSET, description="Is there none?")


@strawberry.input(description="A test of an amount, in one currency; amounts in others do not meet it.")
class MoneyFilter:
    gt: MoneyInput | None = strawberry.field(default=strawberry.UNSET, description="Is more.")
    gte: MoneyInput | None = strawberry.field(default=strawberry.UNSET, description="Is this or more.")
    lt: MoneyInput | None = strawberry.field(default=strawberry.UNSET, description="Is less.")
    lte: MoneyInput | None = strawberry.field(default=strawberry.UNSET, description="Is this or less.")
    is_null: bool | None = strawberry.field(default=strawberry.UNSET, description="Is there none?")
