"""One operation from text to answer: find the document, check it, pay for it, run it, present its errors.

HTTP, the websocket and server-sent events all come through here, so that no door is guarded less than another.
The caller has found out already who asks: nobody's document is parsed before that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Hashable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    ExecutionResult,
    GraphQLError,
    MiddlewareManager,
    OperationDefinitionNode,
    OperationType,
    default_field_resolver,
    default_type_resolver,
)
from graphql.execution import create_source_event_stream
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues, get_variable_values
from strawberry import Schema
from strawberry.execution.is_awaitable import optimized_is_awaitable

from stoa.graphql.answers import Answer, refused
from stoa.graphql.buckets import Buckets, Spent
from stoa.graphql.coercing import Coercers, Coercion, coerced
from stoa.graphql.compiled import CompiledExecutor
from stoa.graphql.context import GraphContext
from stoa.graphql.costing import FRESH_DOCUMENT, MAX_COST, Prices, sizes_in
from stoa.graphql.documents import Document, Documents, InvalidDocument, TrustedDocuments
from stoa.graphql.entering import still_welcome
from stoa.graphql.errors import INTERNAL, OutOfPoints, TimedOut, TooComplex, presented
from stoa.graphql.limits import check_variables
from stoa.graphql.requests import Request
from stoa.kit.errors import InvalidInput, Refusal
from stoa.kit.metrics import EVENTS, POINTS, operations
from stoa.settings import Settings
from stoa.tenants.access.errors import NotSignedIn
from stoa.tenants.access.throttling import network_of

_NOTHING = Spent(0, 0, 0.0)
MOST_COSTS = 200  # kept of one document, for as many combinations of sizes


@dataclass(frozen=True, slots=True)
class _Ready:
    """An operation that is valid, allowed and paid for."""

    request: Request
    context: GraphContext
    operation: OperationDefinitionNode
    spent: Spent

    @property
    def kind(self) -> str:
        return self.operation.operation.value

    @property
    def is_subscription(self) -> bool:
        return self.operation.operation is OperationType.SUBSCRIPTION


class Executor:
    """Runs operations against the one schema."""

    def __init__(self, schema: Schema, settings: Settings) -> None:
        self.schema = schema._schema
        self.documents, self.trusted = Documents(self.schema), TrustedDocuments()
        self.prices, self.coercers = Prices(self.schema), Coercers(self.schema)
        self.buckets = Buckets(settings.points_capacity, settings.points_per_second)
        self.seconds = settings.request_seconds

    async def answer(self, request: Request, context: GraphContext) -> Answer:
        """Run a query or a mutation to its end. The time a request has is the caller's to limit."""
        ready = await self._prepared(request, context)
        if isinstance(ready, Answer):
            return ready
        if ready.is_subscription:
            refusal = InvalidInput("Subscribe over the websocket or with Accept: text/event-stream.")
            return _refused(refusal, context.request_id, "subscription")
        return await self._run(ready)

    async def perform(
        self, operation: OperationDefinitionNode, variables: dict[str, Any], context: GraphContext
    ) -> ExecutionResult:
        """Run an operation of the context's document as a part of something larger, which has been checked and is not
        paid by points. The time it has is the caller's to limit."""
        return await self._execute(_Ready(Request(None, variables), context, operation, _NOTHING))

    def late(self, request_id: str, kind: str = "unknown") -> Answer:
        """The answer to what has run out of time."""
        refusal = TimedOut(
            "The request took longer than {seconds} seconds and was broken off.", seconds=f"{self.seconds:g}"
        )
        return _refused(refusal, request_id, kind, "late")

    async def stream(self, request: Request, context: GraphContext) -> AsyncGenerator[Answer, None]:
        """Every answer of a subscription as it comes; a query or mutation answers once."""
        ready = await self._prepared(request, context)
        if isinstance(ready, Answer):
            yield ready
        elif not ready.is_subscription:
            yield await self._run_in_time(ready)
        else:
            async with aclosing(self._subscribed(ready)) as answers:
                async for answer in answers:
                    yield answer

    # Preparing --------------------------------------------------------------------------------------------------------

    async def _prepared(self, request: Request, context: GraphContext) -> _Ready | Answer:
        try:
            return await self._prepare(request, context)
        except TimeoutError:
            return self.late(context.request_id)
        except (Refusal, InvalidDocument) as refusal:
            return _refused(refusal, context.request_id, "unknown")

    async def _prepare(self, request: Request, context: GraphContext) -> _Ready:
        check_variables(request.variables)
        context.document = self._document(await self._text(request, context), context)
        operation = context.document.operation(request.operation_name)
        cost = self._cost(context.document, operation, request.variables)
        if cost > MAX_COST:
            raise TooComplex(
                "The query costs {cost} points; {limit} are allowed. Ask for less at once.", cost=cost, limit=MAX_COST
            )
        return _Ready(request, context, operation, self._pay(context, max(cost, 1)))

    async def _text(self, request: Request, context: GraphContext) -> str:
        if context.identity and context.identity.trusted_documents_only:
            async with asyncio.timeout(self.seconds):  # a stream has no other limit until it runs
                return await self.trusted.text_of(context.in_shop().shop.id, request.sha256, request.query)
        if request.sha256 is not None:
            return self.documents.text_of(request.sha256, request.query)
        assert request.query is not None
        return request.query

    def _document(self, text: str, context: GraphContext) -> Document:
        """Whoever sends a document that was not seen lately pays for reading it, valid or not."""
        known = self.documents.known(text)
        if known is not None:
            return known
        self._pay(context, FRESH_DOCUMENT)
        return self.documents.read(text)

    def _cost(self, document: Document, operation: OperationDefinitionNode, variables: dict[str, Any]) -> int:
        key = (operation.name.value if operation.name else "", sizes_in(operation, variables))
        cost = document.costs.get(key)
        if cost is None:
            if len(document.costs) >= MOST_COSTS:
                document.costs.clear()
            cost = document.costs[key] = self.prices.of(operation, document.fragments, variables)
        return cost

    def _pay(self, context: GraphContext, points: int) -> Spent:
        spent = self.buckets.spend(_payer(context), points)
        if spent.retry_after:
            raise OutOfPoints(spent=spent, points=points)
        POINTS.inc(points)
        return spent

    # Running ----------------------------------------------------------------------------------------------------------

    async def _run(self, ready: _Ready) -> Answer:
        answer = _answer(await self._execute(ready), ready)
        operations(ready.kind, _outcome(answer)).inc()
        return answer

    async def _run_in_time(self, ready: _Ready) -> Answer:
        try:
            async with asyncio.timeout(self.seconds):
                return await self._run(ready)
        except TimeoutError:
            return self.late(ready.context.request_id, ready.kind)

    async def _execute(self, ready: _Ready) -> ExecutionResult:
        variables = self._coerced(ready)
        if isinstance(variables, list):
            return ExecutionResult(None, variables)
        way, replay = ready.context.document.way(ready.operation, variables.coerced), None
        if way.shortcut is not None:
            data, replay = await way.shortcut.run(variables, ready.context)
            if replay is None:
                return ExecutionResult(data, None)
        executor = self._built(ready, variables, replay)
        way.meet(executor)
        return cast("ExecutionResult", await _awaited(executor.execute_operation()))

    def _coerced(self, ready: _Ready) -> VariableValues | list[GraphQLError]:
        """The variables as resolvers get them, or what is wrong with them."""
        coercion = self._coercion(ready.context.document, ready.operation)
        if coercion is not None:
            with suppress(Exception):  # what these functions do not take, graphql-core does or explains
                return coerced(coercion, ready.request.variables)
        wanted = ready.operation.variable_definitions or ()
        return get_variable_values(self.schema, wanted, ready.request.variables, max_errors=5)

    def _coercion(self, document: Document, operation: OperationDefinitionNode) -> Coercion | None:
        name = operation.name.value if operation.name else None
        if name not in document.coercions:
            document.coercions[name] = self.coercers.coercion_of(operation)
        return document.coercions[name]

    def _built(
        self, ready: _Ready, variables: VariableValues, replay: MiddlewareManager | None = None
    ) -> CompiledExecutor:
        """graphql-core's executor. Its own `build` would look the operation up and coerce the variables once more."""
        fragments = ready.context.document.fragments
        is_awaitable: Any = optimized_is_awaitable
        return CompiledExecutor(
            self.schema,
            fragments,
            {name: FragmentDetails(fragment) for name, fragment in fragments.items()},
            None,
            ready.context,
            ready.operation,
            variables,
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            middleware_manager=replay,
            is_awaitable=is_awaitable,
        )

    # Subscribing ------------------------------------------------------------------------------------------------------

    async def _subscribed(self, ready: _Ready) -> AsyncGenerator[Answer, None]:
        variables = self._coerced(ready)
        if isinstance(variables, list):
            yield _errors(variables, ready)
            return
        executor = self._built(ready, variables)
        source: Any = await _awaited(create_source_event_stream(executor))
        if isinstance(source, ExecutionResult):
            yield _errors(source.errors, ready)
            return
        operations("subscription", "ok").inc()
        try:
            async with aclosing(source):
                async for event in source:
                    answer = await self._event(executor, event, ready)
                    yield answer
                    if not answer.was_run:
                        return
        except Exception as error:  # noqa: BLE001  # what a source fails with is presented as what a resolver fails with
            yield _errors([GraphQLError(str(error), original_error=error)], ready)

    async def _event(self, executor: Any, event: Any, ready: _Ready) -> Answer:
        """The answer to one event: asked for anew, with the rights of this moment, and paid for."""
        if not await still_welcome(ready.context):
            return _refused(NotSignedIn(), ready.context.request_id, "subscription")
        spent = await self._pay_in_time(ready)
        try:
            async with asyncio.timeout(self.seconds):
                result = await _awaited(executor.build_per_event_executor(event).execute_operation(False))
        except TimeoutError:
            return self.late(ready.context.request_id, "subscription")
        EVENTS.inc()
        return _answer(result, ready, spent)

    async def _pay_in_time(self, ready: _Ready) -> Spent:
        """Events wait until there are points for them; whoever cannot follow hears of it by the source's own means."""
        while True:
            spent = self.buckets.spend(_payer(ready.context), ready.spent.requested)
            if not spent.retry_after:
                POINTS.inc(spent.requested)
                return spent
            await asyncio.sleep(spent.retry_after)


