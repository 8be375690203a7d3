"""The shop-bound engine: a Tortoise engine on asyncpg whose connections can only reach the open shop.

How a connection gets to a shop. Every shop has a schema and a role of the same name. The process logs in as one
role that may become any shop's role but inherits none of their rights. When a connection is taken from the pool,
`bind` reads the shop that is open in the caller's context and, only if the connection last served another one,
sends ``SET ROLE``. That is all: the search path of these connections is ``"$user"``, the schema that is named like
the role of the moment. Nothing is reset when it goes back: the RESET that asyncpg would send costs as much as the
binding, and the next `bind` decides anew anyway.

How it stays there. `ShopConnection` sends one statement at a time, only statements that read or write rows, and
none while another shop than its own is open; PostgreSQL grants the shop's role nothing outside its schema
(preparing.py). So neither a slip in our code nor a value that found its way into an SQL text changes the shop.

What it refuses. No shop open: `NoShopOpen`. Another shop opened inside a transaction: `ShopChanged`. A statement
that would change the connection itself: `NotAboutRows`. A pooler (pgbouncer and its like) between us and PostgreSQL:
`PoolerInBetween`, because a SET made on one server connection may be answered from another, with another merchant's
rows.

What it mends. Tortoise 1.1.9 loses the connection for good when a task is cancelled while BEGIN is on its way, and
lets siblings under gather() tread on a savepoint. A backend keeps about 2 MB for every schema of 60 tables it has
touched and never frees it, so a connection that has served `STOA_SHOPS_PER_CONNECTION` shops is closed when it
comes back.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, TypeVar

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    BaseDBAsyncClient,
    ConnectionWrapper,
    PoolConnectionWrapper,
    TransactionalDBClient,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.connection import ConnectionToken, get_connections
from tortoise.context import get_current_context
from tortoise.transactions import in_transaction

from stoa.tenants.context import SCHEMA_NAME, open_schema
from stoa.tenants.pooling import prefer_acquainted

SHOP, PLATFORM = "shop", "platform"
SHOPS_OWN_SCHEMA = '"$user"'  # the search path: the schema that has the name of the role
CANCELLED_WITHIN = 2.0  # seconds

# What the pooled connection of a shop sends. SET ROLE, RESET, DO, DECLARE ... WITH HOLD, LISTEN and the rest would
# change the connection itself, and so what the next shop finds on it.
ABOUT_ROWS = re.compile(
    r"[\s(]*(?:SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|VALUES|COPY|EXPLAIN|SHOW"
    r"|SET\s+CONSTRAINTS|SET\s+LOCAL\s+(?:statement_timeout|lock_timeout|work_mem|synchronous_commit"
    r"|pg_trgm\.word_similarity_threshold))\b",
    re.IGNORECASE,
)
OF_TRANSACTIONS = re.compile(r"(?:BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b[\w\s]*;?", re.IGNORECASE)

Result = TypeVar("Result")
# How work that takes long makes its steps: `shop_transaction`, or a job's, in which the attempt still owns the job.
Step = Callable[[], AbstractAsyncContextManager[Any]]
_Connection: Any = asyncpg.Connection  # its stubs leave out what we build on


class ShopChanged(RuntimeError):
    """A connection or a transaction of one shop was used while another shop was open: a bug."""


class NotAboutRows(RuntimeError):
    """A statement that does something else than read or write rows was sent to a shop: a bug."""


class PoolerInBetween(RuntimeError):
    """The server connection is not ours alone."""


class QuietConnection(_Connection):  # type: ignore[misc]
    """A server connection that calls no set_config() of its own accord."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Before asyncpg looks up a type it does not know, it turns jit off by set_config(), which nobody may call
        # here (preparing.py). Our connections have it off from the start (connecting.py).
        self._server_caps: Any = self._server_caps._replace(jit=False)

    async def _cancel(self, waiter: Any, cancel_waiter: Any = None) -> None:
        """Ask the server to end the statement that was cancelled here, and wait until it has.

        asyncpg waits for as long as it takes. When the server is not there any more that is forever, and all that
        would give the connection back waits along: so we hang up.
        """
        async with asyncio.timeout(CANCELLED_WITHIN) as limit:
            await super()._cancel(waiter, cancel_waiter)
        if limit.expired():
            self.terminate()


