"""Jobs, as domains write them: a named function, and the attempt at the work that it is handed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum
from time import monotonic
from typing import Any, Final, Literal, TypeVar
from uuid import UUID

import msgspec

from stoa.kit.languages import Sentence
from stoa.tenants import live
from stoa.tenants.context import Context
from stoa.tenants.database import platform_client, shop_client, shop_transaction

E = TypeVar("E")

# Each kind has a queue of its own, so that work which takes minutes never stands before work which takes a moment.
Kind = Literal["general", "imports", "images", "reports", "notifications", "webhooks", "bulk"]

# What stands for the shop of work that is the platform's own. No shop's schema is called so.
PLATFORM_ITSELF = "platform"
TELL_EVERY = 0.5  # seconds between two reports of one attempt's progress
PROGRESS = """
UPDATE platform.job SET progress_done = $3, progress_total = $4
WHERE id = $1 AND attempts = $2 AND state = 'RUNNING' RETURNING true AS is_ours
"""


class Priority(IntEnum):
    """Which of a shop's own jobs go first. It never puts one shop before another."""

    FIRST = 0
    NORMAL = 1
    LAST = 2


class LeaseLost(RuntimeError):
    """This attempt no longer owns its job: it was thought lost, and another has it. What it did is rolled back."""


@dataclass(slots=True)
class Job:
    """One attempt at a job. Its transactions commit only while the attempt owns the job.

    `failures` counts earlier attempts that went wrong.
    """

    id: UUID
    name: str
    payload: dict[str, Any]
    attempt: int
    failures: int
    max_attempts: int
    shop_schema: str = PLATFORM_ITSELF
    is_finished: bool = field(default=False, init=False)
    _told_at: float = field(default=float("-inf"), init=False)

    @property
    def is_last(self) -> bool:
        """Nobody tries again if this attempt fails."""
        return self.failures + 1 >= self.max_attempts

    def event(self, kind: type[E]) -> E:
        """The event that this job reacts to."""
        return msgspec.convert(self.payload, kind)

    async def progress(self, done: int, total: int) -> None:
        """Report how far the work has come, at most twice a second; seen at once, whatever transaction is open.

        Raises `LeaseLost` when the job has been cancelled or is another attempt's by now.
        """
        if done < total and monotonic() - self._told_at < TELL_EVERY:
            return
        self._told_at = monotonic()
        if not await platform_client().execute_query_dict(PROGRESS, [self.id, self.attempt, done, total]):
            raise self._lost()
        self.tell("RUNNING")

    def tell(self, state: str) -> None:
        """Let those who watch the shop's jobs look."""
        if self.shop_schema != PLATFORM_ITSELF:
            live.tell(self.shop_schema, f"job:{self.id}", {"name": self.name, "state": state})

    @asynccontextmanager
    async def step(self) -> AsyncIterator[None]:
        """A shop transaction on the way: kept whatever becomes of the job, so it must note how far the work has come.

        Raises `LeaseLost` before anything is done. While it is open nobody takes the job away: keep it short.
        """
        async with shop_transaction():
            await self._ask("SELECT platform.hold_job($1, $2) AS is_ours")
            yield

    def telling(self, percent: Callable[[], Awaitable[int]]) -> Callable[[], AbstractAsyncContextManager[None]]:
        """`step`, with a report after it of how many percent are done by then; asked only as often as it is told."""

        @asynccontextmanager
        async def step() -> AsyncIterator[None]:
            async with self.step():
                yield
            if monotonic() - self._told_at >= TELL_EVERY:
                await self.progress(min(99, await percent()), 100)

        return step

    @asynccontextmanager
    async def finish(self) -> AsyncIterator[None]:
        """The shop transaction that ends the job: what it does and DONE are committed together, or neither is.

        Raises `LeaseLost`, and rolls back, when the attempt has lost the job meanwhile.
        """
        async with shop_transaction():
            yield
            await self._ask("SELECT platform.finish_job($1, $2) AS is_ours")
        self.is_finished = True

    async def _ask(self, question: str) -> None:
        rows = await shop_client().execute_query_dict(question, [self.id, self.attempt])
        if not rows[0]["is_ours"]:
            raise self._lost()

    def _lost(self) -> LeaseLost:
        return LeaseLost(f"Attempt {self.attempt} no longer owns the job {self.name} ({self.id}).")


