"""Words of notifications as GraphQL shows them."""

from __future__ import annotations

from stoa.graphql.enums import shown_enum
from stoa.kit import messaging
from stoa.tenants.notifying import models, notices

Channel = shown_enum(
    messaging.Channel,
    "A way to reach people.",
    name="NotificationChannel",
    IN_APP="In the app: what `notifications` lists.",
    MAIL="By mail.",
    SMS="By text message.",
    WECHAT="Into a WeCom group, by its robot.",
    QQ="By QQ, to a person or into a group.",
    WEBHOOK="To a program: a POST that is signed as Standard Webhooks has it.",
)
MessageState = shown_enum(
    models.MessageState,
    "What has become of a message.",
    name="NotificationState",
    QUEUED="To be sent as soon as a worker has time for it.",
    WAITING="It waits until `dueAt`; `reason` says why.",
    GATHERED="It goes with the digest at `dueAt`.",
    SENDING="It is being sent, or will be tried again.",
    SENT="It has left; in the app: it is there.",
    MERGED="It went with a digest.",
    SUPPRESSED="It is not sent; `reason` says why.",
    FAILED="It could not be sent; `failure` says why.",
)
Digest = shown_enum(
    models.Digest,
    "How often messages come gathered as one.",
    name="NotificationDigest",
    NONE="Each comes by itself.",
    HOURLY="Once an hour.",
    DAILY="Once a day, at `digestAt`.",
)
VariableKind = shown_enum(
    notices.VariableKind,
    "What a variable of a template holds: it is written as the reader's language has it.",
    name="NotificationVariableKind",
    TEXT="Text.",
    NUMBER="A number.",
    MONEY="An amount with its currency.",
    MOMENT="A day and the time, on the reader's clock.",
)
