"""Webhooks: where the shop's events are sent, with which payload, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry
from strawberry.types import Info

from stoa.graphql.actors import Acted, shown_actor
from stoa.graphql.context import GraphContext
from stoa.graphql.enums import shown_enum
from stoa.graphql.paging import Connection, Node
from stoa.graphql.reading.declaring import column, derived, many, one_of, page_of, root, stored
from stoa.graphql.reading.planning import REQUIRES
from stoa.graphql.saying import said_now
from stoa.graphql.scalars import BigInt
from stoa.graphql.tenants.payloads import kind_of
from stoa.graphql.tenants.topics import TEST, TOPIC_OF, TOPICS
from stoa.kit.ids import type_id
from stoa.tenants import hooks
from stoa.tenants.access import Scope
from stoa.tenants.hooks import models

WebhookState = shown_enum(
    models.WebhookState,
    "Whether anything is sent to a webhook.",
    ACTIVE="Every event of its topics goes to it.",
    PAUSED="Nothing is sent to it; `pauseReason` says why.",
    DELETED="Never shown.",
)
WebhookPauseReason = shown_enum(
    models.PauseReason,
    "Why a webhook is paused.",
    name="WebhookPauseReason",
    ASKED="Somebody paused it.",
    GONE="The receiver answered 410 Gone.",
    FAILING="Nothing has arrived for three days.",
    BROKEN="Its query does not run any more, or its secret is lost; `pauseNote` says more.",
)
WebhookDeliveryState = shown_enum(
    models.DeliveryState,
    "How far a delivery is.",
    name="WebhookDeliveryState",
    WAITING="For its first try, or for the next.",
    DELIVERED="The receiver has answered with 2xx.",
    FAILED="Given up after the last try; it can be replayed.",
)


def topic_names(events: Sequence[str]) -> list[str]:
    """In the order of the list; what is not in it any more is left out."""
    return [topic.name for topic in TOPICS if topic.event.__name__ in events]


def topic_of(event_name: str) -> str:
    topic = TEST if event_name == TEST.event.__name__ else TOPIC_OF.get(event_name)
    return topic.name if topic is not None else event_name


def aggregate_id(event_name: str, subject_id: str) -> strawberry.ID | None:
    topic = TEST if event_name == TEST.event.__name__ else TOPIC_OF.get(event_name)
    return strawberry.ID(type_id(topic.prefix, subject_id)) if topic is not None else None


@strawberry.type(description="An event that can be sent to webhooks.")
class WebhookTopic:
    name: str = strawberry.field(description="What webhooks name it by, and the `type` in what they are sent.")
    description: str = strawberry.field(description="What has happened then.")
    kind: str | None = strawberry.field(description="The type of what it is about; null when it is in no type.")
    variables: list[str] = strawberry.field(
        description="What its query may declare, without the $: ids, `id` being that of what it is about."
    )


@stored(models.WebhookAttempt, prefix="wha", scope=Scope.WEBHOOKS_READ)
class WebhookAttempt(Node):
    """One try at a delivery."""

    made_at: datetime = column("When it ended.")
    milliseconds: int = column("How long it took.")
    status: int | None = column("HTTP's, that the receiver answered; null when it did not.")
    answer: str = column("The first 1,024 bytes of what it answered.")
    code: str | None = column("Why there was no answer, for programs; null when there was.")
    error: str | None = derived(("error",), said_now, "The same in words, in the reader's language.")


OF_WHAT_IS_THERE = "EXISTS (SELECT FROM platform.webhook h WHERE h.id = {row}.webhook_id AND h.state <> 'DELETED')"


@stored(models.WebhookDelivery, prefix="whd", scope=Scope.WEBHOOKS_READ, only=OF_WHAT_IS_THERE)
class WebhookDelivery(Node):
    """That one event goes to one webhook."""

    webhook_id: strawberry.ID = derived(
        ("webhook_id",), lambda id: strawberry.ID(type_id("hook", id)), "Which webhook it goes to."
    )
    event_id: strawberry.ID = derived(
        ("event_id",),
        lambda id: strawberry.ID(type_id(hooks.EVENT_PREFIX, id)),
        "The event's id, and the header `webhook-id`: the same in every try and replay.",
    )
    topic: str = derived(("event_name",), topic_of, "What happened.")
    aggregate_id: strawberry.ID | None = derived(("event_name", "subject_id"), aggregate_id, "What it happened to.")
    sequence: BigInt | None = column("Its place among the events of that: 1, 2, 3, ...; null before the first try.")
    happened_at: datetime = column("When it happened.")
    state: WebhookDeliveryState = column("How far it is.", filter=True)  # type: ignore[valid-type]
    due_at: datetime = column("When it is tried, or was last to be tried.")
    attempts_made: int = column("How often it was tried, replays included.")
    last_status: int | None = column("What the receiver answered last.")
    last_code: str | None = column("Why it did not answer last.")
    ended_at: datetime | None = column("When it was delivered or given up.")
    created_at: datetime = column("When it was planned.")
    has_body: bool = derived(
        ("body", "scopes"), lambda body, scopes: body is not None, "Whether its payload has been made."
    )
    attempts: Connection[WebhookAttempt] = many("Its tries, the oldest first.", order=("id",))

    @strawberry.field(
        description="What is sent, to the letter; null before it is made, and for whoever has not all the scopes that "
        "its query needed.",
        metadata={REQUIRES: ("has_body",)},
    )
    def body(self, info: Info[GraphContext, None]) -> str | None:
        read: Any = self.has_body  # what the planner has read for it: the body and the scopes
        return read[0] if info.context.in_shop().scopes.issuperset(read[1] or ()) else None


@stored(models.Webhook, prefix="hook", scope=Scope.WEBHOOKS_READ, only="{row}.state <> 'DELETED'")
class Webhook(Acted, Node):
    """An address that the shop's events are sent to."""

    name: str = column("What people call it.")
    address: str = column("Where events are sent by POST.")
    topics: list[str] = derived(("events",), topic_names, "Which events, by the names that `webhookTopics` lists.")
    query: str = column("The query whose answer is the payload's `data`.")
    scopes: list[str] = column("What the query needs, and may see.")
    state: WebhookState = column("Whether anything is sent to it.", filter=True)  # type: ignore[valid-type]
    pause_reason: WebhookPauseReason | None = column("Why it is paused.")  # type: ignore[valid-type]
    pause_note: str | None = derived(("pause_note",), said_now, "The same in words, if there is more to say.")
    paused_at: datetime | None = column("Since when it is paused.")
    failures: int = column("Tries in a row that did not arrive.")
    failing_since: datetime | None = column("When the first of these was.")
    delivered_at: datetime | None = column("When something arrived last.")
    old_secret_until: datetime | None = column("So long the secret before the last rotation signs along.")
    actor_id: strawberry.ID | None = derived(("actor_kind", "actor_id"), shown_actor, "The id of who made it.")
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")
    created_at: datetime = column("When it was made.")
    deliveries: Connection[WebhookDelivery] = many("What was sent to it, the latest first.", order=("-id",))


@root
class WebhookQueries:
    """What can be asked of webhooks."""

    webhook: Webhook | None = one_of("One webhook by its id.")
    webhooks: Connection[Webhook] = page_of("The shop's webhooks, the newest first.", order=("-id",))
    webhook_delivery: WebhookDelivery | None = one_of("One delivery by its id.")
    webhook_deliveries: Connection[WebhookDelivery] = page_of(
        "What was sent to all webhooks in the last 30 days, the latest first.", order=("-id",)
    )

    @strawberry.field(description=f"The events that webhooks can be sent. Needs the scope `{Scope.WEBHOOKS_READ}`.")
    def webhook_topics(self, info: Info[GraphContext, None]) -> list[WebhookTopic]:
        info.context.require(Scope.WEBHOOKS_READ, "webhookTopics")
        return [
            WebhookTopic(
                name=each.name, description=each.words.said(), kind=kind_of(each.prefix), variables=list(each.ids)
            )
            for each in TOPICS
        ]
