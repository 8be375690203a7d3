"""Goods come back from buyers: onto the shelf again, or written off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from stoa.domains.catalog.models import BundlePart, MovementKind
from stoa.domains.catalog.stock.moving import Move, move
from stoa.tenants.context import Context


@dataclass(frozen=True, slots=True)
class Returned:
    """So many of a variant that can be sold again, and so many that cannot."""

    variant_id: UUID
    restocked: int = 0
    scrapped: int = 0


async def take_back(
    ctx: Context, returned: Sequence[Returned], location_id: UUID | None, *, reference: tuple[str, UUID]
) -> None:
    """Write the movements in the open transaction; of a bundle its parts come back. Raises what `move` raises.

    What is written off came back first: it stands in the ledger as both.
    """
    parts: dict[UUID, list[BundlePart]] = {}
    for part in await BundlePart.filter(bundle_id__in=[each.variant_id for each in returned]).order_by("part_id"):
        parts.setdefault(part.bundle_id, []).append(part)  # type: ignore[attr-defined]
    moves = [
        one
        for each in returned
        for variant_id, count in (
            [(part.part_id, part.quantity) for part in parts[each.variant_id]]  # type: ignore[attr-defined]
            if each.variant_id in parts
            else [(each.variant_id, 1)]
        )
        for one in _moves(variant_id, each.restocked * count, each.scrapped * count, location_id)
    ]
    if moves:
        await move(ctx, moves, reason="returned", reference=reference)


def _moves(variant_id: UUID, restocked: int, scrapped: int, location_id: UUID | None) -> Iterator[Move]:
    if restocked + scrapped:
        yield Move(variant_id, location_id, MovementKind.RETURN, on_hand=restocked + scrapped)
    if scrapped:
        yield Move(variant_id, location_id, MovementKind.SCRAP, on_hand=-scrapped)
