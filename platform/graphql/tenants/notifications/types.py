"""Rows of notifications as GraphQL shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from stoa.graphql.paging import Node
from stoa.graphql.reading.declaring import column, computed, derived, stored
from stoa.graphql.saying import said_if_ours, said_now
from stoa.graphql.tenants.notifications.enums import Channel, MessageState
from stoa.graphql.tenants.types import Role
from stoa.kit import messaging
from stoa.kit.ids import type_id
from stoa.tenants.access.scopes import Role as RoleEnum
from stoa.tenants.access.scopes import Scope
from stoa.tenants.notifying import models

# A credential that may not see orders is not told of them here either, whoever made it.
SEEN = "{row}.scope = ANY({scopes})"
MINE = f"{{row}}.channel = 'IN_APP' AND {{row}}.state = 'SENT' AND {{row}}.account_id = {{viewer}} AND {SEEN}"


def _account(id: str | None) -> strawberry.ID | None:
    return None if id is None else strawberry.ID(type_id("acct", UUID(id)))


def _message(id: str | None) -> strawberry.ID | None:
    return None if id is None else strawberry.ID(type_id("msg", UUID(id)))


@stored(models.Notification, prefix="note", scope=Scope.SHOP_READ, only=MINE, order=("-id",))
class Notification(Node):
    """Something you were told in the app. Everybody sees their own alone, and of that what the credential may see."""

    notice: str = column("What kind of news it is: a key of `notificationNotices`.")
    title: str = column("In one line, in your language.")
    body: str = column("In full.")
    subject: str | None = derived(
        ("subject",), lambda subject: subject or None, "The id of what it is about: ask `node` for it."
    )
    is_urgent: bool = column("Whether it should not wait.")
    is_read: bool = computed(
        "{row}.read_at IS NOT NULL", "Whether you have read it.", filter="{row}.read_at IS NOT NULL"
    )
    is_archived: bool = computed(
        "{row}.archived_at IS NOT NULL", "Whether you have put it away.", filter="{row}.archived_at IS NOT NULL"
    )
    created_at: datetime = column("When it came.")
    read_at: datetime | None = column("When you read it.")


@stored(models.Notification, prefix="msg", scope=Scope.SHOP_WRITE, only=SEEN, order=("-id",))
class NotificationMessage(Node):
    """One message of one event, to one recipient, by one channel: what has become of it, and why."""

    notice: str = column("What kind of news it is: a key of `notificationNotices`, or `digest`.")
    channel: Channel = column("By which it goes.")
    state: MessageState = column("What has become of it.", filter=True)
    reason: str | None = derived(("reason",), said_now, "Why it waits, was merged, or is not sent.")
    failure: str | None = derived(("failure",), said_if_ours, "Why it could not be sent.")
    account_id: strawberry.ID | None = derived(
        ("account_id",), _account, "The member it is for; null for an address beyond the shop."
    )
    name: str = column("How the recipient is called.")
    address: str = column("Where the channel reaches them; empty in the app.")
    locale: str = column("The language it is written in.")
    title: str = column("In one line.")
    body: str = column("In full.")
    subject: str | None = derived(("subject",), lambda subject: subject or None, "The id of what it is about.")
    digest_id: strawberry.ID | None = derived(("digest_id",), _message, "The digest that it went with.")
    external_id: str = column("What the other side calls it; of mail, the Message-ID.")
    due_at: datetime | None = column("When it will be looked at again.")
    created_at: datetime = column("When the event was told.")
    sent_at: datetime | None = column("When it left.")


def _roles(roles: Sequence[str]) -> list[RoleEnum]:
    return [RoleEnum(each) for each in roles]


def _channels(channels: Sequence[str]) -> list[Any]:
    return [messaging.Channel(each) for each in channels]


def _members(ids: Sequence[str]) -> list[strawberry.ID]:
    return [strawberry.ID(type_id("acct", UUID(each))) for each in ids]


@strawberry.type(description="An address of somebody who is no member of the shop.")
class NotificationAddress:
    channel: Channel = strawberry.field(description="By which they are told.")
    to: str = strawberry.field(description="Where it reaches them.")
    locale: str = strawberry.field(description="The language they read.")


def _addresses(kept: Sequence[Mapping[str, str]]) -> list[NotificationAddress]:
    return [
        NotificationAddress(channel=messaging.Channel(each["channel"]), to=each["to"], locale=each["locale"])
        for each in kept
    ]


def _template(id: str | None) -> strawberry.ID | None:
    return None if id is None else strawberry.ID(type_id("ntpl", UUID(id)))


@stored(models.NotificationRule, prefix="nrul", scope=Scope.SHOP_READ)
class NotificationRule(Node):
    """Who is told of one kind of news, and how."""

    notice: str = column("The kind of news: a key of `notificationNotices`.", filter=True)
    name: str = column("What people call it.")
    is_active: bool = column("Whether it is switched on.")
    replaces_default: bool = column("Whether it takes the place of the rule that every shop is born with.")
    channels: list[Channel] = derived(("channels",), _channels, "By which its people are told.")
    roles: list[Role] = derived(("roles",), _roles, "Members in these roles are told.")
    member_ids: list[strawberry.ID] = derived(("members",), _members, "And these, whatever their role: their accounts.")
    addresses: list[NotificationAddress] = derived(("addresses",), _addresses, "And people who are no members.")
    template_id: strawberry.ID | None = derived(
        ("template_id",), _template, "The template by which it speaks; null: as by default."
    )
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")
    created_at: datetime = column("When it was made.")


@strawberry.type(description="A text in both languages.")
class NotificationTexts:
    en: str = strawberry.field(description="In English.")
    zh: str = strawberry.field(description="In Chinese.")


def shown_texts(kept: Mapping[Any, str]) -> NotificationTexts:
    return NotificationTexts(en=kept["en"], zh=kept["zh"])


@stored(models.NotificationTemplate, prefix="ntpl", scope=Scope.SHOP_READ)
class NotificationTemplate(Node):
    """What is said of one kind of news, in your own words; variables are written `{{ order.number }}`."""

    notice: str = column("The kind of news: a key of `notificationNotices`.")
    name: str = column("What people call it.")
    title: NotificationTexts = derived(("title",), shown_texts, "One line: a subject, a text message.")
    body: NotificationTexts = derived(("body",), shown_texts, "All of it, as plain text.")
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")
    created_at: datetime = column("When it was made.")
