"""News of rules, and of orders that met them."""

from __future__ import annotations

from uuid import UUID

from stoa.tenants.outbox import event


@event
class OrderRuleCreated:
    rule_id: UUID
    kind: str


@event
class OrderRuleEdited:
    rule_id: UUID
    changed: tuple[str, ...]


@event
class OrderRuleDeleted:
    rule_id: UUID
    name: str


@event
class OrderRulesReordered:
    """In the order of `rule_ids` now, all of one kind; the first of them is the subject."""

    rule_id: UUID
    rule_ids: tuple[UUID, ...]


@event
class OrderMetRules:
    """The shop's rules did something to an order: which ones (their names as they were), and what came of it."""

    order_id: UUID
    rules: tuple[dict[str, str], ...]
    queue: str | None = None
    tags: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
