"""Stock's part of Mutation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import strawberry

from stoa.domains.catalog import stock
from stoa.graphql.catalog.stock.inputs import (
    LocationCreateInput,
    LocationRefInput,
    LocationUpdateInput,
    StockAdjustInput,
    StockCountCancelInput,
    StockCountCloseInput,
    StockCountOpenInput,
    StockCountRecordInput,
    StockReservationEndInput,
    StockReservationExtendInput,
    StockReserveInput,
    StockThresholdSetInput,
    StockTransferCancelInput,
    StockTransferReceiveInput,
    StockTransferStartInput,
)
from stoa.graphql.catalog.stock.types import Location, StockCount, StockLevel, StockReservation, StockTransfer
from stoa.graphql.errors import user_error
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.reading.declaring import fetched, fetched_many, root
from stoa.graphql.scalars import read_id
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context


@root
class LocationPayload(Payload):
    """A location after a mutation."""

    location: Location | None = fetched("The location as it is now; null when there are errors.")


@root
class StockLevelsPayload(Payload):
    """Stock levels after a mutation."""

    stock_levels: list[StockLevel | None] | None = fetched_many(
        "As they are now, one for each line and in that order; null where the line was refused."
    )


@root
class StockReservationsPayload(Payload):
    """Reservations after a mutation."""

    reservations: list[StockReservation] | None = fetched_many(
        "Those that were made, ended or extended; null when there are errors."
    )


@root
class StockTransferPayload(Payload):
    """A transfer after a mutation."""

    stock_transfer: StockTransfer | None = fetched("The transfer as it is now; null when there are errors.")


@root
class StockCountPayload(Payload):
    """A stock-take after a mutation."""

    stock_count: StockCount | None = fetched("The stock-take as it is now; null when there are errors.")


def _many(payload: Any, name: str, ids: Sequence[UUID | None], errors: Sequence[Any] = ()) -> Any:
    return payload(**{name: list(ids)}, user_errors=list(errors))


@shop_mutation(Scope.CATALOG_WRITE, "Open a location.")
async def location_create(ctx: Context, input: LocationCreateInput) -> LocationPayload:
    return LocationPayload.of(location=(await stock.create_location(ctx, input.changes())).id)


@shop_mutation(Scope.CATALOG_WRITE, "Change a location; it cannot be closed while stock or open work is there.")
async def location_update(ctx: Context, input: LocationUpdateInput) -> LocationPayload:
    location = await stock.update_location(
        ctx, read_id("id", input.id, "loc"), input.changes(), expected_version=input.expected_version
    )
    return LocationPayload.of(location=location.id)


@shop_mutation(Scope.CATALOG_WRITE, "Make a location the one that is meant where none is named.")
async def location_main_set(ctx: Context, input: LocationRefInput) -> LocationPayload:
    return LocationPayload.of(location=(await stock.set_main_location(ctx, read_id("id", input.id, "loc"))).id)


@shop_mutation(Scope.CATALOG_WRITE, "Correct stock by hand; each line is done, or refused in `userErrors`, by itself.")
async def stock_adjust(ctx: Context, input: StockAdjustInput) -> StockLevelsPayload:
    outcomes = await stock.adjust(ctx, input.adjustments(), reason=input.reason)
    errors = [user_error(each.refusal) for each in outcomes if each.refusal]
    levels: StockLevelsPayload = _many(StockLevelsPayload, "stock_levels", [each.id for each in outcomes], errors)
    return levels


@shop_mutation(Scope.CATALOG_WRITE, "Say when stock is low, and how far it may be sold in advance: all lines, or none.")
async def stock_threshold_set(ctx: Context, input: StockThresholdSetInput) -> StockLevelsPayload:
    ids = await stock.set_limits(ctx, input.limits())
    levels: StockLevelsPayload = _many(StockLevelsPayload, "stock_levels", ids)
    return levels


@shop_mutation(Scope.CATALOG_WRITE, "Reserve stock for a cart or an order: all the lines, or nothing.")
async def stock_reserve(ctx: Context, input: StockReserveInput) -> StockReservationsPayload:
    holder, lines = input.read()
    return _reservations(await stock.reserve(ctx, holder, lines, expires_at=input.expires_at))


@shop_mutation(Scope.CATALOG_WRITE, "Let go of what is reserved, or of a part of it. Without lines, twice is once.")
async def stock_release(ctx: Context, input: StockReservationEndInput) -> StockReservationsPayload:
    holder, lines = input.read()
    return _reservations(await stock.release(ctx, holder, lines))


@shop_mutation(Scope.CATALOG_WRITE, "What is reserved, or a part of it, leaves the house.")
async def stock_ship(ctx: Context, input: StockReservationEndInput) -> StockReservationsPayload:
    holder, lines = input.read()
    return _reservations(await stock.ship(ctx, holder, lines))


@shop_mutation(Scope.CATALOG_WRITE, "Hold what is reserved until then, or for good.")
async def stock_reservation_extend(ctx: Context, input: StockReservationExtendInput) -> StockReservationsPayload:
    return _reservations(await stock.extend(ctx, input.read(), input.expires_at))


def _reservations(ids: Sequence[UUID]) -> StockReservationsPayload:
    payload: StockReservationsPayload = _many(StockReservationsPayload, "reservations", ids)
    return payload


@shop_mutation(Scope.CATALOG_WRITE, "Send stock on its way to another location.")
async def stock_transfer_start(ctx: Context, input: StockTransferStartInput) -> StockTransferPayload:
    origin, destination, lines = input.read()
    transfer = await stock.start_transfer(ctx, origin, destination, lines, note=input.note)
    return StockTransferPayload.of(stock_transfer=transfer.id)


@shop_mutation(Scope.CATALOG_WRITE, "Take in what has arrived of a transfer, in full or in part.")
async def stock_transfer_receive(ctx: Context, input: StockTransferReceiveInput) -> StockTransferPayload:
    transfer = await stock.receive_transfer(
        ctx, read_id("id", input.id, "tran"), input.pairs(), expected_version=input.expected_version
    )
    return StockTransferPayload.of(stock_transfer=transfer.id)


@shop_mutation(Scope.CATALOG_WRITE, "End a transfer; what has not arrived is put back. Twice changes nothing.")
async def stock_transfer_cancel(ctx: Context, input: StockTransferCancelInput) -> StockTransferPayload:
    transfer = await stock.cancel_transfer(
        ctx, read_id("id", input.id, "tran"), expected_version=input.expected_version
    )
    return StockTransferPayload.of(stock_transfer=transfer.id)


@shop_mutation(Scope.CATALOG_WRITE, "Begin a stock-take; one at a time for a location.")
async def stock_count_open(ctx: Context, input: StockCountOpenInput) -> StockCountPayload:
    count = await stock.open_count(ctx, read_id("location_id", input.location_id, "loc"), note=input.note)
    return StockCountPayload.of(stock_count=count.id)


@shop_mutation(Scope.CATALOG_WRITE, "Note what was counted.")
async def stock_count_record(ctx: Context, input: StockCountRecordInput) -> StockCountPayload:
    count = await stock.record_counts(ctx, read_id("id", input.id, "cnt"), input.pairs())
    return StockCountPayload.of(stock_count=count.id)


@shop_mutation(Scope.CATALOG_WRITE, "Correct the books by what was counted. Twice changes nothing.")
async def stock_count_close(ctx: Context, input: StockCountCloseInput) -> StockCountPayload:
    count = await stock.close_count(ctx, read_id("id", input.id, "cnt"), expected_version=input.expected_version)
    return StockCountPayload.of(stock_count=count.id)


@shop_mutation(Scope.CATALOG_WRITE, "End a stock-take without touching the books. Twice changes nothing.")
async def stock_count_cancel(ctx: Context, input: StockCountCancelInput) -> StockCountPayload:
    return StockCountPayload.of(stock_count=(await stock.cancel_count(ctx, read_id("id", input.id, "cnt"))).id)


@strawberry.type
class StockMutations:
    """What can be done with stock."""

    location_create = location_create
    location_update = location_update
    location_main_set = location_main_set
    stock_adjust = stock_adjust
    stock_threshold_set = stock_threshold_set
    stock_reserve = stock_reserve
    stock_release = stock_release
    stock_ship = stock_ship
    stock_reservation_extend = stock_reservation_extend
    stock_transfer_start = stock_transfer_start
    stock_transfer_receive = stock_transfer_receive
    stock_transfer_cancel = stock_transfer_cancel
    stock_count_open = stock_count_open
    stock_count_record = stock_count_record
    stock_count_close = stock_count_close
    stock_count_cancel = stock_count_cancel
