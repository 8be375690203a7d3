"""Idempotency keys: a request that is sent again is answered again, not done again."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import fields, is_dataclass
from typing import Any, ClassVar, Protocol, TypeVar, cast

import orjson
import strawberry

from stoa.graphql.keeping import kept, remembered
from stoa.kit.clock import now
from stoa.kit.errors import Refusal, blaming
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction

P = TypeVar("P", bound="Answer")
KEY_LIMIT = 120

_TAKE = """
INSERT INTO kept_answer (key, request_hash, created_at) VALUES ($1, $2, $3)
ON CONFLICT (key) DO UPDATE SET key = excluded.key
RETURNING request_hash, answer, (xmax = 0) AS is_new
"""


class Answer(Protocol):
    """What is kept: a payload."""

    @property
    def was_refused(self) -> bool: ...


class _NothingDone(Exception):
    """Takes back what was kept of a request that came to nothing."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer


class KeyReused(Refusal):
    """The same key came with another request."""

    code: ClassVar[str] = "IDEMPOTENCY_KEY_REUSED"


async def answered_once(
    ctx: Context, name: str, input: Any, payload: type[P], operation: Callable[[Context, Any], Awaitable[P]]
) -> P:
    """Run the operation, or give the answer kept for the input's `idempotency_key`.

    The key is taken, the work done and the answer kept in one transaction, so a key never says "done" of what was
    not; a second request with the same key waits for the first. A refusal keeps nothing: the key may be tried again.
    Of rows their ids are kept: the answer shows those things as they are now; all else, and why a part of it was
    refused when the rest was done, is told again as it was told (keeping.py), in the language of whoever asked first:
    it is the answer they got.
    """
    key = getattr(input, "idempotency_key", None)
    if not key:
        return await operation(ctx, input)
    with blaming("idempotency_key"):
        key = f"{name}:{clean_line(key, what='idempotency key', limit=KEY_LIMIT)}"
    try:
        async with shop_transaction():
            return await _taken(ctx, key, input, payload, operation)
    except _NothingDone as nothing:
        return cast(P, nothing.answer)


async def _taken(
    ctx: Context, key: str, input: Any, payload: type[P], operation: Callable[[Context, Any], Awaitable[P]]
) -> P:
    hash = request_hash(input)
    [row] = await shop_client().execute_query_dict(_TAKE, [key, hash, now()])
    if not row["is_new"]:
        if row["request_hash"] != hash:
            raise KeyReused("This idempotency key came with another request before.", path=["idempotency_key"])
        return cast(P, remembered(orjson.loads(row["answer"]), payload))
    answer = await operation(ctx, input)
    if answer.was_refused:
        raise _NothingDone(answer)
    await shop_client().execute_query(
        "UPDATE kept_answer SET answer = $2 WHERE key = $1", [key, orjson.dumps(kept(answer)).decode()]
    )
    return answer


def request_hash(input: Any) -> bytes:
    """Of everything in the input but the key; what was left out is not the same as what was given empty."""
    return hashlib.sha256(orjson.dumps(_plain(input), option=orjson.OPT_SORT_KEYS)).digest()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        given = {f.name: getattr(value, f.name) for f in fields(value) if f.name != "idempotency_key"}
        return {name: _plain(each) for name, each in given.items() if each is not strawberry.UNSET}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()  # half a character is not JSON's to write
    return value if isinstance(value, int | float | bool | None) else str(value)
