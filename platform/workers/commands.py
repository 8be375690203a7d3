"""`stoa jobs`: the operator's look at the jobs of all shops."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer

from stoa.kit.ids import parse_type_id, type_id
from stoa.kit.log import configure
from stoa.settings import settings
from stoa.tenants.connecting import listening_connection
from stoa.tenants.models import JobState
from stoa.workers import overseeing
from stoa.workers.overseeing import Which

T = TypeVar("T")
jobs = typer.Typer(no_args_is_help=True, help="The jobs of all shops: queues, dead letters, replay.")

Shop = Annotated[str | None, typer.Option(help="Only of the shop with this schema; `platform` for Stoa's own.")]
Kind = Annotated[str | None, typer.Option(help="Only of this kind: general, imports, images, ...")]
Name = Annotated[str | None, typer.Option(help="Only of this name, e.g. catalog.import.")]
Watch = Annotated[bool, typer.Option("--watch", help="Again every second, until Ctrl-C.")]


@jobs.command("queues")
def queues(watch: Watch = False) -> None:
    """A line a kind: what waits and for how long, is under way, dead, and was done within a day."""
    _show(watch, _queues)


@jobs.command("list")
def list_jobs(
    state: Annotated[str, typer.Option(help="QUEUED, SENT, RUNNING, DONE, DEAD or CANCELLED, by commas; all.")] = "",
    shop: Shop = None,
    kind: Kind = None,
    name: Name = None,
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 50,
    watch: Watch = False,
) -> None:
    """Jobs, newest first, with their progress and why they failed."""
    which = Which(_states(state), shop, kind, name)
    _show(watch, lambda connection: _list(connection, which, limit))


@jobs.command("dead")
def dead(shop: Shop = None, kind: Kind = None, name: Name = None, limit: int = 50) -> None:
    """Dead letters: what was given up and waits for somebody to decide."""
    _show(False, lambda connection: _list(connection, Which(["DEAD"], shop, kind, name), limit))


@jobs.command("replay")
def replay(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids as `list` shows them.")] = None,
    shop: Shop = None,
    kind: Kind = None,
    name: Name = None,
    all_of_them: Annotated[bool, typer.Option("--all", help="Every dead one of all shops.")] = False,
) -> None:
    """Have dead jobs done after all, by their ids, by shop, kind or name, or all of them."""
    if not (ids or shop or kind or name or all_of_them):
        raise typer.BadParameter("Say which: ids, --shop, --kind, --name, or --all.")
    chosen = [parse_type_id(id, "job") for id in ids] if ids else None
    number = _on_line(lambda connection: overseeing.replay(connection, Which(None, shop, kind, name), chosen))
    typer.echo(f"{number} jobs will be done again.")


@jobs.command("cancel")
def cancel(ids: Annotated[list[str], typer.Argument(help="Ids as `list` shows them.")]) -> None:
    """Cancel jobs that have not ended."""
    chosen = [parse_type_id(id, "job") for id in ids]
    typer.echo(f"{_on_line(lambda connection: overseeing.cancel(connection, chosen))} jobs are cancelled.")


def _states(text: str) -> Sequence[str] | None:
    states = [each.strip().upper() for each in text.split(",") if each.strip()]
    unknown = set(states) - set(JobState)
    if unknown:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: the states are {', '.join(JobState)}.")
    return states or None


def _on_line(work: Callable[[Any], Awaitable[T]]) -> T:
    async def run() -> T:
        config = settings()
        configure(form=config.log_format, level=config.log_level)
        async with listening_connection(config) as connection:
            return await work(connection)

    return asyncio.run(run())


def _show(watch: bool, look: Callable[[Any], Awaitable[list[str]]]) -> None:
    while True:
        lines = _on_line(look)
        if watch:
            typer.echo("\x1b[2J\x1b[H", nl=False)  # a clean page
        typer.echo("\n".join(lines))
        if not watch:
            return
        time.sleep(1)


async def _queues(connection: Any) -> list[str]:
    head = f"{'kind':<16}{'waiting':>10}{'oldest':>10}{'later':>10}{'under way':>11}{'dead':>8}{'done 24 h':>12}"
    return [head, *(_queue(row) for row in await overseeing.summary(connection))]


def _queue(row: Any) -> str:
    oldest = "" if row["oldest_seconds"] is None else f"{row['oldest_seconds']} s"
    return (
        f"{row['kind']:<16}{row['waiting']:>10}{oldest:>10}{row['later']:>10}{row['under_way']:>11}{row['dead']:>8}"
        f"{row['done_today']:>12}"
    )


async def _list(connection: Any, which: Which, limit: int) -> list[str]:
    rows = await overseeing.listed(connection, which, limit)
    return [_line(row) for row in rows] or ["There are none."]


def _line(row: Any) -> str:
    done = row["progress_done"]
    percent = "" if done is None or not row["progress_total"] else f" {100 * done // row['progress_total']}%"
    error = "" if row["last_error"] is None else f"  {row['last_error'].splitlines()[0][:200]}"
    shop = f"{row['shop_schema']} ({row['shop_name']})" if row["shop_name"] else row["shop_schema"]
    return (
        f"{type_id('job', UUID(str(row['id'])))}  {row['created_at']:%Y-%m-%d %H:%M:%S}  {row['state']}{percent}  "
        f"{row['failures']}/{row['max_attempts']} failures  {row['kind']}  {row['name']}  {shop}{error}"
    )
