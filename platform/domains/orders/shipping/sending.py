"""Parcels leave the house, and the stock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from tortoise.exceptions import IntegrityError

from stoa.domains import catalog
from stoa.domains.catalog.stock import Demand, Holder
from stoa.domains.orders.errors import TooManyPieces, WrongCurrency
from stoa.domains.orders.models import OrderLine, Shipment, ShipmentLine, ShipmentState, ShippingMethod
from stoa.domains.orders.moving import Moves, require
from stoa.domains.orders.shipping.errors import NumberTaken, WrongShipmentState
from stoa.domains.orders.shipping.events import ShipmentShipped
from stoa.domains.orders.shipping.parcels import (
    Parcels,
    locked_around,
    locked_parcels,
    name_of,
    note_arrival,
    require_step,
    save_counts,
    settle,
    step,
)
from stoa.domains.orders.states import Action
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.ids import new_id
from stoa.kit.money import Money
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction

DIGITAL = "digital"


@dataclass(frozen=True, slots=True)
class ShipDraft:
    """How a parcel goes: under which number, by whom (as its method says, when None), at what cost to the shop."""

    tracking_number: str = ""
    carrier: str | None = None
    cost: Money | None = None
    shipped_at: datetime | None = None

    def checked(self, ctx: Context) -> ShipDraft:
        """In normal form. Raises `InvalidInput` and `WrongCurrency`."""
        with blaming("tracking_number"):
            number = clean_line(self.tracking_number, what="tracking number", limit=80, required=False)
        carrier = self.carrier
        if carrier is not None:
            with blaming("carrier"):
                carrier = clean_line(carrier, what="carrier", limit=40, required=False)
        if self.cost is not None and self.cost.currency != ctx.shop.currency:
            raise WrongCurrency(
                "Costs of this shop are in {currency}, not {price_currency}.",
                path=["cost"],
                currency=ctx.shop.currency,
                price_currency=self.cost.currency,
            )
        if self.cost is not None and not 0 <= self.cost.minor < 10**13:
            raise InvalidInput("{amount} cannot be an amount here.", path=["cost"], amount=str(self.cost))
        if self.shipped_at is not None and self.shipped_at > now():
            raise InvalidInput("That is not over yet.", path=["shipped_at"])
        return ShipDraft(number.replace(" ", "").upper(), carrier, self.cost, self.shipped_at)


async def ship_parcel(
    ctx: Context, shipment_id: UUID, draft: ShipDraft, *, expected_version: int | None = None
) -> UUID:
    """The parcel leaves. Twice, under the same number, changes nothing.

    Raises `NoSuchShipment`, `ShipmentChanged`, `WrongShipmentState`, `NotNow`, `NumberTaken`, and what stock says.
    """
    draft = draft.checked(ctx)
    async with shop_transaction():
        parcels, shipment = await locked_around(shipment_id, expected_version)
        if not _went_already(shipment, draft):
            await ship(ctx, parcels, shipment, draft)
    return shipment.id


def _went_already(shipment: Shipment, draft: ShipDraft) -> bool:
    same = draft.tracking_number in ("", shipment.tracking_number or "")
    return same and shipment.shipped_at is not None and shipment.state is not ShipmentState.CANCELLED


async def ship(ctx: Context, parcels: Parcels, shipment: Shipment, draft: ShipDraft) -> None:
    """The same in the caller's transaction, with all of it locked and the draft checked."""
    if shipment.state is ShipmentState.READY:
        sentence = "Parcel {name} waits to be fetched: hand it over."
        raise WrongShipmentState(sentence, path=["id"], name=name_of(parcels.order, shipment))
    require_step(parcels, shipment, ShipmentState.SHIPPED)
    require(parcels.order, parcels.lines, Action.SHIP)
    moves = Moves(ctx, parcels.order)
    at = draft.shipped_at or now()
    if draft.carrier is not None:
        shipment.carrier = draft.carrier
    shipment.tracking_number = draft.tracking_number or shipment.tracking_number
    shipment.cost_minor = draft.cost.minor if draft.cost else shipment.cost_minor
    shipment.shipped_at, shipment.promised_at = at, await _promised(ctx, shipment, at)
    columns = ("carrier", "tracking_number", "cost_minor", "shipped_at", "promised_at")
    with naming_the_number(shipment):
        await step(moves, shipment, ShipmentState.SHIPPED, "", *columns)
    await leave(ctx, parcels, shipment)
    number = shipment.tracking_number or ""
    moves.tell(ShipmentShipped(parcels.order.id, shipment.id, shipment.number, shipment.carrier, number))
    await settle(parcels, Action.SHIP, moves)


