"""A case in hand: its order locked, then the case; moved by steps that the table allows, and told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from stoa.domains.orders.aftersales.errors import CaseChanged, NoSuchCase, NotInThisCase
from stoa.domains.orders.aftersales.events import CaseMoved
from stoa.domains.orders.aftersales.states import ENDED, STEPS, CaseAction, deadline_of, leads_to, why_not
from stoa.domains.orders.models import AftersaleCase, AftersaleState, CaseState, Machine, Order, OrderLine
from stoa.domains.orders.moving import IllegalStep, Moves, lines_of, locked_order
from stoa.kit.checking import check_version, locked
from stoa.kit.clock import now
from stoa.kit.languages import Sentence
from stoa.tenants.context import Context
from stoa.tenants.outbox import enqueue

DUE = "orders.case_due"


class Hand:
    """One case, its order and lines, in an open transaction; nobody else's until it ends."""

    def __init__(self, ctx: Context, order: Order, lines: list[OrderLine], case: AftersaleCase) -> None:
        self.ctx, self.order, self.lines, self.case = ctx, order, lines, case
        self.moves = Moves(ctx, order)
        self._action = ""

    def act(self, action: CaseAction, **columns: Any) -> None:
        """The step that the action leads to, and what else of the case changes with it. Raises `IllegalStep`."""
        case, old, to = self.case, self.case.state, leads_to(self.case.kind, action)
        if to not in STEPS[old]:
            raise IllegalStep(f"case {case.number}: {old} -> {to} ({action})")
        for name, value in {**columns, "state": to}.items():
            setattr(case, name, value)
        self._action = action
        self.moves.tell(CaseMoved(self.order.id, case.id, action, old, to))

    def line(self, line_id: str) -> OrderLine:
        return next(each for each in self.lines if str(each.id) == line_id)

    async def save(self) -> AftersaleCase:
        """Write all of it; the order's own state follows from all its cases."""
        case = self.case
        wait = deadline_of(case.state)
        case.deadline_at = now() + wait if wait else None
        case.ended_at = now() if case.state in ENDED else None
        case.version += 1
        await case.save()
        await plan_deadline(self.ctx, case)
        await follow_cases(self.moves, self._action)
        await self.moves.save()
        return case


async def take(ctx: Context, case_id: UUID, action: CaseAction, expected_version: int | None = None) -> Hand:
    """Lock the order, then the case. Raises `NoSuchCase`, `CaseChanged` and `NotInThisCase`."""
    hand = await in_hand(ctx, case_id)
    check_version(hand.case, expected_version, CaseChanged, _title(hand.case))
    require(hand.case, action)
    return hand


async def in_hand(ctx: Context, case_id: UUID) -> Hand:
    missing = NoSuchCase("There is no such case.", path=["id"])
    found = await AftersaleCase.get_or_none(id=case_id)
    if found is None:
        raise missing
    order = await locked_order(found.order_id)  # type: ignore[attr-defined]
    return Hand(ctx, order, await lines_of(order), await locked(AftersaleCase, case_id, missing))


def require(case: AftersaleCase, action: CaseAction) -> None:
    """Refuse what the table does not allow with this case."""
    reason = why_not(case.kind, case.state, action)
    if reason is not None:
        raise NotInThisCase(
            "Case {number}: {why}", path=["id"], number=case.number, why=reason.words, reason=reason.code, action=action
        )


async def plan_deadline(ctx: Context, case: AftersaleCase) -> None:
    """Let the clock look at the case when its deadline is over."""
    if case.deadline_at is not None:
        await enqueue(ctx, DUE, {"case_id": str(case.id)}, kind="general", run_at=case.deadline_at)


async def follow_cases(moves: Moves, action: str) -> None:
    """The order's state of after-sale follows from its cases: any overdue, any open, or all over."""
    rows: Any = await AftersaleCase.filter(order_id=moves.order.id).values_list("state", flat=True)
    states = {CaseState(each) for each in rows}
    if CaseState.OVERDUE in states:
        wanted = AftersaleState.OVERDUE
    else:
        wanted = AftersaleState.OPEN if states - set(ENDED) else AftersaleState.CLOSED
    moves.step(Machine.AFTERSALE, wanted, action)


def _title(case: AftersaleCase) -> Sentence:
    return Sentence("Case {number}", {"number": case.number})
