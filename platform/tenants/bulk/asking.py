"""Ask for bulk runs: they wait in line, and five of a shop are at work at once (workers/settings.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from stoa.kit.ids import new_id
from stoa.kit.languages import reader
from stoa.tenants.bulk.errors import TooManyBulkRuns
from stoa.tenants.bulk.models import AT_WORK, BulkKind, BulkRun
from stoa.tenants.bulk.taking import check_file
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import enqueue
from stoa.tenants.uploading import Purpose, claim_upload

JOB = "bulk.run"
MAX_ASKED = 50  # of one shop, waiting and at work
ONE_BY_ONE = "SELECT pg_advisory_xact_lock(hashtextextended('bulk runs of ' || current_schema(), 0))"


async def ask_for_query(
    ctx: Context, document: str, variables: Mapping[str, Any] | None, *, needs: Iterable[str]
) -> BulkRun:
    """A run of a query that has been checked (graphql/bulk/checking.py); `needs` are the rights its answer takes."""
    return await _ask(ctx, BulkKind.QUERY, document, needs, variables=dict(variables or {}))


async def ask_for_mutation(ctx: Context, document: str, upload_id: UUID, *, needs: Iterable[str]) -> BulkRun:
    """A run of a mutation that has been checked, for every line of an uploaded file of JSON lines.

    What is wrong with the file as a whole is refused here, before anything is done: `NoSuchLines` and what
    `claim_upload` raises.
    """
    upload = await claim_upload(ctx, upload_id, Purpose.BULK)
    await check_file(ctx, upload)
    return await _ask(ctx, BulkKind.MUTATION, document, needs, upload_id=upload.id)


async def _ask(ctx: Context, kind: BulkKind, document: str, needs: Iterable[str], **columns: Any) -> BulkRun:
    async with shop_transaction():
        await shop_client().execute_query(ONE_BY_ONE)
        asked = BulkRun.filter(shop_schema=ctx.shop.schema, state__in=AT_WORK).using_db(shop_client())
        if await asked.count() >= MAX_ASKED:
            raise TooManyBulkRuns(
                "{limit} bulk runs of this shop wait or are at work; wait for the end of one.", limit=MAX_ASKED
            )
        run_id = new_id()
        job_id = await enqueue(ctx, JOB, {"bulk_run_id": str(run_id)}, kind="bulk")
        return await BulkRun.create(
            id=run_id,
            shop_schema=ctx.shop.schema,
            kind=kind,
            document=document,
            asker=_asker(ctx),
            scopes=sorted(ctx.scopes),
            needs=sorted(needs),
            locale=reader(),
            job_id=job_id,
            using_db=shop_client(),
            **columns,
        )


def _asker(ctx: Context) -> dict[str, Any]:
    actor = ctx.actor
    return {"kind": actor.kind, "id": None if actor.id is None else str(actor.id), "name": actor.name}
