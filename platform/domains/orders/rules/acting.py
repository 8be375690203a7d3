"""What a rule does with the orders that meet it: which actions each kind knows, and when it is its turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stoa.domains.orders.checks import REPLACEABLE, Severity
from stoa.domains.orders.models import RuleKind
from stoa.domains.orders.rules.errors import WrongActions
from stoa.kit.checking import Problems
from stoa.kit.errors import InvalidInput
from stoa.kit.text import clean_line

MAX_TAGS = 20
MAX_MINUTES, MAX_DAYS = 60 * 24 * 90, 365
BY_THE_CLOCK = (RuleKind.SHIP_DIGITAL, RuleKind.EXPIRE_UNPAID, RuleKind.COMPLETE_DELIVERED)


@dataclass(frozen=True, slots=True)
class Actions:
    """What is done. Of CLASSIFY: `queue`, `tags`; of RISK: `severity`, and `replaces`: which checks it stands in for;
    of EXPIRE_UNPAID: `minutes` after placing; of COMPLETE_DELIVERED: `days` after the delivery. The other kinds need
    nothing said."""

    queue: str | None = None
    tags: Sequence[str] = ()
    severity: Severity | None = None
    minutes: int | None = None
    days: int | None = None
    replaces: Sequence[str] = ()

    def as_kept(self) -> dict[str, Any]:
        said = {
            "queue": self.queue,
            "tags": list(self.tags),
            "severity": self.severity and self.severity.value,
            "minutes": self.minutes,
            "days": self.days,
            "replaces": list(dict.fromkeys(self.replaces)),
        }
        return {name: value for name, value in said.items() if value is not None and value != []}

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Actions:
        severity = Severity(kept["severity"]) if "severity" in kept else None
        named = {name: kept.get(name) for name in ("queue", "minutes", "days")}
        return cls(tags=kept.get("tags", ()), severity=severity, replaces=kept.get("replaces", ()), **named)


_KNOWN: dict[RuleKind, frozenset[str]] = {
    RuleKind.CLASSIFY: frozenset({"queue", "tags"}),
    RuleKind.RISK: frozenset({"severity", "replaces"}),
    RuleKind.CONFIRM: frozenset(),
    RuleKind.SHIP_DIGITAL: frozenset(),
    RuleKind.EXPIRE_UNPAID: frozenset({"minutes"}),
    RuleKind.COMPLETE_DELIVERED: frozenset({"days"}),
}


def checked_actions(kind: RuleKind, actions: Actions) -> dict[str, Any]:
    """As they are kept. Raises `Refusals` with all that is wrong, among it what another kind of rule would do."""
    problems = Problems()
    said = actions.as_kept()
    for name in sorted(said.keys() - _KNOWN[kind]):
        sentence = "A rule of the kind {kind} has no {action}."
        problems.append(WrongActions(sentence, path=["actions", name], kind=kind, action=name))
    needed = _KNOWN[kind] - {"replaces"}
    if needed and not said.keys() & needed:
        sentence = "A rule of the kind {kind} needs {actions}."
        wanted = ", ".join(sorted(needed))
        problems.append(WrongActions(sentence, path=["actions"], kind=kind, actions=wanted))
    if "queue" in said:
        said["queue"] = problems.tried(("actions", "queue"), clean_line, said["queue"], what="queue", limit=40)
    said |= _clean_tags(problems, said)
    for i, code in enumerate(said.get("replaces", ())):
        if code not in REPLACEABLE:
            sentence = "{code} is no check that a rule can replace; those are {codes}."
            values = {"code": code[:40], "codes": ", ".join(REPLACEABLE)}
            problems.append(InvalidInput(sentence, path=["actions", "replaces", i], **values))
    for name, limit in (("minutes", MAX_MINUTES), ("days", MAX_DAYS)):
        if not 0 < said.get(name, 1) <= limit:
            sentence = "{count} {unit}; 1 to {limit} are allowed."
            values = {"count": said[name], "unit": name, "limit": limit}
            problems.append(InvalidInput(sentence, path=["actions", name], **values))
    problems.refuse()
    return said


def _clean_tags(problems: Problems, said: dict[str, Any]) -> dict[str, Any]:
    if "tags" not in said:
        return {}
    tags = said["tags"]
    if len(tags) > MAX_TAGS:
        sentence = "{count} tags; {limit} are allowed."
        problems.append(InvalidInput(sentence, path=["actions", "tags"], count=len(tags), limit=MAX_TAGS))
        return {}
    at = [("actions", "tags", i) for i in range(len(tags))]
    cleaned = [
        problems.tried(where, clean_line, tag, what="tag", limit=60) for where, tag in zip(at, tags, strict=True)
    ]
    return {"tags": list(dict.fromkeys(cleaned))}


# Whose turn it is, of the order `o`: besides its conditions, what a kind of rule is about. {0} is its number of
# minutes or days. `DUE` is asked by the clock, of orders as they are now; `WOULD` when a rule is tried on past ones, of
# how they went: an order that was paid after two hours would have been let go after one.
DUE: dict[RuleKind, str] = {
    RuleKind.SHIP_DIGITAL: """o.state = 'CONFIRMED' AND NOT o.is_on_hold AND o.payment_state = 'PAID'
  AND o.fulfilment_state NOT IN ('SHIPPED', 'PART_DELIVERED', 'DELIVERED', 'CANCELLED')
  AND EXISTS (SELECT FROM order_line l WHERE l.order_id = o.id AND NOT l.requires_shipping
    AND l.quantity > l.cancelled + l.shipped)""",
    RuleKind.EXPIRE_UNPAID: """o.state IN ('PENDING', 'CONFIRMED') AND o.pay_by IS NOT NULL AND o.captured_minor = 0
  AND o.authorized_minor = 0 AND o.total_minor > 0 AND o.placed_at <= {now} - make_interval(mins => {0}::int)""",
    RuleKind.COMPLETE_DELIVERED: """o.state = 'CONFIRMED' AND NOT o.is_on_hold AND o.fulfilment_state = 'DELIVERED'
  AND o.payment_state IN ('PAID', 'PART_REFUNDED', 'REFUNDED')
  AND o.captured_minor >= o.total_minor - o.waived_minor AND o.aftersale_state IN ('NONE', 'CLOSED')
  AND o.delivered_at <= {now} - make_interval(days => {0}::int)""",
}
WOULD: dict[RuleKind, str] = {
    RuleKind.SHIP_DIGITAL: """o.payment_state IN ('PAID', 'PART_REFUNDED', 'REFUNDED')
  AND EXISTS (SELECT FROM order_line l WHERE l.order_id = o.id AND NOT l.requires_shipping)""",
    RuleKind.EXPIRE_UNPAID: """o.total_minor > 0 AND NOT coalesce((o.metadata ->> 'payable_later')::bool, false)
  AND o.placed_at <= {now} - make_interval(mins => {0}::int)
  AND NOT EXISTS (SELECT FROM order_transition t WHERE t.order_id = o.id AND t.happened_at
      <= o.placed_at + make_interval(mins => {0}::int)
    AND (t.machine = 'PAYMENT' AND t.to_state IN ('AUTHORIZED', 'PART_PAID', 'PAID')
      OR t.machine = 'ORDER' AND t.to_state IN ('CANCELLED', 'REJECTED', 'EXPIRED', 'COMPLETED')))""",
    RuleKind.COMPLETE_DELIVERED: "o.delivered_at <= {now} - make_interval(days => {0}::int)",
}
