"""One operation from text to answer: find the document, check it, pay for it, run it, present its errors.

HTTP, the websocket and server-sent events all come through here, so that no door is guarded less than another.
The caller has found out already who asks: nobody's document is parsed before that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast

from graphql import ExecutionResult, GraphQLError, OperationDefinitionNode, OperationType, execute, subscribe
from strawberry import Schema
from strawberry.execution.is_awaitable import optimized_is_awaitable

from stoa.graphql.compiled import CompiledExecutor
from stoa.graphql.context import GraphContext
from stoa.graphql.documents import Document, Documents, InvalidDocument, trusted_text
from stoa.graphql.entering import still_welcome
from stoa.graphql.errors import OutOfPoints, TimedOut, TooComplex, presented
from stoa.graphql.limits import MAX_COST, Buckets, CostModel, Spent, check_variables, sizing_variables
from stoa.kit.errors import InvalidInput, Refusal
from stoa.settings import Settings
from stoa.tenants.access.errors import NotSignedIn


@dataclass(frozen=True, slots=True)
class Request:
    """A GraphQL request, however it came. `sha256` is set by automatic persisted queries."""

    query: str | None
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    sha256: str | None = None


def read_request(payload: Any) -> Request:
    """Check the JSON of a request. Raises `InvalidInput` for anything but an object with the fields GraphQL knows."""
    if not isinstance(payload, dict):
        raise InvalidInput("A request is one JSON object with query, variables, operationName; batches are off.")
    persisted = _dict(_dict(payload.get("extensions"), "extensions").get("persistedQuery"), "persistedQuery")
    hash = persisted.get("sha256Hash")
    query, name = payload.get("query"), payload.get("operationName")
    for value, what in ((query, "query"), (name, "operationName"), (hash, "sha256Hash")):
        if value is not None and not isinstance(value, str):
            raise InvalidInput(f"{what} must be text.")
    if query is None and hash is None:
        raise InvalidInput("There is no query.")
    return Request(query, _dict(payload.get("variables"), "variables"), name or None, hash)


def _dict(value: Any, what: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidInput(f"{what} must be an object.")
    return value


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is the JSON response. `was_run` is False when the operation was refused before it began."""

    body: dict[str, Any]
    was_run: bool = True
    retry_after: float = 0.0


class Executor:
    """Runs operations against the one schema."""

    def __init__(self, schema: Schema, settings: Settings) -> None:
        self.schema = schema._schema
        self.documents = Documents(self.schema)
        self.buckets = Buckets(settings.points_capacity, settings.points_per_second)
        self.seconds = settings.request_seconds

    async def answer(self, request: Request, context: GraphContext) -> Answer:
        """Run a query or a mutation to its end."""
        try:
            operation, spent = await self._prepare(request, context)
            if operation.operation is OperationType.SUBSCRIPTION:
                raise InvalidInput("Subscribe over the websocket or with Accept: text/event-stream.")
        except (Refusal, InvalidDocument) as refusal:
            return refused(refusal, context.request_id)
        try:
            async with asyncio.timeout(self.seconds):
                result = await self._execute(request, context)
        except TimeoutError:
            return refused(TimedOut(f"The request took longer than {self.seconds:g} seconds."), context.request_id)
        return Answer(self._body(result, context, spent))

    async def stream(self, request: Request, context: GraphContext) -> AsyncIterator[Answer]:
        """Every answer of a subscription as it comes; a query or mutation answers once."""
        try:
            operation, spent = await self._prepare(request, context)
        except (Refusal, InvalidDocument) as refusal:
            yield refused(refusal, context.request_id)
            return
        if operation.operation is not OperationType.SUBSCRIPTION:
            yield Answer(self._body(await self._execute(request, context), context, spent))
            return
        source: Any = subscribe(self.schema, context.document.ast, **self._arguments(request, context))
        if optimized_is_awaitable(source):
            source = await source
        if isinstance(source, ExecutionResult):
            yield Answer(self._body(source, context, spent), was_run=False)
            return
        async for result in source:
            if not await still_welcome(context):
                yield refused(NotSignedIn(), context.request_id)
                return
            yield Answer(self._body(result, context, spent))

    async def _prepare(self, request: Request, context: GraphContext) -> tuple[OperationDefinitionNode, Spent]:
        check_variables(request.variables)
        context.document = self.documents.get(await self._text(request, context))
        operation = context.document.operation(request.operation_name)
        cost = self._cost(context.document, operation, request.variables or {})
        if cost > MAX_COST:
            raise TooComplex(f"The query costs {cost} points; {MAX_COST} are allowed.", params={"cost": cost})
        spent = self.buckets.spend(_payer(context), max(cost, 1))
        if spent.retry_after:
            raise OutOfPoints(
                f"Too many requests: wait {spent.retry_after:.1f} seconds.",
                params={"retry_after": max(1, round(spent.retry_after))},
            )
        return operation, spent

    async def _text(self, request: Request, context: GraphContext) -> str:
        if context.identity and context.identity.trusted_documents_only:
            shop = context.in_shop().shop
            return await trusted_text(shop.id, request.sha256, request.query)
        if request.sha256 is not None:
            return self.documents.text_of(request.sha256, request.query)
        assert request.query is not None
        return request.query

    def _cost(self, document: Document, operation: OperationDefinitionNode, variables: dict[str, Any]) -> int:
        sizes = tuple(variables.get(name) for name in sizing_variables(operation, document.fragments))
        key = (operation.name.value if operation.name else "", repr(sizes))
        if key not in document.costs:
            if len(document.costs) > 200:
                document.costs.clear()
            document.costs[key] = CostModel(self.schema, operation, document.fragments, variables).total()
        return document.costs[key]

    async def _execute(self, request: Request, context: GraphContext) -> ExecutionResult:
        is_awaitable: Any = optimized_is_awaitable
        arguments = self._arguments(request, context)
        result: Any = execute(self.schema, context.document.ast, is_awaitable=is_awaitable, **arguments)
        return cast("ExecutionResult", await result if is_awaitable(result) else result)

    def _arguments(self, request: Request, context: GraphContext) -> dict[str, Any]:
        return {
            "context_value": context,
            "variable_values": request.variables,
            "operation_name": request.operation_name,
            "executor_class": CompiledExecutor,
            "max_coercion_errors": 5,
        }

    def _body(self, result: ExecutionResult, context: GraphContext, spent: Spent) -> dict[str, Any]:
        body: dict[str, Any] = {"data": result.data, "extensions": {"cost": spent.shown()}}
        if result.errors:
            body["errors"] = presented(result.errors, context.request_id)
        return body


def refused(refusal: Refusal | InvalidDocument, request_id: str) -> Answer:
    """The answer to a request that was not run."""
    if isinstance(refusal, InvalidDocument):
        return Answer({"errors": presented(refusal.errors, request_id)}, was_run=False)
    error = GraphQLError(refusal.message, original_error=refusal)
    retry = float(refusal.params.get("retry_after", 0))
    return Answer({"errors": presented([error], request_id)}, was_run=False, retry_after=retry)


def _payer(context: GraphContext) -> Any:
    """Whose bucket pays: the shop and the credential; strangers pay by their address."""
    if context.identity is None:
        return context.address
    return (context.ctx.shop.id if context.ctx else None, context.identity.token_id or context.identity.session_id)
