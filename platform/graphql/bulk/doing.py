"""Do one line of a bulk mutation: the variables of the line, and the answer to it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson
from graphql import ExecutionResult, GraphQLError

from stoa.graphql.bulk.checking import BulkMutation
from stoa.graphql.errors import TimedOut, presented
from stoa.graphql.limits import check_variables
from stoa.graphql.within import executor, inner_context
from stoa.kit.errors import InvalidInput, Refusal
from stoa.tenants.bulk import Line
from stoa.tenants.bulk.taking import MAX_LINE
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction

# Somebody else was in the way for a moment: the line is tried again.
IN_THE_WAY = (
    asyncpg.exceptions.TransactionRollbackError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.OutdatedSchemaCacheError,
)


@dataclass(frozen=True, slots=True)
class Done:
    """The answer to a line, as it stands in the file."""

    text: bytes
    is_failed: bool


class TryAgain(Exception):
    """Nothing was done, and trying again may succeed."""


class _Undone(Exception):
    """Takes back what a mutation did that ended in an error."""


async def do_line(ctx: Context, mutation: BulkMutation, line: Line, *, is_last_try: bool) -> Done:
    """Do the mutation with the line's variables, in the open transaction. What is wrong with the line, and what the
    mutation refuses, is its answer. Raises `TryAgain`."""
    try:
        variables = _variables(line)
    except Refusal as refusal:
        return _refused(ctx, line, refusal)
    context = inner_context(ctx, mutation.document)
    result: ExecutionResult | None = None
    try:
        async with shop_transaction(), asyncio.timeout(executor().seconds):
            result = await executor().perform(mutation.operation, variables, context)
            if result.errors:
                raise _Undone
    except _Undone:
        assert result is not None
        if not is_last_try and any(_is_in_the_way(error) for error in result.errors or ()):
            raise TryAgain from None
    except TimeoutError:
        seconds = f"{executor().seconds:g}"
        return _refused(
            ctx, line, TimedOut("The request took longer than {seconds} seconds and was broken off.", seconds=seconds)
        )
    assert result is not None
    return _answer(ctx, line, result)


def _variables(line: Line) -> dict[str, Any]:
    if line.text is None:
        raise InvalidInput("The line is longer than {limit:,} bytes.", limit=MAX_LINE)
    try:
        line.text.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidInput("The line is not text in UTF-8.") from None
    try:
        variables = orjson.loads(line.text)
    except orjson.JSONDecodeError as error:
        raise InvalidInput("The line is not JSON: {error}.", error=str(error)) from None
    if not isinstance(variables, dict):
        raise InvalidInput("The line must be an object: the mutation's variables.")
    check_variables(variables)
    return variables


def _answer(ctx: Context, line: Line, result: ExecutionResult) -> Done:
    if result.errors:
        return _told(line, {"errors": presented(result.errors, ctx.request_id)}, is_failed=True)
    assert result.data is not None
    [payload] = result.data.values()
    return _told(line, {"data": result.data}, is_failed=bool(payload.get("userErrors")))


def _refused(ctx: Context, line: Line, refusal: Refusal) -> Done:
    error = GraphQLError("", original_error=refusal)
    return _told(line, {"errors": presented([error], ctx.request_id)}, is_failed=True)


def _told(line: Line, answer: dict[str, Any], *, is_failed: bool) -> Done:
    return Done(orjson.dumps({"line": line.number, **answer}), is_failed)


def _is_in_the_way(error: BaseException | None) -> bool:
    """Tortoise and graphql-core each put an error into one of their own."""
    while error is not None:
        if isinstance(error, IN_THE_WAY):
            return True
        error = error.original_error if isinstance(error, GraphQLError) else error.__cause__
    return False
