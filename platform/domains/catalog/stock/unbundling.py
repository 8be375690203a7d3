"""From bundles to their parts: which of them are taken from where, so that those of one bundle are together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from stoa.domains.catalog.stock.demands import Short, Wanted
from stoa.tenants.database import shop_client

_PARTS = "SELECT bundle_id, part_id, quantity FROM bundle_part WHERE bundle_id = ANY($1) ORDER BY bundle_id, part_id"
# All that the lines may take from, locked in the order in which everybody locks it.
_STOCK = """
SELECT s.variant_id, s.location_id, s.on_hand - s.reserved - s.damaged - s.held AS available, s.backorder_limit,
  l.position, l.is_main
FROM stock s JOIN location l ON l.id = s.location_id AND l.is_active
WHERE s.variant_id = ANY($1) ORDER BY s.id FOR UPDATE OF s
"""
Parts = dict[UUID, int]  # how many of which variant one bundle takes
Place = tuple[UUID, UUID]  # a variant at a location


class Shelves:
    """What may still be taken, by variant and location: what is really there, and what may be sold before it is."""

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        ordered = sorted(rows, key=lambda row: (row["position"], not row["is_main"], row["location_id"]))
        self.locations: list[UUID] = list(dict.fromkeys(row["location_id"] for row in ordered))
        self.there: dict[Place, int] = defaultdict(int)
        self.ahead: dict[Place, int] = defaultdict(int)
        for row in ordered:
            place = row["variant_id"], row["location_id"]
            self.there[place] = row["available"]
            self.ahead[place] = row["available"] + row["backorder_limit"]

    def take(self, variant_id: UUID, location_id: UUID, quantity: int) -> None:
        self.there[variant_id, location_id] -= quantity
        self.ahead[variant_id, location_id] -= quantity

    def take_bundles(self, parts: Parts, at: UUID | None, wanted: int) -> dict[UUID, int]:
        """So many bundles, from the locations in their order; first what is really there. How many from where."""
        taken: dict[UUID, int] = defaultdict(int)
        for shelf in (self.there, self.ahead):
            for location in self.locations if at is None else [at]:
                makes = min(max(shelf[part, location], 0) // each for part, each in parts.items())
                count = min(makes, wanted - sum(taken.values()))
                for part, each in parts.items():
                    self.take(part, location, count * each)
                taken[location] += count
        return {location: count for location, count in taken.items() if count}


async def unbundled(lines: Sequence[Wanted]) -> tuple[list[Wanted], list[Short]]:
    """The lines with parts in the place of bundles, and the bundles that there are too few of. Locks the stock.

    What the lines ask for at one place is summed up, whether as itself or as a part. Bundles of more parts go first:
    they have less to choose from. Where bundles that share parts compete for several locations another way of sharing
    out might serve one more; what is granted is always there.
    """
    bundles = await _parts([each.variant_id for each in lines])
    needed = {part for parts in bundles.values() for part in parts}
    plain = [each for each in lines if each.variant_id not in bundles]
    shelves = Shelves(await _stock(needed | {each.variant_id for each in plain}))
    for each in plain:
        if each.at is not None:
            shelves.take(each.variant_id, each.at, each.quantity)
    found: list[Wanted] = []
    short: list[Short] = []
    for bundle_id, at, wanted in _demand(lines, bundles):
        taken = shelves.take_bundles(bundles[bundle_id], at, wanted)
        if sum(taken.values()) < wanted:
            short.append(Short(bundle_id, at, wanted, sum(taken.values())))
        n = next(each.n for each in lines if (each.variant_id, each.at) == (bundle_id, at))
        for location, count in taken.items():
            found += [
                Wanted(n, part, location, count * each, bundle_id, each) for part, each in bundles[bundle_id].items()
            ]
    return plain + found, short


def _demand(lines: Sequence[Wanted], bundles: dict[UUID, Parts]) -> list[tuple[UUID, UUID | None, int]]:
    """How many of each bundle where: those that name a place first, then those of the most parts."""
    summed: dict[tuple[UUID, UUID | None], int] = defaultdict(int)
    for each in lines:
        if each.variant_id in bundles:
            summed[each.variant_id, each.at] += each.quantity
    demand = [(bundle_id, at, wanted) for (bundle_id, at), wanted in summed.items()]
    return sorted(demand, key=lambda each: (each[1] is None, -len(bundles[each[0]])))


async def _parts(variant_ids: Sequence[UUID]) -> dict[UUID, Parts]:
    parts: dict[UUID, Parts] = defaultdict(dict)
    for row in await shop_client().execute_query_dict(_PARTS, [list(variant_ids)]):
        parts[row["bundle_id"]][row["part_id"]] = row["quantity"]
    return dict(parts)


async def _stock(variant_ids: Iterable[UUID]) -> list[dict[str, Any]]:
    return list(await shop_client().execute_query_dict(_STOCK, [sorted(variant_ids)]))
