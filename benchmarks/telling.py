"""What an event costs more since webhooks hear of it: statement against statement, in turns, in one transaction."""

from __future__ import annotations

import asyncio
import statistics
import sys
from time import perf_counter

from benchmarks.engines import benched
from benchmarks.printing import figure
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.ids import NEW_ID, new_id
from stoa.tenants import hooks
from stoa.tenants.connecting import connect, disconnect, owner_connection
from stoa.tenants.context import Actor, Context, open_shop
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.hooks.events import WebhookTested
from stoa.tenants.outbox import LOG, _Published
from stoa.tenants.provisioning import provisioner

OTHERS = 20_000  # hooks of other shops
OTHERS_SQL = f"""
INSERT INTO platform.webhook (id, shop_schema, name, address, events, query, scopes, secret, state, failures,
                              actor_kind, version, created_at)
SELECT {NEW_ID}, 'shop_' || left(md5((n % 5000)::text), 16), 'x', 'https://x.example/', '["OrderPlaced"]', '', '[]', '',
       'ACTIVE', 0, 'system', 1, now() FROM generate_series(1, $1::int) n
"""
BARE = """
INSERT INTO event (id, name, subject_id, payload, actor_kind, actor_id, request_id, happened_at)
SELECT id, name, subject_id, payload, $1::text, $2::uuid, $3::text, $4::timestamptz
FROM jsonb_to_recordset($5::jsonb) AS happened (id uuid, name text, subject_id uuid, payload jsonb)
"""


async def run(*, short: bool = False) -> bool:
    times = 500 if short else 3_000
    async with benched(STOA_SHOP_POOL="1") as settings:
        shop = await provisioner(settings).create("Bench", currency="EUR", time_zone="UTC")
        async with owner_connection(settings) as owner:
            await owner.execute(OTHERS_SQL, OTHERS)
            await owner.execute("ANALYZE platform.webhook")
        await connect(settings)
        try:
            with open_shop(shop):
                return await _compare(Context(shop, Actor("system")), times)
        finally:
            await disconnect()


async def _compare(ctx: Context, times: int) -> bool:
    more, alone = await _measure(ctx, times)
    good = figure(
        "telling", "no_hooks", more, "us more", "<= 60", f"{alone:.0f} us for the log alone; 10th percentiles"
    )
    draft = hooks.WebhookDraft("Bench", "https://bench.example/", ["OrderPlaced"], "{ __typename }", [])
    made = await hooks.create_webhook(ctx, draft)
    more, alone = await _measure(ctx, times)
    figure("telling", "a_hook_for_other_topics", more, "us more", "", f"{alone:.0f} us for the log alone")
    await hooks.edit_webhook(ctx, made.hook.id, hooks.WebhookDraft(events=["WebhookTested"]))
    more, alone = await _measure(ctx, times)
    figure("telling", "a_hook_that_hears", more, "us more", "", f"{alone:.0f} us for the log alone; with a delivery")
    return good


async def _measure(ctx: Context, times: int) -> tuple[float, float]:
    """What telling adds, and what the log takes by itself: microseconds of a round trip when nothing is in its way."""
    ways: dict[str, tuple[object, ...]] = {BARE: (), LOG: (ctx.shop.schema,)}
    spent: dict[str, list[float]] = {statement: [] for statement in ways}
    async with shop_transaction(), shop_client().acquire_connection() as connection:
        for _ in range(times):
            for statement, more in ways.items():
                row = as_json([_Published(new_id(), WebhookTested(new_id())).as_row])
                start = perf_counter()
                await connection.execute(statement, ctx.actor.kind, ctx.actor.id, ctx.request_id, now(), row, *more)
                spent[statement].append(perf_counter() - start)
    alone, told = (statistics.quantiles(spent[each][times // 10 :], n=10)[0] * 1e6 for each in (BARE, LOG))
    return told - alone, alone


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(short="--short" in sys.argv)) else 1)
