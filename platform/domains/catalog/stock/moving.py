"""Move stock: the one way by which what lies at a location changes, whoever asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from stoa.domains.catalog.models import MovementKind
from stoa.domains.catalog.stock.noticing import notice
from stoa.domains.catalog.stock.recording import Entry, Mode, Row, record
from stoa.domains.catalog.stock.refusing import Names, missing, names_of, refusal_for
from stoa.kit.errors import InvalidInput, Refusal, Refusals
from stoa.tenants.context import Context

MAX_QUANTITY = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Move:
    """What is added to each balance of a variant at a location; at the main one when none is named."""

    variant_id: UUID
    location_id: UUID | None = None
    kind: MovementKind = MovementKind.ADJUSTMENT
    on_hand: int = 0
    reserved: int = 0
    damaged: int = 0
    held: int = 0
    incoming: int = 0

    def entry(self, n: int) -> Entry:
        return Entry(
            n=n,
            variant_id=self.variant_id,
            at=self.location_id,
            kind=self.kind.value,
            on_hand=self.on_hand,
            reserved=self.reserved,
            damaged=self.damaged,
            held=self.held,
            incoming=self.incoming,
        )


async def move(
    ctx: Context, moves: Sequence[Move], *, reason: str = "", reference: tuple[str, UUID] | None = None
) -> Sequence[Row]:
    """Write the movements in the open transaction, all of them or none; the balances follow.

    `reference` says what they are for: ``("purchase", id)``. What several moves take from one row is summed up before
    it is judged. Rows of stock are made where there are none, and locked in the order of their ids, so that two who
    move several never wait for each other. Gives the rows as they are now.

    Raises `NotEnoughStock`, `TooMuchStock`, `LocationClosed`, `NoSuchVariant` and `NoSuchLocation`, each with the path
    ``lines, n``; several of them as `Refusals`.
    """
    _check(moves)
    entries = [each.entry(n) for n, each in enumerate(moves)]
    rows = await record(ctx, entries, Mode.ALL, reason=reason, reference=reference)
    await refuse(entries, rows)
    await notice(ctx, rows)
    return rows


def _check(moves: Sequence[Move]) -> None:
    for n, each in enumerate(moves):
        for name in ("on_hand", "reserved", "damaged", "held", "incoming"):
            if abs(getattr(each, name)) > MAX_QUANTITY:
                raise InvalidInput(
                    "{value} is more than {limit}, the most that moves at once.",
                    path=["lines", n],
                    limit=MAX_QUANTITY,
                    value=getattr(each, name),
                )


async def refuse(entries: Sequence[Entry], rows: Sequence[Row]) -> None:
    """Raise what is in the way of these entries, if anything is."""
    found = await refusals_of(entries, rows)
    if found:
        raise found[0] if len(found) == 1 else Refusals(found)


async def refusals_of(entries: Sequence[Entry], rows: Sequence[Row]) -> list[Refusal]:
    """What is in the way of each entry, in their order."""
    lacking = missing(entries, rows)
    if not lacking and all(row.verdict is None for row in rows):
        return []
    names = await names_of(entries, [row.location_id for row in rows])
    return list(_refusals(entries, rows, lacking, names))


def _refusals(entries: Sequence[Entry], rows: Sequence[Row], lacking: set[int], names: Names) -> Iterator[Refusal]:
    of = {n: row for row in rows for n in row.ns}
    for entry in entries:
        if entry.n in lacking:
            yield names.unknown(entry)
        elif of[entry.n].verdict is not None:
            yield refusal_for(entry, of[entry.n], names)
