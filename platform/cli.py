"""The `stoa` command."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from stoa import running
from stoa.kit.errors import Refusal
from stoa.kit.log import configure
from stoa.settings import BadSettings, Settings, settings
from stoa.tenants import migrating, provisioning
from stoa.tenants.access.opening import read_shop_wish
from stoa.tenants.connecting import owner_connection
from stoa.tenants.context import SCHEMA_NAME
from stoa.workers.commands import jobs

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Stoa: a back office for many shops.")
shops = typer.Typer(no_args_is_help=True, help="Create, list and drop shops.")
demos = typer.Typer(no_args_is_help=True, help="Shops with something in them.")
app.add_typer(shops, name="shop")
app.add_typer(demos, name="demo")
app.add_typer(jobs, name="jobs")


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Port of the API and of everything else.")] = 8000,
    folder: Annotated[Path, typer.Option(help="Where the engines keep their data.")] = Path(".stoa"),
) -> None:
    """Everything on one port: engines, migrations, demo shops, API and workers. Ctrl-C ends it all."""
    running.up(folder, port)


@app.command()
def serve(
    host: str = "0.0.0.0",  # noqa: S104  # in a container: what reaches it is decided outside
    port: int = 8000,
    workers: Annotated[int, typer.Option(help="Processes.")] = 1,
) -> None:
    """The API, on the engines that STOA_DATABASE_URL and STOA_REDIS_URL name."""
    running.serve(host, port, workers)


@app.command()
def work(
    kinds: Annotated[str, typer.Option(help="Kinds of jobs, e.g. general,imports,images; all when left out.")] = "",
) -> None:
    """Do jobs; any number of these may run."""
    running.work(settings(), [kind.strip() for kind in kinds.split(",") if kind.strip()])


@app.command()
def migrate(status: Annotated[bool, typer.Option("--status", help="Only tell who is behind.")] = False) -> None:
    """Bring the platform's schema and every shop's to the newest form; may be stopped and run again."""
    config = _configured()
    if status:
        _tell_status(asyncio.run(migrating.status(config)))
        return
    report = asyncio.run(running.migrate_all(config))
    typer.echo(f"{report.done} shops migrated, {len(report.failed)} failed.")
    for schema, reason in report.failed.items():
        typer.echo(f"  {schema}: {reason}", err=True)
    raise typer.Exit(1 if report.failed else 0)


def _tell_status(status: dict[str, Any]) -> None:
    behind: dict[str, list[str]] = status["behind"]
    late = sum(len(schemas) for schemas in behind.values())
    spares = f" and {status['spares']} spare" if status["spares"] else ""
    typer.echo(f"{status['shops']} shops{spares}, {status['migrations']} migrations; {late} shops are behind.")
    for missing, schemas in behind.items():
        typer.echo(f"  {len(schemas)} lack {missing}: {', '.join(schemas[:5])}{' ...' if len(schemas) > 5 else ''}")


@shops.command("create")
def create_shop(name: str, currency: str = "CNY", time_zone: str = "Asia/Shanghai", locale: str = "zh") -> None:
    """A shop without people; prints the name of its schema."""
    wish = read_shop_wish(name, currency=currency, time_zone=time_zone, locale=locale)
    made = provisioning.provisioner(_configured()).create(
        wish.name, currency=wish.currency, time_zone=wish.time_zone, locale=wish.locale
    )
    typer.echo(asyncio.run(made).schema)


ALL_SHOPS = """
SELECT schema_name, name, currency, created_at FROM platform.shop WHERE state <> 'SPARE' ORDER BY id
"""


@shops.command("list")
def list_shops() -> None:
    """Every shop: schema, name, currency, since when."""
    for row in asyncio.run(_all_shops(_configured())):
        typer.echo(f"{row['schema_name']}  {row['currency']}  {row['created_at']:%Y-%m-%d}  {row['name']}")


async def _all_shops(config: Settings) -> list[Any]:
    async with owner_connection(config) as connection:
        rows = await connection.fetch(ALL_SHOPS)
    return list(rows)


@shops.command("drop")
def drop_shop(schema: str, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Delete a shop with everything in it. There is no way back."""
    if not yes:
        typer.confirm(f"Delete {schema} and everything in it?", abort=True)
    if not SCHEMA_NAME.fullmatch(schema) or not asyncio.run(provisioning.drop_shop(_configured(), schema)):
        typer.echo(f"There is no shop {schema}.", err=True)
        raise typer.Exit(1)


@demos.command("online-retail")
def demo_online_retail(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV of sales lines, plain or packed.")],
    shop: Annotated[str, typer.Option(help="Schema of the shop to fill; the English demo shop if left out.")] = "",
    folder: Annotated[Path, typer.Option(help="Whose engines to start when none are named in STOA_*.")] = Path(".stoa"),
) -> None:
    """Fill a shop with the products of a year of sales lines: the last description and price of every stock code."""
    running.fill_demo(folder, file, shop or None)


@demos.command("online-retail-orders")
def demo_online_retail_orders(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV of sales lines, plain or packed.")],
    returns: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="CSV of what came back, plain or packed.")
    ] = None,
    shop: Annotated[str, typer.Option(help="Schema of the shop to fill; the English demo shop if left out.")] = "",
    folder: Annotated[Path, typer.Option(help="Whose engines to start when none are named in STOA_*.")] = Path(".stoa"),
) -> None:
    """Fill a shop with the orders of a year of sales lines: an invoice is an order, who has no number is a guest."""
    running.fill_demo_orders(folder, file, returns, shop or None)


@app.command()
def schema() -> None:
    """Print the GraphQL schema, as committed in schema.graphql."""
    from stoa.graphql.schema import printed

    typer.echo(printed(), nl=False)


def _configured() -> Settings:
    config = settings()
    configure(form=config.log_format, level=config.log_level)
    return config


def main() -> None:
    """Entry point: a refusal is a sentence and an exit code, not a traceback."""
    try:
        app()
    except (Refusal, BadSettings) as error:
        typer.echo(f"stoa: {error}", err=True)
        sys.exit(1)
