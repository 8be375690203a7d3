"""GraphQL over a websocket, protocol graphql-transport-ws: Strawberry's handler in front of our executor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any, cast

import orjson
from graphql import GraphQLError
from starlette.datastructures import Headers
from starlette.websockets import WebSocket
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.types.execution import ExecutionResult, PreExecutionError

from stoa.graphql.entering import enter_socket, shop_of
from stoa.graphql.executing import Answer, Executor, read_request
from stoa.graphql.serving import Services
from stoa.kit.errors import Refusal

INIT_TIMEOUT = timedelta(seconds=10)
MAX_OPERATIONS = 50  # at once on one socket


class _Said(GraphQLError):
    """An error that has been put into its final words already."""

    def __init__(self, shown: dict[str, Any]) -> None:
        super().__init__(shown["message"])
        self.shown = shown

    @property
    def formatted(self) -> Any:
        return self.shown


class _Connection:
    """What Strawberry's handler calls view, context and schema: one client, from its first message to its last."""

    def __init__(self, socket: WebSocket, executor: Executor, services: Services) -> None:
        self.socket, self.executor, self.services = socket, executor, services
        self.connection_params: dict[str, Any] = {}

    def decode_json(self, data: str) -> object:
        return orjson.loads(data)

    def encode_json(self, data: object) -> str:
        return orjson.dumps(data).decode()

    async def on_ws_connect(self, context: object) -> Any:
        """Refuse the connection at once (4403) when nobody who may enter is behind it."""
        try:
            await self._enter()
        except Refusal as refusal:
            raise ConnectionRejectionError({"code": refusal.code}) from None
        return {}

    async def stream(self, query: str | None, **options: Any) -> AsyncIterator[Any]:
        return self._results(query, options)

    async def _results(self, query: str | None, options: Mapping[str, Any]) -> AsyncIterator[Any]:
        """Each operation enters anew: a role that was taken away a minute ago does not last as long as the socket."""
        try:
            context = await self._enter()
            request = read_request(
                {"query": query, "variables": options["variable_values"], "operationName": options["operation_name"]}
            )
        except Refusal as refusal:
            error = GraphQLError(refusal.message, extensions={"code": refusal.code})
            yield PreExecutionError(data=None, errors=[error])
            return
        with shop_of(context):
            async for answer in self.executor.stream(request, context):
                yield _result(answer)

    async def _enter(self) -> Any:
        state = self.socket.state
        address = self.socket.client.host if self.socket.client else ""
        return await enter_socket(
            Headers(scope=self.socket.scope),
            self.connection_params,
            self.services,
            request_id=state.request_id,
            address=address,
        )


def _result(answer: Answer) -> Any:
    errors = [_Said(shown) for shown in answer.body.get("errors", [])]
    if not answer.was_run:
        return PreExecutionError(data=None, errors=cast("list[GraphQLError]", errors))
    extensions = answer.body.get("extensions")
    return ExecutionResult(data=answer.body.get("data"), errors=cast("Any", errors) or None, extensions=extensions)


class SocketEndpoint:
    """GET /graphql, upgraded."""

    def __init__(self, executor: Executor, services: Services) -> None:
        self.executor, self.services = executor, services

    async def serve(self, socket: WebSocket) -> None:
        if GRAPHQL_TRANSPORT_WS_PROTOCOL not in socket.scope["subprotocols"]:
            await socket.close(code=4406, reason=f"Speak {GRAPHQL_TRANSPORT_WS_PROTOCOL}")
            return
        await socket.accept(subprotocol=GRAPHQL_TRANSPORT_WS_PROTOCOL)
        connection: Any = _Connection(socket, self.executor, self.services)
        handler: Any = BaseGraphQLTransportWSHandler(
            view=connection,
            websocket=ASGIWebSocketAdapter(connection, socket, socket),
            context=connection,
            root_value=None,
            schema=connection,
            connection_init_wait_timeout=INIT_TIMEOUT,
            max_subscriptions_per_connection=MAX_OPERATIONS,
        )
        await handler.handle()