class ShopConnection(QuietConnection):
    """A server connection that knows which shop it is bound to, and sends nothing for another."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.bound_to: str | None = None
        self.has_seen: set[str] = set()

    async def bind_to(self, schema: str) -> None:
        """Become the shop's role. When this is cut short, the connection is bound to nothing."""
        if not SCHEMA_NAME.fullmatch(schema):
            raise ValueError(f"{schema!r} is not a shop's schema")
        self.bound_to = None
        self.has_seen.add(schema)
        await self._protocol.query(f'SET ROLE "{schema}"', None)
        self.bound_to = schema

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        """One statement; asyncpg itself would take a query without arguments for a script of many."""
        if OF_TRANSACTIONS.fullmatch(query):
            return str(await super().execute(query, timeout=timeout))
        _, status, _ = await self._execute(query, args, 0, timeout, return_status=True)
        return str(status.decode())

    async def _get_statement(self, query: str, *args: Any, **options: Any) -> Any:
        """The prepared statement; each shop has its own of every text.

        PostgreSQL plans a statement anew whenever it is run under another search path than it was planned for. With
        the schema's name behind it as a comment, every shop's plans stay good while other shops are served.
        """
        self._check(query)
        if self.bound_to is not None:
            query = f"{query}\n--{self.bound_to}"
        return await super()._get_statement(query, *args, **options)

    async def _copy_out(self, copy_stmt: str, *args: Any) -> Any:
        await self._get_statement(copy_stmt, None, use_cache=False)  # parsing it proves that it is one statement
        return await super()._copy_out(copy_stmt, *args)

    async def _copy_in(self, copy_stmt: str, *args: Any) -> Any:
        await self._get_statement(copy_stmt, None, use_cache=False)
        return await super()._copy_in(copy_stmt, *args)

    async def copy_records_to_table(self, table_name: str, *, records: Any, columns: Any = None, **options: Any) -> str:
        """asyncpg's, without `where`: that is SQL which nothing would look at."""
        if options.pop("where", None) is not None:
            raise NotAboutRows("copy_records_to_table takes no `where` here: leave the rows out of `records`.")
        self._check("COPY")
        return str(await super().copy_records_to_table(table_name, records=records, columns=columns, **options))

    def _check(self, query: str) -> None:
        if not self.has_seen:
            return  # still the login's role, which may do nothing
        if open_schema() != self.bound_to:
            raise ShopChanged(f"This connection serves {self.bound_to}, but {open_schema()} is open.")
        if not ABOUT_ROWS.match(query):
            raise NotAboutRows(
                f"A shop's connection sends statements that read or write rows, without a comment before them, "
                f"and not: {query[:60]}"
            )


async def refuse_pooler(connection: Any) -> None:
    """Once per server connection: the process we shook hands with must be the process that answers."""
    if connection.get_server_pid() != await connection.fetchval("SELECT pg_backend_pid()"):
        raise PoolerInBetween(
            "A connection pooler stands between Stoa and PostgreSQL: in transaction mode it would give one shop's "
            "connection to another. Stoa pools by itself; point STOA_DATABASE_URL at PostgreSQL."
        )


async def bind(proxy: PoolConnectionProxy[Any]) -> None:
    """Each time a connection is taken: bind it to the shop that is open for the caller."""
    schema, connection = open_schema(), proxy._con  # type: ignore[attr-defined]
    assert isinstance(connection, ShopConnection)
    if connection.bound_to != schema:
        await connection.bind_to(schema)


def returning(max_shops: int) -> Callable[[Any], Awaitable[None]]:
    """What is done each time a connection is returned: it is kept, binding and all, unless it has grown too large."""

    async def give_back(connection: Any) -> None:
        if len(connection.has_seen) >= max_shops:
            await connection.close()

    return give_back


async def keep(connection: Any) -> None:
    """The platform pool's connections never change their state: nothing to reset."""


class _Transaction(TransactionContextPooled):
    """Tortoise's transaction, without its leaks: whatever is cancelled, and when, the connection goes back."""

    client: Any
    token: ConnectionToken

    async def __aenter__(self) -> TransactionalDBClient:
        await self.ensure_connection()
        self.client._connection = await self.client._parent._pool.acquire()
        try:
            await self.client.begin()
        except BaseException:
            await self._give_back()
            raise
        self.token = get_connections().set(self.connection_name, self.client)
        return self.client  # type: ignore[no-any-return]

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        get_connections().reset(self.token)
        try:
            await self.client.finish(failed=kind is not None)
        finally:
            await self._give_back()

    async def _give_back(self) -> None:
        if self.client._parent._pool:
            await self.client._parent._pool.release(self.client._connection)


