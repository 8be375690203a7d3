"""Make rules, change them, put them in order, switch them on and off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from stoa.domains.catalog import SAME, Same
from stoa.domains.orders.models import OrderRule, RuleKind
from stoa.domains.orders.rules.acting import Actions, checked_actions
from stoa.domains.orders.rules.errors import NoSuchRule, RuleChanged, TooManyRules
from stoa.domains.orders.rules.events import OrderRuleCreated, OrderRuleDeleted, OrderRuleEdited, OrderRulesReordered
from stoa.domains.orders.rules.ruling import Condition, checked_conditions
from stoa.kit.checking import check_version, locked
from stoa.kit.errors import InvalidInput
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

MAX_RULES = 100
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' order rules', 0))"
_PLACE = """
UPDATE order_rule r SET position = placed.place - 1, version = version + 1
FROM unnest($1::uuid[]) WITH ORDINALITY AS placed (id, place)
WHERE r.id = placed.id AND r.position <> placed.place - 1
"""


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A rule to be made: switched off, so that it can be tried first, and behind the others of its kind."""

    name: str
    kind: RuleKind
    conditions: Sequence[Condition] = ()
    actions: Actions = field(default_factory=Actions)
    is_active: bool = False


@dataclass(frozen=True, slots=True)
class RuleChanges:
    """What is `SAME` stays. A rule stays of its kind."""

    name: str | Same = SAME
    conditions: Sequence[Condition] | Same = SAME
    actions: Actions | Same = SAME
    is_active: bool | Same = SAME


async def create_rule(ctx: Context, draft: RuleDraft) -> OrderRule:
    """Raises `InvalidInput`, `Refusals`, `NoSuchCategory`, and `TooManyRules`."""
    async with shop_transaction():
        columns = await _checked(ctx, draft.kind, draft.name, draft.conditions, draft.actions)
        await shop_client().execute_query(_ONE_AT_A_TIME)
        if await OrderRule.all().count() >= MAX_RULES:
            raise TooManyRules("There are {limit} rules already.", limit=MAX_RULES)
        last = await OrderRule.filter(kind=draft.kind).order_by("-position").first()
        position = last.position + 1 if last else 0
        row = await OrderRule.create(kind=draft.kind, is_active=draft.is_active, position=position, **columns)
        await publish(ctx, OrderRuleCreated(row.id, row.kind))
    return row


async def update_rule(
    ctx: Context, rule_id: UUID, changes: RuleChanges, *, expected_version: int | None = None
) -> OrderRule:
    """Save the changes and raise the version; from then on it is so. Raises `NoSuchRule`, `RuleChanged`, and what
    creating raises."""
    async with shop_transaction():
        row = await _locked(rule_id)
        check_version(row, expected_version, RuleChanged, row.name)
        columns = await _checked(ctx, row.kind, changes.name, changes.conditions, changes.actions)
        if not isinstance(changes.is_active, Same):
            columns["is_active"] = changes.is_active
        changed = [name for name, value in columns.items() if getattr(row, name) != value]
        if changed:
            row.update_from_dict({name: columns[name] for name in changed})
            row.version += 1
            await row.save(update_fields=[*changed, "version"])
            await publish(ctx, OrderRuleEdited(row.id, tuple(changed)))
    return row


async def delete_rule(ctx: Context, rule_id: UUID) -> None:
    """What it did stays done. Raises `NoSuchRule`."""
    async with shop_transaction():
        row = await _locked(rule_id)
        await row.delete()
        await publish(ctx, OrderRuleDeleted(row.id, row.name))


async def reorder_rules(ctx: Context, rule_ids: Sequence[UUID]) -> None:
    """All the rules of one kind, in the order in which they are to be asked. Raises `NoSuchRule`, `InvalidInput`."""
    async with shop_transaction():
        await shop_client().execute_query(_ONE_AT_A_TIME)
        kind_of = dict(await OrderRule.all().values_list("id", "kind"))
        for i, each in enumerate(rule_ids):
            if each not in kind_of:
                raise NoSuchRule("There is no such rule.", path=["ids", i])
        kinds = {kind_of[each] for each in rule_ids}
        alike = {id for id, kind in kind_of.items() if kind in kinds}
        if len(kinds) != 1 or len(rule_ids) != len(alike) or set(rule_ids) != alike:
            raise InvalidInput("Name each of the rules of one kind, once.", path=["ids"])
        await shop_client().execute_query(_PLACE, [list(rule_ids)])
        await publish(ctx, OrderRulesReordered(rule_ids[0], tuple(rule_ids)))


async def _locked(rule_id: UUID) -> OrderRule:
    return await locked(OrderRule, rule_id, NoSuchRule("There is no such rule.", path=["id"]))


async def _checked(
    ctx: Context, kind: RuleKind, name: str | Same, conditions: Sequence[Condition] | Same, actions: Actions | Same
) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if not isinstance(name, Same):
        columns["name"] = clean_line(name, what="name", limit=120)
    if not isinstance(conditions, Same):
        columns["conditions"] = [each.as_kept() for each in await checked_conditions(ctx, conditions)]
    if not isinstance(actions, Same):
        columns["actions"] = checked_actions(kind, actions)
    return columns
