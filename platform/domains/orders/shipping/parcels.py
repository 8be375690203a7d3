"""An order with its parcels, all of it nobody else's until the transaction ends; and how a parcel changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from stoa.domains.orders.models import (
    FulfilmentState,
    Machine,
    Order,
    OrderLine,
    Shipment,
    ShipmentLine,
    ShipmentState,
)
from stoa.domains.orders.moving import Moves, lines_of, locked_order
from stoa.domains.orders.shipping.errors import NoSuchShipment, ShipmentChanged, WrongShipmentState
from stoa.domains.orders.shipping.events import ShipmentMoved
from stoa.kit.checking import check_version
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.languages import Sentence
from stoa.tenants.database import shop_client

_S = ShipmentState
WAITING = (_S.PACKED, _S.READY)
ON_THE_WAY = (_S.SHIPPED, _S.IN_TRANSIT, _S.EXCEPTION)
# What may follow what. A parcel given up for lost may turn up after all.
STEPS: Mapping[ShipmentState, tuple[ShipmentState, ...]] = {
    _S.PACKED: (_S.SHIPPED, _S.CANCELLED),
    _S.READY: (_S.DELIVERED, _S.CANCELLED),
    _S.SHIPPED: (_S.IN_TRANSIT, _S.EXCEPTION, _S.DELIVERED, _S.LOST, _S.RETURNED),
    _S.IN_TRANSIT: (_S.EXCEPTION, _S.DELIVERED, _S.LOST, _S.RETURNED),
    _S.EXCEPTION: (_S.IN_TRANSIT, _S.DELIVERED, _S.LOST, _S.RETURNED),
    _S.DELIVERED: (),
    _S.LOST: (_S.DELIVERED, _S.RETURNED),
    _S.RETURNED: (),
    _S.CANCELLED: (),
}
STATE_WORDS: Mapping[ShipmentState, Sentence] = {
    _S.PACKED: Sentence("packed"),
    _S.READY: Sentence("ready to be fetched"),
    _S.SHIPPED: Sentence("shipped"),
    _S.IN_TRANSIT: Sentence("on its way"),
    _S.EXCEPTION: Sentence("held up"),
    _S.DELIVERED: Sentence("delivered"),
    _S.LOST: Sentence("lost"),
    _S.RETURNED: Sentence("sent back"),
    _S.CANCELLED: Sentence("cancelled"),
}

_COUNTS = """
UPDATE order_line l SET shipped = now.shipped, delivered = now.delivered, returned = now.returned
FROM jsonb_to_recordset($1::jsonb) AS now (id uuid, shipped int, delivered int, returned int)
WHERE l.id = now.id AND l.order_id = $2
"""


@dataclass(slots=True)
class Parcels:
    """An order, its lines, its parcels and what is in them."""

    order: Order
    lines: Sequence[OrderLine]
    shipments: list[Shipment]
    contents: dict[UUID, list[ShipmentLine]]

    @property
    def by_id(self) -> dict[UUID, OrderLine]:
        return {line.id: line for line in self.lines}

    def waiting(self) -> list[Shipment]:
        """Packed, and still in the house."""
        return [each for each in self.shipments if each.state in WAITING]

    def packed(self, line_id: UUID) -> int:
        """How many pieces of the line wait in parcels."""
        waiting = [part for each in self.waiting() for part in self.contents.get(each.id, ())]
        quantities: list[int] = [part.quantity for part in waiting if part.line_id == line_id]  # type: ignore[attr-defined]
        return sum(quantities)

    def left(self, line: OrderLine) -> int:
        """How many pieces of the line are in no parcel yet."""
        return line.quantity - line.cancelled - line.shipped - self.packed(line.id)

    def shipment(self, shipment_id: UUID) -> Shipment:
        return next(each for each in self.shipments if each.id == shipment_id)

    def parts(self, shipment: Shipment) -> list[tuple[OrderLine, int]]:
        """The lines in a parcel, and how many pieces of each."""
        lines = self.by_id
        return [(lines[part.line_id], part.quantity) for part in self.contents.get(shipment.id, ())]  # type: ignore[attr-defined]


async def locked_parcels(order_id: UUID, expected_version: int | None = None, *, of: str = "id") -> Parcels:
    """The order first, then its parcels in order of id. Raises `NoSuchOrder` and `OrderChanged`."""
    order = await locked_order(order_id, expected_version, of=of)
    return await parcels_of(order, await lines_of(order))


async def parcels_of(order: Order, lines: Sequence[OrderLine]) -> Parcels:
    """The parcels of an order that is locked already, in order of id."""
    shipments = await Shipment.filter(order_id=order.id).select_for_update().order_by("id")
    contents: dict[UUID, list[ShipmentLine]] = {}
    for part in await ShipmentLine.filter(shipment_id__in=[each.id for each in shipments]).order_by("id"):
        contents.setdefault(part.shipment_id, []).append(part)  # type: ignore[attr-defined]
    return Parcels(order, lines, shipments, contents)


async def locked_around(shipment_id: UUID, expected_version: int | None = None) -> tuple[Parcels, Shipment]:
    """A parcel with its order and all beside it. Raises `NoSuchShipment` and `ShipmentChanged`."""
    order_id = await Shipment.filter(id=shipment_id).first().values_list("order_id", flat=True)
    if order_id is None:
        raise NoSuchShipment("There is no such parcel.", path=["id"])
    parcels = await locked_parcels(order_id)  # type: ignore[arg-type]
    shipment = parcels.shipment(shipment_id)
    name = Sentence("Parcel {name}", {"name": name_of(parcels.order, shipment)})
    check_version(shipment, expected_version, ShipmentChanged, name)
    return parcels, shipment


def name_of(order: Order, shipment: Shipment) -> str:
    """As people call it: 1001-2 is the second parcel of order 1001."""
    return f"{order.number}-{shipment.number}"


def require_step(parcels: Parcels, shipment: Shipment, to: ShipmentState) -> None:
    """Raises `WrongShipmentState` when that may not follow."""
    if to not in STEPS[shipment.state]:
        raise WrongShipmentState(
            "Parcel {name} is {state}.",
            path=["id"],
            name=name_of(parcels.order, shipment),
            state=STATE_WORDS[shipment.state],
        )


async def step(moves: Moves, shipment: Shipment, to: ShipmentState, reason: str = "", *columns: str) -> None:
    """Save the parcel in its new state, with the named columns, and tell of it."""
    old, shipment.state = shipment.state, to
    shipment.version += 1
    await shipment.save(update_fields=["state", "version", *columns])
    if old is not to:
        moves.tell(ShipmentMoved(shipment.order_id, shipment.id, shipment.number, old, to, reason))  # type: ignore[attr-defined]


def follow(moves: Moves, parcels: Parcels, action: str) -> None:
    """Let the order's fulfilment follow from its parcels as they are now."""
    order, shipped = parcels.order, sum(line.shipped for line in parcels.lines)
    if not shipped:
        _follow_packing(moves, parcels, action)
    elif _all_lost(parcels.shipments):
        moves.step(Machine.FULFILMENT, FulfilmentState.LOST, action)
    elif order.fulfilment_state is FulfilmentState.LOST:
        moves.step(Machine.FULFILMENT, FulfilmentState.SHIPPED, action)
    moves.follow(parcels.lines, action)


