"""Webhooks as the merchant keeps them: where to, what for, and with which payload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from stoa.kit.calling import check_address
from stoa.kit.checking import check_version
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.ids import new_id
from stoa.kit.text import clean_line
from stoa.tenants.access.scopes import require_all
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.hooks.errors import NoSuchWebhook, TooManyWebhooks, WebhookChanged
from stoa.tenants.hooks.events import WebhookCreated, WebhookDeleted, WebhookEdited
from stoa.tenants.hooks.models import Webhook, WebhookState
from stoa.tenants.hooks.secrecy import new_secret, sealed
from stoa.tenants.outbox import publish

MOST_HOOKS = 20
NAME_LIMIT = 120
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' webhooks', 0))"


@dataclass(frozen=True, slots=True)
class WebhookDraft:
    """What is None stays as it is. `events` are names of events; `scopes` is what the query was found to need."""

    name: str | None = None
    address: str | None = None
    events: Sequence[str] | None = None
    query: str | None = None
    scopes: Sequence[str] | None = None

    def columns(self) -> dict[str, Any]:
        """As they will be stored. Raises `InvalidInput` and `AddressRefused`."""
        columns: dict[str, Any] = {}
        if self.name is not None:
            with blaming("name"):
                columns["name"] = clean_line(self.name, what="name", limit=NAME_LIMIT)
        if self.address is not None:
            with blaming("address"):
                columns["address"] = check_address(self.address)
        if self.events is not None:
            if not self.events:
                raise InvalidInput("Name at least one topic.", path=["topics"])
            columns["events"] = sorted(set(self.events))
        plain = {"query": self.query, "scopes": None if self.scopes is None else sorted(self.scopes)}
        return columns | {name: value for name, value in plain.items() if value is not None}


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A hook and its secret, which can be shown this once."""

    hook: Webhook
    secret: str


async def create_webhook(ctx: Context, draft: WebhookDraft) -> NewSecret:
    """From its commit on, every event of its topics goes to it. Raises `InvalidInput` and `TooManyWebhooks`."""
    columns, secret, hook_id = draft.columns(), new_secret(), new_id()
    require_all(ctx, columns["scopes"])
    async with shop_transaction():
        await shop_client().execute_query_dict(_ONE_AT_A_TIME)
        if await kept().count() >= MOST_HOOKS:
            raise TooManyWebhooks("A shop has {limit} webhooks at the most.", limit=MOST_HOOKS)
        hook = await Webhook.create(
            using_db=shop_client(),
            id=hook_id,
            shop_schema=ctx.shop.schema,
            secret=sealed(ctx.shop.schema, hook_id, secret),
            actor_kind=ctx.actor.kind,
            actor_id=ctx.actor.id,
            created_at=now(),
            **columns,
        )
        await publish(ctx, WebhookCreated(hook.id, hook.name))
    return NewSecret(hook, secret)


async def edit_webhook(
    ctx: Context, hook_id: UUID, draft: WebhookDraft, *, expected_version: int | None = None
) -> Webhook:
    """Save what differs. Whoever changes a hook needs all that its query needs: it could be sent elsewhere.

    What waits already keeps the payload that was made for it. Raises `NoSuchWebhook`, `WebhookChanged`,
    `BeyondYourRights` and `InvalidInput`.
    """
    columns = draft.columns()
    async with shop_transaction():
        hook = await locked(hook_id)
        require_all(ctx, [*hook.scopes, *columns.get("scopes", ())])
        check_version(hook, expected_version, WebhookChanged, hook.name)
        changed = [name for name, value in columns.items() if getattr(hook, name) != value]
        if changed:
            await change(hook, **{name: columns[name] for name in changed}, version=hook.version + 1)
            told = tuple(name for name in changed if name != "scopes")
            await publish(ctx, WebhookEdited(hook.id, told))
    return hook


async def delete_webhook(ctx: Context, hook_id: UUID) -> None:
    """It hears nothing more, and its log is not shown any more. Raises `NoSuchWebhook`."""
    async with shop_transaction():
        hook = await locked(hook_id)
        await change(hook, state=WebhookState.DELETED)
        await publish(ctx, WebhookDeleted(hook.id, hook.name))


async def webhook(hook_id: UUID) -> Webhook:
    """One of the open shop's. Raises `NoSuchWebhook`."""
    return _found(await kept().get_or_none(id=hook_id))


async def locked(hook_id: UUID) -> Webhook:
    """The same, for the open transaction alone."""
    return _found(await kept().select_for_update(no_key=True).get_or_none(id=hook_id))


async def locked_even_deleted(hook_id: UUID) -> Webhook:
    """For whoever was at work on it when it was deleted."""
    return await Webhook.filter(id=hook_id).using_db(shop_client()).select_for_update(no_key=True).get()


def kept() -> Any:
    """The open shop's hooks, as its own role sees them."""
    return Webhook.exclude(state=WebhookState.DELETED).using_db(shop_client())


async def change(hook: Webhook, **columns: Any) -> None:
    hook.update_from_dict(columns)
    await hook.save(using_db=shop_client(), update_fields=list(columns))


def _found(hook: Webhook | None) -> Webhook:
    if hook is None:
        raise NoSuchWebhook("There is no such webhook.", path=["id"])
    return hook
