"""Correct the stock by hand, line by line, on what somebody saw when deciding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import msgspec

from stoa.domains.catalog.errors import NamedTwice
from stoa.domains.catalog.models import Location, MovementKind
from stoa.domains.catalog.results import RowResult
from stoa.domains.catalog.stock.moving import MAX_QUANTITY, refusals_of
from stoa.domains.catalog.stock.noticing import notice
from stoa.domains.catalog.stock.recording import Entry, Mode, record
from stoa.kit.errors import InvalidInput, Refusal
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction

MAX_LINES = 250


class Correction(StrEnum):
    """What is corrected. DAMAGE and HOLD set available stock aside, and put it back when the quantity is negative."""

    ON_HAND = "ON_HAND"
    DAMAGE = "DAMAGE"
    SCRAP = "SCRAP"
    HOLD = "HOLD"
    RETURN = "RETURN"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Either `quantity` more (fewer, when negative), or `set_to` so many on hand.

    With `expected_on_hand`, nothing is done unless that many are on hand; `set_to` needs it.
    """

    variant_id: UUID
    location_id: UUID | None = None
    correction: Correction = Correction.ON_HAND
    quantity: int | None = None
    set_to: int | None = None
    expected_on_hand: int | None = None

    def entry(self, n: int) -> Entry:
        amount = self.quantity or 0
        kind, on_hand, damaged, held = {
            Correction.ON_HAND: (MovementKind.ADJUSTMENT, amount, 0, 0),
            Correction.RETURN: (MovementKind.RETURN, amount, 0, 0),
            Correction.DAMAGE: (MovementKind.DAMAGE, 0, amount, 0),
            Correction.HOLD: (MovementKind.HOLD, 0, 0, amount),
            Correction.SCRAP: (MovementKind.SCRAP, -amount, -amount, 0),
        }[self.correction]
        return Entry(
            n=n,
            variant_id=self.variant_id,
            at=self.location_id,
            kind=kind.value,
            set_to=self.set_to,
            expected=self.expected_on_hand,
            on_hand=on_hand,
            damaged=damaged,
            held=held,
        )


async def adjust(ctx: Context, lines: Sequence[Adjustment], *, reason: str) -> Sequence[RowResult]:
    """Do each line that can be done, in one transaction; the outcomes stand in the order of the lines.

    A line is refused by itself: `StockChanged` when the stock is not what was expected, `NotEnoughStock`,
    `NoSuchVariant`, `NoSuchLocation`, `LocationClosed`, `NamedTwice` and `InvalidInput`.
    """
    reason = clean_line(reason, what="reason", limit=200)
    if not 1 <= len(lines) <= MAX_LINES:
        raise InvalidInput(
            "{count} lines; 1 to {limit} are allowed.", path=["lines"], count=len(lines), limit=MAX_LINES
        )
    refused = {n: refusal for n, each in enumerate(lines) if (refusal := _problem(n, each))}
    entries = [each.entry(n) for n, each in enumerate(lines) if n not in refused]
    async with shop_transaction():
        entries = await _at_main(entries)
        rows = await record(ctx, _first_of_each(entries), Mode.EACH, reason=reason, reference=None)
        found = {n: row for row in rows for n in row.ns}
        for refusal in await refusals_of(_first_of_each(entries), rows):
            refused[int(refusal.path[1])] = refusal
        await notice(ctx, rows)
    for entry in entries:
        if entry.n not in found and entry.n not in refused:
            refused[entry.n] = NamedTwice("An earlier line is about the same stock.", path=["lines", entry.n])
    return [
        RowResult(None, [refused[n]]) if n in refused else RowResult(found[n].stock_id, changed=found[n].has_moved)
        for n in range(len(lines))
    ]


async def _at_main(entries: Sequence[Entry]) -> list[Entry]:
    """Lines about the same stock must look the same, whether they name the main location or none."""
    main = await Location.get(is_main=True)
    return [msgspec.structs.replace(each, at=each.at or main.id) for each in entries]


def _first_of_each(entries: Sequence[Entry]) -> list[Entry]:
    """Each row of stock is judged by itself, so it takes one line."""
    first: dict[tuple[UUID, UUID | None], Entry] = {}
    for entry in entries:
        first.setdefault((entry.variant_id, entry.at), entry)
    return list(first.values())


def _problem(n: int, line: Adjustment) -> Refusal | None:
    path: list[str | int] = ["lines", n]
    if (line.quantity is None) == (line.set_to is None):
        return InvalidInput("Give either quantity or setTo.", path=path)
    if line.set_to is not None:
        if line.correction is not Correction.ON_HAND:
            return InvalidInput("Only ON_HAND can be set to a number.", path=[*path, "set_to"])
        if line.expected_on_hand is None:
            return InvalidInput("Say what you think is on hand: expectedOnHand.", path=[*path, "expected_on_hand"])
        if not 0 <= line.set_to <= MAX_QUANTITY:
            return InvalidInput("{set_to} cannot be on hand.", path=[*path, "set_to"], set_to=line.set_to)
    if line.quantity is not None and not 1 <= abs(line.quantity) <= MAX_QUANTITY:
        return InvalidInput(
            "{quantity} is no quantity to correct by.", path=[*path, "quantity"], quantity=line.quantity
        )
    if line.quantity is not None and line.quantity < 0 and line.correction in (Correction.SCRAP, Correction.RETURN):
        return InvalidInput("What is scrapped or came back is counted from 1.", path=[*path, "quantity"])
    return None
