"""Bulk runs: asking for them, following them, and where their files are."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from stoa.graphql.bulk.checking import check_mutation, check_query, check_trust, read_variables
from stoa.graphql.context import GraphContext
from stoa.graphql.enums import shown_enum
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.paging import Connection, Node
from stoa.graphql.reading.declaring import column, derived, fetched, one_of, page_of, root, stored, streamed, to_one
from stoa.graphql.saying import said_now
from stoa.graphql.scalars import BigInt, read_id
from stoa.graphql.tenants.jobs import Job
from stoa.tenants import bulk
from stoa.tenants.access import Scope
from stoa.tenants.bulk import models
from stoa.tenants.context import Context
from stoa.tenants.live import listen

BulkKind = shown_enum(
    models.BulkKind,
    "What a bulk run does.",
    name="BulkRunKind",
    QUERY="It reads a list to its end, into a file.",
    MUTATION="It does a mutation for every line of a file, and writes the answers into another.",
)
BulkState = shown_enum(
    models.BulkState,
    "How far a bulk run is.",
    name="BulkRunState",
    QUEUED="Waiting for its turn: five of a shop are at work at once.",
    RUNNING="At work.",
    DONE="All is done; the file can be fetched.",
    FAILED="Broken off; what was written by then can be fetched.",
    CANCELLED="Cancelled; what was written by then can be fetched.",
    EXPIRED="The file has been deleted.",
)


@stored(models.BulkRun, prefix="bulk", scope=Scope.SHOP_READ)
class BulkRun(Node):
    """A query that is read to its end, or a mutation that is done for every line of a file, in the background. The
    file's address is what `bulkRunLink` gives."""

    kind: BulkKind = column("What it does.")  # type: ignore[valid-type]
    state: BulkState = column("How far it is.", filter=True)  # type: ignore[valid-type]
    document: str = column("The query or mutation.")
    percent: int | None = derived(
        ("state", "objects_done", "objects_total"),
        models.percent_run,
        "Of the work, 0 to 100; null while nobody knows how much there is.",
    )
    object_count: BigInt = column("Objects of the root list, or lines of the file, done so far.", of="objects_done")
    object_total: BigInt | None = column(
        "How many there are; null when that is not known, or takes too long to count.", of="objects_total"
    )
    line_count: BigInt = column("Lines in the file so far.", of="lines_written")
    failed_count: BigInt = column("Lines of a mutation that came to nothing, or to only a part.", of="lines_failed")
    size: BigInt | None = column("Bytes of the file; known once the run has ended.")
    is_partial: bool = column("Whether the file is what there was when the run failed or was cancelled.")
    failure: str | None = derived(("failure",), said_now, "Why it failed, in the reader's language.")
    job: Job | None = to_one("The job by which it is done; null once that is forgotten.")
    created_at: datetime = column("When it was asked for.")
    started_at: datetime | None = column("When it began.")
    finished_at: datetime | None = column("When it ended.")
    expires_at: datetime | None = column("When the file is deleted.")


@strawberry.type(description="Where the file of a bulk run can be fetched for a while, by whoever has the address.")
class BulkRunLink:
    url: str = strawberry.field(description="GET it; no header needed. It is a credential: hand it to nobody.")
    expires_at: datetime = strawberry.field(description="Until when it is good; ask for another one then.")


@strawberry.input(description="Which query to read to its end.")
class BulkQueryRunInput:
    query: str = strawberry.field(
        description="One list at the root, with lists in lists three deep and five in all; without first, last, after, "
        "before, and without orderBy at the root. Its fields, where and search are as ever."
    )
    variables: str | None = strawberry.field(default=None, description="The query's variables: a JSON object as text.")


@strawberry.input(description="Which mutation to do for which lines.")
class BulkMutationRunInput:
    mutation: str = strawberry.field(description="One mutation; its variables come from the lines.")
    upload_id: strawberry.ID = strawberry.field(
        description="A file that was sent after `uploadStage` as application/jsonl: on each line an object with the "
        "mutation's variables."
    )


@strawberry.input(description="Which bulk run.")
class BulkRunRefInput:
    id: strawberry.ID = strawberry.field(description="The run's id.")