@contextmanager
def naming_the_number(shipment: Shipment) -> Iterator[None]:
    """Say of which number the database says that another parcel has it."""
    try:
        yield
    except IntegrityError:
        sentence, number = "Another parcel goes under the number {taken}.", shipment.tracking_number or ""
        raise NumberTaken(sentence, path=["tracking_number"], taken=number) from None


async def leave(ctx: Context, parcels: Parcels, shipment: Shipment) -> None:
    """What is in the parcel leaves the stock, and counts as shipped."""
    parts = parcels.parts(shipment)
    _require_wanted(parts)
    await _take_out(ctx, parcels, shipment, parts)
    for line, many in parts:
        line.shipped += many
    await save_counts([line for line, _ in parts])


async def _take_out(ctx: Context, parcels: Parcels, shipment: Shipment, parts: Sequence[tuple[OrderLine, int]]) -> None:
    holder, place = Holder("order", parcels.order.id), shipment.location_id  # type: ignore[attr-defined]
    demand = [
        Demand(line.variant_id, many, place, line.pool_id)  # type: ignore[attr-defined]
        for line, many in parts
        if line.variant_id and line.requires_shipping  # type: ignore[attr-defined]
    ]
    if demand:
        await catalog.stock.ship(ctx, holder, demand)


def _require_wanted(parts: Sequence[tuple[OrderLine, int]]) -> None:
    """What was called off since it was packed does not go."""
    for line, many in parts:
        left = line.quantity - line.cancelled - line.shipped
        if many > left:
            raise TooManyPieces(
                "{title}: {left} left to be sent, {quantity} packed.",
                path=["id"],
                title=line.title,
                left=left,
                quantity=many,
            )


async def deliver_digital(ctx: Context, order_id: UUID) -> UUID | None:
    """All that is nothing to be sent (files, vouchers) has arrived, at once; the parcel of it. Twice changes nothing.

    None when there is nothing of the kind. Raises `NoSuchOrder` and `NotNow`.
    """
    async with shop_transaction():
        parcels = await locked_parcels(order_id, of="order_id")
        lines = [line for line in parcels.lines if not line.requires_shipping and parcels.left(line) > 0]
        if not lines:
            return next((each.id for each in parcels.shipments if each.carrier == DIGITAL), None)
        require(parcels.order, parcels.lines, Action.SHIP, of="order_id")
        at, moves = now(), Moves(ctx, parcels.order)
        shipment = await Shipment.create(
            order_id=order_id,
            number=1 + max((each.number for each in parcels.shipments), default=0),
            carrier=DIGITAL,
            state=ShipmentState.SHIPPED,
            currency=parcels.order.currency,
            shipped_at=at,
            delivered_at=at,
        )
        parts = [
            ShipmentLine(id=new_id(), shipment_id=shipment.id, line_id=line.id, quantity=parcels.left(line))
            for line in lines
        ]
        await ShipmentLine.bulk_create(parts)
        for line, part in zip(lines, parts, strict=True):
            line.shipped += part.quantity
            line.delivered += part.quantity
        await save_counts(lines)
        parcels.shipments.append(shipment)
        parcels.contents[shipment.id] = parts
        await step(moves, shipment, ShipmentState.DELIVERED)
        note_arrival(parcels, moves)
        await settle(parcels, Action.SHIP, moves)
    return shipment.id


async def _promised(ctx: Context, shipment: Shipment, at: datetime) -> datetime | None:
    """The end of the day, in the shop's time zone, on which it should be there by what its method promises."""
    if shipment.method_id is None:  # type: ignore[attr-defined]
        return None
    method = await ShippingMethod.get(id=shipment.method_id)  # type: ignore[attr-defined]
    if method.promised_days is None:
        return None
    day = at.astimezone(ZoneInfo(ctx.shop.time_zone)) + timedelta(days=method.promised_days + 1)
    return day.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
