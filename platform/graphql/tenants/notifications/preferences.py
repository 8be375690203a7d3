"""How you want to be told, by this shop."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.types import Info

from stoa.domains.catalog import SAME
from stoa.graphql.catalog.inputs import changed, given, optional
from stoa.graphql.context import GraphContext
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.tenants.notifications.enums import Channel, Digest
from stoa.kit import messaging
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context
from stoa.tenants.notifying import preferences
from stoa.tenants.notifying.models import Digest as DigestEnum
from stoa.tenants.notifying.models import NotificationPreference
from stoa.tenants.notifying.wishes import CAPS, EVERYTHING

PLAIN = ("digest_at", "quiet_from", "quiet_until", "urgent_passes", "time_zone", "locale")
LISTS = ("switches", "reached_by", "digests", "caps")


@strawberry.type(description="Whether you want one kind of news by one channel.")
class NotificationSwitch:
    notice: str | None = strawberry.field(description="The kind of news; null: all that has no switch of its own.")
    channel: Channel = strawberry.field(description="The channel.")
    is_on: bool = strawberry.field(description="Whether you want it.")


@strawberry.type(description="How one channel reaches you, how often, and whether gathered.")
class NotificationChannelPreference:
    channel: Channel = strawberry.field(description="The channel.")
    to: str = strawberry.field(description="Where it reaches you; empty by mail, which goes to your account's address.")
    digest: Digest = strawberry.field(description="Whether its messages come gathered.")
    an_hour: int = strawberry.field(description="So many an hour at the most; more are gathered into one.")


@strawberry.type(description="How you want to be told by this shop.")
class NotificationPreferences:
    switches: list[NotificationSwitch] = strawberry.field(description="What you want; all else is on.")
    channels: list[NotificationChannelPreference] = strawberry.field(description="Every channel out of the house.")
    digest_at: str = strawberry.field(description="When daily digests come, e.g. 09:00.")
    quiet_from: str | None = strawberry.field(description="When your quiet hours begin, e.g. 22:00.")
    quiet_until: str | None = strawberry.field(description="When they end, perhaps on the next day.")
    urgent_passes: bool = strawberry.field(description="Whether what is urgent comes all the same, and by itself.")
    time_zone: str | None = strawberry.field(description="Where your clock hangs; null: where the shop is.")
    locale: str | None = strawberry.field(description="The language you are told in; null: your account's.")
    version: int = strawberry.field(description="Goes up with every change; 0 when you have said nothing yet.")


def _shown(row: NotificationPreference | None) -> NotificationPreferences:
    row = row or NotificationPreference(version=0)
    return NotificationPreferences(
        switches=[
            NotificationSwitch(
                notice=None if notice == EVERYTHING else notice, channel=messaging.Channel(channel), is_on=is_on
            )
            for notice, each in row.switches.items()
            for channel, is_on in each.items()
        ],
        channels=[
            NotificationChannelPreference(
                channel=channel,
                to=row.reached_by.get(channel, ""),
                digest=DigestEnum(row.digests.get(channel, DigestEnum.NONE)),
                an_hour=row.caps.get(channel, CAPS[channel]),
            )
            for channel in CAPS
        ],
        digest_at=row.digest_at,
        quiet_from=row.quiet_from or None,
        quiet_until=row.quiet_until or None,
        urgent_passes=row.urgent_passes,
        time_zone=row.time_zone or None,
        locale=row.locale or None,
        version=row.version,
    )


@strawberry.input(description="Whether you want one kind of news by one channel.")
class NotificationSwitchInput:
    notice: str | None = optional("The kind of news; left out: all that has no switch of its own.")
    channel: Channel = strawberry.field(description="The channel.")
    is_on: bool = strawberry.field(description="Whether you want it.")


@strawberry.input(description="Where a channel reaches you.")
class NotificationReachInput:
    channel: Channel = strawberry.field(description="The channel.")
    to: str = strawberry.field(description="A number, a key or an address, as the channel has it.")


@strawberry.input(description="Whether the messages of a channel come gathered.")
class NotificationDigestInput:
    channel: Channel = strawberry.field(description="The channel.")
    digest: Digest = strawberry.field(description="How often.")


@strawberry.input(description="How many messages of a channel may come within an hour.")
class NotificationCapInput:
    channel: Channel = strawberry.field(description="The channel.")
    an_hour: int = strawberry.field(description="1 to 1,000; more are gathered into one.")


@strawberry.input(description="Changes to how you want to be told; what is left out stays, lists are given whole.")
class NotificationPreferencesUpdateInput:
    expected_version: int | None = optional("The version you read: refused when it has been changed since.")
    switches: list[NotificationSwitchInput] | None = given("What you want, and what not.")
    reached_by: list[NotificationReachInput] | None = given("Where channels other than mail reach you.")
    digests: list[NotificationDigestInput] | None = given("Channels whose messages come gathered.")
    caps: list[NotificationCapInput] | None = given("Channels with another limit than the usual one.")
    digest_at: str | None = given("When daily digests come, e.g. 09:00.")
    quiet_from: str | None = given("When your quiet hours begin, e.g. 22:00; null: you have none.")
    quiet_until: str | None = given("When they end; null: you have none.")
    urgent_passes: bool | None = given("Whether what is urgent comes all the same, and by itself.")
    time_zone: str | None = given("Where your clock hangs, e.g. Asia/Shanghai; null: where the shop is.")
    locale: str | None = given("The language you are told in; null: your account's.")

    def changes(self) -> dict[str, Any]:
        nullable = ("quiet_from", "quiet_until", "time_zone", "locale")
        said = {name: changed(self, name, nullable=name in nullable) for name in (*PLAIN, *LISTS)}
        told: dict[str, Any] = {
            name: "" if value is None else value for name, value in said.items() if value is not SAME
        }
        if "switches" in told:
            told["switches"] = [preferences.Switch(each.notice, each.channel, each.is_on) for each in told["switches"]]
        for name, part in (("reached_by", "to"), ("digests", "digest"), ("caps", "an_hour")):
            if name in told:
                told[name] = [(each.channel, getattr(each, part)) for each in told[name]]
        return told


@strawberry.type(description="How you want to be told, after a mutation.")
class NotificationPreferencesPayload(Payload):
    preferences: NotificationPreferences | None = strawberry.field(
        default=None, description="As it is now; null when there are errors."
    )


@shop_mutation(Scope.SHOP_READ, "Say how you want to be told by this shop. It is about yourself alone.")
async def notification_preferences_update(
    ctx: Context, input: NotificationPreferencesUpdateInput
) -> NotificationPreferencesPayload:
    row = await preferences.prefer(ctx, input.changes(), expected_version=input.expected_version)
    return NotificationPreferencesPayload(preferences=_shown(row))


@strawberry.type
class PreferenceQueries:
    """What can be asked of one's own wishes."""

    @strawberry.field(description=f"How you want to be told by this shop. Needs the scope `{Scope.SHOP_READ}`.")
    async def notification_preferences(self, info: Info[GraphContext, None]) -> NotificationPreferences:
        ctx = info.context.require(Scope.SHOP_READ, "notificationPreferences")
        return _shown(await preferences.preferences_of(ctx, info.context.signed_in().account_id))


@strawberry.type
class PreferenceMutations:
    """What can be done about one's own wishes."""

    notification_preferences_update = notification_preferences_update
