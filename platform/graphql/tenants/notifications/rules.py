"""Rules of notifications: made, changed, taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import strawberry

from stoa.domains.catalog import SAME
from stoa.graphql.catalog.inputs import changed, given, optional
from stoa.graphql.catalog.merchandising.categories import DeletePayload
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.paging import Connection
from stoa.graphql.reading.declaring import fetched, one_of, page_of, root
from stoa.graphql.scalars import read_id
from stoa.graphql.tenants.notifications.enums import Channel
from stoa.graphql.tenants.notifications.types import NotificationRule
from stoa.graphql.tenants.types import Role
from stoa.kit.errors import blaming
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context
from stoa.tenants.notifying import rules

NAMED = ("name", "channels", "roles", "is_active")


@strawberry.input(description="An address of somebody who is no member of the shop.")
class NotificationAddressInput:
    channel: Channel = strawberry.field(description="By which they are told.")
    to: str = strawberry.field(
        description="A mail address, a number like +8613800138000, the key of a WeCom robot, a QQ number, or a web "
        "address, as the channel has it."
    )
    locale: str = optional("The language they read: en or zh.", "en")

    def read(self) -> dict[str, str]:
        return {"channel": self.channel.value, "to": self.to, "locale": self.locale}


@strawberry.input(description="A rule to be made.")
class NotificationRuleCreateInput:
    notice: str = strawberry.field(description="The kind of news: a key of `notificationNotices`.")
    name: str = strawberry.field(description="What people call it.")
    channels: list[Channel] = strawberry.field(description="By which members are told.")
    roles: list[Role] = strawberry.field(default_factory=list, description="Members in these roles.")
    member_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="And these, whatever their role: their accounts."
    )
    addresses: list[NotificationAddressInput] = strawberry.field(
        default_factory=list, description="And people who are no members."
    )
    template_id: strawberry.ID | None = optional("The template by which it speaks; as by default when left out.")
    is_active: bool = optional("Whether it is switched on at once.", True)
    replaces_default: bool = optional(
        "Whether it takes the place of the rule that every shop is born with; switched off, nobody is told.", False
    )

    def draft(self) -> rules.RuleDraft:
        return rules.RuleDraft(
            notice=self.notice,
            name=self.name,
            channels=self.channels,
            roles=[each.value for each in self.roles],
            members=_members(self.member_ids),
            addresses=[each.read() for each in self.addresses],
            template_id=None if self.template_id is None else read_id("template_id", self.template_id, "ntpl"),
            is_active=self.is_active,
            replaces_default=self.replaces_default,
        )


@strawberry.input(description="Changes to a rule; what is left out stays. It stays of its notice.")
class NotificationRuleUpdateInput:
    id: strawberry.ID = strawberry.field(description="Which rule.")
    expected_version: int | None = optional("The version you read: refused when it has been changed since.")
    name: str | None = given("What people call it.")
    channels: list[Channel] | None = given("By which members are told, all of them.")
    roles: list[Role] | None = given("Members in these roles, all of them.")
    member_ids: list[strawberry.ID] | None = given("And these, whatever their role, all of them: their accounts.")
    addresses: list[NotificationAddressInput] | None = given("And people who are no members, all of them.")
    template_id: strawberry.ID | None = given("The template by which it speaks; null: as by default.")
    is_active: bool | None = given("Whether it is switched on.")

    def changes(self) -> dict[str, Any]:
        said = {name: value for name in NAMED if (value := changed(self, name)) is not SAME}
        if "roles" in said:
            said["roles"] = [each.value for each in said["roles"]]
        if (members := changed(self, "member_ids")) is not SAME:
            said["members"] = _members(members)
        if (addresses := changed(self, "addresses")) is not SAME:
            said["addresses"] = [each.read() for each in addresses]
        if (template := changed(self, "template_id", nullable=True)) is not SAME:
            said["template_id"] = None if template is None else read_id("template_id", template, "ntpl")
        return said


@strawberry.input(description="Which rule is meant.")
class NotificationRuleRefInput:
    id: strawberry.ID = strawberry.field(description="The rule's id.")


def _members(ids: Sequence[strawberry.ID]) -> list[UUID]:
    with blaming("member_ids"):
        return [read_id(i, each, "acct") for i, each in enumerate(ids)]


@root
class NotificationRulePayload(Payload):
    """A rule after a mutation."""

    rule: NotificationRule | None = fetched("The rule as it is now; null when there are errors.")


@root
class NotificationRuleQueries:
    """What can be asked of rules."""

    notification_rule: NotificationRule | None = one_of("One rule by its id.")
    notification_rules: Connection[NotificationRule] = page_of(
        "The shop's own rules. Beside them holds the default of each notice, unless one of these takes its place."
    )


@shop_mutation(Scope.SHOP_WRITE, "Make a rule: who is told of what, by which channels.", once=True)
async def notification_rule_create(ctx: Context, input: NotificationRuleCreateInput) -> NotificationRulePayload:
    return NotificationRulePayload.of(rule=(await rules.create_rule(ctx, input.draft())).id)


@shop_mutation(Scope.SHOP_WRITE, "Change a rule, or switch it on or off; what is left out stays.")
async def notification_rule_update(ctx: Context, input: NotificationRuleUpdateInput) -> NotificationRulePayload:
    rule_id = read_id("id", input.id, "nrul")
    row = await rules.update_rule(ctx, rule_id, input.changes(), expected_version=input.expected_version)
    return NotificationRulePayload.of(rule=row.id)


@shop_mutation(Scope.SHOP_WRITE, "Take a rule away; where it took the place of the default, that holds again.")
async def notification_rule_delete(ctx: Context, input: NotificationRuleRefInput) -> DeletePayload:
    await rules.delete_rule(ctx, read_id("id", input.id, "nrul"))
    return DeletePayload(deleted_id=input.id)


@strawberry.type
class NotificationRuleMutations:
    """What can be done to rules."""

    notification_rule_create = notification_rule_create
    notification_rule_update = notification_rule_update
    notification_rule_delete = notification_rule_delete
