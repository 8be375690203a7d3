"""Say what is in the way of a movement: with the code of the variant, the name of the place and the quantity left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from stoa.domains.catalog.errors import (
    IsABundle,
    LocationClosed,
    NoSuchLocation,
    NoSuchVariant,
    NotEnoughStock,
    StockChanged,
    TooMuchStock,
)
from stoa.domains.catalog.models import Location, Variant
from stoa.domains.catalog.stock.recording import Entry, Row, available_of
from stoa.kit.errors import Refusal
from stoa.kit.ids import type_id
from stoa.kit.languages import Sentence

LEFT = Sentence("left")
_SAID = {
    "on_hand": Sentence("on hand"),
    "reserved": Sentence("reserved"),
    "damaged": Sentence("damaged"),
    "held": Sentence("held"),
    "incoming": Sentence("incoming"),
    "available": Sentence("left"),
}


class Placed(Protocol):
    """Something about a variant, perhaps at a certain location."""

    @property
    def n(self) -> int: ...
    @property
    def variant_id(self) -> UUID: ...
    @property
    def at(self) -> UUID | None: ...


@dataclass(frozen=True, slots=True)
class Names:
    """How variants and locations are called; what is not in here is not in the shop."""

    variants: dict[UUID, str]
    locations: dict[UUID, str]
    closed: frozenset[UUID]

    def unknown(self, entry: Placed) -> Refusal:
        """That the shop has no such variant or no such location."""
        if entry.variant_id not in self.variants:
            return NoSuchVariant("There is no such variant.", path=["lines", entry.n, "variant_id"])
        return NoSuchLocation("There is no such location.", path=["lines", entry.n, "location_id"])

    def placed(self, variant_id: UUID, location_id: UUID) -> Sentence:
        """What lies where."""
        variant, location = self.variants.get(variant_id), self.locations[location_id]
        return Sentence(
            "{variant} at {location}", {"variant": variant or Sentence("This variant"), "location": location}
        )

    def bundle(self, n: int, variant_id: UUID) -> Refusal:
        return IsABundle(
            "{what} is a bundle and has no stock of its own: move that of its parts.",
            path=["lines", n, "variant_id"],
            what=self.variants[variant_id],
        )

    def closed_at(self, entry: Placed, location_id: UUID) -> Refusal:
        return LocationClosed(
            "{location} is not active: nothing moves there.",
            path=["lines", entry.n, "location_id"],
            location=self.locations[location_id],
        )


def missing(entries: Sequence[Entry], rows: Sequence[Row]) -> set[int]:
    """The entries that no row of stock was found for."""
    return {entry.n for entry in entries} - {n for row in rows for n in row.ns}


async def names_of(
    entries: Iterable[Placed], places: Iterable[UUID | None] = (), variant_ids: Iterable[UUID] = ()
) -> Names:
    """Of the variants and locations of these entries, and of those besides. Read only when something is refused."""
    entries = list(entries)
    ids = {each.variant_id for each in entries} | set(variant_ids)
    variants = Variant.filter(id__in=ids).values("id", "sku", "title", "product__title")
    places = {each.at for each in entries if each.at} | {each for each in places if each}
    locations = await Location.filter(id__in=places).values("id", "name", "is_active")
    return Names(
        {each["id"]: each["sku"] or f"{each['product__title']} {each['title']}".strip() for each in await variants},
        {each["id"]: each["name"] for each in locations},
        frozenset(each["id"] for each in locations if not each["is_active"]),
    )


def refusal_for(entry: Entry, row: Row, names: Names) -> Refusal:
    """Why this row could not be moved."""
    if row.verdict == "closed":
        return names.closed_at(entry, row.location_id)
    if row.verdict == "bundle":
        return names.bundle(entry.n, row.variant_id)
    what = names.placed(row.variant_id, row.location_id)
    if row.verdict == "stale":
        on_hand = row.before["on_hand"]
        return StockChanged(
            "{what}: {on_hand} are on hand now, and not {expected}.",
            path=["lines", entry.n, "expected_on_hand"],
            on_hand=on_hand,
            what=what,
            expected=entry.expected or 0,
        )
    if row.verdict == "much":
        return TooMuchStock("{what}: that is more than can be kept track of.", path=["lines", entry.n], what=what)
    return _not_enough(entry, row, what)


def _not_enough(entry: Entry, row: Row, what: Sentence) -> Refusal:
    balance = str(row.verdict)
    if balance == "available":
        left, then = available_of(row.before) + row.backorder_limit, available_of(row.after) + row.backorder_limit
    else:
        left, then = row.before[balance], row.after[balance]
    return not_enough(what, row.variant_id, row.location_id, left, left - then, entry.n, _SAID[balance])


def not_enough(
    what: str | Sentence,
    variant_id: UUID,
    location_id: UUID | None,
    left: int,
    wanted: int,
    n: int,
    said: Sentence = LEFT,
) -> NotEnoughStock:
    ids = {"variant": type_id("var", variant_id)} | ({"location": type_id("loc", location_id)} if location_id else {})
    sentence = "{what}: {left} {said}, {wanted} wanted."
    return NotEnoughStock(sentence, path=["lines", n], what=what, left=left, said=said, wanted=wanted, **ids)
