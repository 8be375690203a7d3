"""What can be done about webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import strawberry

from stoa.domains.catalog import SAME
from stoa.graphql.catalog.inputs import changed, given, optional
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.reading.declaring import fetched, root
from stoa.graphql.scalars import BigInt, read_id
from stoa.graphql.tenants.payloads import kind_of, scopes_needed
from stoa.graphql.tenants.topics import NAMED, TOPICS, Topic
from stoa.graphql.tenants.webhooks import Webhook, WebhookDelivery
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.ids import parse_type_id, prefix_of
from stoa.tenants import hooks
from stoa.tenants.access import Scope
from stoa.tenants.context import Context

LONGEST_QUERY = 20_000  # characters


@strawberry.input(description="A webhook.")
class WebhookCreateInput:
    name: str = strawberry.field(description="What people call it.")
    address: str = strawberry.field(description="Where events are sent by POST: https, and public.")
    topics: list[str] = strawberry.field(description="Which events, by the names that `webhookTopics` lists.")
    query: str = strawberry.field(
        description="A GraphQL query whose answer is the payload's `data`; it may declare the topics' variables."
    )


@strawberry.input(description="Changes to a webhook; what is left out stays.")
class WebhookUpdateInput:
    id: strawberry.ID = strawberry.field(description="Which webhook.")
    expected_version: int | None = optional("The version you read: refused when it has been changed since.")
    name: str | None = given("What people call it.")
    address: str | None = given("Where events are sent by POST.")
    topics: list[str] | None = given("Which events, all of them.")
    query: str | None = given("The query whose answer is the payload's `data`.")


@strawberry.input(description="Which webhook.")
class WebhookRefInput:
    id: strawberry.ID = strawberry.field(description="The webhook's id.")


@strawberry.input(description="Which webhook goes on, and from where.")
class WebhookResumeInput:
    id: strawberry.ID = strawberry.field(description="The webhook's id.")
    replay_missed: bool = optional(
        "Whether what happened while it was paused is sent as well, and what was given up since `failingSince`; 10,000 "
        "events of each at the most.",
        False,
    )


@strawberry.input(description="Which webhook gets a new secret.")
class WebhookSecretRotateInput:
    id: strawberry.ID = strawberry.field(description="The webhook's id.")
    overlap_hours: int = optional("So long the old secret signs along; 0 to 168.", 24)


@strawberry.input(description="Which webhook is sent a test.")
class WebhookTestInput:
    id: strawberry.ID = strawberry.field(description="The webhook's id.")
    about_id: strawberry.ID | None = optional(
        "Of what the query is asked, as `$id`; `data` is null when nothing is named."
    )


@strawberry.input(
    description="Which events are sent again: of a span of time, of one thing, or of these deliveries; what several of "
    "these say must all hold."
)
class WebhookReplayInput:
    id: strawberry.ID = strawberry.field(description="The webhook's id.")
    since: datetime | None = optional("What happened then or later.")
    until: datetime | None = optional("What happened before.")
    aggregate_id: strawberry.ID | None = optional("What happened to this, e.g. an order.")
    first_sequence: BigInt | None = optional("Of that, from this number on.")
    last_sequence: BigInt | None = optional("Of that, up to this number.")
    delivery_ids: list[strawberry.ID] | None = optional("These deliveries; 250 at the most.")
    only_failed: bool = optional("Only what was given up; else also what was delivered, or never sent.", False)

    def read(self) -> hooks.Range:
        ids = None
        if self.delivery_ids is not None:
            with blaming("delivery_ids"):
                ids = [read_id(position, each, "whd") for position, each in enumerate(self.delivery_ids)]
        return hooks.Range(
            since=self.since,
            until=self.until,
            subject_id=None if self.aggregate_id is None else _any_id("aggregate_id", self.aggregate_id),
            first=self.first_sequence,
            last=self.last_sequence,
            delivery_ids=ids,
            only_failed=self.only_failed,
        )


@root
class WebhookPayload(Payload):
    """A webhook after a mutation."""

    webhook: Webhook | None = fetched("The webhook as it is now; null when there are errors.")


@root
class WebhookSecretPayload(Payload):
    """A webhook and its secret, for the only time."""

    webhook: Webhook | None = fetched("The webhook as it is now; null when there are errors.")
    secret: str | None = strawberry.field(
        default=None, description="What signs from now on (`whsec_...`); it cannot be shown again."
    )


@root
class WebhookReplayPayload(Payload):
    """A webhook after some of its past was sent again."""

    webhook: Webhook | None = fetched("The webhook as it is now; null when there are errors.")
    replayed: int = strawberry.field(default=0, description="How many events will be sent.")


@root
class WebhookTestPayload(Payload):
    """A test on its way."""

    delivery: WebhookDelivery | None = fetched("Look at its attempts in a moment; null when there are errors.")


@strawberry.type(description="After a webhook was deleted.")
class WebhookDeletePayload(Payload):
    deleted_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id of what is gone; null when there are errors."
    )


@shop_mutation(
    Scope.WEBHOOKS_WRITE,
    "Have events sent to an address, with the answer of a query of your own; you need what the query needs.",
)
async def webhook_create(ctx: Context, input: WebhookCreateInput) -> WebhookSecretPayload:
    topics = _topics(input.topics)
    scopes = await _needed(ctx, input.query, topics)
    draft = hooks.WebhookDraft(input.name, input.address, _events(topics), input.query, scopes)
    made = await hooks.create_webhook(ctx, draft)
    return _with_secret(made)


@shop_mutation(
    Scope.WEBHOOKS_WRITE,
    "Change a webhook; what is left out stays. You need all that its query needs, as it was and as it is to be.",
)
async def webhook_update(ctx: Context, input: WebhookUpdateInput) -> WebhookPayload:
    hook_id = read_id("id", input.id, "hook")
    name, address, topics, query = (_given(input, each) for each in ("name", "address", "topics", "query"))
    hook, events, scopes = await hooks.webhook(hook_id), None, None
    if topics is not None or query is not None:
        wanted = _topics(topics) if topics is not None else _kept_topics(hook.events)
        scopes = await _needed(ctx, hook.query if query is None else query, wanted)
        events = _events(wanted)
    draft = hooks.WebhookDraft(name, address, events, query, scopes)
    expected = hook.version if input.expected_version is None else input.expected_version
    await hooks.edit_webhook(ctx, hook_id, draft, expected_version=expected)
    return WebhookPayload.of(webhook=hook_id)


@shop_mutation(Scope.WEBHOOKS_WRITE, "Take a webhook away, and its log with it.")
async def webhook_delete(ctx: Context, input: WebhookRefInput) -> WebhookDeletePayload:
    await hooks.delete_webhook(ctx, read_id("id", input.id, "hook"))
    return WebhookDeletePayload(deleted_id=input.id)


@shop_mutation(Scope.WEBHOOKS_WRITE, "Send nothing to a webhook for now. Twice changes nothing.")
async def webhook_pause(ctx: Context, input: WebhookRefInput) -> WebhookPayload:
    hook_id = read_id("id", input.id, "hook")
    await hooks.pause_webhook(ctx, hook_id)
    return WebhookPayload.of(webhook=hook_id)


@shop_mutation(
    Scope.WEBHOOKS_WRITE,
    "Send events to a webhook again, beginning with what waits for it; and what it has missed, if you wish.",
)
async def webhook_resume(ctx: Context, input: WebhookResumeInput) -> WebhookReplayPayload:
    hook_id = read_id("id", input.id, "hook")
    _, replayed = await hooks.resume_webhook(ctx, hook_id, replay_missed=input.replay_missed)
    return _replayed(hook_id, replayed)


@shop_mutation(
    Scope.WEBHOOKS_WRITE, "Give a webhook a new secret. For a while both sign, so that receivers can change in peace."
)
async def webhook_secret_rotate(ctx: Context, input: WebhookSecretRotateInput) -> WebhookSecretPayload:
    if not 0 <= input.overlap_hours <= 168:
        raise InvalidInput("An overlap is 0 to 168 hours long.", path=["overlap_hours"])
    hook_id = read_id("id", input.id, "hook")
    return _with_secret(await hooks.rotate_secret(ctx, hook_id, overlap=timedelta(hours=input.overlap_hours)))


@shop_mutation(
    Scope.WEBHOOKS_WRITE,
    "Send a webhook an event of type `webhook.test`, of which nothing is to be done but to answer.",
    once=True,
)
async def webhook_test(ctx: Context, input: WebhookTestInput) -> WebhookTestPayload:
    hook_id, about = read_id("id", input.id, "hook"), input.about_id
    if about is not None:
        _any_id("about_id", about)
    return WebhookTestPayload.of(delivery=await hooks.send_test(ctx, hook_id, about or ""))


@shop_mutation(
    Scope.WEBHOOKS_WRITE,
    "Send events of the past to a webhook, whether it has had them or not; 10,000 at the most. Their ids and sequences "
    "are what they were, the payload is asked for anew.",
    once=True,
)
async def webhook_replay(ctx: Context, input: WebhookReplayInput) -> WebhookReplayPayload:
    hook_id = read_id("id", input.id, "hook")
    return _replayed(hook_id, await hooks.replay(ctx, hook_id, input.read()))


def _topics(names: Sequence[str]) -> list[Topic]:
    if not names:
        raise InvalidInput("Name at least one topic.", path=["topics"])
    for position, name in enumerate(names):
        if name not in NAMED:
            sentence = "There is no topic {topic}; webhookTopics lists them."
            raise InvalidInput(sentence, path=["topics", position], topic=name[:60])
    return [NAMED[name] for name in dict.fromkeys(names)]


def _kept_topics(events: Sequence[str]) -> list[Topic]:
    return [each for each in TOPICS if each.event.__name__ in events]


def _events(topics: Sequence[Topic]) -> list[str]:
    return [each.event.__name__ for each in topics]


async def _needed(ctx: Context, query: str, topics: Sequence[Topic]) -> list[str]:
    if len(query) > LONGEST_QUERY:
        raise InvalidInput(
            "The query has {count} characters; {limit} are allowed.",
            path=["query"],
            count=len(query),
            limit=LONGEST_QUERY,
        )
    return await scopes_needed(ctx, query, topics)


def _given(input: WebhookUpdateInput, name: str) -> Any:
    """None for what is left out."""
    value = changed(input, name)
    return None if value is SAME else value


def _any_id(name: str, text: str) -> UUID:
    """An id of something that this API shows, whatever it is."""
    with blaming(name):
        id = parse_type_id(text)
        if kind_of(prefix_of(text)) is None:
            raise InvalidInput("{text!r} is not an id.", text=text[:60])
        return id


def _with_secret(made: hooks.NewSecret) -> WebhookSecretPayload:
    payload = WebhookSecretPayload.of(webhook=made.hook.id)
    payload.secret = made.secret
    return payload


def _replayed(hook_id: UUID, count: int) -> WebhookReplayPayload:
    payload = WebhookReplayPayload.of(webhook=hook_id)
    payload.replayed = count
    return payload


@strawberry.type
class WebhookMutations:
    """What can be done about webhooks."""

    webhook_create = webhook_create
    webhook_update = webhook_update
    webhook_delete = webhook_delete
    webhook_pause = webhook_pause
    webhook_resume = webhook_resume
    webhook_secret_rotate = webhook_secret_rotate
    webhook_test = webhook_test
    webhook_replay = webhook_replay
