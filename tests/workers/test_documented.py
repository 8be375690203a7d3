"""The examples of docs/api/webhooks.md work, one after the other; what verifies there, verifies what we send."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from stoa.graphql.executing import Executor
from stoa.graphql.schema import schema
from stoa.kit.ids import type_id
from stoa.settings import Settings
from stoa.tenants.context import Context
from tests import make
from tests.fakes.receiver import Heard, receiver
from tests.graphql.asking import Ask
from tests.tenants.hooks.sending import turns

TEXT = (Path(__file__).parents[2] / "docs" / "api" / "webhooks.md").read_text("utf-8")


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def ask(settings: Settings, ctx: Context) -> Ask:
    return Ask(Executor(schema(), settings), settings, ctx)


async def run(ask: Ask, query: str, known: dict[str, str]) -> dict[str, Any]:
    """With the variables it declares; nothing may be refused."""
    declared = query.partition("{")[0]
    variables = {name: known[name] for name in re.findall(r"\$(\w+):", declared)}
    data: dict[str, Any] = await ask.data(query, **variables)
    assert [each for each in data.values() if isinstance(each, dict) and each.get("userErrors")] == []
    return data


async def test_webhooks_as_documented(ask: Ask, owner: asyncpg.Connection) -> None:
    topics, create, rotate, look, pause, resume, replay, test = examples("graphql")
    async with receiver() as stranger:
        assert "order.placed" in [each["name"] for each in (await run(ask, topics, {}))["webhookTopics"]]
        made = (await run(ask, create, {"address": stranger.url}))["webhookCreate"]
        order = await make.order(ask.ctx)
        known = {"webhook": made["webhook"]["id"], "order": type_id("ord", order.id)}
        await turns(ask.ctx, owner)
        [heard] = stranger.heard

        assert made["webhook"]["scopes"] == ["orders:read"]
        assert heard.json.keys() == json.loads(examples("json")[0]).keys()
        assert in_python(made["secret"], heard) == heard.json
        await in_node(made["secret"], heard)

        rotated = (await run(ask, rotate, known))["webhookSecretRotate"]
        assert rotated["secret"] != made["secret"]
        assert (await run(ask, look, known))["webhook"]["deliveries"]["nodes"] == []
        assert (await run(ask, pause, known))["webhookPause"]["webhook"] == {"state": "PAUSED", "pauseReason": "ASKED"}
        assert (await run(ask, resume, known))["webhookResume"]["replayed"] == 0
        assert (await run(ask, replay, known))["webhookReplay"]["replayed"] == 1
        assert (await run(ask, test, known))["webhookTest"]["delivery"]["topic"] == "webhook.test"
        await turns(ask.ctx, owner)
        for each in stranger.heard[1:]:
            assert in_python(made["secret"], each) == in_python(rotated["secret"], each)
            await in_node(rotated["secret"], each)
        assert {each.json["type"] for each in stranger.heard[1:]} == {"order.placed", "webhook.test"}


def in_python(secret: str, heard: Heard) -> Any:
    """What the example for Python says of it."""
    said: dict[str, Any] = {}
    exec(examples("python")[0], said)
    return said["verified"](secret, heard.headers, heard.body)


async def in_node(secret: str, heard: Heard) -> None:
    """The example for Node takes it, and does not take it with another letter in it. Needs node, as the front end does."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on this machine")
    body = heard.body.decode()
    calls = f"""
    const [secret, headers, body] = {json.dumps([secret, heard.headers, body])};
    console.log(JSON.stringify(verified(secret, headers, body)));
    try {{ verified(secret, headers, body.replace("a", "b")); console.log("taken"); }} catch {{ console.log("refused"); }}
    """
    process = await asyncio.create_subprocess_exec(node, "--input-type=module", "-", stdin=PIPE, stdout=PIPE)
    out, _ = await process.communicate((examples("js")[0] + calls).encode())
    told, other = out.decode().splitlines()
    assert json.loads(told) == heard.json
    assert other == "refused"
