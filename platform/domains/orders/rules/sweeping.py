"""Rules that the clock asks: unpaid orders are let go, delivered ones completed, paid digital goods delivered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from stoa.domains.orders.models import OrderRule, RuleKind
from stoa.domains.orders.rules.acting import BY_THE_CLOCK, DUE
from stoa.domains.orders.rules.asking import note
from stoa.domains.orders.rules.doing import DEEDS
from stoa.domains.orders.rules.ruling import Condition, conditions_sql
from stoa.kit.clock import now
from stoa.kit.errors import Refusal, Refusals
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction

AT_ONCE: Final = 200
_FIND = "SELECT o.id FROM sales_order o WHERE o.id > $1 AND ({due}) ORDER BY o.id LIMIT {limit}"
_NONE: Final = UUID(int=0)


async def follow_rules(ctx: Context, kinds: Sequence[RuleKind] = BY_THE_CLOCK, *, only: UUID | None = None) -> int:
    """Do what the active rules of these kinds let happen, each order in a transaction of its own; how many orders.

    An order for which something is in the way is left as it is, and asked again the next time. `only`: of one order.
    """
    rules = await OrderRule.filter(is_active=True, kind__in=kinds).order_by("kind", "position", "id")
    return sum([await _follow(ctx, rule, only) for rule in rules])


async def _follow(ctx: Context, rule: OrderRule, only: UUID | None) -> int:
    done, after = 0, _NONE
    while ids := await due(ctx, rule, after=after, only=only):
        for each in ids:
            done += await _do(ctx, rule, each)
        if len(ids) < AT_ONCE:
            break
        after = ids[-1]
    return done


async def due(ctx: Context, rule: OrderRule, *, after: UUID = _NONE, only: UUID | None = None) -> list[UUID]:
    """Orders whose turn it is by this rule, in order of their ids."""
    values: list[Any] = [after]
    said = [conditions_sql(ctx, [Condition.read(each) for each in rule.conditions], values)]
    said.append(_turn(rule, values))
    if only is not None:
        values.append(only)
        said.append(f"o.id = ${len(values)}")
    rows = await shop_client().execute_query_dict(_FIND.format(due=" AND ".join(said), limit=AT_ONCE), values)
    return [row["id"] for row in rows]


def _turn(rule: OrderRule, values: list[Any]) -> str:
    span = rule.actions.get("minutes", rule.actions.get("days"))
    if span is None:
        return DUE[rule.kind]
    values += [now(), span]
    return DUE[rule.kind].format(f"${len(values)}", now=f"${len(values) - 1}::timestamptz")


async def _do(ctx: Context, rule: OrderRule, order_id: UUID) -> bool:
    try:
        async with shop_transaction():
            await DEEDS[rule.kind](ctx, order_id)
            await note(ctx, order_id, [rule])
    except (Refusal, Refusals):
        return False
    return True
