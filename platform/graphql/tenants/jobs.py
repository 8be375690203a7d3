"""The shop's jobs: what is done for it in the background, and what can be done about that."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.types import Info

from stoa.graphql.context import GraphContext
from stoa.graphql.enums import shown_enum
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.paging import Connection, Node
from stoa.graphql.reading.declaring import column, derived, fetched, one_of, page_of, root, stored, streamed
from stoa.graphql.scalars import BigInt, read_id
from stoa.tenants import models, steering
from stoa.tenants.access import Scope
from stoa.tenants.context import Context
from stoa.tenants.jobs import code_of, words_of
from stoa.tenants.live import News, listen

JobState = shown_enum(
    models.JobState,
    "How far a job is.",
    QUEUED="Waiting for its turn, for its time, or for the next attempt.",
    SENT="On its way to a worker.",
    RUNNING="Being done.",
    DONE="Done.",
    DEAD="Given up after its last attempt; it can be replayed.",
    CANCELLED="Cancelled; it can be replayed.",
)


class Turn(Enum):
    FIRST = "FIRST"
    NORMAL = "NORMAL"
    LAST = "LAST"


JobPriority = shown_enum(
    Turn,
    "Which of a shop's own jobs of one kind go first.",
    name="JobPriority",
    FIRST="Before all others of the shop.",
    NORMAL="In the order of their times.",
    LAST="When nothing else of the shop waits.",
)
PRIORITIES = ("FIRST", "NORMAL", "LAST")
OPEN = ("QUEUED", "SENT", "RUNNING")


def told(last_error: str | None) -> str | None:
    """Why the last attempt failed, as the merchant is told."""
    if last_error is None:
        return None
    code, words = code_of(last_error), words_of(last_error).said()
    return f"{code}: {words}" if code else words


def percent_done(state: str, done: int | None, total: int | None) -> int | None:
    """Of the work, as far as it is known; 100 only when all is done."""
    if state == "DONE":
        return 100
    return None if done is None or not total else max(0, min(99, 100 * done // total))


@stored(models.Job, prefix="job", scope=Scope.SHOP_READ)
class Job(Node):
    """A piece of work that is done for the shop in the background."""

    kind: str = column("The queue it waits in: general, imports, images, reports, ...")
    name: str = column("What is done, e.g. `catalog.import`.")
    state: JobState = column("How far it is.", filter=True)  # type: ignore[valid-type]
    priority: JobPriority = derived(  # type: ignore[valid-type]
        ("priority",), lambda priority: PRIORITIES[priority], "Which of the shop's jobs of this kind go first."
    )
    percent: int | None = derived(
        ("state", "progress_done", "progress_total"), percent_done, "Of the work, 0 to 100; null when it is not known."
    )
    progress_done: BigInt | None = column("How much of it has been done, in whatever it counts.")
    progress_total: BigInt | None = column("How much there is to do.")
    attempts: int = column("How often it has been handed to a worker.")
    failures: int = column("How many attempts went wrong.")
    max_attempts: int = column("After so many failures it is given up.")
    failure: str | None = derived(("last_error",), told, "Why the last attempt failed; null when none did.")
    request_id: str | None = column("Of the request that caused it, as its answer and our logs have it.")
    created_at: datetime = column("When it was planned.")
    run_at: datetime = column("It does not begin before.")
    started_at: datetime | None = column("When its last attempt began.")
    finished_at: datetime | None = column("When it ended.")
    can_be_cancelled: bool = derived(("state",), lambda state: state in OPEN, "Whether `jobCancel` would cancel it.")
    can_be_replayed: bool = derived(
        ("state",), lambda state: state in ("DEAD", "CANCELLED"), "Whether `jobReplay` would have it done again."
    )


@root
class JobQueries:
    """What can be asked of jobs."""

    job: Job | None = one_of("One job by its id.")
    jobs: Connection[Job] = page_of("The shop's jobs of the last weeks, newest first.", order=("-id",))


@strawberry.input(description="Which job.")
class JobRefInput:
    id: strawberry.ID = strawberry.field(description="The job's id.")


@root
class JobPayload(Payload):
    """A job after a mutation."""

    job: Job | None = fetched("The job as it is now; null when there are errors.")


@shop_mutation(
    Scope.SHOP_WRITE,
    "Cancel a job that has not ended. What it has kept already stays, what follows is not done; an import is undone. "
    "Twice changes nothing.",
)
async def job_cancel(ctx: Context, input: JobRefInput) -> JobPayload:
    job_id = read_id("id", input.id, "job")
    await steering.cancel_job(ctx, job_id)
    return JobPayload.of(job=job_id)


@shop_mutation(Scope.SHOP_WRITE, "Have a job done that was given up or cancelled, with all its attempts before it.")
async def job_replay(ctx: Context, input: JobRefInput) -> JobPayload:
    job_id = read_id("id", input.id, "job")
    await steering.replay_job(ctx, job_id)
    return JobPayload.of(job=job_id)


@strawberry.type
class JobMutations:
    """What can be done about jobs."""

    job_cancel = job_cancel
    job_replay = job_replay


@streamed(
    Scope.SHOP_READ,
    "Jobs as they begin, get on and end. Null: some news were missed, read the list anew.",
)
async def job_changed(
    info: Info[GraphContext, None],
    id: Annotated[strawberry.ID | None, strawberry.argument(description="Only this one; all when left out.")] = None,
) -> AsyncGenerator[Job | None, None]:
    ctx = info.context.require(Scope.SHOP_READ, "jobChanged")
    topic = "job" if id is None else f"job:{read_id('id', id, 'job')}"
    async with listen(ctx.shop, topic) as stream:
        async for news in stream:
            job_id = UUID(news.topic.partition(":")[2]) if isinstance(news, News) else None
            yield job_id  # type: ignore[misc]  # the planner makes a Job of it


@strawberry.type
class JobSubscriptions:
    """What can be watched of jobs."""

    job_changed = job_changed
