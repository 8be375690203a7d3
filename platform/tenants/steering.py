"""What a merchant can do about the shop's own jobs: cancel one, or have one that was given up done after all."""

from __future__ import annotations

from uuid import UUID

from stoa.kit.errors import NotFound, Refusal
from stoa.tenants import live
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction


class JobOver(Refusal):
    """The job has ended, so there is nothing left to cancel."""

    code = "JOB_OVER"


class JobNotOver(Refusal):
    """The job was not given up: it waits, is being done, or is done."""

    code = "JOB_NOT_GIVEN_UP"


async def cancel_job(ctx: Context, job_id: UUID) -> None:
    """Cancel a job that has not ended; twice changes nothing.

    Of an attempt under way nothing is kept that it has not kept already: it can end the job no more, and is stopped
    within seconds. Whoever was to be told that the job is given up is told.
    """
    was = await _ask(ctx, "SELECT platform.cancel_job($1) AS was", job_id, "CANCELLED")
    if was in ("DONE", "DEAD"):
        raise JobOver("The job has ended already: it is {state}.", path=["id"], state=was)


async def replay_job(ctx: Context, job_id: UUID) -> None:
    """Have a job done that was given up or cancelled, with all its attempts before it; waiting already is fine."""
    was = await _ask(ctx, "SELECT platform.replay_job($1) AS was", job_id, "QUEUED")
    if was in ("SENT", "RUNNING", "DONE"):
        raise JobNotOver(
            "Only what was given up or cancelled can be done again; this job is {state}.", path=["id"], state=was
        )


async def _ask(ctx: Context, question: str, job_id: UUID, then: str) -> str:
    """What the job was until now."""
    async with shop_transaction():
        rows = await shop_client().execute_query_dict(question, [job_id])
        if rows[0]["was"] is None:
            raise NotFound("There is no such job.", path=["id"])
        live.announce(ctx, f"job:{job_id}", {"state": then})
    return str(rows[0]["was"])
