"""What mutations have in common: one input, a payload with `userErrors`, a scope, keys that make repeating safe."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Self, TypeVar, get_type_hints
from uuid import UUID

import strawberry
from graphql import GraphQLField, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema, get_named_type

from stoa.graphql.compiled import USUALLY_EMPTY
from stoa.graphql.context import GraphContext
from stoa.graphql.converting import Readers
from stoa.graphql.errors import UserError, is_top_level, user_error
from stoa.graphql.idempotency import answered_once
from stoa.graphql.reading.fetching import require_rights
from stoa.graphql.shortcut import DIRECT
from stoa.kit.errors import Refusal, Refusals
from stoa.tenants.context import Context

_Payload = TypeVar("_Payload", bound="Payload")
_RUNS: dict[Any, Callable[..., Awaitable[Any]]] = {}  # what Strawberry was shown -> what runs


@strawberry.type
class Payload:
    """What a mutation answers."""

    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why nothing was done; empty when it was."
    )

    @classmethod
    def of(cls, **ids: UUID) -> Self:
        """A payload whose `fetched` fields will read the rows of these ids."""
        return cls(**ids)  # type: ignore[arg-type]


def shop_mutation(scope: str, description: str) -> Callable[[Callable[[Context, Any], Awaitable[_Payload]]], Any]:
    """A mutation of the open shop: ``async def product_create(ctx, input) -> ProductPayload``.

    Refusals become `userErrors`. An input with an `idempotency_key` is answered once: the operation and the kept
    answer are one transaction.
    """

    def declare(operation: Callable[[Context, Any], Awaitable[_Payload]]) -> Any:
        payload = get_type_hints(operation)["return"]

        async def run(info: GraphQLResolveInfo[Any], input: Any) -> Any:
            ctx = info.context.require(scope, info.field_name)
            require_rights(info)
            return await _or_errors(
                info.context, payload, lambda: answered_once(ctx, info.field_name, input, payload, operation)
            )

        return _field(operation, run, f"{description} Needs the scope `{scope}`.")

    return declare


def open_mutation(description: str) -> Callable[[Callable[[GraphContext, Any], Awaitable[_Payload]]], Any]:
    """A mutation outside any shop (signing up and in, ...): it gets the request's context and checks it itself."""

    def declare(operation: Callable[[GraphContext, Any], Awaitable[_Payload]]) -> Any:
        payload = get_type_hints(operation)["return"]

        async def run(info: GraphQLResolveInfo[Any], input: Any) -> Any:
            return await _or_errors(info.context, payload, lambda: operation(info.context, input))

        return _field(operation, run, description)

    return declare


def bind_mutations(schema: GraphQLSchema) -> None:
    """Give the mutations of the finished schema their resolvers: they read their input themselves (converting.py)."""
    assert schema.mutation_type is not None
    readers = Readers()
    for name, field in schema.mutation_type.fields.items():
        run = _RUNS[field.extensions["strawberry-definition"].base_resolver.wrapped_func]
        field.resolve = _resolver(name, run, readers.reader_of(field.args["input"].type))
        field.extensions[DIRECT] = True
        _payload_of(field).fields["userErrors"].extensions[USUALLY_EMPTY] = True


def _payload_of(field: GraphQLField) -> GraphQLObjectType:
    payload = get_named_type(field.type)
    assert isinstance(payload, GraphQLObjectType)
    return payload


def _resolver(name: str, run: Callable[..., Awaitable[Any]], read: Callable[[Any], Any] | None) -> Callable[..., Any]:
    assert read is not None, f"the input of {name} is an input type"

    async def resolve(source: Any, info: GraphQLResolveInfo[Any], input: Any) -> Any:
        return await run(info, read(input))

    return resolve


async def _or_errors(
    context: GraphContext, payload: type[_Payload], work: Callable[[], Awaitable[_Payload]]
) -> _Payload:
    try:
        return await work()
    except Refusals as refusals:
        return payload(user_errors=[user_error(each) for each in refusals.refusals])
    except Refusal as refusal:
        if is_top_level(refusal):
            raise
        context.retry_after = int(refusal.params.get("retry_after", 0))
        return payload(user_errors=[user_error(refusal)])


def _field(operation: Callable[..., Any], run: Callable[..., Awaitable[Any]], description: str) -> Any:
    """What Strawberry sees of a mutation: its name, input and payload; it is run by `bind_mutations`."""
    hints = get_type_hints(operation)
    assert list(inspect.signature(operation).parameters)[1] == "input", f"{operation.__name__}: the second is input"

    async def resolve(input: Any) -> Any:
        raise RuntimeError("bind_mutations has not been called")

    resolve.__name__, resolve.__module__ = operation.__name__, operation.__module__
    told = strawberry.argument(description=hints["input"].__strawberry_definition__.description)
    resolve.__annotations__ = {"input": Annotated[hints["input"], told], "return": hints["return"]}
    _RUNS[resolve] = run
    return strawberry.mutation(resolver=resolve, description=description)
