from __future__ import annotations

from uuid import UUID

import pytest

from stoa.tenants.context import Context
from stoa.tenants.jobs import Job, job
from stoa.tenants.outbox import event
from stoa.workers import reactions
from stoa.workers.reactions import JOBS, REACTIONS, fill, named


@event
class LampLit:
    lamp_id: UUID


@job("test.notice")
async def notice(ctx: Context, job: Job) -> None:
    """Never run here."""


@job("test.notice")
async def namesake(ctx: Context, job: Job) -> None:
    """Never run here."""


@job("test.lonely", on_dead="test.nobody")
async def lonely(ctx: Context, job: Job) -> None:
    """Never run here."""


def test_the_table_holds_together() -> None:
    assert {function.name for function in JOBS.values()} == set(JOBS)
    fill(REACTIONS, JOBS)


def test_two_jobs_cannot_share_a_name() -> None:
    with pytest.raises(ValueError, match=r"Two jobs share a name: test\.notice"):
        named(notice, namesake)


def test_a_job_cannot_leave_its_end_to_nobody() -> None:
    with pytest.raises(ValueError, match=r"test\.lonely says on_dead='test\.nobody'"):
        named(lonely)


def test_what_reacts_must_be_known_to_the_workers() -> None:
    with pytest.raises(ValueError, match=r"no worker knows them: test\.notice"):
        fill({LampLit: [notice]}, named())
    reactions.fill()
