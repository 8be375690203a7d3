"""Hearing of changes made elsewhere: the clock of these tests stands still, so nothing is forgotten by growing old."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from stoa.kit.clock import set_to
from stoa.kit.ids import type_id
from stoa.settings import Settings
from stoa.tenants.access import create_token, identify_session, identify_token, sign_out_everywhere
from stoa.tenants.access.errors import NotSignedIn
from stoa.tenants.access.hearing import CHANNEL, hearing_changes
from stoa.tenants.access.identifying import remembered
from stoa.tenants.context import ShopRef
from tests.tenants.access.people import NOON, all_news_heard, at_work, member_of, person, signed_in

PATIENCE = 20  # seconds until a test gives up waiting for what should come at once
MY_LISTENER = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'LISTEN%' AND pid <> pg_backend_pid()
"""


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not is_so():
            await asyncio.sleep(0.002)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM platform.session WHERE account_id = $1",
        "UPDATE platform.session SET expires_at = now() - interval '1 year' WHERE account_id = $1",
        "DELETE FROM platform.membership WHERE account_id = $1",
        "UPDATE platform.membership SET role = 'VIEWER' WHERE account_id = $1",
        "UPDATE platform.shop s SET name = 'New' FROM platform.membership m WHERE m.shop_id = s.id AND account_id = $1",
        "UPDATE platform.shop s SET state = 'DROPPED' FROM platform.membership m WHERE shop_id = s.id AND account_id = $1",
        "UPDATE platform.account SET locale = 'zh' WHERE id = $1",
        "DELETE FROM platform.account WHERE id = $1",
    ],
)
async def test_what_an_operator_changes_by_hand_is_forgotten(
    hearing: None, shop: ShopRef, owner: asyncpg.Connection, change: str
) -> None:
    with set_to(NOON):
        account = await member_of(shop)
        secret = (await signed_in(account)).secret
        await all_news_heard()
        await identify_session(secret)
        await identify_session(secret, type_id("shop", shop.id))
    assert len(remembered) == 2

    await owner.execute(change, account.id)

    await _until(lambda: len(remembered) == 0)


@pytest.mark.parametrize(
    "change", ["revoked_at = now()", "scopes = '[]'", "expires_at = now()", "trusted_documents_only = true"]
)
async def test_a_token_changed_by_hand_is_forgotten(
    hearing: None, shop: ShopRef, owner: asyncpg.Connection, change: str
) -> None:
    with set_to(NOON):
        made = await create_token(await at_work(shop), name="R", scopes=["catalog:read"])
        await all_news_heard()
        await identify_token(made.secret)
    assert len(remembered) == 1

    await owner.execute(f"UPDATE platform.api_token SET {change} WHERE id = $1", made.token.id)

    await _until(lambda: len(remembered) == 0)


async def test_a_new_shop_of_an_account_is_heard_of(hearing: None, shop: ShopRef, owner: asyncpg.Connection) -> None:
    """With a second shop the first is no longer taken unasked."""
    with set_to(NOON):
        account = await person()
        secret = (await signed_in(account)).secret
        await all_news_heard()
        assert (await identify_session(secret)).shop is None
        assert len(remembered) == 1

        await owner.execute(
            "INSERT INTO platform.membership (id, account_id, shop_id, role, created_at) "
            "VALUES (gen_random_uuid(), $1, $2, 'STAFF', now())",
            *(account.id, shop.id),
        )

        await _until(lambda: len(remembered) == 0)
        assert (await identify_session(secret)).shop == shop


