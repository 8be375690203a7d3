"""What is asked of the stock, and for whom: the lines of a cart or an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput

SET_ASIDE = "flash"  # the kind of holder that a flash sale is: what it holds is sold only through it
MAX_LINES = 250
MAX_QUANTITY = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom stock is reserved for: ``Holder("cart", id)``."""

    kind: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Demand:
    """So many of a variant; from wherever there are some, unless a location is named.

    With a `pool_id`: out of what is set aside for that flash sale, and from nowhere else; of what is to be let go or
    shipped, that which came from there before any other.
    """

    variant_id: UUID
    quantity: int
    location_id: UUID | None = None
    pool_id: UUID | None = None


class Wanted(msgspec.Struct, frozen=True):
    """A line of demand, as the statements take it."""

    n: int
    variant_id: UUID
    at: UUID | None
    quantity: int
    bundle_id: UUID | None = None  # these are parts of it
    per: int = 1  # of them in each
    pool_id: UUID | None = None


class Short(msgspec.Struct, frozen=True):
    """What is asked for of a variant (at a location), and how many there are to take."""

    variant_id: UUID
    at: UUID | None
    wanted: int
    there: int


def checked_lines(lines: Sequence[Demand]) -> list[Wanted]:
    """The lines as the statements take them. Raises `InvalidInput`."""
    if not 1 <= len(lines) <= MAX_LINES:
        raise InvalidInput(
            "{count} lines; 1 to {limit} are allowed.", path=["lines"], count=len(lines), limit=MAX_LINES
        )
    for n, each in enumerate(lines):
        if not 1 <= each.quantity <= MAX_QUANTITY:
            raise InvalidInput("{quantity} cannot be reserved.", path=["lines", n, "quantity"], quantity=each.quantity)
    return [
        Wanted(n, each.variant_id, each.location_id, each.quantity, pool_id=each.pool_id)
        for n, each in enumerate(lines)
    ]


def check_expiry(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= now():
        raise InvalidInput("{moment} is over already.", path=["expires_at"], moment=f"{expires_at:%Y-%m-%d %H:%M:%S}")
