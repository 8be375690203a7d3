"""A buyer wants something back, exchanged or sent again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from stoa.domains.orders.aftersales.errors import TooManyInCase
from stoa.domains.orders.aftersales.events import CaseOpened
from stoa.domains.orders.aftersales.handling import follow_cases, plan_deadline
from stoa.domains.orders.aftersales.states import ANSWER_WITHIN, WITH_RETURN
from stoa.domains.orders.errors import NoSuchLine
from stoa.domains.orders.models import AftersaleCase, CaseKind, CaseState, OrderLine
from stoa.domains.orders.moving import Moves, lines_of, locked_order, require
from stoa.domains.orders.states import Action
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput, Refusal, Refusals
from stoa.kit.ids import new_id
from stoa.kit.text import clean_line, clean_text
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.uploading import claim_images

MAX_PICTURES = 9
_GONE = (CaseState.DECLINED, CaseState.CANCELLED)


class CaseReason(StrEnum):
    DAMAGED = "DAMAGED"
    WRONG_ITEM = "WRONG_ITEM"
    NOT_AS_DESCRIBED = "NOT_AS_DESCRIBED"
    MISSING = "MISSING"
    LOST = "LOST"
    LATE = "LATE"
    QUALITY = "QUALITY"
    CHANGED_MIND = "CHANGED_MIND"
    OTHER = "OTHER"


class ContactKind(StrEnum):
    CONVERSATION = "conversation"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Contact:
    """Where it was talked over: a conversation or a call, by its id or number."""

    kind: ContactKind
    reference: str


@dataclass(frozen=True, slots=True)
class CasePieces:
    """So many pieces of a line."""

    line_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class CaseDraft:
    kind: CaseKind
    reason: CaseReason
    lines: Sequence[CasePieces]
    note: str = ""
    picture_ids: Sequence[UUID] = field(default_factory=tuple)
    contact: Contact | None = None


async def open_case(ctx: Context, order_id: UUID, draft: CaseDraft) -> AftersaleCase:
    """Take the request in; it is to be answered within 48 hours. Pictures are uploads, which are claimed.

    What comes back must have been sent, and no piece is in two cases. Raises `NoSuchOrder`, `NotNow`, `Refusals` of
    `NoSuchLine`, `TooManyInCase` and of pictures that cannot be taken.
    """
    note = clean_text(draft.note, what="note", limit=2000)
    contact = _contact(draft.contact)
    async with shop_transaction():
        order = await locked_order(order_id, of="order_id")
        lines = await lines_of(order)
        require(order, lines, Action.OPEN_CASE, of="order_id")
        pieces = _pieces(draft, lines, await claimed_by_cases(order.id))
        case = AftersaleCase(
            id=new_id(),
            number=await _next_number(),
            order_id=order.id,
            kind=draft.kind,
            reason=draft.reason,
            note=note,
            pictures=await _pictures(ctx, draft.picture_ids),
            lines=[case_line(str(line.id), quantity) for line, quantity in pieces],
            currency=order.currency,
            contact=contact,
            deadline_at=now() + ANSWER_WITHIN,
        )
        await case.save(force_create=True)
        await plan_deadline(ctx, case)
        moves = Moves(ctx, order)
        await follow_cases(moves, "OPEN_CASE")
        moves.tell(CaseOpened(order.id, case.id, case.number, draft.kind, draft.reason))
        await moves.save()
    return case


async def claimed_by_cases(order_id: UUID) -> dict[str, int]:
    """How many pieces of each line are in a case. What was declined, cancelled, called off by it, or never came back,
    is not."""
    claimed: dict[str, int] = {}
    for case in await AftersaleCase.filter(order_id=order_id).exclude(state__in=_GONE):
        is_void = case.state is CaseState.CLOSED and case.refund_minor is None and case.sent_order_id is None  # type: ignore[attr-defined]
        for each in case.lines:
            count = each["received"] if is_void else each["quantity"] - each.get("called_off", 0)
            claimed[each["line_id"]] = claimed.get(each["line_id"], 0) + count
    return claimed


def _pieces(draft: CaseDraft, lines: Sequence[OrderLine], claimed: Mapping[str, int]) -> list[tuple[OrderLine, int]]:
    if not draft.lines:
        raise InvalidInput("Name at least one line.", path=["lines"])
    by_id, wanted, wrong = {line.id: line for line in lines}, dict[UUID, int](), list[Refusal]()
    for n, each in enumerate(draft.lines):
        line = by_id.get(each.line_id)
        wanted[each.line_id] = wanted.get(each.line_id, 0) + max(each.quantity, 0)
        if line is None:
            wrong.append(NoSuchLine("There is no such line on this order.", path=["lines", n, "line_id"]))
            continue
        left = _bought(draft.kind, line) - claimed.get(str(line.id), 0)
        if each.quantity < 1 or wanted[line.id] > left:
            wrong.append(_too_many(line, n, max(left, 0), each.quantity))
    if wrong:
        raise Refusals(wrong)
    return [(by_id[id], count) for id, count in wanted.items()]


def _bought(kind: CaseKind, line: OrderLine) -> int:
    """What was sent can come back, or be sent again; for a refund alone it is enough to have been bought."""
    if kind in WITH_RETURN:
        return int(line.shipped)
    return int(line.shipped if kind is CaseKind.REISSUE else line.quantity - line.cancelled)


def _too_many(line: OrderLine, n: int, left: int, wanted: int) -> Refusal:
    return TooManyInCase(
        "{what}: {left} pieces are left for a case, {wanted} wanted.",
        path=["lines", n, "quantity"],
        what=line.sku or line.title,
        left=left,
        wanted=wanted,
    )


def case_line(line_id: str, quantity: int, *, received: int = 0) -> dict[str, Any]:
    """So many pieces of an order's line, as a case keeps them."""
    return {
        "line_id": line_id,
        "quantity": quantity,
        "received": received,
        "restocked": 0,
        "scrapped": 0,
        "condition": "",
    }


def _contact(contact: Contact | None) -> dict[str, str]:
    if contact is None:
        return {}
    try:
        reference = clean_line(contact.reference, what="reference", limit=120)
    except InvalidInput as refusal:
        raise refusal.under("contact", "reference") from None
    return {"kind": contact.kind.value, "reference": reference}


async def _pictures(ctx: Context, ids: Sequence[UUID]) -> list[str]:
    if len(ids) > MAX_PICTURES:
        sentence = "{count} pictures; {limit} are allowed."
        raise InvalidInput(sentence, path=["picture_ids"], count=len(ids), limit=MAX_PICTURES)
    if not ids:
        return []
    claimed = await claim_images(ctx, list(dict.fromkeys(ids)))
    wrong = [each.under("picture_ids", n) for n, id in enumerate(ids) if isinstance(each := claimed[id], Refusal)]
    if wrong:
        raise Refusals(wrong)
    return [each.file_key for each in claimed.values() if not isinstance(each, Refusal)]


async def _next_number() -> int:
    [row] = await shop_client().execute_query_dict(
        "SELECT nextval(pg_get_serial_sequence('aftersale_case', 'number')) AS number"
    )
    number: int = row["number"]
    return number