def note_arrival(parcels: Parcels, moves: Moves) -> None:
    """The moment when the last piece of the order arrived, once nothing else is to come."""
    pieces = sum(line.quantity - line.cancelled for line in parcels.lines)
    delivered = sum(line.delivered for line in parcels.lines)
    if parcels.order.delivered_at is None and delivered and delivered >= pieces:
        moves.set(delivered_at=max((at for each in parcels.shipments if (at := each.delivered_at)), default=now()))


def _all_lost(shipments: Iterable[Shipment]) -> bool:
    sent = [each.state for each in shipments if each.shipped_at is not None]
    return bool(sent) and all(state is ShipmentState.LOST for state in sent)


def _follow_packing(moves: Moves, parcels: Parcels, action: str) -> None:
    packed = sum(parcels.packed(line.id) for line in parcels.lines)
    left = sum(parcels.left(line) for line in parcels.lines if line.requires_shipping)
    if parcels.order.fulfilment_state is FulfilmentState.UNFULFILLED:
        moves.step(Machine.FULFILMENT, FulfilmentState.ALLOCATED, action)
    if parcels.order.fulfilment_state in (FulfilmentState.ALLOCATED, FulfilmentState.PICKING, FulfilmentState.PACKED):
        all_packed = FulfilmentState.PICKING if left else FulfilmentState.PACKED
        moves.step(Machine.FULFILMENT, all_packed if packed else FulfilmentState.ALLOCATED, action)


async def settle(parcels: Parcels, action: str, moves: Moves) -> None:
    """The end of every operation on parcels: the order follows, and all of it is saved and told."""
    follow(moves, parcels, action)
    await moves.save()


async def save_counts(lines: Sequence[OrderLine]) -> None:
    """How far the pieces of an order have come, by line; one statement, however many."""
    counts = [
        {"id": str(line.id), "shipped": line.shipped, "delivered": line.delivered, "returned": line.returned}
        for line in lines
    ]
    if counts:
        order_id = lines[0].order_id  # type: ignore[attr-defined]
        await shop_client().execute_query(_COUNTS, [as_json(counts), order_id])
