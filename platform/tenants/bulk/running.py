"""Run: what every attempt at a bulk run begins with, and who it works for."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from stoa.kit.clock import now
from stoa.tenants import live
from stoa.tenants.access.rights import rights_of
from stoa.tenants.bulk.errors import NoLongerAllowed
from stoa.tenants.bulk.models import AT_WORK, BulkRun, BulkState, percent_run
from stoa.tenants.context import Actor, Context
from stoa.tenants.database import Step, shop_client
from stoa.tenants.uploading import shop_files


async def begin(ctx: Context, run_id: UUID, step: Step) -> BulkRun | None:
    """Take the run up, from its beginning or from where another attempt has left it; None when it has ended.

    The piece of its file that the other was writing is nobody's now.
    """
    async with step():
        run = await locked(run_id)
        if run is None or run.state not in AT_WORK:
            return None
        left, run.part_key = run.part_key, None
        run.state, run.started_at = BulkState.RUNNING, run.started_at or now()
        await save(run, "state", "started_at", "part_key")
    if left is not None:
        await shop_files(ctx.shop).delete(left)
    tell(ctx, run)
    return run


async def present_rights(ctx: Context, run: BulkRun) -> Context:
    """The context of whoever asked, with those of their rights of then that they still have.

    Raises `NoLongerAllowed` when they have none here any more.
    """
    asker = run.asker
    actor = Actor(asker["kind"], None if asker["id"] is None else UUID(asker["id"]), asker["name"])
    rights = await rights_of(actor, ctx.shop.id)
    if rights is None:
        raise NoLongerAllowed("{name} may not work in this shop any more.", name=actor.name)
    scopes = frozenset(run.scopes) & rights.scopes
    return replace(ctx, actor=actor, scopes=scopes)


async def has_ended(run_id: UUID) -> bool:
    """Whether nothing more will happen to the run, also when there is no such run."""
    return not await BulkRun.filter(id=run_id, state__in=AT_WORK).using_db(shop_client()).exists()


async def run_of(run_id: UUID) -> BulkRun | None:
    """The open shop's run; its role sees no other's."""
    return await BulkRun.filter(id=run_id).using_db(shop_client()).get_or_none()


async def locked(run_id: UUID) -> BulkRun | None:
    """The same, until the open transaction ends."""
    return await BulkRun.filter(id=run_id).using_db(shop_client()).select_for_update().get_or_none()


async def save(run: BulkRun, *fields: str) -> None:
    """These of its columns, in the open shop's transaction."""
    await run.save(using_db=shop_client(), update_fields=fields)


def tell(ctx: Context, run: BulkRun) -> None:
    """Tell those who listen to ``bulk_run:<uuid>`` how far it is."""
    percent = percent_run(run.state, run.objects_done, run.objects_total)
    body = {"id": str(run.id), "state": run.state, "percent": percent, "objects_done": run.objects_done}
    live.announce(ctx, f"bulk_run:{run.id}", body)