@root
class BulkRunPayload(Payload):
    """A bulk run after a mutation."""

    bulk_run: BulkRun | None = fetched("The run as it is now; null when there are errors.")


@shop_mutation(
    Scope.SHOP_READ,
    "Read all of a list into a file of JSON lines, in the background and with the caller's rights: the query takes the "
    "scopes that it takes elsewhere.",
    once=True,
)
async def bulk_query_run(ctx: Context, input: BulkQueryRunInput) -> BulkRunPayload:
    await check_trust(ctx, input.query)
    query = await check_query(ctx, input.query, read_variables(input.variables))
    run = await bulk.ask_for_query(ctx, input.query, query.variables, needs=query.needs)
    return BulkRunPayload.of(bulk_run=run.id)


@shop_mutation(
    Scope.SHOP_READ,
    "Do a mutation for every line of a file, in the background and with the caller's rights: the mutation takes the "
    "scopes that it takes elsewhere. Each line is done once, whatever happens meanwhile.",
    once=True,
)
async def bulk_mutation_run(ctx: Context, input: BulkMutationRunInput) -> BulkRunPayload:
    await check_trust(ctx, input.mutation)
    mutation = await check_mutation(ctx, input.mutation)
    upload_id = read_id("upload_id", input.upload_id, "upl")
    run = await bulk.ask_for_mutation(ctx, input.mutation, upload_id, needs=mutation.needs)
    return BulkRunPayload.of(bulk_run=run.id)


@shop_mutation(
    Scope.SHOP_READ,
    "Cancel a bulk run that has not ended: one's own, or anybody's with `shop:write`. What a mutation has done stays "
    "done. Twice changes nothing.",
)
async def bulk_run_cancel(ctx: Context, input: BulkRunRefInput) -> BulkRunPayload:
    run_id = read_id("id", input.id, "bulk")
    await bulk.cancel_run(ctx, run_id)
    return BulkRunPayload.of(bulk_run=run_id)


@root
class BulkRunLists:
    """What can be asked of bulk runs."""

    bulk_run: BulkRun | None = one_of("One bulk run by its id.")
    bulk_runs: Connection[BulkRun] = page_of("The shop's bulk runs, newest first.", order=("-id",))


@strawberry.type
class BulkRunQueries(BulkRunLists):
    """What can be asked of bulk runs, and where their files are."""

    @strawberry.field(
        description="A fresh address of a bulk run's file, good for 15 minutes. It takes the scopes that the query or "
        f"mutation took, too. Needs the scope `{Scope.SHOP_READ}`."
    )
    async def bulk_run_link(
        self,
        info: Info[GraphContext, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="The run's id.")],
    ) -> BulkRunLink:
        ctx = info.context.require(Scope.SHOP_READ, "bulkRunLink")
        link = await bulk.run_link(ctx, read_id("id", id, "bulk"))
        return BulkRunLink(url=link.url, expires_at=link.expires_at)


@strawberry.type
class BulkRunMutations:
    """What can be done in bulk."""

    bulk_query_run = bulk_query_run
    bulk_mutation_run = bulk_mutation_run
    bulk_run_cancel = bulk_run_cancel


@streamed(Scope.SHOP_READ, "How a bulk run gets on: at once, at every step, and when it has ended; then it completes.")
async def bulk_run_progress(
    info: Info[GraphContext, None], id: Annotated[strawberry.ID, strawberry.argument(description="The run's id.")]
) -> AsyncGenerator[BulkRun | None, None]:
    ctx = info.context.require(Scope.SHOP_READ, "bulkRunProgress")
    run_id = read_id("id", id, "bulk")
    async with listen(ctx.shop, f"bulk_run:{run_id}") as stream:
        is_over = False
        while not is_over:
            is_over = await bulk.has_ended(run_id)  # before it is read: so the end itself is always told
            yield run_id  # type: ignore[misc]  # the planner makes a BulkRun of it
            if not is_over and await anext(stream, None) is None:
                return  # the process ends; the client will ask again elsewhere


@strawberry.type
class BulkRunSubscriptions:
    """What can be watched of bulk runs."""

    bulk_run_progress = bulk_run_progress
