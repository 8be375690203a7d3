"""A small schema whose fields do what a good schema's never would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import strawberry
from strawberry.types import Info

from stoa.graphql.context import GraphContext
from stoa.kit.errors import InvalidInput, Refusals, Taken
from stoa.tenants.database import shop_client
from stoa.tenants.live import listen


class Broken(RuntimeError):
    """What a bug looks like."""


@strawberry.type
class Query:
    @strawberry.field
    async def broken(self, password: str = "") -> str | None:
        raise Broken("the wheel came off")

    @strawberry.field
    async def refused(self) -> str | None:
        raise Taken("The name is taken.", path=["first_name"], taken_name="Zeno")

    @strawberry.field
    async def refused_twice(self) -> str | None:
        raise Refusals([InvalidInput("The first."), InvalidInput("The second.")])

    @strawberry.field
    async def wrong_kind(self) -> int | None:
        return "not a number"  # type: ignore[return-value]

    @strawberry.field
    async def nothing(self) -> str:
        return None  # type: ignore[return-value]

    @strawberry.field
    async def sleep(self, seconds: float) -> bool:
        await shop_client().execute_query("SELECT pg_sleep($1)", [seconds])
        return True

    @strawberry.field
    async def backend(self) -> int:
        [row] = await shop_client().execute_query_dict("SELECT pg_backend_pid() AS pid")
        return int(row["pid"])

    @strawberry.field
    async def numbers(self, upto: int = 10) -> list[int]:
        return list(range(upto))


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def shout(self, text: str) -> str:
        return text.upper()


class Streams:
    """What the subscriptions below have done; for the tests to look at."""

    def __init__(self) -> None:
        self.open = 0
        self.go_on = asyncio.Event()


streams = Streams()


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, upto: int) -> AsyncGenerator[int, None]:
        for number in range(1, upto + 1):
            yield number

    @strawberry.subscription
    async def silence(self, info: Info[GraphContext, None]) -> AsyncGenerator[int, None]:
        """Says 1, and then nothing until `streams.go_on` is set."""
        streams.open += 1
        try:
            yield 1
            await streams.go_on.wait()
            yield 2
        finally:
            streams.open -= 1

    @strawberry.subscription
    async def news(self, info: Info[GraphContext, None]) -> AsyncGenerator[str, None]:
        async with listen(info.context.in_shop().shop, "odd") as stream:
            async for each in stream:
                yield type(each).__name__

    @strawberry.subscription
    async def breaks(self) -> AsyncGenerator[int, None]:
        yield 1
        raise Broken("the wheel came off")

    @strawberry.subscription
    async def needs_a_right(self, info: Info[GraphContext, None]) -> AsyncGenerator[int, None]:
        info.context.require("catalog:read", "needsARight")
        yield 1

    @strawberry.subscription
    async def reads(self, info: Info[GraphContext, None]) -> AsyncGenerator[int, None]:
        """Three events, each read from the shop."""
        for _ in range(3):
            [row] = await shop_client().execute_query_dict("SELECT count(*) AS n FROM product")
            yield int(row["n"])


def odd_schema() -> strawberry.Schema:
    return strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription)
