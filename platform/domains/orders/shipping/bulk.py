"""Ship many parcels at once: each goes, or says why not, by itself."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from stoa.domains.catalog import BulkPolicy
from stoa.domains.orders.models import Shipment, ShipmentState
from stoa.domains.orders.moving import require
from stoa.domains.orders.shipping.errors import NoSuchShipment, WrongShipmentState
from stoa.domains.orders.shipping.packing import PackDraft, pack
from stoa.domains.orders.shipping.parcels import Parcels, locked_parcels
from stoa.domains.orders.shipping.sending import ShipDraft, ship, ship_parcel
from stoa.domains.orders.states import Action
from stoa.kit.errors import InvalidInput, Refusal, Refusals
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction

MAX_ROWS = 100


@dataclass(frozen=True, slots=True)
class ShipRow:
    """A parcel, or an order of which all that is left goes in one parcel; and how it goes."""

    draft: ShipDraft
    order_id: UUID | None = None
    shipment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ShipResult:
    """What came of a row."""

    index: int
    shipment_id: UUID | None = None
    refusals: Sequence[Refusal] = field(default_factory=tuple)


class _Rejected(Exception):
    """Takes everything back."""


async def ship_many(
    ctx: Context, rows: Sequence[ShipRow], policy: BulkPolicy = BulkPolicy.IGNORE_FAILED
) -> list[ShipResult]:
    """A result for each row, in the order given; what is refused takes the others back only if `policy` says so.

    Orders are locked in the order of their ids, so that two who ship many never wait for each other.
    """
    if not 1 <= len(rows) <= MAX_ROWS:
        sentence = "{count} rows; 1 to {limit} are allowed."
        raise InvalidInput(sentence, path=["rows"], count=len(rows), limit=MAX_ROWS)
    results: dict[int, ShipResult] = {}
    with suppress(_Rejected):
        async with shop_transaction():
            orders = await _orders_of(rows)
            for i in sorted(range(len(rows)), key=lambda i: (orders[i], i)):
                results[i] = await _row(ctx, i, rows[i])
            if policy is BulkPolicy.REJECT_EVERYTHING and any(each.refusals for each in results.values()):
                raise _Rejected
    return [results[i] for i in range(len(rows))]


async def _orders_of(rows: Sequence[ShipRow]) -> list[UUID]:
    ids = [row.shipment_id for row in rows if row.shipment_id]
    found = await Shipment.filter(id__in=ids).values_list("id", "order_id") if ids else []
    known: dict[UUID, UUID] = dict(found)
    return [row.order_id or known.get(row.shipment_id or UUID(int=0), UUID(int=0)) for row in rows]


async def _row(ctx: Context, i: int, row: ShipRow) -> ShipResult:
    try:
        async with shop_transaction():  # a savepoint: a row that is refused is taken back alone
            return ShipResult(i, await _ship(ctx, row))
    except Refusals as refusals:
        return ShipResult(i, refusals=[each.under("rows", i) for each in refusals.refusals])
    except Refusal as refusal:
        return ShipResult(i, refusals=[refusal.under("rows", i)])


async def _ship(ctx: Context, row: ShipRow) -> UUID:
    if row.shipment_id is not None:
        return await ship_parcel(ctx, row.shipment_id, row.draft)
    if row.order_id is None:
        raise NoSuchShipment("Name a parcel or an order.", path=["order_id"])
    draft = row.draft.checked(ctx)
    parcels = await locked_parcels(row.order_id, of="order_id")
    went = _gone_under(parcels, draft.tracking_number)
    if went is not None:
        return went
    require(parcels.order, parcels.lines, Action.SHIP, of="order_id")
    shipment = await _only_parcel(ctx, parcels)
    await ship(ctx, parcels, shipment, draft)
    return shipment.id


def _gone_under(parcels: Parcels, number: str) -> UUID | None:
    """The parcel of the order that has left under this number already: sent twice, it is one."""
    gone = [each for each in parcels.shipments if each.shipped_at and number and each.tracking_number == number]
    return gone[0].id if gone else None


async def _only_parcel(ctx: Context, parcels: Parcels) -> Shipment:
    """The one that is packed; else all that is left, packed now. Raises when one number cannot be for all of it."""
    packed = [each for each in parcels.shipments if each.state is ShipmentState.PACKED]
    if not packed:
        packed = await pack(ctx, parcels, PackDraft())
    if len(packed) > 1:
        sentence = "Order {number} goes in {count} parcels: name the parcel."
        raise WrongShipmentState(sentence, path=["order_id"], number=parcels.order.number, count=len(packed))
    return packed[0]
