"""The shop answers a case, or the buyer takes it back; and what the clock does when nobody does."""

from __future__ import annotations

from uuid import UUID

from stoa.domains.orders.aftersales.handling import in_hand, take
from stoa.domains.orders.aftersales.states import CaseAction, why_not
from stoa.domains.orders.models import AftersaleCase, CaseState
from stoa.kit.clock import now
from stoa.kit.errors import blaming
from stoa.kit.text import clean_text
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction


async def approve_case(
    ctx: Context, case_id: UUID, *, answer: str = "", expected_version: int | None = None
) -> AftersaleCase:
    """The shop agrees. What is to come back is waited for: 7 days."""
    return await _answered(ctx, case_id, CaseAction.APPROVE, answer, expected_version)


async def decline_case(
    ctx: Context, case_id: UUID, *, answer: str, expected_version: int | None = None
) -> AftersaleCase:
    """The shop does not agree, and says why. Its pieces are free for another case."""
    return await _answered(ctx, case_id, CaseAction.DECLINE, answer, expected_version)


async def cancel_case(ctx: Context, case_id: UUID, *, expected_version: int | None = None) -> AftersaleCase:
    """The buyer does not want it any more. Twice changes nothing."""
    return await _ended(ctx, case_id, CaseAction.CANCEL, CaseState.CANCELLED, expected_version)


async def close_case(ctx: Context, case_id: UUID, *, expected_version: int | None = None) -> AftersaleCase:
    """It is over: settled, lost on its way back, or nothing is given for what came back. Twice changes nothing."""
    return await _ended(ctx, case_id, CaseAction.CLOSE, CaseState.CLOSED, expected_version)


async def case_is_due(ctx: Context, case_id: UUID) -> None:
    """The deadline of a case may be over: then it moves on by itself. Otherwise, or twice, nothing changes."""
    if not await AftersaleCase.filter(id=case_id).exists():
        return
    async with shop_transaction():
        hand = await in_hand(ctx, case_id)
        case = hand.case
        if case.deadline_at is None or case.deadline_at > now():
            return
        for action in (CaseAction.MISS_ANSWER, CaseAction.LAPSE):
            if why_not(case.kind, case.state, action) is None:
                hand.act(action)
                await hand.save()
                return


async def _answered(
    ctx: Context, case_id: UUID, action: CaseAction, answer: str, expected_version: int | None
) -> AftersaleCase:
    with blaming("answer"):
        answer = clean_text(answer, what="answer", limit=2000, required=action is CaseAction.DECLINE)
    async with shop_transaction():
        hand = await take(ctx, case_id, action, expected_version)
        hand.act(action, answer=answer)
        return await hand.save()


async def _ended(
    ctx: Context, case_id: UUID, action: CaseAction, state: CaseState, expected_version: int | None
) -> AftersaleCase:
    async with shop_transaction():
        hand = await in_hand(ctx, case_id)
        if hand.case.state is state:
            return hand.case
        hand = await take(ctx, case_id, action, expected_version)
        hand.act(action)
        return await hand.save()
