"""Bring stock from one location to another: it leaves, is on its way, and arrives, perhaps in parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from stoa.domains.catalog.errors import (
    NamedTwice,
    NoSuchLocation,
    NoSuchTransfer,
    NoSuchVariant,
    NotEnoughStock,
    TransferChanged,
    TransferEnded,
)
from stoa.domains.catalog.events import TransferCancelled, TransferReceived, TransferStarted
from stoa.domains.catalog.models import Location, MovementKind, Transfer, TransferState
from stoa.domains.catalog.stock.moving import MAX_QUANTITY, Move, move
from stoa.domains.catalog.stock.under_way import UnderWay
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput, Refusal, Refusals
from stoa.kit.ids import type_id
from stoa.kit.languages import Sentence
from stoa.kit.text import clean_text
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction
from stoa.tenants.outbox import publish

MAX_LINES = 250
TRANSFERS = UnderWay(
    Transfer,
    Sentence("The transfer"),
    TransferState.IN_TRANSIT,
    missing=lambda: NoSuchTransfer("There is no such transfer.", path=["id"]),
    ended=lambda state: TransferEnded("The transfer is {state} already.", path=["id"], state=state),
    changed=TransferChanged,
    columns=("lines",),
)


async def start_transfer(
    ctx: Context, origin_id: UUID, destination_id: UUID, lines: Sequence[tuple[UUID, int]], *, note: str = ""
) -> Transfer:
    """Send these quantities on their way: they leave the origin at once, and are `incoming` at the destination.

    Raises `NoSuchLocation`, `InvalidInput`, `NamedTwice`, and what `move` raises, with the paths ``lines, n``.
    """
    note = clean_text(note, what="note", limit=500)
    _check(lines)
    if origin_id == destination_id:
        raise InvalidInput("Origin and destination are the same.", path=["destination_id"])
    async with shop_transaction():
        await _check_locations(origin_id, destination_id)
        transfer = await Transfer.create(
            origin_id=origin_id,
            destination_id=destination_id,
            lines=[{"variant_id": str(id), "quantity": quantity, "received": 0} for id, quantity in lines],
            note=note,
        )
        await _move(ctx, transfer, MovementKind.TRANSFER_OUT, list(_leaving(transfer)), note[:200])
        await publish(ctx, TransferStarted(transfer.id))
    return transfer


async def receive_transfer(
    ctx: Context,
    transfer_id: UUID,
    received: Sequence[tuple[UUID, int]] | None = None,
    *,
    expected_version: int | None = None,
) -> Transfer:
    """What has arrived is on hand at the destination; all that is on its way, when not said.

    Raises `NoSuchTransfer`, `TransferEnded`, `TransferChanged`, `NoSuchVariant`, and `NotEnoughStock` for more than is
    on its way.
    """
    if received is not None:
        _check(received)
    async with shop_transaction():
        transfer = await TRANSFERS.locked(transfer_id, expected_version)
        arrived = _arrived(transfer, received)
        moves = [
            Move(id, transfer.destination_id, MovementKind.TRANSFER_IN, on_hand=n, incoming=-n)  # type: ignore[attr-defined]
            for id, n in arrived.items()
        ]
        await _move(ctx, transfer, MovementKind.TRANSFER_IN, moves, "")
        transfer.lines = [_plus(line, arrived) for line in transfer.lines]
        if all(line["received"] == line["quantity"] for line in transfer.lines):
            transfer.state, transfer.ended_at = TransferState.RECEIVED, now()
        await TRANSFERS.save(transfer)
        await publish(ctx, TransferReceived(transfer.id, transfer.state.value))
    return transfer


async def cancel_transfer(ctx: Context, transfer_id: UUID, *, expected_version: int | None = None) -> Transfer:
    """Put back at the origin what is still on its way; what has arrived stays where it is. Twice changes nothing.

    Raises `NoSuchTransfer`, `TransferChanged`, and `TransferEnded` when all of it has been received.
    """
    async with shop_transaction():
        transfer = await TRANSFERS.locked(transfer_id, expected_version, besides=TransferState.CANCELLED)
        if transfer.state is TransferState.CANCELLED:
            return transfer
        moves = list(_leaving(transfer, back=True))
        await _move(ctx, transfer, MovementKind.TRANSFER_OUT, moves, "transfer cancelled")
        transfer.state, transfer.ended_at = TransferState.CANCELLED, now()
        await TRANSFERS.save(transfer)
        await publish(ctx, TransferCancelled(transfer.id))
    return transfer


def _leaving(transfer: Transfer, *, back: bool = False) -> Iterator[Move]:
    """What is on its way leaves the origin, or comes back there."""
    origin: UUID = transfer.origin_id  # type: ignore[attr-defined]
    destination: UUID = transfer.destination_id  # type: ignore[attr-defined]
    for line in transfer.lines:
        left, variant_id = line["quantity"] - line["received"], UUID(line["variant_id"])
        sent = -left if back else left
        if sent:
            yield Move(variant_id, origin, MovementKind.TRANSFER_OUT, on_hand=-sent)
            yield Move(variant_id, destination, MovementKind.TRANSFER_OUT, incoming=sent)


async def _move(ctx: Context, transfer: Transfer, kind: MovementKind, moves: list[Move], reason: str) -> None:
    """The paths of refusals name the line of the transfer, and not the movement."""
    per_line = 2 if kind is MovementKind.TRANSFER_OUT else 1
    try:
        await move(ctx, moves, reason=reason, reference=("transfer", transfer.id))
    except Refusal as refusal:
        raise _at_line(refusal, per_line) from None
    except Refusals as refusals:
        found = [_at_line(each, per_line) for each in refusals.refusals]
        raise Refusals(list({each.path: each for each in found}.values())) from None


def _at_line(refusal: Refusal, per_line: int) -> Refusal:
    refusal.path = ("lines", int(refusal.path[1]) // per_line, *refusal.path[2:])
    return refusal


def _arrived(transfer: Transfer, received: Sequence[tuple[UUID, int]] | None) -> dict[UUID, int]:
    left = {UUID(line["variant_id"]): line["quantity"] - line["received"] for line in transfer.lines}
    if received is None:
        return {id: quantity for id, quantity in left.items() if quantity}
    for n, (variant_id, quantity) in enumerate(received):
        if variant_id not in left:
            raise NoSuchVariant("This variant is not in the transfer.", path=["lines", n, "variant_id"])
        if quantity > left[variant_id]:
            raise NotEnoughStock(
                "{left} are on their way, and not {wanted}.",
                path=["lines", n, "quantity"],
                variant=type_id("var", variant_id),
                left=left[variant_id],
                wanted=quantity,
            )
    return dict(received)


def _plus(line: dict[str, Any], arrived: Mapping[UUID, int]) -> dict[str, Any]:
    return line | {"received": line["received"] + arrived.get(UUID(line["variant_id"]), 0)}


def _check(lines: Sequence[tuple[UUID, int]]) -> None:
    if not 1 <= len(lines) <= MAX_LINES:
        raise InvalidInput(
            "{count} lines; 1 to {limit} are allowed.", path=["lines"], count=len(lines), limit=MAX_LINES
        )
    seen: set[UUID] = set()
    for n, (variant_id, quantity) in enumerate(lines):
        if not 1 <= quantity <= MAX_QUANTITY:
            raise InvalidInput("{quantity} cannot be sent.", path=["lines", n, "quantity"], quantity=quantity)
        if variant_id in seen:
            raise NamedTwice("An earlier line is about the same variant.", path=["lines", n, "variant_id"])
        seen.add(variant_id)


async def _check_locations(origin_id: UUID, destination_id: UUID) -> None:
    found = await Location.filter(id__in=[origin_id, destination_id]).values_list("id", flat=True)
    for name, id in (("origin_id", origin_id), ("destination_id", destination_id)):
        if id not in found:
            raise NoSuchLocation("There is no such location.", path=[name])
