"""Rows of all shops side by side: a shop's role sees and touches its own alone, whatever SQL it sends."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from stoa.settings import Settings
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_client
from stoa.tenants.provisioning import drop_shop
from tests import make
from tests.graphql.tenants import notification_strangers as strangers

TABLES = ("notification", "notification_rule", "notification_template", "notification_preference")


@pytest.fixture
async def both(ctx: Context, other_ctx: Context) -> None:
    """Each shop has a row or two in every table."""
    for each in (ctx, other_ctx):
        await strangers.furnish(each, f"of {each.shop.name}")


@pytest.mark.parametrize("table", TABLES)
async def test_a_shop_reads_its_own_rows_alone(both: None, ctx: Context, table: str) -> None:
    rows = await shop_client().execute_query_dict(f"SELECT DISTINCT shop_schema FROM platform.{table}")

    assert [row["shop_schema"] for row in rows] == [ctx.shop.schema]


@pytest.mark.parametrize("table", TABLES)
async def test_a_shop_cannot_change_or_delete_anothers(
    both: None, ctx: Context, other_ctx: Context, owner: asyncpg.Connection, table: str
) -> None:
    async def theirs() -> list[Any]:
        return [
            dict(row)
            for row in await owner.fetch(
                f"SELECT * FROM platform.{table} WHERE shop_schema = $1 ORDER BY id", other_ctx.shop.schema
            )
        ]

    before = await theirs()
    values = [other_ctx.shop.schema]
    assert (
        await shop_client().execute_query_dict(
            f"UPDATE platform.{table} SET id = id WHERE shop_schema = $1 RETURNING id", values
        )
        == []
    )
    assert (
        await shop_client().execute_query_dict(
            f"DELETE FROM platform.{table} WHERE shop_schema = $1 RETURNING id", values
        )
        == []
    )
    for smuggled in (
        f"UPDATE platform.{table} SET shop_schema = $1",
        f"INSERT INTO platform.{table} SELECT (jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid(), "
        f"'shop_schema', $1::text))).* FROM platform.{table} t",
    ):
        with pytest.raises(Exception, match="row-level security"):
            await shop_client().execute_query_dict(smuggled, values)

    assert before == await theirs() != []


async def test_no_rows_are_left_of_a_shop_that_is_dropped(
    settings: Settings, owner: asyncpg.Connection, other_ctx: Context
) -> None:
    gone = await make.context(await make.shop("Gone tomorrow"))
    with open_shop(gone.shop):
        await strangers.furnish(gone, "gone")
    await strangers.furnish(other_ctx, "stays")

    await drop_shop(settings, gone.shop.schema)

    for table in TABLES:
        count = f"SELECT count(*) FROM platform.{table} WHERE shop_schema = $1"
        assert await owner.fetchval(count, gone.shop.schema) == 0
        assert await owner.fetchval(count, other_ctx.shop.schema) > 0
