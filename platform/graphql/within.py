"""Ask the one schema from inside, in somebody's name: for a report, a webhook's payload, a bulk run.

Nobody waits at a door here, so nobody is throttled: whoever asks limits what is asked. The rights are those of the
context, as at the doors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from graphql import GraphQLError
from strawberry import Schema

from stoa.graphql.answers import Answer
from stoa.graphql.context import GraphContext
from stoa.graphql.documents import Document
from stoa.graphql.executing import Executor
from stoa.graphql.requests import Request
from stoa.graphql.serving import Services
from stoa.kit.errors import InvalidInput
from stoa.settings import settings
from stoa.tenants.access.identifying import Identity
from stoa.tenants.context import Context

ENDLESS: Final = 1e15  # points
_schemas: list[Schema] = []


def bind_within(schema: Schema) -> None:
    """Once, after the schema has been built: what is part of it asks it as well."""
    _schemas[:] = [schema]
    executor.cache_clear()


@lru_cache(maxsize=1)
def executor() -> Executor:
    """That of this process, beside the one of the doors: its buckets are never empty."""
    unlimited = {"points_capacity": ENDLESS, "points_per_second": ENDLESS}
    return Executor(_schemas[0], settings().model_copy(update=unlimited))


@lru_cache(maxsize=1)
def _services() -> Services:
    return Services(settings())


@dataclass(slots=True)
class InnerContext(GraphContext):
    """A context in which nobody waits for an answer. It remembers which rights were needed."""

    needed: set[str] = field(default_factory=set)

    def require(self, scope: str, where: str) -> Context:
        self.needed.add(scope)
        return GraphContext.require(self, scope, where)


def inner_context(ctx: Context, document: Document | None = None, *, in_order_of_ids: bool = False) -> InnerContext:
    """The context of one operation, for whoever `ctx` says; `document` is for who runs it piece by piece."""
    context = InnerContext(_services(), ctx.request_id, _person(ctx), ctx, in_order_of_ids=in_order_of_ids)
    if document is not None:
        context.document = document
    return context


def _person(ctx: Context) -> Identity | None:
    """What is a person's own (their notifications) is there for a person, and for no program."""
    actor = ctx.actor
    if actor.kind != "account" or actor.id is None:
        return None
    return Identity(actor, actor.id, ctx.locale, ctx.shop, ctx.scopes)


def document_of(text: str) -> Document:
    """The document, read once for as long as it is asked for again and again. Raises `InvalidDocument`."""
    documents = executor().documents
    return documents.known(text) or documents.read(text)


async def asked_of(context: InnerContext, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What the context's document answers. Raises the first thing that was in the way, be it a refusal or a failure."""
    result = await executor().perform(context.document.operation(None), dict(variables), context)
    for error in result.errors or ():
        raise _cause_of(error)
    assert result.data is not None
    return result.data


def _cause_of(error: GraphQLError) -> BaseException:
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, GraphQLError):
        return InvalidInput("This cannot be asked: {message}", message=cause.message)
    return cause


async def ask(context: InnerContext, query: str, variables: dict[str, Any]) -> Answer:
    """Run a query to its end, its errors presented as at the doors. The time it has is the caller's to limit."""
    return await executor().answer(Request(query, variables), context)
