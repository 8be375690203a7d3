"""What rules of orders refuse."""

from __future__ import annotations

from stoa.kit.errors import Conflict, InvalidInput, NotFound, Refusal


class NoSuchRule(NotFound):
    code = "ORDER_RULE_NOT_FOUND"


class RuleChanged(Conflict):
    code = "ORDER_RULE_CHANGED"


class TooManyRules(Refusal):
    code = "TOO_MANY_ORDER_RULES"


class WrongActions(InvalidInput):
    """A rule of this kind does not do that, or does nothing as it is."""

    code = "WRONG_ACTIONS"