def _refused(refusal: Refusal | InvalidDocument, request_id: str, kind: str, outcome: str = "refused") -> Answer:
    operations(kind, outcome).inc()
    return refused(refusal, request_id)


def _answer(result: ExecutionResult, ready: _Ready, spent: Spent | None = None) -> Answer:
    body: dict[str, Any] = {"data": result.data, "extensions": {"cost": (spent or ready.spent).shown()}}
    if not result.errors:
        return Answer(body)
    body["errors"] = presented(result.errors, ready.context.request_id)
    was_run = result.data is not None or any(error.path for error in result.errors)
    if not was_run:
        del body["data"]
    return Answer(body, was_run)


def _errors(errors: list[GraphQLError] | None, ready: _Ready) -> Answer:
    """The end of a subscription that could not begin or go on."""
    answer = Answer({"errors": presented(errors or [], ready.context.request_id)}, was_run=False)
    operations("subscription", _outcome(answer)).inc()
    return answer


def _outcome(answer: Answer) -> str:
    errors = answer.body.get("errors")
    if not errors:
        return "ok"
    if any(error["extensions"]["code"] == INTERNAL for error in errors):
        return "failed"
    return "errors" if answer.was_run else "refused"


async def _awaited(value: Any) -> Any:
    is_awaitable: Any = optimized_is_awaitable
    return cast("Any", await value if is_awaitable(value) else value)


def _payer(context: GraphContext) -> Hashable:
    """Whose bucket pays: the credential's, in each shop another; strangers pay by their address."""
    if context.identity is None:
        return network_of(context.address)
    shop = context.ctx.shop.id if context.ctx else None
    return (shop, context.identity.token_id or context.identity.session_id)
