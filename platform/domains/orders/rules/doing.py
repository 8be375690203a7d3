"""The ports behind which orders are confirmed, delivered, let go and completed: what a rule lets happen, others do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from stoa.domains.orders.models import RuleKind
from stoa.kit.errors import Refusal
from stoa.tenants.context import Context

Deed = Callable[[Context, UUID], Awaitable[object]]
_deeds: dict[RuleKind, Deed] = {}


class NotDoneHere(Refusal):
    """Nothing in this process does what such a rule lets happen."""

    code = "RULE_NOT_DONE_HERE"


def do_by(deeds: Mapping[RuleKind, Deed]) -> None:
    """Let rules of these kinds do so. Web and workers say so at their start."""
    _deeds.update(deeds)


async def do(ctx: Context, kind: RuleKind, order_id: UUID) -> None:
    """Raises what the deed refuses; and `NotDoneHere`."""
    if kind not in _deeds:
        raise NotDoneHere("Rules of the kind {kind} are not done here.", kind=kind)
    await _deeds[kind](ctx, order_id)
