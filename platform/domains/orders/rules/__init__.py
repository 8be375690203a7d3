"""Rules of orders: if an order is like this, then do that. Tried on past orders before they are switched on."""

from stoa.domains.orders.checks import Severity
from stoa.domains.orders.rules.acting import Actions
from stoa.domains.orders.rules.asking import ask_rules
from stoa.domains.orders.rules.keeping import (
    RuleChanges,
    RuleDraft,
    create_rule,
    delete_rule,
    reorder_rules,
    update_rule,
)
from stoa.domains.orders.rules.ruling import About, Condition, Relation, shown_value
from stoa.domains.orders.rules.sweeping import follow_rules
from stoa.domains.orders.rules.trying import Trial, WouldDo, try_rule

__all__ = [
    "About",
    "Actions",
    "Condition",
    "Relation",
    "RuleChanges",
    "RuleDraft",
    "Severity",
    "Trial",
    "WouldDo",
    "ask_rules",
    "create_rule",
    "delete_rule",
    "follow_rules",
    "reorder_rules",
    "shown_value",
    "try_rule",
    "update_rule",
]
