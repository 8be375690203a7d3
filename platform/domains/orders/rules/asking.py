"""Ask the shop's rules of an order that has just come in: where it belongs, what is risky, whether it is confirmed."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import timedelta
from typing import Any
from uuid import UUID

from stoa.domains.orders.checks import Check, Severity
from stoa.domains.orders.confirming import confirm_order
from stoa.domains.orders.models import OrderRule, RuleKind
from stoa.domains.orders.rules.events import OrderMetRules
from stoa.domains.orders.rules.ruling import Condition, conditions_sql
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.errors import Refusal, Refusals
from stoa.kit.languages import Sentence
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import enqueue, publish

FOLLOW = "orders.follow_rules"
NOTING = (RuleKind.CLASSIFY, RuleKind.RISK)
ASKED = (*NOTING, RuleKind.CONFIRM, RuleKind.EXPIRE_UNPAID)
CODE = "RULE"  # of the check that a rule of risk adds
WORDS = Sentence("The rule {rule} says so.")
# The first rule that names a queue says which it is; tags and checks come on top of what is there.
_NOTE = """
UPDATE sales_order SET queue = coalesce($2::text, queue), rules_met = rules_met || $5::jsonb,
  checks = checks || $4::jsonb,
  tags = tags || (SELECT coalesce(jsonb_agg(tag), '[]') FROM unnest($3::text[]) AS new (tag) WHERE NOT tags ? tag)
WHERE id = $1
"""
_IS_BLOCKED = """SELECT EXISTS (SELECT FROM sales_order WHERE id = $1
  AND checks @> '[{"severity": "BLOCKING"}]') AS blocked"""


async def ask_rules(ctx: Context, order_id: UUID) -> None:
    """In the transaction that brings the order in, behind its insertion; a draft is asked when it is one no more.

    What it met is noted on it and told. A rule that confirms counts only when no check is BLOCKING.
    """
    active = await OrderRule.filter(is_active=True, kind__in=ASKED).order_by("position", "id")
    if not active:
        return
    await note(ctx, order_id, await met(ctx, order_id, [rule for rule in active if rule.kind in NOTING]))
    confirming = [rule for rule in active if rule.kind is RuleKind.CONFIRM]
    if confirming and not await _is_blocked(order_id):
        await _confirm(ctx, order_id, await met(ctx, order_id, confirming))
    await _plan_expiry(ctx, {rule.actions["minutes"] for rule in active if rule.kind is RuleKind.EXPIRE_UNPAID})


async def _plan_expiry(ctx: Context, spans: Set[int]) -> None:
    """Look again when the time to pay is over; all orders of a minute together."""
    for minutes in sorted(spans):
        at = (now() + timedelta(minutes=minutes + 1)).replace(second=0, microsecond=0)
        await enqueue(ctx, FOLLOW, {}, kind="general", dedupe_key=f"minute {at:%Y-%m-%d %H:%M}", run_at=at)


async def met(ctx: Context, order_id: UUID, rules: Sequence[OrderRule]) -> list[OrderRule]:
    """Which of them the order meets, by one statement."""
    if not rules:
        return []
    values: list[Any] = [order_id]
    said = [conditions_sql(ctx, [Condition.read(each) for each in rule.conditions], values) for rule in rules]
    answers = await shop_client().execute_query_dict(
        f"SELECT ARRAY[{', '.join(said)}] AS met FROM sales_order o WHERE o.id = $1",  # our own SQL
        values,
    )
    return [rule for rule, is_met in zip(rules, answers[0]["met"], strict=True) if is_met]


async def note(ctx: Context, order_id: UUID, rules: Sequence[OrderRule]) -> None:
    """Keep on the order that it met them, with what they say of it, and tell."""
    if not rules:
        return
    queue = next((rule.actions["queue"] for rule in rules if rule.actions.get("queue")), None)
    tags = list(dict.fromkeys(tag for rule in rules for tag in rule.actions.get("tags", ())))
    checks = [check_of(rule) for rule in rules if rule.kind is RuleKind.RISK]
    values = [order_id, queue, tags, as_json(checks), as_json([named(rule) for rule in rules])]
    await shop_client().execute_query(_NOTE, values)
    rows, found = tuple(named(rule) for rule in rules), tuple(each["severity"] for each in checks)
    await publish(ctx, OrderMetRules(order_id, rows, queue, tuple(tags), found))


async def _confirm(ctx: Context, order_id: UUID, rules: Sequence[OrderRule]) -> None:
    """By the first that it meets. What is in the way leaves it to people: it waits, as without the rule."""
    if not rules:
        return
    try:
        async with shop_transaction():
            await confirm_order(ctx, order_id)
    except (Refusal, Refusals):
        return
    await note(ctx, order_id, rules[:1])


async def _is_blocked(order_id: UUID) -> bool:
    [row] = await shop_client().execute_query_dict(_IS_BLOCKED, [order_id])
    return bool(row["blocked"])


def check_of(rule: OrderRule) -> dict[str, Any]:
    """What a rule of risk finds, as checks are kept."""
    found = Check(CODE, Severity(rule.actions["severity"]), WORDS.filled(rule=rule.name))
    return found.as_row() | {"rule_id": str(rule.id)}


def named(rule: OrderRule) -> dict[str, str]:
    """The rule, as the order keeps it: by its name at that time."""
    return {"rule_id": str(rule.id), "name": rule.name, "kind": rule.kind.value}
