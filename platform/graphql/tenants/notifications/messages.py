"""The log of all messages; sending again what failed; and what is kept here instead of leaving the house."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from stoa.graphql.context import GraphContext
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.paging import Connection
from stoa.graphql.reading.declaring import fetched, one_of, page_of, root
from stoa.graphql.scalars import read_id
from stoa.graphql.tenants.notifications.enums import Channel
from stoa.graphql.tenants.notifications.types import NotificationMessage
from stoa.kit import messaging
from stoa.kit.letterbox import Letterbox
from stoa.kit.messaging.hooks import secret_of
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context
from stoa.tenants.notifying import sending

MOST_LETTERS = 100


@strawberry.type(description="A message that was kept here, as it would have left the house.")
class OutboxMessage:
    channel: Channel = strawberry.field(description="By which it would have gone.")
    to: str = strawberry.field(description="To whom.")
    subject: str = strawberry.field(description="In one line.")
    text: str = strawberry.field(description="As plain text; of a webhook, the JSON.")
    html: str = strawberry.field(description="As a mail shows it; empty by other channels.")
    at: datetime = strawberry.field(description="When it would have left.")


@root
class MessageQueries:
    """What can be asked of messages."""

    notification_message: NotificationMessage | None = one_of("One message by its id.")
    notification_messages: Connection[NotificationMessage] = page_of(
        "Every message to everybody, newest first, with what has become of it.", order=("-id",)
    )


@strawberry.type
class OutboxQueries:
    """What can be asked in development."""

    @strawberry.field(
        description="What would have left the house, newest first: by channels that this installation has no way out "
        f"for. Null in production. Needs the scope `{Scope.SHOP_WRITE}`."
    )
    async def outbox(
        self,
        info: Info[GraphContext, None],
        channel: Annotated[Channel | None, strawberry.argument(description="By this channel alone.")] = None,
        first: Annotated[int, strawberry.argument(description=f"How many; {MOST_LETTERS} at the most.")] = 20,
    ) -> list[OutboxMessage] | None:
        ctx = info.context.require(Scope.SHOP_WRITE, "outbox")
        settings = info.context.services.settings
        if settings.is_production:
            return None
        name = None if channel is None else str(channel.value).lower()
        letters = await Letterbox(settings.letterbox).letters(
            ctx.shop.schema, channel=name, limit=max(0, min(first, MOST_LETTERS))
        )
        return [
            OutboxMessage(
                channel=messaging.Channel(each.channel.upper()),
                to=each.to,
                subject=each.subject,
                text=each.text,
                html=each.html,
                at=each.at,
            )
            for each in letters
        ]

    @strawberry.field(
        description="What notifications by webhook are signed with (Standard Webhooks). "
        f"Needs the scope `{Scope.TOKENS_WRITE}`."
    )
    async def notification_webhook_secret(self, info: Info[GraphContext, None]) -> str:
        ctx = info.context.require(Scope.TOKENS_WRITE, "notificationWebhookSecret")
        return secret_of(info.context.services.settings, ctx.shop.schema)


@strawberry.input(description="Which message is meant.")
class NotificationMessageRefInput:
    id: strawberry.ID = strawberry.field(description="The message's id.")


@root
class NotificationMessagePayload(Payload):
    """A message after a mutation."""

    message: NotificationMessage | None = fetched("The message as it is now; null when there are errors.")


@shop_mutation(Scope.SHOP_WRITE, "Try once more to send a message that failed.", once=True)
async def notification_message_resend(ctx: Context, input: NotificationMessageRefInput) -> NotificationMessagePayload:
    message_id = read_id("id", input.id, "msg")
    await sending.send_again(ctx, message_id)
    return NotificationMessagePayload.of(message=message_id)


@strawberry.type
class MessageMutations:
    """What can be done about messages."""

    notification_message_resend = notification_message_resend
