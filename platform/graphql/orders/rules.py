"""Rules of orders: made, changed, put in order, and tried on past orders before they are switched on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from stoa.domains.orders import Severity, models, rules
from stoa.graphql.catalog.inputs import changed, given, optional
from stoa.graphql.catalog.merchandising.categories import DeletePayload
from stoa.graphql.context import GraphContext
from stoa.graphql.enums import shown_enum
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.orders.paying import CheckSeverity
from stoa.graphql.orders.types import Order
from stoa.graphql.paging import Connection, Node
from stoa.graphql.reading.declared import TYPES
from stoa.graphql.reading.declaring import column, derived, fetched, fetched_many, one_of, page_of, root, stored
from stoa.graphql.reading.fetching import fetch_many
from stoa.graphql.scalars import read_id
from stoa.kit.errors import InvalidInput, blaming
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context

RuleKind = shown_enum(
    models.RuleKind,
    "What a rule is for, and when it is asked.",
    name="OrderRuleKind",
    CLASSIFY="When an order comes in: it goes into a queue, and gets tags.",
    RISK="When an order comes in: a check is added, BLOCKING, WARNING or NOTE.",
    CONFIRM="When an order comes in: it is confirmed at once, unless a check is BLOCKING.",
    SHIP_DIGITAL="When an order is confirmed and paid: what is nothing to be sent is delivered.",
    EXPIRE_UNPAID="So many minutes after placing: it is let go if nothing was paid.",
    COMPLETE_DELIVERED="So many days after its delivery: it is settled.",
)
About = shown_enum(
    rules.About,
    "What of an order a condition is about.",
    name="OrderConditionAbout",
    CHANNEL="Where it came from; IS, IS_NOT.",
    TOTAL="What it comes to in the shop's currency, such as 99.90; AT_LEAST, AT_MOST.",
    PIECES="How many pieces, without those that were called off; AT_LEAST, AT_MOST.",
    SKU="The code of one of its lines; IS, IS_NOT, STARTS_WITH.",
    PRODUCT_TAG="The name of a tag of one of its products; IS, IS_NOT.",
    CATEGORY="The id of a category that one of its products is in, or inside of; IS, IS_NOT.",
    COUNTRY="Where it goes, ISO 3166-1, such as CN; IS, IS_NOT.",
    PROVINCE="The province it goes to, upper and lower case alike; IS, IS_NOT, CONTAINS, STARTS_WITH.",
    CUSTOMER="GUEST (known by nothing), NEW (their first order), KNOWN (they have an earlier one); IS, IS_NOT.",
    EARLIER_ORDERS="How many orders the customer placed before it, whatever became of them; AT_LEAST, AT_MOST.",
    BUYER_NOTE="What the buyer said with it; CONTAINS, upper and lower case alike.",
    PAYMENT_STATE="How far it is paid: UNPAID, AUTHORIZED, PAID, ...; IS, IS_NOT.",
    SHIPPING_METHOD="The code of its way of delivery; IS, IS_NOT.",
    HOUR="The hour of the day it was placed in, in the shop's time zone, 0 to 23; AT_LEAST, AT_MOST.",
    DAY="The day of the week it was placed on, in the shop's time zone: MONDAY, ...; IS, IS_NOT.",
    CHECK="The code of a check that it has: ADDRESS, DUPLICATE, RULE, ...; IS, IS_NOT.",
    ORDER_TAG="A tag of the order itself; IS, IS_NOT.",
    GOODS="DIGITAL (nothing is sent), PHYSICAL (all of it is), MIXED; IS, IS_NOT.",
)
Relation = shown_enum(
    rules.Relation,
    "How what a condition is about must be to its value.",
    name="OrderConditionRelation",
    IS="The same.",
    IS_NOT="Not the same.",
    CONTAINS="Has it in it.",
    STARTS_WITH="Begins with it.",
    AT_LEAST="It or more.",
    AT_MOST="It or less.",
)


@strawberry.type(description="Something an order must be like to meet a rule.")
class OrderCondition:
    about: About = strawberry.field(description="What of an order.")  # type: ignore[valid-type]
    relation: Relation = strawberry.field(description="How it must be to the value.")  # type: ignore[valid-type]
    value: str = strawberry.field(description="The value, as `about` says; of a category its id.")


@strawberry.type(description="What a rule does with the orders that meet it.")
class OrderActions:
    queue: str | None = strawberry.field(description="The queue they go into.")
    tags: list[str] = strawberry.field(description="The tags they get.")
    severity: CheckSeverity | None = strawberry.field(description="How grave its check is.")
    minutes: int | None = strawberry.field(description="After how many minutes, of EXPIRE_UNPAID.")
    days: int | None = strawberry.field(description="After how many days, of COMPLETE_DELIVERED.")
    replaces: list[str] = strawberry.field(description="The codes of the checks that it stands in for.")


def _conditions(kept: Sequence[dict[str, Any]]) -> list[OrderCondition]:
    read = [rules.Condition.read(each) for each in kept]
    return [
        OrderCondition(about=each.about, relation=each.relation, value=rules.shown_value(each.about, each.value))
        for each in read
    ]


def _actions(kept: Mapping[str, Any]) -> OrderActions:
    return shown_actions(rules.Actions.read(dict(kept)))


def shown_actions(of: rules.Actions) -> OrderActions:
    named = {name: getattr(of, name) for name in ("queue", "severity", "minutes", "days")}
    return OrderActions(tags=list(of.tags), replaces=list(of.replaces), **named)


@stored(models.OrderRule, prefix="rule", scope=Scope.ORDERS_READ)
class OrderRule(Node):
    """If an order is like this, then do that. All conditions must hold; without any it is every order."""

    name: str = column("What people call it.")
    kind: RuleKind = column("What it is for.", filter=True)  # type: ignore[valid-type]
    conditions: list[OrderCondition] = derived(("conditions",), _conditions, "What an order must be like.")
    actions: OrderActions = derived(("actions",), _actions, "What is done then.")
    is_active: bool = column("Whether it is switched on.", filter=True)
    position: int = column("Its place among the rules of its kind, in the order in which they are asked.")
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")
    created_at: datetime = column("When it was made.")


@strawberry.input(description="Something an order must be like to meet a rule.")
class OrderConditionInput:
    about: About = strawberry.field(description="What of an order.")  # type: ignore[valid-type]
    relation: Relation = strawberry.field(description="How it must be to the value.")  # type: ignore[valid-type]
    value: str = strawberry.field(description="The value, as `about` says.")

    def read(self) -> rules.Condition:
        return rules.Condition(rules.About(self.about), rules.Relation(self.relation), self.value)


@strawberry.input(description="What a rule does; which of these, its kind says.")
class OrderActionsInput:
    queue: str | None = optional("Of CLASSIFY: the queue; the first rule that is met decides.")
    tags: list[str] = strawberry.field(default_factory=list, description="Of CLASSIFY: tags; those of all rules count.")
    severity: CheckSeverity | None = optional("Of RISK: how grave the check is.")
    minutes: int | None = optional("Of EXPIRE_UNPAID: how long after placing.")
    days: int | None = optional("Of COMPLETE_DELIVERED: how long after the delivery.")
    replaces: list[str] = strawberry.field(
        default_factory=list,
        description="Of RISK: the codes of Stoa's own checks that this rule stands in for while it is switched on: "
        "PRICE, DUPLICATE, AMOUNT (more than 10,000), NEW_BUYER (more than 2,000 of somebody new).",
    )

    def read(self) -> rules.Actions:
        severity = None if self.severity is None else Severity(self.severity)
        named = {name: getattr(self, name) for name in ("queue", "minutes", "days")}
        return rules.Actions(tags=tuple(self.tags), severity=severity, replaces=tuple(self.replaces), **named)


def _read_conditions(given_ones: Sequence[OrderConditionInput]) -> list[rules.Condition]:
    return [each.read() for each in given_ones]


@strawberry.input(description="A rule that is yet to be made.")
class OrderRuleDraftInput:
    name: str = strawberry.field(description="What people call it.")
    kind: RuleKind = strawberry.field(description="What it is for.")  # type: ignore[valid-type]
    conditions: list[OrderConditionInput] = strawberry.field(
        default_factory=list, description="What an order must be like, all of it; 20 at the most."
    )
    actions: OrderActionsInput | None = optional("What is done then.")
    is_active: bool = optional("Whether it is switched on at once.", False)

    def draft(self) -> rules.RuleDraft:
        actions = (self.actions or OrderActionsInput()).read()
        kind = models.RuleKind(self.kind)
        return rules.RuleDraft(self.name, kind, _read_conditions(self.conditions), actions, self.is_active)


@strawberry.input(description="A rule to be made.")
class OrderRuleCreateInput(OrderRuleDraftInput):
    pass


@strawberry.input(description="Changes to a rule; what is left out stays. It stays of its kind.")
class OrderRuleUpdateInput:
    id: strawberry.ID = strawberry.field(description="Which rule.")
    expected_version: int | None = optional("The version you read: refused when it has been changed since.")
    name: str | None = given("What people call it.")
    conditions: list[OrderConditionInput] | None = given("What an order must be like, all of it.")
    actions: OrderActionsInput | None = given("What is done then, all of it.")
    is_active: bool | None = given("Whether it is switched on.")

    def changes(self) -> rules.RuleChanges:
        conditions, actions = changed(self, "conditions"), changed(self, "actions")
        return rules.RuleChanges(
            name=changed(self, "name"),
            conditions=_read_conditions(conditions) if isinstance(conditions, list) else conditions,
            actions=actions.read() if isinstance(actions, OrderActionsInput) else actions,
            is_active=changed(self, "is_active"),
        )


@strawberry.input(description="Which rule is meant.")
class OrderRuleRefInput:
    id: strawberry.ID = strawberry.field(description="The rule's id.")


@strawberry.input(description="The rules of one kind, in the order in which they are to be asked.")
class OrderRulesReorderInput:
    ids: list[strawberry.ID] = strawberry.field(description="All of them, each once.")


@root
class OrderRulePayload(Payload):
    """A rule after a mutation."""

    rule: OrderRule | None = fetched("The rule as it is now; null when there are errors.")


@root
class OrderRulesPayload(Payload):
    """Rules after a mutation of several."""

    rules: list[OrderRule | None] | None = fetched_many("The rules as they are now, in that order.")


@shop_mutation(
    Scope.ORDERS_WRITE, "Make a rule for orders. Try it with `orderRuleTrial` before it is switched on.", once=True
)
async def order_rule_create(ctx: Context, input: OrderRuleCreateInput) -> OrderRulePayload:
    return OrderRulePayload.of(rule=(await rules.create_rule(ctx, input.draft())).id)


@shop_mutation(Scope.ORDERS_WRITE, "Change a rule, or switch it on or off; what is left out stays.")
async def order_rule_update(ctx: Context, input: OrderRuleUpdateInput) -> OrderRulePayload:
    rule_id = read_id("id", input.id, "rule")
    row = await rules.update_rule(ctx, rule_id, input.changes(), expected_version=input.expected_version)
    return OrderRulePayload.of(rule=row.id)


@shop_mutation(Scope.ORDERS_WRITE, "Say in which order the rules of a kind are asked.")
async def order_rules_reorder(ctx: Context, input: OrderRulesReorderInput) -> OrderRulesPayload:
    with blaming("ids"):
        ids = [read_id(i, each, "rule") for i, each in enumerate(input.ids)]
    await rules.reorder_rules(ctx, ids)
    return OrderRulesPayload(rules=ids)  # type: ignore[arg-type]  # the planner makes rules of them


@shop_mutation(Scope.ORDERS_WRITE, "Take a rule away; what it did stays done.")
async def order_rule_delete(ctx: Context, input: OrderRuleRefInput) -> DeletePayload:
    await rules.delete_rule(ctx, read_id("id", input.id, "rule"))
    return DeletePayload(deleted_id=input.id)


@strawberry.type(description="What a rule would have done to one order, without what is so already.")
class OrderRuleNews:
    queue: str | None = strawberry.field(description="The queue it would have gone into.")
    tags: list[str] = strawberry.field(description="The tags it would have got.")


@strawberry.type(description="What a rule would have met, and done. Nothing was changed.")
class OrderRuleTrial:
    found: strawberry.Private[rules.Trial]

    @strawberry.field(description="How many orders were placed since then; drafts do not count.")
    def orders(self) -> int:
        return self.found.orders

    @strawberry.field(description="How many of them would have met the rule.")
    def met(self) -> int:
        return self.found.met

    @strawberry.field(description="What it would have done to each of them.")
    def actions(self) -> OrderActions:
        return shown_actions(self.found.actions)

    @strawberry.field(description="The newest 50 of those that would have met it.")
    async def nodes(self, info: Info[GraphContext, None]) -> list[Order]:
        ids = [each.order_id for each in self.found.shown]
        rows = await fetch_many(info._raw_info, TYPES["Order"], ids)
        return [rows[id] for id in ids if id in rows]

    @strawberry.field(description="What would have been new for each of `nodes`, in their order.")
    def effects(self) -> list[OrderRuleNews]:
        return [OrderRuleNews(queue=each.queue, tags=list(each.tags)) for each in self.found.shown]


@root
class OrderRuleQueries:
    """What can be asked of rules."""

    order_rule: OrderRule | None = one_of("One rule by its id.")
    order_rules: Connection[OrderRule] = page_of("The shop's rules for orders.")


@strawberry.type
class OrderRuleTrialQueries:
    """What can be asked before a rule is switched on."""

    @strawberry.field(
        description="How many of the past orders a rule would have met, and what it would have done: of a rule that "
        "there is (`id`) or of one that is yet to be made (`draft`). Payments and states are taken as they are now. "
        f"Needs the scope `{Scope.ORDERS_READ}`."
    )
    async def order_rule_trial(
        self,
        info: Info[GraphContext, None],
        since: Annotated[datetime, strawberry.argument(description="Of the orders that were placed since then.")],
        id: Annotated[strawberry.ID | None, strawberry.argument(description="A rule, switched on or not.")] = None,
        draft: Annotated[OrderRuleDraftInput | None, strawberry.argument(description="A rule to be made.")] = None,
    ) -> OrderRuleTrial:
        ctx = info.context.require(Scope.ORDERS_READ, "orderRuleTrial")
        if (id is None) == (draft is None):
            raise InvalidInput("Say which rule: by its id, or by a draft.", path=["id"])
        rule = read_id("id", id, "rule") if id is not None else draft.draft()  # type: ignore[union-attr]
        return OrderRuleTrial(found=await rules.try_rule(ctx, rule, since=since))


@strawberry.type
class OrderRuleMutations:
    """What can be done to rules."""

    order_rule_create = order_rule_create
    order_rule_update = order_rule_update
    order_rules_reorder = order_rules_reorder
    order_rule_delete = order_rule_delete
