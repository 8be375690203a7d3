"""The published list of what people can be notified of."""

from __future__ import annotations

import strawberry
from strawberry.types import Info

from stoa.graphql.context import GraphContext
from stoa.graphql.tenants.notifications.enums import Channel, VariableKind
from stoa.graphql.tenants.notifications.types import NotificationTexts, shown_texts
from stoa.graphql.tenants.types import Role
from stoa.tenants.access.scopes import Scope
from stoa.tenants.notifying import notices
from stoa.tenants.notifying.ruling import default_wording
from stoa.tenants.notifying.templating import Voice, written


@strawberry.type(description="A gap that templates may have.")
class NotificationVariable:
    name: str = strawberry.field(description="Written `{{ order.number }}` in a template.")
    kind: VariableKind = strawberry.field(description="What it holds.")
    description: str = strawberry.field(description="What it means, in your language.")
    sample: str = strawberry.field(description="What a preview shows for it.")


@strawberry.type(description="A kind of news that people can be told of.")
class NotificationNotice:
    key: str = strawberry.field(description="What programs call it.")
    name: str = strawberry.field(description="What people call it, in your language.")
    event: str = strawberry.field(description="The event behind it.")
    scope: str = strawberry.field(description="Members whose role lacks this scope are not told.")
    is_urgent: bool = strawberry.field(description="Whether it may pass quiet hours, for those who say so.")
    variables: list[NotificationVariable] = strawberry.field(description="What its templates can say.")
    default_roles: list[Role] = strawberry.field(description="Who is told in a shop without rules of its own.")
    default_channels: list[Channel] = strawberry.field(description="By which channels then.")
    title: NotificationTexts = strawberry.field(description="What is said by default, in one line.")
    body: NotificationTexts = strawberry.field(description="What is said by default, in full.")


@strawberry.type
class NoticeQueries:
    """What can be asked of kinds of news."""

    @strawberry.field(
        description=f"All that people can be notified of, with the variables of each. "
        f"Needs the scope `{Scope.SHOP_READ}`."
    )
    async def notification_notices(self, info: Info[GraphContext, None]) -> list[NotificationNotice]:
        ctx = info.context.require(Scope.SHOP_READ, "notificationNotices")
        voice = notices.voice_of(ctx, ctx.locale)
        return [_shown(each, voice) for each in notices.notices()]


def _shown(notice: notices.Notice, voice: Voice) -> NotificationNotice:
    wording = default_wording(notice)
    return NotificationNotice(
        key=notice.key,
        name=notice.name.said(),
        event=notice.event.__name__,
        scope=notice.scope,
        is_urgent=notice.is_urgent,
        variables=[
            NotificationVariable(
                name=each.name, kind=each.kind, description=each.words.said(), sample=written(each.sample, voice)
            )
            for each in notice.all_variables
        ],
        default_roles=list(notice.roles),
        default_channels=list(notice.channels),
        title=shown_texts(wording.title),
        body=shown_texts(wording.body),
    )