class _Savepoint(TransactionContext):
    """A transaction inside a transaction. While it lasts, siblings that use the outer one wait for its end."""

    def __init__(self, outer: TransactionClient) -> None:
        self.outer, self.inner = outer, type(outer)(outer)

    async def __aenter__(self) -> TransactionalDBClient:
        await self.outer._lock.acquire()
        try:
            await self.inner.savepoint()
        except BaseException:
            self.outer._lock.release()
            raise
        self.token = get_connections().set(self.inner.connection_name, self.inner)
        return self.inner

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        get_connections().reset(self.token)
        try:
            await self.inner.finish(failed=kind is not None)
        finally:
            self.outer._lock.release()


class TransactionClient(TransactionWrapper):
    """The client of one transaction, or of one savepoint inside it."""

    async def finish(self, *, failed: bool) -> None:
        """Commit, or roll back when the block `failed`; nothing when it did so itself."""
        if self._finalized:
            return
        if not failed:
            await self.commit()
        elif self._is_alive():
            await self.rollback()

    def _is_alive(self) -> bool:
        connection = self._connection._con  # type: ignore[attr-defined]  # None once the server is gone
        return connection is not None and not connection.is_closed()

    def _in_transaction(self) -> TransactionContext:
        return _Savepoint(self)


class ShopTransactionClient(TransactionClient):
    """The client of one transaction of one shop; useless while another is open (`ShopConnection` sees to that)."""

    def __init__(self, connection: AsyncpgDBClient) -> None:
        super().__init__(connection)
        self.waiting: list[Callable[[], None]] = []  # see after_commit

    async def commit(self) -> None:
        await super().commit()
        if isinstance(self._parent, ShopTransactionClient):  # this was a savepoint
            self._parent.waiting += self.waiting
        else:
            for call in self.waiting:
                call()


class PlatformClient(AsyncpgDBClient):
    """The pool for accounts, sessions and shops: one login, one schema, nothing to bind."""

    def _in_transaction(self) -> TransactionContext:
        return _Transaction(TransactionClient(self), self._pool_init_lock)


class ShopClient(PlatformClient):
    """The pool for shops' own tables. Asks for the open shop before it takes a connection."""

    def acquire_connection(self) -> ConnectionWrapper[Any] | PoolConnectionWrapper[Any]:
        open_schema()
        return super().acquire_connection()

    async def create_pool(self, **options: Any) -> Any:
        return prefer_acquainted(await super().create_pool(**options))

    def _in_transaction(self) -> TransactionContext:
        open_schema()
        return _Transaction(ShopTransactionClient(self), self._pool_init_lock)


def get_client_class(db_info: dict[str, Any]) -> type[BaseDBAsyncClient]:
    """Tortoise asks the engine module for its client; the connection class tells which of the two is meant."""
    is_shop = db_info["credentials"].get("connection_class") is ShopConnection
    return ShopClient if is_shop else PlatformClient


def shop_transaction() -> TransactionContext:
    """A transaction in the open shop; inside another one, a savepoint."""
    return in_transaction(SHOP)


def platform_transaction() -> TransactionContext:
    """A transaction on the platform's own tables."""
    return in_transaction(PLATFORM)


async def despite_migrations(work: Callable[[], Awaitable[Result]]) -> Result:
    """Do a unit of work; once more, from its start, when a migration changed its tables' columns meanwhile.

    PostgreSQL then refuses statements that were prepared before, and the transaction around them is lost. Reads
    outside a transaction need no such care: asyncpg prepares them again and goes on.
    """
    try:
        return await work()
    except (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError):
        if isinstance(shop_client(), ShopTransactionClient):
            raise  # the whole unit of work starts again, not a part of it
        return await work()


def shop_client() -> ShopClient | ShopTransactionClient:
    """The client to send SQL to the open shop with: the transaction's, when one is open."""
    return _client(SHOP)  # type: ignore[return-value]


def after_commit(call: Callable[[], None]) -> None:
    """Call once the open shop's transaction has committed; never if it, or the savepoint we are in, is rolled back.

    At once when no transaction is open. `call` must not fail: what it is about has happened already.
    """
    client = shop_client()
    if isinstance(client, ShopTransactionClient):
        client.waiting.append(call)
    else:
        call()


def platform_client() -> PlatformClient | TransactionClient:
    """The same for the platform's tables."""
    return _client(PLATFORM)  # type: ignore[return-value]


def _client(name: str) -> BaseDBAsyncClient:
    context = get_current_context()
    if context is None:
        raise RuntimeError("The database is not connected: call connect() first.")
    return context.connections.get(name)