async def end_of_job(job_id: UUID) -> tuple[str | None, int]:
    """The state of a job of the open shop, and how many attempts there were; None when it is forgotten. Those who are
    told that it was given up ask what has become of it: it may be under way again."""
    rows = await shop_client().execute_query_dict("SELECT state, attempts FROM platform.job WHERE id = $1", [job_id])
    return (str(rows[0]["state"]), int(rows[0]["attempts"])) if rows else (None, 0)


FAULT: Final = Sentence("Something went wrong on our side; it has been noted with the job's request id.")
CANCELLED: Final = Sentence("It was cancelled.")  # as the ledger says it to the heirs of a job
LONGEST_WORDS: Final = 500
_REFUSED: Final = re.compile(r"([A-Z][A-Z_]+): ")


def code_of(error: str) -> str:
    """Of the refusal that a job ended with; empty for any other error."""
    refused = _REFUSED.match(error)
    return refused[1] if refused else ""


def words_of(error: str) -> Sentence:
    """What a job failed of (its `last_error`, which its heirs are told as `error`), as people may read it: a refusal
    speaks for itself, and anything else is a fault of ours, whose words are for our logs."""
    if error == CANCELLED.text:
        return CANCELLED
    refused = _REFUSED.match(error)
    return Sentence.of({"text": error[refused.end() :][:LONGEST_WORDS]}) if refused else FAULT


Run = Callable[[Context, Job], Awaitable[None]]
PlatformRun = Callable[[Job], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class JobFunction:
    """A function that workers know by name."""

    name: str
    kind: Kind
    run: Run
    max_attempts: int
    in_one_transaction: bool
    on_dead: str | None
    gather: timedelta | None = None
    priority: Priority = Priority.NORMAL
    concerns: Callable[[Any], bool] | None = None

    async def __call__(self, ctx: Context, job: Job) -> None:
        await self.run(ctx, job)


@dataclass(frozen=True, slots=True)
class PlatformJobFunction:
    """A function that works for no shop, in one transaction on the platform's tables, which also ends the job."""

    name: str
    kind: Kind
    run: PlatformRun
    max_attempts: int
    on_dead: None = None

    async def __call__(self, job: Job) -> None:
        await self.run(job)


AnyJobFunction = JobFunction | PlatformJobFunction


def job(
    name: str,
    *,
    kind: Kind = "general",
    max_attempts: int = 5,
    in_one_transaction: bool = True,
    on_dead: str | None = None,
    gather: timedelta | None = None,
    priority: Priority = Priority.NORMAL,
    concerns: Callable[[Any], bool] | None = None,
) -> Callable[[Run], JobFunction]:
    """Make a function a job; it runs only once it also stands in the table of `workers/reactions.py`.

    The whole function is one shop transaction, which also ends the job: what it does to the shop is done exactly
    once. Work that takes minutes, or calls somebody outside, says `in_one_transaction=False`, opens `job.step()` and
    `job.finish()` itself, and gives the outside the job's id as idempotency key.

    `on_dead` names the job that is planned when this one is given up, with `job_id` and `error` added to its payload.

    `priority` is that of the reactions and of what the clock plans; `enqueue` names its own.

    `gather`: as a reaction it does not answer each event, but once at the end of each such span of time all that
    happened in it; its payload is ``{"since": ...}``, the beginning of the span, and it finds out itself what to do.

    `concerns` looks at an event that it would react to: where that says no, nothing is planned.
    """

    def make(run: Run) -> JobFunction:
        return JobFunction(name, kind, run, max_attempts, in_one_transaction, on_dead, gather, priority, concerns)

    return make


def platform_job(
    name: str, *, kind: Kind = "general", max_attempts: int = 5
) -> Callable[[PlatformRun], PlatformJobFunction]:
    """Make a function a job of the platform itself; the clock plans it (workers/schedule.py)."""
    return lambda run: PlatformJobFunction(name, kind, run, max_attempts)
