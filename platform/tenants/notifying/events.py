"""News of the machinery itself, and of its rules."""

from __future__ import annotations

from uuid import UUID

from stoa.tenants.outbox import event


@event
class JobDied:
    """A job was given up after its last attempt: somebody must look."""

    job_id: UUID
    name: str
    error: str


@event
class NotificationRuleCreated:
    rule_id: UUID
    notice: str


@event
class NotificationRuleEdited:
    rule_id: UUID
    changed: tuple[str, ...]


@event
class NotificationRuleDeleted:
    rule_id: UUID
    name: str


@event
class NotificationTemplateCreated:
    template_id: UUID
    notice: str


@event
class NotificationTemplateEdited:
    template_id: UUID
    changed: tuple[str, ...]


@event
class NotificationTemplateDeleted:
    template_id: UUID
    name: str
