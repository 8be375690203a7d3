"""Spare shops: made ahead by the workers, so that a merchant who signs up need not wait for some hundred tables."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from stoa.settings import Settings, settings
from stoa.tenants import compiling, database
from stoa.tenants.connecting import owner_connection
from stoa.tenants.jobs import Job, platform_job
from stoa.tenants.provisioning import FIT_SPARES, KEEP_SPARES, Provisioner, plan_spares, provisioner

# The first are made when a process that has just started serves its first requests already.
AFTER_START: Final = timedelta(seconds=10)
COUNT_SPARES: Final = f"SELECT count(*) {FIT_SPARES}"
# One at a time in the whole installation: two who count at once would both find the same one missing.
TAKE_TURNS: Final = "SELECT pg_advisory_xact_lock(hashtext('stoa makes spare shops'))"


@platform_job(KEEP_SPARES)
async def keep_spares(job: Job) -> None:
    """Make the spare shops that are missing. Each is kept, whatever becomes of the job."""
    await fill_up(settings())


async def fill_up(settings: Settings) -> int:
    """Make spare shops until there are STOA_SPARE_SHOPS that have every migration; how many were made.

    Each is a transaction: what is broken off leaves nothing of the one it was at.
    """
    made = 0
    async with owner_connection(settings) as connection:
        while await _make_missing(provisioner(settings), connection):
            made += 1
    return made


async def _make_missing(maker: Provisioner, connection: Any) -> bool:
    async with connection.transaction():
        await connection.execute(TAKE_TURNS)
        there = await connection.fetchval(COUNT_SPARES, compiling.step_names(database.SHOP))
        if there >= maker.settings.spare_shops:
            return False
        await maker.make_spare(connection)
        return True


async def plan_after_start(settings: Settings) -> None:
    """Plan the first spare shops of an installation, and those that a new version finds behind; not at once."""
    if settings.spare_shops:
        async with owner_connection(settings) as connection:
            await plan_spares(connection, AFTER_START)
