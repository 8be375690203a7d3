"""The shop-bound engine: what it serves, what it refuses, and what it survives."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from stoa.domains.catalog.models import Category
from stoa.settings import Settings
from stoa.tenants import database
from stoa.tenants.connecting import connect
from stoa.tenants.context import Context, NoShopOpen, ShopRef, open_shop
from stoa.tenants.database import (
    NotAboutRows,
    PoolerInBetween,
    ShopChanged,
    despite_migrations,
    platform_client,
    platform_transaction,
    shop_client,
    shop_transaction,
)
from stoa.tenants.models import Account
from tests import make
from tests.fakes.wire import wire_to
from tests.tenants.pools import SHOPS, backend, pools_of

REQUESTS = 2_000


def pool_of(client: Any) -> asyncpg.Pool:
    return client._pool


async def names() -> list[str]:
    return list(await Category.all().order_by("name").values_list("name", flat=True))


async def add(name: str) -> None:
    await Category.create(name=name, name_key=name)


# What it refuses


async def test_nothing_is_read_while_no_shop_is_open(database: None) -> None:
    with pytest.raises(NoShopOpen):
        await Category.all()
    with pytest.raises(NoShopOpen):
        await shop_client().execute_query("SELECT 1")
    with pytest.raises(NoShopOpen):
        async with shop_transaction():
            pass


async def test_asking_without_a_shop_costs_no_connection(settings: Settings, shop: ShopRef) -> None:
    async with pools_of(settings, shop_pool=1):
        with open_shop(shop):
            before = await backend()
        with pytest.raises(NoShopOpen):
            await Category.all()
        with open_shop(shop):
            assert await backend() == before


async def test_a_transaction_is_refused_while_another_shop_is_open(ctx: Context, other_shop: ShopRef) -> None:
    async with shop_transaction():
        await add("ours")
        with open_shop(other_shop), pytest.raises(ShopChanged):
            await add("theirs")
        await add("ours, too")

    assert await names() == ["ours", "ours, too"]
    with open_shop(other_shop):
        assert await names() == []


async def test_a_nested_transaction_is_refused_while_another_shop_is_open(ctx: Context, other_shop: ShopRef) -> None:
    async with shop_transaction():
        with open_shop(other_shop), pytest.raises(ShopChanged):
            async with shop_transaction():
                await add("theirs")

    assert await names() == []


async def test_a_connection_in_hand_is_refused_while_another_shop_is_open(ctx: Context, other_shop: ShopRef) -> None:
    async with shop_client().acquire_connection() as connection:
        with open_shop(other_shop):
            for send in (connection.fetch, connection.execute, connection.prepare):
                with pytest.raises(ShopChanged):
                    await send("SELECT name FROM category")
            with pytest.raises(ShopChanged):
                await connection.copy_records_to_table("category", records=[], columns=["id"])


async def test_a_task_that_outlives_its_transaction_is_refused(ctx: Context) -> None:
    may_go_on = asyncio.Event()

    async def late() -> None:
        await may_go_on.wait()
        await add("too late")

    async with shop_transaction():
        task = asyncio.create_task(late())
        await add("in time")
    may_go_on.set()

    with pytest.raises(asyncpg.InterfaceError, match="released"):
        await task
    assert await names() == ["in time"]


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE {other}",
        "set local role {other}",
        "SET SESSION AUTHORIZATION postgres",
        "SET search_path TO {other}",
        "RESET ROLE",
        "RESET ALL",
        "DISCARD ALL",
        "/* a comment */ SET ROLE {other}",
        "-- a comment\nSET ROLE {other}",
        "DO $$ BEGIN SET ROLE {other}; END $$",
        "DECLARE spy CURSOR WITH HOLD FOR SELECT name FROM category",
        "PREPARE spy AS SELECT name FROM category",
        "LISTEN stoa_jobs",
        "CREATE TEMP TABLE spy (name text)",
        "CALL spy()",
        "BEGIN; SET ROLE {other}",
        "COMMIT; SET ROLE {other}; BEGIN",
    ],
)
async def test_a_shops_connection_takes_no_statement_that_changes_the_connection(
    ctx: Context, other_shop: ShopRef, statement: str
) -> None:
    sql = statement.format(other=other_shop.schema)
    client = shop_client()

    for send in (client.execute_query, client.execute_script, client.execute_query_dict):
        with pytest.raises(NotAboutRows):
            await send(sql)

    await expect_only(ctx.shop)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1; SET ROLE {other}",
        "INSERT INTO category (id, name, name_key, created_at) SELECT NULL WHERE false; SET ROLE {other}",
        "UPDATE category SET name = 'x' WHERE false; SET ROLE {other}; SET search_path TO {other}",
        "COPY (SELECT 1) TO STDOUT; SET ROLE {other}",
    ],
)
async def test_a_second_statement_behind_the_first_is_refused(
    ctx: Context, other_shop: ShopRef, statement: str
) -> None:
    sql = statement.format(other=other_shop.schema)
    client = shop_client()

    for send in (client.execute_query, client.execute_script):
        with pytest.raises(Exception, match="cannot insert multiple commands"):
            await send(sql)
    async with client.acquire_connection() as connection:
        for send in (connection.execute, connection.fetch):
            with pytest.raises(asyncpg.PostgresSyntaxError, match="cannot insert multiple commands"):
                await send(sql)

    await expect_only(ctx.shop)


async def test_copy_is_one_statement_too(ctx: Context, other_shop: ShopRef) -> None:
    tail = f"; SET ROLE {other_shop.schema}; SET search_path TO {other_shop.schema}; --"
    out: list[bytes] = []

    async def keep(data: bytes) -> None:
        out.append(data)

    async with shop_client().acquire_connection() as connection:
        with pytest.raises(asyncpg.PostgresSyntaxError):
            await connection.copy_from_query(f"SELECT 1) TO STDOUT{tail}", output=keep)
        with pytest.raises(asyncpg.PostgresSyntaxError):
            await connection.copy_to_table("category", source=b"", where=f"true{tail}")
        with pytest.raises(NotAboutRows):
            await connection.copy_records_to_table("category", records=[], where=f"true{tail}")
        await connection.copy_from_query("SELECT name FROM category", output=keep)

    assert out == []
    await expect_only(ctx.shop)


async def expect_only(shop: ShopRef) -> None:
    """Every connection of the pool, as it was left, serves this shop when it is open."""
    for _ in range(4):
        row = (await shop_client().execute_query_dict("SELECT current_user::text AS u, current_schema() AS s"))[0]
        assert (row["u"], row["s"]) == (shop.schema, shop.schema)


async def test_behind_a_pooler_the_process_does_not_start(settings: Settings, shop: ShopRef) -> None:
    async with wire_to(settings, is_pooler=True) as (_, behind):
        with pytest.raises(PoolerInBetween, match="STOA_DATABASE_URL"):
            await connect(behind)


async def test_behind_a_pooler_nothing_is_served(settings: Settings, shop: ShopRef) -> None:
    """A pooler that was put in between later."""
    async with wire_to(settings, is_pooler=True) as (_, behind), pools_of(behind):
        with open_shop(shop), pytest.raises(PoolerInBetween):
            await Category.all()
        with pytest.raises(PoolerInBetween):
            await Account.all()


# Whom it serves


async def test_each_shop_sees_its_own_rows(ctx: Context, other_ctx: Context) -> None:
    await make.category(ctx, "Ours")
    await make.category(other_ctx, "Theirs")

    assert await names() == ["Ours"]
    with open_shop(other_ctx.shop):
        assert await names() == ["Theirs"]
    assert await names() == ["Ours"]


async def test_2000_requests_at_once_over_200_shops_on_4_connections_see_no_wrong_row(
    settings: Settings, many_shops: list[ShopRef]
) -> None:
    """X5."""

    async def look(shop: ShopRef) -> None:
        assert await names() == [shop.schema]

    async def ask(shop: ShopRef) -> None:
        rows = await shop_client().execute_query_dict("SELECT name, current_user::text AS role FROM category")
        assert rows == [{"name": shop.schema, "role": shop.schema}]

    async def several(shop: ShopRef) -> None:
        await asyncio.gather(look(shop), ask(shop), look(shop))

    async def change(shop: ShopRef) -> None:
        async with shop_transaction():
            await Category.filter(name_key=shop.schema).update(name=f"of {shop.schema}")
            await asyncio.gather(*(nested(shop, number) for number in range(3)))
            assert await names() == [f"of {shop.schema}", f"{shop.schema} 1"]
            await Category.filter(name_key=shop.schema).update(name=shop.schema)
            await Category.filter(name=f"{shop.schema} 1").delete()

    async def nested(shop: ShopRef, number: int) -> None:
        try:
            async with shop_transaction():
                await add(f"{shop.schema} {number}")
                if number != 1:
                    raise LookupError
        except LookupError:
            pass

    async def give_up(shop: ShopRef) -> None:
        with pytest.raises(LookupError):
            async with shop_transaction():
                await Category.all().delete()
                raise LookupError

    kinds = [look, ask, several, change, give_up]

    async def request(number: int) -> None:
        shop = many_shops[number * 7 % SHOPS]
        with open_shop(shop):
            # changes of one shop must not meet each other: their rows are what is counted
            kind = kinds[number // SHOPS % len(kinds)]
            async with locks[shop.schema]:
                await kind(shop)

    locks = {shop.schema: asyncio.Lock() for shop in many_shops}
    async with pools_of(settings, shop_pool=4):
        outcomes = await asyncio.gather(*(request(number) for number in range(REQUESTS)), return_exceptions=True)

        assert [outcome for outcome in outcomes if outcome is not None] == []
        assert pool_of(shop_client()).get_size() <= 4
        for shop in many_shops:
            with open_shop(shop):
                assert await names() == [shop.schema]


async def test_a_connection_that_has_served_its_share_of_shops_is_replaced(
    settings: Settings, many_shops: list[ShopRef]
) -> None:
    async with pools_of(settings, shop_pool=1, shops_per_connection=40):
        seen = []
        for shop in many_shops[:41]:
            with open_shop(shop):
                seen.append(await backend())
                assert await backend() == seen[-1] or len(seen) % 40 == 0

    assert len(set(seen[:40])) == 1
    assert seen[40] != seen[0]


async def test_serving_one_shop_for_long_keeps_the_connection(settings: Settings, shop: ShopRef) -> None:
    async with pools_of(settings, shop_pool=1, shops_per_connection=40):
        with open_shop(shop):
            assert len({await backend() for _ in range(80)}) == 1


async def test_a_savepoint_undoes_its_own_part_only(ctx: Context) -> None:
    async with shop_transaction():
        await add("kept")
        with pytest.raises(LookupError):
            async with shop_transaction():
                await add("undone")
                async with shop_transaction():
                    await add("undone, too")
                raise LookupError
        async with shop_transaction():
            await add("kept, too")

    assert await names() == ["kept", "kept, too"]


async def test_siblings_in_one_transaction_do_not_undo_each_other(ctx: Context) -> None:
    async def sibling(number: int) -> None:
        async with shop_transaction():
            await add(f"{number}")
            await asyncio.sleep(0)
            if number % 2:
                raise LookupError

    async with shop_transaction():
        await asyncio.gather(*(sibling(number) for number in range(6)), return_exceptions=True)
        await asyncio.gather(*(add(f"plain {number}") for number in range(2)))

    assert await names() == ["0", "2", "4", "plain 0", "plain 1"]


async def test_platform_transactions_nest_as_well(database: None) -> None:
    async with platform_transaction():
        kept = await make.account()
        with pytest.raises(LookupError):
            async with platform_transaction():
                undone = await make.account()
                raise LookupError

    assert await Account.filter(id__in=[kept.id, undone.id]).values_list("id", flat=True) == [kept.id]


async def test_types_that_asyncpg_must_look_up_first_are_read(ctx: Context) -> None:
    """asyncpg would call set_config(), which is closed to everybody, when a type is new to it."""
    await add("Ours")

    rows = await shop_client().execute_query_dict(
        "SELECT array_agg(category) AS rows, ROW(1, 'a') AS pair, $1::text[] AS texts, $2::uuid[] AS ids, "
        "$3::jsonb AS json, array_agg(ARRAY['a']::varchar[]) AS matrix, tstzrange(NULL, NULL) AS range FROM category",
        [["a"], [], '{"a": 1}'],
    )

    assert rows[0]["rows"][0]["name"] == "Ours"
    assert (rows[0]["texts"], rows[0]["ids"], rows[0]["matrix"]) == (["a"], [], [["a"]])


# What it survives


async def expect_whole(client: Any, size: int) -> None:
    """Every connection of the pool is free, and all of them can be taken at once."""
    pool = pool_of(client)
    assert pool.get_idle_size() == pool.get_size()

    async with asyncio.timeout(30):
        taken = [await pool.acquire() for _ in range(size)]
    for connection in taken:
        assert await connection.fetchval("SELECT 1") == 1
        assert not connection.is_in_transaction()
        await pool.release(connection)


async def test_a_cancelled_begin_gives_the_connection_back(settings: Settings, shop: ShopRef) -> None:
    async with wire_to(settings) as (wire, behind), pools_of(behind, shop_pool=1, platform_pool=1):
        with open_shop(shop):
            for client, transaction in ((shop_client(), shop_transaction), (platform_client(), platform_transaction)):
                await client.execute_query("SELECT 1")

                async def begin(transaction: Any = transaction) -> None:
                    async with transaction():
                        raise AssertionError("BEGIN was answered")

                wire.hold()
                task = asyncio.create_task(begin())
                await wire.heard_a_request()
                task.cancel()
                await asyncio.sleep(0)
                wire.let_go()
                with pytest.raises(asyncio.CancelledError):
                    await task

                await expect_whole(client, 1)


async def test_a_cancelled_binding_leaves_no_connection_with_the_wrong_shop(
    settings: Settings, ctx: Context, other_ctx: Context
) -> None:
    await make.category(ctx, "Ours")
    await make.category(other_ctx, "Theirs")
    async with wire_to(settings) as (wire, behind), pools_of(behind, shop_pool=1):
        assert await names() == ["Ours"]

        wire.hold()
        with open_shop(other_ctx.shop):
            task = asyncio.create_task(names())
        await wire.heard_a_request()  # SET ROLE is on its way
        task.cancel()
        await asyncio.sleep(0)
        wire.let_go()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert await names() == ["Ours"]
        with open_shop(other_ctx.shop):
            assert await names() == ["Theirs"]
        await expect_whole(shop_client(), 1)


async def test_cancelled_anywhere_a_transaction_leaves_the_pool_whole(
    settings: Settings, ctx: Context, other_shop: ShopRef, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(number: int) -> None:
        with open_shop(ctx.shop if number % 2 else other_shop):
            async with shop_transaction():
                await add(f"{number}")
                async with shop_transaction():
                    await asyncio.gather(names(), names())
                raise LookupError

    async with pools_of(settings, shop_pool=2):
        await names()
        for steps in range(120):
            task = asyncio.create_task(work(steps))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled() or isinstance(task.exception(), LookupError)

        await expect_whole(shop_client(), 2)
        assert await names() == []
        with open_shop(other_shop):
            assert await names() == []


async def test_after_a_time_limit_inside_a_task_the_task_goes_on_outside_the_transaction(ctx: Context) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            async with shop_transaction():
                await add("undone")
                await shop_client().execute_query("SELECT pg_sleep(60)")

    await add("kept")
    assert await names() == ["kept"]


async def kill(owner: asyncpg.Connection, pid: int) -> None:
    await owner.execute("SELECT pg_terminate_backend($1, 5000)", pid)
    await asyncio.sleep(0.05)


async def test_a_killed_server_process_hides_no_error_and_is_replaced(
    settings: Settings, ctx: Context, owner: asyncpg.Connection
) -> None:
    async with pools_of(settings, shop_pool=1):
        with pytest.raises(LookupError):
            async with shop_transaction():
                await add("lost")
                await kill(owner, await backend())
                raise LookupError
        with pytest.raises(asyncpg.InterfaceError):
            async with shop_transaction():
                await add("lost, too")
                await kill(owner, await backend())

        assert await names() == []
        await expect_whole(shop_client(), 1)


async def test_reads_survive_a_migration_in_their_middle(ctx: Context, owner: asyncpg.Connection) -> None:
    await add("1")
    statement = "SELECT * FROM category"
    for _ in range(8):  # on every connection of the pool, prepared
        await asyncio.gather(*(shop_client().execute_query_dict(statement) for _ in range(4)))

    await owner.execute(f"ALTER TABLE {ctx.shop.schema}.category ADD COLUMN shelf text DEFAULT 'top'")

    rows = await asyncio.gather(*(shop_client().execute_query_dict(statement) for _ in range(8)))
    assert {row["shelf"] for found in rows for row in found} == {"top"}
    assert await names() == ["1"]


async def test_a_unit_of_work_is_done_again_when_a_migration_came_in_between(
    ctx: Context, owner: asyncpg.Connection
) -> None:
    tries = []

    async def work() -> str:
        tries.append(1)
        async with shop_transaction():
            await add("once")
            rows = await shop_client().execute_query_dict("SELECT * FROM category")
            return str(rows[0]["shelf"])

    for _ in range(4):
        await asyncio.gather(*(shop_client().execute_query("SELECT * FROM category") for _ in range(4)))
    await owner.execute(f"ALTER TABLE {ctx.shop.schema}.category ADD COLUMN shelf text DEFAULT 'top'")

    assert await despite_migrations(work) == "top"
    assert len(tries) == 2
    assert await names() == ["once"]


async def test_a_part_of_a_transaction_is_not_done_again(ctx: Context, owner: asyncpg.Connection) -> None:
    tries = []

    async def part() -> None:
        tries.append(1)
        await shop_client().execute_query("SELECT * FROM category")

    for _ in range(4):
        await asyncio.gather(*(shop_client().execute_query("SELECT * FROM category") for _ in range(4)))
    await owner.execute(f"ALTER TABLE {ctx.shop.schema}.category ADD COLUMN shelf text")

    with pytest.raises(asyncpg.InvalidCachedStatementError):
        async with shop_transaction():
            await add("undone")
            await despite_migrations(part)

    assert len(tries) == 1
    assert await names() == []


async def test_the_engine_is_told_apart_by_its_connection_class() -> None:
    assert database.get_client_class({"credentials": {}}) is database.PlatformClient
    shop = {"credentials": {"connection_class": database.ShopConnection}}
    assert database.get_client_class(shop) is database.ShopClient
