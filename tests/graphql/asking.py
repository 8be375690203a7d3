"""Run GraphQL documents in a shop without HTTP, as whoever one likes to be there."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Self

from graphql import FragmentDefinitionNode, OperationDefinitionNode, execute, parse
from strawberry.execution import optimized_is_awaitable

from stoa.graphql.buckets import Spent
from stoa.graphql.compiled import CompiledExecutor
from stoa.graphql.context import GraphContext
from stoa.graphql.documents import Document
from stoa.graphql.executing import Executor, _Ready
from stoa.graphql.requests import Request
from stoa.graphql.serving import Services
from stoa.graphql.shortcut import Way
from stoa.kit.ids import new_id
from stoa.settings import Settings
from stoa.tenants.access.identifying import Identity
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_client


@dataclass(repr=False)
class Ask:
    """``await ask("{ shop { name } }")`` is the body of the answer. `statements` counts what the planner sent for it."""

    executor: Executor
    settings: Settings
    ctx: Context
    statements: int = 0
    contexts: list[GraphContext] = field(default_factory=list)

    async def __call__(self, query: str, **variables: Any) -> dict[str, Any]:
        context = self.context()
        with open_shop(self.ctx.shop):
            answer = await self.executor.answer(Request(query, variables), context)
        self.statements = context.statements
        return answer.body

    async def data(self, query: str, **variables: Any) -> Any:
        """What was asked, when nothing may go wrong."""
        body = await self(query, **variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def error(self, query: str, **variables: Any) -> dict[str, Any]:
        """The one error of the answer, as extensions with its message and path."""
        body = await self(query, **variables)
        [error] = body["errors"]
        return {"message": error["message"], "path": error.get("path"), **error["extensions"]}

    async def run(self, query: str, variables: Mapping[str, Any], executor: Any = CompiledExecutor) -> dict[str, Any]:
        """The same past the limits: nothing is counted, priced or paid. Errors as their messages and paths."""
        context = self.context()
        context.document = document_of(query)
        with open_shop(self.ctx.shop):
            result: Any = execute(
                self.executor.schema,
                context.document.ast,
                context_value=context,
                variable_values=dict(variables),
                executor_class=executor,
                is_awaitable=optimized_is_awaitable,
            )
            if optimized_is_awaitable(result):
                result = await result
        self.statements = context.statements
        return {"data": result.data, "errors": [(error.message, error.path) for error in result.errors or ()]}

    async def run_straight(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The same as `Executor` runs it: by a shortcut, when the operation has one and has been met before."""
        context = self.context()
        document = context.document = document_of(query)
        [operation] = [each for each in document.ast.definitions if isinstance(each, OperationDefinitionNode)]
        ready = _Ready(Request(query, dict(variables)), context, operation, Spent(0, 0, 0.0))
        with open_shop(self.ctx.shop):
            result = await self.executor._execute(ready)
        self.statements = context.statements
        return {"data": result.data, "errors": [(error.message, error.path) for error in result.errors or ()]}

    def way(self, query: str, variables: Mapping[str, Any]) -> Way:
        """What is known of running this; only what decides about the selection counts of the variables."""
        document = document_of(query)
        [operation] = [each for each in document.ast.definitions if isinstance(each, OperationDefinitionNode)]
        return document.way(operation, dict(variables))

    def context(self) -> GraphContext:
        actor = self.ctx.actor
        identity = Identity(
            actor, actor.id or new_id(), self.ctx.locale, self.ctx.shop, self.ctx.scopes, session_id=new_id()
        )
        return GraphContext(Services(self.settings), "a-request", identity=identity, ctx=self.ctx)

    def with_scopes(self, scopes: Iterable[str]) -> Self:
        """The same person with these rights alone."""
        return replace(self, ctx=replace(self.ctx, scopes=frozenset(scopes)))

    def without(self, *scopes: str) -> Self:
        return self.with_scopes(self.ctx.scopes - set(scopes))


@dataclass(frozen=True)
class Sent:
    sql: str
    values: Any


@lru_cache(maxsize=64)
def document_of(query: str) -> Document:
    """A document of any size; it must be valid."""
    ast = parse(query)
    fragments = {each.name.value: each for each in ast.definitions if isinstance(each, FragmentDefinitionNode)}
    return Document(ast, {}, fragments, tuple(sorted(set(re.findall(r"\(if: \$(\w+)\)", query)))))


@asynccontextmanager
async def statements_sent(ctx: Context) -> AsyncIterator[list[Sent]]:
    """What goes to PostgreSQL on the shops' connections meanwhile, as the driver reports it."""
    sent: list[Sent] = []

    def note(query: Any) -> None:
        if "typeinfo_tree" not in query.query:  # asyncpg itself, once per connection, asks what an array is
            sent.append(Sent(query.query, query.args))

    connections = await _all_connections(ctx)
    for connection in connections:
        connection.add_query_logger(note)
    try:
        yield sent
    finally:
        for connection in connections:
            connection.remove_query_logger(note)


async def _all_connections(ctx: Context) -> list[Any]:
    """All that the shops' pool may have, opened now."""
    with open_shop(ctx.shop):
        async with AsyncExitStack() as stack:
            client: Any = shop_client()
            first = await stack.enter_async_context(client.acquire_connection())
            others = [
                await stack.enter_async_context(client.acquire_connection())
                for _ in range(client._pool.get_max_size() - 1)
            ]
            return [each._con for each in (first, *others)]
