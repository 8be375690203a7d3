"""Refusals of notifications."""

from __future__ import annotations

from stoa.kit.errors import Conflict, NotFound, Refusal, Taken


class NoSuchNotice(NotFound):
    """Nobody is notified of that."""

    code = "NOTICE_NOT_FOUND"


class NoSuchNotificationRule(NotFound):
    code = "NOT_FOUND"


class NoSuchTemplate(NotFound):
    code = "NOT_FOUND"


class NoSuchNotification(NotFound):
    code = "NOT_FOUND"


class NotificationRuleChanged(Conflict):
    code = "CONFLICT"


class TemplateChanged(Conflict):
    code = "CONFLICT"


class PreferencesChanged(Conflict):
    code = "CONFLICT"


class DefaultReplaced(Taken):
    """Another rule takes the place of the default already."""

    code = "DEFAULT_RULE_REPLACED"


class UnknownVariable(Refusal):
    """A template names something that its notice does not offer."""

    code = "UNKNOWN_VARIABLE"


class BadTemplate(Refusal):
    """Braces that are no variable."""

    code = "BAD_TEMPLATE"


class TemplateInUse(Refusal):
    """Rules speak by this template."""

    code = "TEMPLATE_IN_USE"


class TooManyRules(Refusal):
    code = "TOO_MANY_NOTIFICATION_RULES"


class NotToBeSentAgain(Refusal):
    """Only what failed is sent again."""

    code = "NOT_FAILED"


class NotOneOfUs(Refusal):
    """Who asks is no person of the shop."""

    code = "NOT_A_MEMBER"
