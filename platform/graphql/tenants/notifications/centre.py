"""The centre in the app: what you were told, how much is unread, putting it away; and hearing of more at once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from uuid import UUID

import strawberry
from strawberry.types import Info

from stoa.graphql.catalog.inputs import optional
from stoa.graphql.context import GraphContext
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.paging import Connection
from stoa.graphql.reading.declaring import fetched_many, one_of, page_of, root, streamed
from stoa.graphql.scalars import read_id
from stoa.graphql.tenants.notifications.types import Notification
from stoa.kit.errors import blaming
from stoa.tenants.access import Scope
from stoa.tenants.context import Context
from stoa.tenants.live import News, listen
from stoa.tenants.notifying import inbox

GraphInfo = Info[GraphContext, None]


@root
class CentreQueries:
    """What can be asked of one's own notifications."""

    notification: Notification | None = one_of("One of your notifications by its id.")
    notifications: Connection[Notification] = page_of("What you were told in the app, newest first.", order=("-id",))


@strawberry.type
class UnreadQueries:
    """What a bell shows."""

    @strawberry.field(
        description=f"How many of your notifications are neither read nor archived; {inbox.MOST_COUNTED} stands for "
        f"that many or more. Needs the scope `{Scope.SHOP_READ}`."
    )
    async def notifications_unread(self, info: GraphInfo) -> int:
        ctx = info.context.require(Scope.SHOP_READ, "notificationsUnread")
        return await inbox.unread_count(ctx, info.context.signed_in().account_id)


@strawberry.input(description="Notifications to be marked.")
class NotificationReadInput:
    ids: list[strawberry.ID] = strawberry.field(description="Which of yours; 100 at the most.")
    is_read: bool = optional("Whether they are read; false makes them unread again.", True)


@strawberry.input(description="Notifications to be put away.")
class NotificationArchiveInput:
    ids: list[strawberry.ID] = strawberry.field(description="Which of yours; 100 at the most.")
    is_archived: bool = optional("Whether they are put away; false takes them out again.", True)


@strawberry.input(description="All of your notifications.")
class NotificationsReadInput:
    until: datetime | None = optional("Only those that came until then: what you have on the screen.")


@root
class NotificationsPayload(Payload):
    """Notifications after a mutation."""

    notifications: list[Notification] | None = fetched_many("As they are now, in the order of the input.")


@strawberry.type(description="How many were marked.")
class NotificationsReadPayload(Payload):
    marked: int | None = strawberry.field(default=None, description="How many were unread until now.")


@shop_mutation(Scope.SHOP_READ, "Mark notifications of yours as read, or as unread again. Twice changes nothing.")
async def notification_read(ctx: Context, input: NotificationReadInput) -> NotificationsPayload:
    ids = _ids(input.ids)
    await inbox.mark_read(ctx, ids, is_read=input.is_read)
    return NotificationsPayload(notifications=ids)  # type: ignore[arg-type]  # the planner makes notifications of them


@shop_mutation(Scope.SHOP_READ, "Put notifications of yours away, or take them out again. Twice changes nothing.")
async def notification_archive(ctx: Context, input: NotificationArchiveInput) -> NotificationsPayload:
    ids = _ids(input.ids)
    await inbox.archive(ctx, ids, is_archived=input.is_archived)
    return NotificationsPayload(notifications=ids)  # type: ignore[arg-type]


@shop_mutation(Scope.SHOP_READ, "Mark all of your notifications as read.")
async def notifications_all_read(ctx: Context, input: NotificationsReadInput) -> NotificationsReadPayload:
    return NotificationsReadPayload(marked=await inbox.mark_all_read(ctx, until=input.until))


def _ids(given: Sequence[strawberry.ID]) -> list[UUID]:
    with blaming("ids"):
        return [read_id(i, each, "note") for i, each in enumerate(given)]


@strawberry.type
class CentreMutations:
    """What can be done to one's own notifications."""

    notification_read = notification_read
    notification_archive = notification_archive
    notifications_all_read = notifications_all_read


@streamed(
    Scope.SHOP_READ,
    "What you are told in the app, as it comes. Null: some of it was missed, read the list anew.",
)
async def notification_received(info: GraphInfo) -> AsyncGenerator[Notification | None, None]:
    ctx = info.context.require(Scope.SHOP_READ, "notificationReceived")
    async with listen(ctx.shop, _topic(info)) as stream:
        async for news in stream:
            if not isinstance(news, News):
                yield None
            elif news.body["id"]:
                yield UUID(news.body["id"])  # type: ignore[misc]  # the planner makes a Notification of it


@strawberry.subscription(
    description="How many of your notifications are unread: at once, and whenever it changes. "
    f"Needs the scope `{Scope.SHOP_READ}`."
)
async def notifications_unread_changed(info: GraphInfo) -> AsyncGenerator[int, None]:
    ctx = info.context.require(Scope.SHOP_READ, "notificationsUnreadChanged")
    account_id, told = info.context.signed_in().account_id, -1
    async with listen(ctx.shop, _topic(info)) as stream:
        while True:
            number = await inbox.unread_count(ctx, account_id)
            if number != told:
                yield (told := number)
            if await anext(stream, None) is None:
                return  # the process ends; the client will ask again elsewhere


def _topic(info: GraphInfo) -> str:
    return f"notification:{info.context.signed_in().account_id}"


@strawberry.type
class CentreSubscriptions:
    """What can be watched of one's own notifications."""

    notification_received = notification_received
    notifications_unread_changed = notifications_unread_changed
