"""What every mutation has in common: one input, a payload with `userErrors`, a scope, and keys that make it safe to repeat."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Self, TypeVar, get_type_hints
from uuid import UUID

import strawberry
from strawberry.types import Info

from stoa.graphql.context import GraphContext
from stoa.graphql.errors import UserError, is_top_level, user_error
from stoa.graphql.idempotency import answered_once
from stoa.kit.errors import Refusal, Refusals
from stoa.tenants.context import Context

_Payload = TypeVar("_Payload", bound="Payload")


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


def shop_mutation(
    scope: str, description: str
) -> Callable[[Callable[[Context, Any], Awaitable[_Payload]]], Any]:
    """A mutation of the open shop: ``async def product_create(ctx, input) -> ProductPayload``.

    Refusals become `userErrors`. An input with an `idempotency_key` is answered once: the operation and the kept
    answer are one transaction.
    """

    def declare(operation: Callable[[Context, Any], Awaitable[_Payload]]) -> Any:
        payload = get_type_hints(operation)["return"]

        async def resolve(info: Info[GraphContext, None], input: Any) -> Any:
            context = info.context
            ctx = context.require(scope, info.field_name)
            return await _or_errors(payload, lambda: answered_once(ctx, info.field_name, input, payload, operation))

        return _field(operation, resolve, f"{description} Needs the scope `{scope}`.")

    return declare


def open_mutation(description: str) -> Callable[[Callable[[GraphContext, Any], Awaitable[_Payload]]], Any]:
    """A mutation outside any shop (signing up and in, ...): it gets the request's context and checks it itself."""

    def declare(operation: Callable[[GraphContext, Any], Awaitable[_Payload]]) -> Any:
        payload = get_type_hints(operation)["return"]

        async def resolve(info: Info[GraphContext, None], input: Any) -> Any:
            return await _or_errors(payload, lambda: operation(info.context, input))

        return _field(operation, resolve, description)

    return declare


async def _or_errors(payload: type[_Payload], work: Callable[[], Awaitable[_Payload]]) -> _Payload:
    try:
        return await work()
    except Refusals as refusals:
        return payload(user_errors=[user_error(each) for each in refusals.refusals])
    except Refusal as refusal:
        if is_top_level(refusal):
            raise
        return payload(user_errors=[user_error(refusal)])


def _field(operation: Callable[..., Any], resolve: Callable[..., Any], description: str) -> Any:
    """Strawberry reads the resolver's signature: it gets the operation's own input and payload types."""
    hints = get_type_hints(operation)
    name = list(inspect.signature(operation).parameters)[1]
    assert name == "input", f"{operation.__name__}: the second parameter is called input"
    resolve = wraps(operation, assigned=("__name__", "__module__", "__qualname__"), updated=())(resolve)
    del resolve.__wrapped__  # or the signature would be the operation's
    resolve.__annotations__ = {"info": Info[GraphContext, None], "input": hints["input"], "return": hints["return"]}
    return strawberry.mutation(resolver=resolve, description=description)
