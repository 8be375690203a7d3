"""Try a rule on past orders before it is switched on: how many would have met it, and what it would have done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.domains.orders.models import OrderRule, RuleKind
from stoa.domains.orders.rules.acting import WOULD, Actions, checked_actions
from stoa.domains.orders.rules.errors import NoSuchRule
from stoa.domains.orders.rules.keeping import RuleDraft
from stoa.domains.orders.rules.ruling import Condition, checked_conditions, conditions_sql
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client

FIRST: Final = 50
# $1 is since when; drafts never were asked.
_TRY = f"""
WITH past AS (SELECT o.id, o.placed_at, o.queue, o.tags, ({{met}}) AS is_met FROM sales_order o
  WHERE o.placed_at >= $1 AND o.placed_at <= $2 AND o.state <> 'DRAFT'),
shown AS (SELECT id, queue, tags FROM past WHERE is_met ORDER BY placed_at DESC, id DESC LIMIT {FIRST})
SELECT json_build_object('orders', count(*), 'met', count(*) FILTER (WHERE is_met),
  'shown', (SELECT coalesce(json_agg(json_build_array(id, queue, tags)), '[]') FROM shown))::text AS found FROM past
"""


@dataclass(frozen=True, slots=True)
class WouldDo:
    """What the rule would have done to one order; only what would have been new."""

    order_id: UUID
    queue: str | None = None
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """`orders`: how many were placed since; `met`: how many of them met the rule; `shown`: the newest of these."""

    kind: RuleKind
    actions: Actions
    orders: int
    met: int
    shown: Sequence[WouldDo] = field(default_factory=tuple)


class _Found(msgspec.Struct):
    orders: int
    met: int
    shown: list[tuple[UUID, str | None, list[str]]]


async def try_rule(ctx: Context, rule: UUID | RuleDraft, *, since: datetime) -> Trial:
    """Nothing is changed. States and payments are asked as they are now, not as they were when each order came in; an
    order's earlier ones, its lines and its address are what they were. Raises what making the rule would."""
    if since > now():
        raise InvalidInput("{moment} is yet to come.", path=["since"], moment=f"{since:%Y-%m-%d %H:%M}")
    kind, conditions, actions = await _read(ctx, rule)
    values: list[Any] = [since, now()]
    said = [conditions_sql(ctx, conditions, values)]
    if kind in WOULD:
        said.append(_turn(kind, actions, values))
    sql = _TRY.format(met=" AND ".join(f"({each})" for each in said))
    async with shop_client().acquire_connection() as connection:
        found = msgspec.json.decode(await connection.fetchval(sql, *values), type=_Found)
    return Trial(kind, actions, found.orders, found.met, [_would(actions, *each) for each in found.shown])


def _turn(kind: RuleKind, actions: Actions, values: list[Any]) -> str:
    span = actions.minutes or actions.days
    if span is not None:
        values.append(span)
    return WOULD[kind].format(f"${len(values)}", now="$2::timestamptz")


async def _read(ctx: Context, rule: UUID | RuleDraft) -> tuple[RuleKind, Sequence[Condition], Actions]:
    if isinstance(rule, RuleDraft):
        conditions = await checked_conditions(ctx, rule.conditions)
        return rule.kind, conditions, Actions.read(checked_actions(rule.kind, rule.actions))
    row = await OrderRule.get_or_none(id=rule)
    if row is None:
        raise NoSuchRule("There is no such rule.", path=["id"])
    return row.kind, [Condition.read(each) for each in row.conditions], Actions.read(row.actions)


def _would(actions: Actions, order_id: UUID, queue: str | None, tags: Sequence[str]) -> WouldDo:
    new = actions.queue if actions.queue != queue else None
    return WouldDo(order_id, new, [each for each in actions.tags if each not in tags])
