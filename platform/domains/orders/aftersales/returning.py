"""Goods come back: sent by the buyer, received, looked at, and put on the shelf again or written off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from stoa.domains.catalog import stock
from stoa.domains.catalog.stock import Returned
from stoa.domains.orders.aftersales.errors import TooManyInCase
from stoa.domains.orders.aftersales.events import GoodsReturned
from stoa.domains.orders.aftersales.handling import Hand, take
from stoa.domains.orders.aftersales.states import CaseAction
from stoa.domains.orders.errors import NoSuchLine
from stoa.domains.orders.models import AftersaleCase
from stoa.domains.orders.shipping.parcels import save_counts
from stoa.kit.errors import InvalidInput, Refusal, Refusals, blaming
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction


@dataclass(frozen=True, slots=True)
class Inspected:
    """What became of a line's pieces: so many can be sold again, so many cannot."""

    line_id: UUID
    restocked: int = 0
    scrapped: int = 0
    condition: str = ""


async def send_case_back(
    ctx: Context, case_id: UUID, *, carrier: str, tracking: str = "", expected_version: int | None = None
) -> AftersaleCase:
    """The buyer has sent it."""
    with blaming("carrier"):
        carrier = clean_line(carrier, what="carrier", limit=40)
    with blaming("tracking"):
        tracking = clean_line(tracking, what="tracking number", limit=80, required=False)
    async with shop_transaction():
        hand = await take(ctx, case_id, CaseAction.SEND_BACK, expected_version)
        hand.act(CaseAction.SEND_BACK, return_carrier=carrier, return_tracking=tracking)
        return await hand.save()


async def receive_case(
    ctx: Context, case_id: UUID, counts: Mapping[UUID, int] | None = None, *, expected_version: int | None = None
) -> AftersaleCase:
    """So many of each line have come; without counts, all of them. Raises `NoSuchLine` and `TooManyInCase`."""
    async with shop_transaction():
        hand = await take(ctx, case_id, CaseAction.RECEIVE, expected_version)
        rows = _received(hand, counts)
        for row in rows:
            line = hand.line(row["line_id"])
            if line.returned + row["received"] > line.shipped:  # a parcel came back by itself meanwhile
                raise _too_many(hand, row, 0, line.shipped - line.returned, row["received"])
            line.returned += row["received"]
        await save_counts([hand.line(row["line_id"]) for row in rows])
        hand.act(CaseAction.RECEIVE, lines=rows)
        return await hand.save()


async def inspect_case(
    ctx: Context,
    case_id: UUID,
    found: Sequence[Inspected],
    *,
    location_id: UUID | None = None,
    expected_version: int | None = None,
) -> AftersaleCase:
    """Every piece that came is put back to stock or written off, at the location or the main one.

    Raises `TooManyInCase` when they are not exactly what was received, and what moving stock raises.
    """
    async with shop_transaction():
        hand = await take(ctx, case_id, CaseAction.INSPECT, expected_version)
        rows = _inspected(hand, found)
        hand.act(CaseAction.INSPECT, lines=rows)
        told = tuple((UUID(row["line_id"]), row["restocked"], row["scrapped"]) for row in rows)
        hand.moves.tell(GoodsReturned(hand.order.id, hand.case.id, told))
        case = await hand.save()
        await stock.take_back(ctx, _to_stock(hand, rows), location_id, reference=("case", case.id))
    return case


def _to_stock(hand: Hand, rows: Sequence[Mapping[str, Any]]) -> list[Returned]:
    """Of what is a thing that the catalog has."""
    return [
        Returned(line.variant_id, row["restocked"], row["scrapped"])  # type: ignore[attr-defined]
        for row in rows
        if (line := hand.line(row["line_id"])).variant_id and line.requires_shipping  # type: ignore[attr-defined]
    ]


def _received(hand: Hand, counts: Mapping[UUID, int] | None) -> list[dict[str, Any]]:
    if counts is None:
        return [{**row, "received": row["quantity"]} for row in hand.case.lines]
    known, wrong = {row["line_id"]: row for row in hand.case.lines}, list[Refusal]()
    for n, (line_id, count) in enumerate(counts.items()):
        row = known.get(str(line_id))
        if row is None:
            wrong.append(_no_such_line(n))
        elif not 0 <= count <= row["quantity"]:
            wrong.append(_too_many(hand, row, n, row["quantity"], count))
    if wrong:
        raise Refusals(wrong)
    rows = [{**row, "received": counts.get(UUID(row["line_id"]), 0)} for row in hand.case.lines]
    if not any(row["received"] for row in rows):
        raise InvalidInput("Nothing of it has come: close the case instead.", path=["lines"])
    return rows


def _inspected(hand: Hand, found: Sequence[Inspected]) -> list[dict[str, Any]]:
    rows, wrong = {row["line_id"]: dict(row) for row in hand.case.lines}, list[Refusal]()
    for n, each in enumerate(found):
        row = rows.get(str(each.line_id))
        if row is None:
            wrong.append(_no_such_line(n))
            continue
        row["restocked"] += each.restocked
        row["scrapped"] += each.scrapped
        with blaming("lines", n, "condition"):
            row["condition"] = clean_line(each.condition, what="condition", limit=200, required=False)
        if min(each.restocked, each.scrapped) < 0 or row["restocked"] + row["scrapped"] > row["received"]:
            wrong.append(_too_many(hand, row, n, row["received"], each.restocked + each.scrapped))
    if wrong:
        raise Refusals(wrong)
    for row in rows.values():
        if row["restocked"] + row["scrapped"] < row["received"]:
            raise InvalidInput(
                "{what}: {count} came, and only {told} of them are told of.",
                path=["lines"],
                what=_named(hand, row),
                count=row["received"],
                told=row["restocked"] + row["scrapped"],
            )
    return list(rows.values())


def _no_such_line(n: int) -> Refusal:
    return NoSuchLine("There is no such line in this case.", path=["lines", n, "line_id"])


def _too_many(hand: Hand, row: Mapping[str, Any], n: int, left: int, wanted: int) -> Refusal:
    return TooManyInCase(
        "{what}: {left} pieces at the most, not {wanted}.",
        path=["lines", n, "quantity"],
        what=_named(hand, row),
        left=left,
        wanted=wanted,
    )


def _named(hand: Hand, row: Mapping[str, Any]) -> str:
    line = hand.line(row["line_id"])
    return str(line.sku or line.title)
