"""Webhooks as receivers see them: signed, numbered, with the answer of the merchant's query, and again until it arrives."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import asyncpg
import pytest
from standardwebhooks.webhooks import Webhook as Library

from stoa.domains import orders
from stoa.kit import clock
from stoa.kit.clock import now
from stoa.kit.ids import type_id
from stoa.tenants import hooks
from stoa.tenants.context import Context, open_shop
from stoa.tenants.hooks.models import DeliveryState, PauseReason, WebhookState
from stoa.tenants.hooks.recording import PAUSES
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.fakes.receiver import Heard, Receiver, receiver
from tests.hooked import as_kept, attempts, deliveries, hook, planned, turns


@pytest.fixture
async def stranger() -> AsyncIterator[Receiver]:
    async with receiver() as started:
        yield started


async def test_an_order_is_told_signed_numbered_and_as_the_query_asks(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    made = await hook(ctx, f"{stranger.url}/hook", "OrderPlaced", "OrderMoved")
    order = await make.order(ctx)
    await orders.confirm_order(ctx, order.id)

    await turns(ctx, owner)

    told = [each.signed_by(made.secret) for each in stranger.heard]
    id = type_id("ord", order.id)
    assert [each["sequence"] for each in told] == list(range(1, len(told) + 1))
    assert [each["type"] for each in told] == ["order.placed"] + ["order.moved"] * (len(told) - 1)
    assert len(told) >= 2
    assert [each["aggregate"] for each in told] == [{"kind": "Order", "id": id}] * len(told)
    placed = told[0]
    assert placed["data"]["order"]["id"] == id
    assert placed["data"]["order"]["number"] == order.number
    first = stranger.heard[0].headers
    assert first["webhook-id"] == placed["id"]
    assert first["stoa-webhook"] == type_id("hook", made.hook.id)
    assert first["content-type"] == "application/json; charset=utf-8"
    kept = await deliveries(ctx)
    assert {each.state for each in kept} == {DeliveryState.DELIVERED}
    [tried] = await attempts(ctx, kept[0])
    assert (tried.status, tried.answer, tried.code) == (200, "ok", None)
