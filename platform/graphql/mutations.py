"""What mutations have in common: one input, a payload with `userErrors`, a scope, keys that make repeating safe."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Annotated, Any, Final, Self, TypeVar, get_type_hints
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
KEY: Final = "idempotency_key"
NEEDS: Final = "stoa.needs"  # extension of a mutation of the open shop: the scope it needs
KEY_SAYS: Final = "Any text of your own: a request with the same key is done once."
_RUNS: dict[Any, Callable[..., Awaitable[Any]]] = {}  # what Strawberry was shown -> what runs
_SCOPES: dict[Any, str] = {}  # what runs -> the scope it needs; what is open to all is not here


@strawberry.type
class Payload:
    """What a mutation answers."""

    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why nothing was done; empty when it was."
    )

    @property
    def was_refused(self) -> bool:
        """Nothing at all was done, so that a key may be tried again."""
        return False

    @classmethod
    def of(cls, **ids: UUID) -> Self:
        """A payload whose `fetched` fields will read the rows of these ids."""
        return cls(**ids)  # type: ignore[arg-type]


def shop_mutation(
    scope: str, description: str, *, once: bool = False
) -> Callable[[Callable[[Context, Any], Awaitable[_Payload]]], Any]:
    """A mutation of the open shop: ``async def product_create(ctx, input) -> ProductPayload``.

    Refusals become `userErrors`. An input with an `idempotency_key` is answered once: the operation and the kept
    answer are one transaction. `once` gives the input such a key: for what creates things, or is work.
    """

    def declare(operation: Callable[[Context, Any], Awaitable[_Payload]]) -> Any:
        payload = get_type_hints(operation)["return"]

        async def run(info: GraphQLResolveInfo[Any], input: Any) -> Any:
            ctx = info.context.require(scope, info.field_name)
            require_rights(info)
            return await _or_errors(
                info.context, payload, lambda: answered_once(ctx, info.field_name, input, payload, operation)
            )

        _SCOPES[run] = scope
        return _field(operation, run, f"{description} Needs the scope `{scope}`.", once=once)

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
        field.extensions[NEEDS] = _SCOPES.get(run)
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


def _field(
    operation: Callable[..., Any], run: Callable[..., Awaitable[Any]], description: str, *, once: bool = False
) -> Any:
    """What Strawberry sees of a mutation: its name, input and payload; it is run by `bind_mutations`."""
    hints = get_type_hints(operation)
    assert list(inspect.signature(operation).parameters)[1] == "input", f"{operation.__name__}: the second is input"

    async def resolve(input: Any) -> Any:
        raise RuntimeError("bind_mutations has not been called")

    resolve.__name__, resolve.__module__ = operation.__name__, operation.__module__
    taken = _with_key(hints["input"]) if once else hints["input"]
    told = strawberry.argument(description=taken.__strawberry_definition__.description)
    resolve.__annotations__ = {"input": Annotated[taken, told], "return": hints["return"]}
    _RUNS[resolve] = run
    return strawberry.mutation(resolver=resolve, description=description)


@cache
def _with_key(input_type: Any) -> Any:
    """The same input with a place for a key: all its mutations must then have it."""
    definition = input_type.__strawberry_definition__
    assert not any(each.python_name == KEY for each in definition.fields), f"{definition.name} has a key of its own"
    body = {
        "__module__": input_type.__module__,
        "__annotations__": {KEY: "str | None"},
        KEY: strawberry.field(default=None, description=KEY_SAYS),
    }
    made = type(input_type.__name__, (input_type,), body)
    return strawberry.input(made, name=definition.name, description=definition.description)