async def test_being_seen_changes_nobody_s_rights_and_is_not_told(
    hearing: None, shop: ShopRef, owner: asyncpg.Connection
) -> None:
    with set_to(NOON):
        account = await member_of(shop)
        made = await create_token(await at_work(shop, account=account), name="R", scopes=["catalog:read"])
        await signed_in(account)
    await all_news_heard()
    heard: list[object] = []

    def listen(*news: object) -> None:
        heard.append(news[-1])

    await owner.add_listener(CHANNEL, listen)

    await owner.execute("UPDATE platform.session SET seen_at = now() WHERE account_id = $1", account.id)
    await owner.execute("UPDATE platform.api_token SET used_at = now() WHERE id = $1", made.token.id)
    await owner.execute("UPDATE platform.account SET password_hash = NULL WHERE id = $1", account.id)
    await owner.execute("SELECT pg_notify($1, 'the end')", CHANNEL)

    await _until(lambda: "the end" in heard)
    assert heard == ["the end"]
    await owner.remove_listener(CHANNEL, listen)


async def test_news_nobody_understands_makes_forget_everything(hearing: None, owner: asyncpg.Connection) -> None:
    with set_to(NOON):
        fresh = await signed_in()
        await all_news_heard()
        await identify_session(fresh.secret)
    assert len(remembered) == 1

    await owner.execute("SELECT pg_notify($1, 'from a newer version')", CHANNEL)

    await _until(lambda: len(remembered) == 0)


async def test_a_lost_connection_means_nothing_is_remembered_until_there_is_another(
    hearing: None, owner: asyncpg.Connection
) -> None:
    with set_to(NOON):
        fresh = await signed_in()
        await all_news_heard()
        await identify_session(fresh.secret)
        assert len(remembered) == 1

        await owner.execute("SELECT pg_terminate_backend($1)", await owner.fetchval(MY_LISTENER))

        await _until(lambda: not remembered.is_hearing)
        assert (await identify_session(fresh.secret)).session_id == fresh.session.id
        assert len(remembered) == 0
        await _until(lambda: remembered.is_hearing)
        await all_news_heard()
        await identify_session(fresh.secret)
        assert len(remembered) == 1
        await owner.execute("DELETE FROM platform.session WHERE id = $1", fresh.session.id)
        await _until(lambda: len(remembered) == 0)


async def test_without_a_database_the_process_starts_and_remembers_nothing(settings: Settings) -> None:
    nowhere = settings.model_copy(update={"database_url": type(settings.database_url)("postgres://127.0.0.1:1/none")})

    async with hearing_changes(nowhere):
        assert not remembered.is_hearing


async def test_afterwards_no_connection_is_left(settings: Settings, owner: asyncpg.Connection) -> None:
    async with hearing_changes(settings):
        assert await owner.fetchval(MY_LISTENER) is not None

    async with asyncio.timeout(PATIENCE):
        while await owner.fetchval(MY_LISTENER):
            await asyncio.sleep(0.01)


async def test_signing_out_everywhere_reaches_another_process(settings: Settings, database: None) -> None:
    """It remembers the session and its clock stands still: only the news can make it forget."""
    with set_to(NOON):
        fresh = await signed_in()
    async with _other_process() as ask:
        async with asyncio.timeout(PATIENCE):
            while await ask(fresh.secret) != f"{fresh.account.id} 1":
                await asyncio.sleep(0.002)

        await sign_out_everywhere(fresh.account.id)

        async with asyncio.timeout(PATIENCE):
            while (answer := await ask(fresh.secret)) == f"{fresh.account.id} 1":
                await asyncio.sleep(0.002)
        assert answer == "UNAUTHENTICATED 0"
    with pytest.raises(NotSignedIn):
        await identify_session(fresh.secret)


@asynccontextmanager
async def _other_process() -> AsyncIterator[Callable[[str], Awaitable[str]]]:
    """Another process on the same database, and a way to ask it who is behind a secret."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.tenants.access.other_process"),
        cwd=Path(__file__).parents[3],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None

    async def ask(line: str) -> str:
        process.stdin.write(f"{line}\n".encode())  # type: ignore[union-attr]
        return (await process.stdout.readline()).decode().strip()  # type: ignore[union-attr]

    try:
        async with asyncio.timeout(PATIENCE):
            assert (await process.stdout.readline()).strip() == b"hearing"
        yield ask
    finally:
        process.stdin.close()
        await process.wait()
