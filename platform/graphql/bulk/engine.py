"""What runs the documents of bulk runs: the one schema, with an executor of its own that nobody pays."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from strawberry import Schema

from stoa.graphql.context import GraphContext
from stoa.graphql.documents import Document
from stoa.graphql.executing import Executor
from stoa.graphql.serving import Services
from stoa.settings import settings
from stoa.tenants.context import Context

_schemas: list[Schema] = []


def bind_bulk(schema: Schema) -> None:
    """Once, after the schema has been built: bulk runs are asked for through it and run against it."""
    _schemas[:] = [schema]
    executor.cache_clear()


@lru_cache(maxsize=1)
def executor() -> Executor:
    """That of this process."""
    return Executor(_schemas[0], settings())


@lru_cache(maxsize=1)
def _services() -> Services:
    return Services(settings())


@dataclass(slots=True)
class BulkContext(GraphContext):
    """A context in which nobody waits for an answer. It remembers which rights were needed."""

    needed: set[str] = field(default_factory=set)

    def require(self, scope: str, where: str) -> Context:
        self.needed.add(scope)
        return GraphContext.require(self, scope, where)


def context_of(ctx: Context, document: Document, *, in_order_of_ids: bool = False) -> BulkContext:
    """The context of one operation of a document, for whoever `ctx` says."""
    return BulkContext(_services(), ctx.request_id, ctx=ctx, document=document, in_order_of_ids=in_order_of_ids)
