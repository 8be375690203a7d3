"""What notifications add to Query, Mutation and Subscription."""

from __future__ import annotations

import strawberry

from stoa.graphql.tenants.notifications.centre import (
    CentreMutations,
    CentreQueries,
    CentreSubscriptions,
    UnreadQueries,
)
from stoa.graphql.tenants.notifications.messages import MessageMutations, MessageQueries, OutboxQueries
from stoa.graphql.tenants.notifications.notices import NoticeQueries
from stoa.graphql.tenants.notifications.preferences import PreferenceMutations, PreferenceQueries
from stoa.graphql.tenants.notifications.rules import NotificationRuleMutations, NotificationRuleQueries
from stoa.graphql.tenants.notifications.templates import (
    NotificationPreviewQueries,
    NotificationTemplateMutations,
    NotificationTemplateQueries,
)


@strawberry.type
class NotificationQueries(
    CentreQueries,
    UnreadQueries,
    MessageQueries,
    OutboxQueries,
    NoticeQueries,
    PreferenceQueries,
    NotificationRuleQueries,
    NotificationTemplateQueries,
    NotificationPreviewQueries,
):
    """What can be asked of notifications."""


@strawberry.type
class NotificationMutations(
    CentreMutations,
    MessageMutations,
    PreferenceMutations,
    NotificationRuleMutations,
    NotificationTemplateMutations,
):
    """What can be done about notifications."""


NotificationSubscriptions = CentreSubscriptions
