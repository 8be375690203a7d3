"""From where the pieces of a parcel are taken: it follows what is reserved for the order, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from stoa.domains import catalog
from stoa.domains.catalog.stock import Held, Holder
from stoa.domains.orders.errors import TooManyPieces
from stoa.domains.orders.models import OrderLine
from stoa.domains.orders.shipping.parcels import Parcels
from stoa.tenants.context import Context

Pieces = list[tuple[OrderLine, int]]
_Free = dict[tuple[UUID, UUID, UUID | None], int]  # by variant, location and flash sale


async def places_of(
    ctx: Context, parcels: Parcels, wanted: Mapping[UUID, int], location_id: UUID | None
) -> dict[UUID | None, Pieces]:
    """Which pieces lie where. What the catalog does not have lies nowhere, and goes along with the first parcel."""
    held = await catalog.stock.held_for(Holder("order", parcels.order.id))
    free = _not_packed(parcels, held)
    lines = parcels.by_id
    placed: dict[UUID | None, Pieces] = {}
    loose: Pieces = []
    taken: list[Held] = []
    for line_id, quantity in wanted.items():
        line = lines[line_id]
        if line.variant_id is None:  # type: ignore[attr-defined]
            loose.append((line, quantity))
            continue
        for part in _take(free, line, quantity, location_id):
            taken.append(part)
            _add(placed, location_id or part.location_id, line, part.quantity)
    if location_id is not None:
        await catalog.stock.hold_elsewhere(ctx, Holder("order", parcels.order.id), _summed(taken), location_id)
    for line, quantity in loose:
        _add(placed, next(iter(placed), location_id), line, quantity)
    return placed


def _not_packed(parcels: Parcels, held: Sequence[Held]) -> _Free:
    """In the shop's order of locations: what no waiting parcel is going to take."""
    free = {(each.variant_id, each.location_id, each.pool_id): each.quantity for each in held}
    for shipment in parcels.waiting():
        for line, quantity in parcels.parts(shipment):
            _part(free, line, quantity, [shipment.location_id])  # type: ignore[attr-defined]
    return free


def _part(free: _Free, line: OrderLine, quantity: int, places: Sequence[UUID]) -> list[Held]:
    """So many of what is free at these places, what came from the line's own flash sale (or none) before the rest."""
    variant_id: UUID = line.variant_id  # type: ignore[attr-defined]
    keys = [key for key in free if key[0] == variant_id and free[key] > 0 and key[1] in places]
    parts: list[Held] = []
    for key in sorted(keys, key=lambda key: (key[2] != line.pool_id, places.index(key[1]))):
        part = min(free[key], quantity - sum(each.quantity for each in parts))
        if part:
            free[key] -= part
            parts.append(Held(variant_id, key[1], part, key[2]))
    return parts


def _take(free: _Free, line: OrderLine, quantity: int, first: UUID | None) -> list[Held]:
    """So many of what is free, from one place after the other; from the `first` before all others."""
    places = list(dict.fromkeys(([first] if first else []) + [key[1] for key in free]))
    parts = _part(free, line, quantity, places)
    missing = quantity - sum(each.quantity for each in parts)
    if missing:
        raise TooManyPieces(
            "{title}: {missing} of {quantity} pieces are not reserved for this order.",
            path=["lines"],
            title=line.title,
            missing=missing,
            quantity=quantity,
        )
    return parts


def _add(placed: dict[UUID | None, Pieces], place: UUID | None, line: OrderLine, quantity: int) -> None:
    pieces = placed.setdefault(place, [])
    for i, (known, many) in enumerate(pieces):
        if known.id == line.id:
            pieces[i] = (line, many + quantity)
            return
    pieces.append((line, quantity))


def _summed(taken: Sequence[Held]) -> list[Held]:
    sums: _Free = {}
    for each in taken:
        key = (each.variant_id, each.location_id, each.pool_id)
        sums[key] = sums.get(key, 0) + each.quantity
    return [Held(variant_id, place, quantity, pool_id) for (variant_id, place, pool_id), quantity in sums.items()]
