from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from stoa.settings import Settings
from stoa.tenants import live
from stoa.tenants.context import Context
from stoa.tenants.live import News, Resync, announce, listen
from tests.own_valkey import OwnValkey

END = 30  # seconds after which a test that hangs is ended


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[OwnValkey]:
    """A Valkey that the test may stop."""
    own = OwnValkey(tmp_path)
    own.start()
    yield own
    own.stop()


@pytest.fixture
async def own_line(settings: Settings, database: None, valkey: OwnValkey) -> AsyncIterator[None]:
    """This process hears and tells over the test's own Valkey."""
    await live.disconnect()
    live.connect(settings.model_copy(update={"redis_url": SecretStr(valkey.url)}))
    yield
    await live.disconnect()
    live.connect(settings)


async def heard_next(stream: AsyncIterator[News | Resync]) -> News | Resync:
    async with asyncio.timeout(END):
        return await anext(stream)


async def test_news_reach_those_who_listen_to_the_topic_and_no_others(ctx: Context) -> None:
    async with (
        listen(ctx.shop, "import:1") as one,
        listen(ctx.shop, "import") as all_imports,
        listen(ctx.shop, "import:2") as other,
        listen(ctx.shop, "product") as products,
    ):
        announce(ctx, "import:1", {"lines": 10})
        announce(ctx, "import:2", {"lines": 20})
        announce(ctx, "product:1", {"title": "Lamp"})

        assert await heard_next(one) == News("import:1", {"lines": 10})
        assert await heard_next(all_imports) == News("import:1", {"lines": 10})
        assert await heard_next(all_imports) == News("import:2", {"lines": 20})
        assert await heard_next(other) == News("import:2", {"lines": 20})
        assert await heard_next(products) == News("product:1", {"title": "Lamp"})


async def test_another_shops_news_are_not_heard(ctx: Context, other_ctx: Context) -> None:
    async with listen(ctx.shop, "product") as stream:
        announce(other_ctx, "product:1", {"title": "Theirs"})
        announce(ctx, "product:2", {"title": "Ours"})

        assert await heard_next(stream) == News("product:2", {"title": "Ours"})


async def test_a_reader_too_slow_is_told_to_read_again(ctx: Context) -> None:
    async with listen(ctx.shop, "product") as slow, listen(ctx.shop, "marker") as quick:
        for number in range(live.BACKLOG + 1):
            announce(ctx, "product:1", {"number": number})
        announce(ctx, "marker", {})
        await heard_next(quick)
        announce(ctx, "product:1", {"number": "next"})

        assert await heard_next(slow) == Resync()
        assert await heard_next(slow) == News("product:1", {"number": "next"})


async def test_a_reader_just_quick_enough_misses_nothing(ctx: Context) -> None:
    async with listen(ctx.shop, "product") as stream:
        for number in range(live.BACKLOG):
            announce(ctx, "product:1", {"number": number})

        heard = [await heard_next(stream) for _ in range(live.BACKLOG)]
    assert heard == [News("product:1", {"number": number}) for number in range(live.BACKLOG)]


async def test_after_valkey_was_away_every_listener_is_told_to_read_again(
    ctx: Context, other_ctx: Context, valkey: OwnValkey, own_line: None
) -> None:
    async with listen(ctx.shop, "product") as stream, listen(other_ctx.shop, "product") as elsewhere:
        valkey.kill()
        announce(ctx, "product:1", {"told": "into the void"})
        valkey.start()

        assert await heard_next(stream) == Resync()
        assert await heard_next(elsewhere) == Resync()
        announce(ctx, "product:1", {"told": "again"})
        while (heard := await heard_next(stream)) == Resync():
            pass
        assert heard == News("product:1", {"told": "again"})


async def test_listening_begins_while_valkey_is_away(ctx: Context, valkey: OwnValkey, own_line: None) -> None:
    valkey.stop()
    async with listen(ctx.shop, "product") as stream:
        valkey.start()

        assert await heard_next(stream) == Resync()


async def test_a_teller_that_lost_news_says_so_to_all(ctx: Context, valkey: OwnValkey, own_line: None) -> None:
    """The listener's line was up all the time: it cannot know by itself."""
    async with listen(ctx.shop, "product") as stream, Redis.from_url(valkey.url) as admin:
        announce(ctx, "product:1", {"number": 1})
        assert await heard_next(stream) == News("product:1", {"number": 1})

        await admin.execute_command("ACL", "SETUSER", "default", "-publish")
        announce(ctx, "product:1", {"number": 2})
        while not await admin.acl_log():
            await asyncio.sleep(0.01)
        await admin.execute_command("ACL", "SETUSER", "default", "+publish")

        assert await heard_next(stream) == Resync()


async def test_many_listeners_share_one_connection(
    ctx: Context, other_ctx: Context, valkey: OwnValkey, own_line: None
) -> None:
    streams = [listen(shop, "product") for shop in (ctx.shop, other_ctx.shop) for _ in range(100)]
    for stream in streams:
        await stream.__aenter__()
    async with Redis.from_url(valkey.url) as admin:
        clients = await admin.client_list(_type="pubsub")
        subscribed = await admin.pubsub_numsub(*(f"stoa:live:{each.shop.schema}" for each in (ctx, other_ctx)))
        for stream in streams:
            await stream.__aexit__(None, None, None)
        announce(ctx, "product:1", {})
        async with asyncio.timeout(END):
            while await admin.pubsub_channels() != [b"stoa:live"]:
                await asyncio.sleep(0.01)

    assert len(clients) == 1
    assert [number for _, number in subscribed] == [1, 1]


async def test_a_stream_ends_when_the_process_disconnects(ctx: Context, own_line: None) -> None:
    async with listen(ctx.shop, "product") as stream:
        await live.disconnect()

        with pytest.raises(StopAsyncIteration):
            await heard_next(stream)


async def test_the_last_news_still_leave(ctx: Context, valkey: OwnValkey, own_line: None) -> None:
    async with Redis.from_url(valkey.url) as outside, outside.pubsub() as hearing:
        await hearing.subscribe(f"stoa:live:{ctx.shop.schema}")
        assert (await hearing.get_message(timeout=END))["type"] == "subscribe"
        announce(ctx, "product:1", {"title": "Lamp"})
        await live.disconnect()

        message: Any = await hearing.get_message(timeout=END)
    assert json.loads(message["data"]) == ["product:1", {"title": "Lamp"}]


async def test_what_is_not_ours_is_passed_over(ctx: Context, valkey: OwnValkey, own_line: None) -> None:
    async with listen(ctx.shop, "product") as stream, Redis.from_url(valkey.url) as stranger:
        await stranger.publish(f"stoa:live:{ctx.shop.schema}", b"\x80\x04pickle")
        announce(ctx, "product:1", {"title": "Lamp"})

        assert await heard_next(stream) == News("product:1", {"title": "Lamp"})


async def test_a_teller_with_too_much_to_say_owns_up_to_what_it_dropped(ctx: Context, own_line: None) -> None:
    async with listen(ctx.shop, "product") as stream:
        for number in range(live.OUTGOING + 1):
            announce(ctx, "product:1", {"number": number})

        assert await heard_next(stream) == Resync()
