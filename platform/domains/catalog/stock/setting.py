"""Set how many are on hand at the main location: for those who know the number and not the movement."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from stoa.domains.catalog.models import MovementKind
from stoa.domains.catalog.stock.noticing import notice
from stoa.domains.catalog.stock.recording import Entry, Mode, record
from stoa.tenants.context import Context


async def set_on_hand(
    ctx: Context,
    wanted: Mapping[UUID, int],
    *,
    kind: MovementKind = MovementKind.ADJUSTMENT,
    reason: str = "",
    reference: tuple[str, UUID] | None = None,
) -> None:
    """Bring each variant's stock at the main location to a number, by movements, in the open transaction.

    A number below what is reserved there is refused by the database (`IntegrityError`).
    """
    entries = [
        Entry(n=n, variant_id=variant_id, at=None, kind=kind.value, set_to=on_hand)
        for n, (variant_id, on_hand) in enumerate(wanted.items())
    ]
    await notice(ctx, await record(ctx, entries, Mode.BLIND, reason=reason, reference=reference))
