"""The `stoa` command as people type it: processes of their own, on the session's engines."""

from __future__ import annotations

import asyncio
import gzip
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import asyncpg

from stoa.domains.catalog.models import ImportRun, Product
from stoa.settings import Settings
from stoa.tenants.connecting import owner_connection
from stoa.tenants.context import Context
from stoa.tenants.jobs import Kind
from stoa.tenants.migrating import migrate
from stoa.tenants.provisioning import Provisioner
from tests.conftest import Addresses, own_database
from tests.domains.catalog.importing.tables import dump, goods, issues_of
from tests.journeys.conftest import STOA

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\r\n"
SALES = [  # as the lines of the UCI Online Retail file, oddities included
    "536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26,2.55,17850,United Kingdom",
    "536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26,3.39,17850,United Kingdom",
    "536367,85123a,white hanging heart,2,2010-12-01 08:34,2.95,,United Kingdom",
    "536368,85123A,CREAM HANGING HEART T-LIGHT HOLDER,2,2010-12-02 10:03,2.95,13047,United Kingdom",
    "536369,22752,,2,2010-12-02 10:05,0.0,,United Kingdom",
    '536370,21730,"GLASS STAR, ""FROSTED""",3,2010-12-02 10:06,4.25,12583,France',
]


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


async def stoa(*words: str, told: str = "", **environment: str) -> Said:
    """Run the command; `told` is what a person answers."""
    process = await asyncio.create_subprocess_exec(
        *STOA,
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | environment,
    )
    out, err = await process.communicate(told.encode())
    assert process.returncode is not None
    assert "Traceback" not in err.decode()
    return Said(process.returncode, out.decode(), err.decode())


async def schemas(owner: asyncpg.Connection) -> set[str]:
    return {row[0] for row in await owner.fetch("SELECT nspname FROM pg_namespace WHERE nspname ^@ 'shop_'")}


async def test_a_shop_is_created_listed_and_dropped(settings: Settings, owner: asyncpg.Connection) -> None:
    before = await schemas(owner)

    made = await stoa("shop", "create", " Stoa of  Attalos ", "--currency", "EUR", "--time-zone", "Europe/Athens")
    schema = made.out.strip()
    assert (made.code, await schemas(owner) - before) == (0, {schema})
    row = await owner.fetchrow("SELECT name, currency, time_zone FROM platform.shop WHERE schema_name = $1", schema)
    assert tuple(row) == ("Stoa of Attalos", "EUR", "Europe/Athens")

    listed, kept = await asyncio.gather(stoa("shop", "list"), stoa("shop", "drop", schema, told="n\n"))
    [line] = [line for line in listed.out.splitlines() if line.startswith(schema)]
    assert re.fullmatch(rf"{schema}  EUR  \d{{4}}-\d\d-\d\d  Stoa of Attalos", line)
    assert kept.code == 1
    assert f"Delete {schema} and everything in it?" in kept.out
    assert schema in await schemas(owner)

    dropped = await stoa("shop", "drop", schema, "--yes")
    assert (dropped.code, await schemas(owner)) == (0, before)


async def test_what_cannot_be_a_shop_is_said_and_nothing_is_made_or_dropped(
    settings: Settings, owner: asyncpg.Connection
) -> None:
    before = await schemas(owner)

    worthless, unknown, none = await asyncio.gather(
        stoa("shop", "create", "Stoa", "--currency", "drachma"),
        stoa("shop", "drop", "platform", "--yes"),
        stoa("shop", "drop", "shop_0123456789ab", "--yes"),
    )

    assert (worthless.code, worthless.out) == (1, "")
    assert worthless.err.startswith("stoa: 'drachma' is not a currency")
    assert (unknown.code, unknown.err) == (1, "There is no shop platform.\n")
    assert (none.code, none.err) == (1, "There is no shop shop_0123456789ab.\n")
    assert await schemas(owner) == before


async def test_migrate_tells_who_is_behind_and_who_failed(settings: Settings, engines: Addresses) -> None:
    last = "0007_fewer_indexes"  # fails where there is nothing to drop
    async with own_database(engines.database_url) as url:
        config = Settings(**settings.model_dump() | {"database_url": url})
        await migrate(config)
        fleet = Provisioner(config)
        well, ill = [(await fleet.create(name, currency="EUR", time_zone="UTC")).schema for name in ("Well", "Ill")]
        async with owner_connection(config) as owner:
            await owner.execute("DELETE FROM platform.shop_migration WHERE name = $1", last)
            await owner.execute(f'CREATE INDEX method_by_position ON "{well}".shipping_method (position)')

        status = await stoa("migrate", "--status", STOA_DATABASE_URL=url)
        run = await stoa("migrate", STOA_DATABASE_URL=url)

    both = ", ".join(sorted((well, ill)))
    assert status.code == 0
    assert re.fullmatch(rf"2 shops, \d+ migrations; 2 shops are behind\.\n  2 lack {last}: {both}\n", status.out)
    assert (run.code, run.out) == (1, "1 shops migrated, 1 failed.\n")
    assert run.err.startswith(f"  {ill}: UndefinedObjectError: ")


def sales(folder: Path, *lines: str) -> Path:
    file = folder / "sales_lines.csv.gz"
    file.write_bytes(gzip.compress((HEADER + "".join(f"{line}\r\n" for line in lines)).encode()))
    return file


async def test_the_demo_makes_the_products_of_a_year_of_sales(ctx: Context, tmp_path: Path) -> None:
    """Codes as written, the last title and price of each, and what is odd is said."""
    file = sales(tmp_path, *SALES)

    said = await stoa("demo", "online-retail", str(file), "--shop", ctx.shop.schema)

    assert (said.code, said.err) == (0, "")
    assert said.out.endswith("6 lines: 5 products created, 0 updated, 2 oddities reported.\n")
    assert await goods() == {
        "85123A": ("CREAM HANGING HEART T-LIGHT HOLDER", 295),
        "71053": ("WHITE METAL LANTERN", 339),
        "85123a": ("white hanging heart", 295),
        "22752": ("22752", None),
        "21730": ('GLASS STAR, "FROSTED"', 425),
    }
    run = await ImportRun.all().first()
    assert run is not None
    assert [issue[:3] for issue in await issues_of(run)] == [
        (6, "Description", "BLANK_TITLE"),
        (6, "UnitPrice", "ZERO_PRICE"),
    ]


async def test_a_demo_of_a_broken_file_or_for_no_shop_leaves_nothing(ctx: Context, tmp_path: Path) -> None:
    before = await dump()
    file = sales(tmp_path, *SALES)
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(file.read_bytes()[:-30])

    torn, lost = await asyncio.gather(
        stoa("demo", "online-retail", str(broken), "--shop", ctx.shop.schema),
        stoa("demo", "online-retail", str(file), "--shop", "shop_0123456789ab"),
    )

    assert (torn.code, torn.err.startswith("stoa: The gzip file is broken after")) == (1, True)
    assert (lost.code, lost.err) == (1, "stoa: There is no shop shop_0123456789ab.\n")
    assert await dump() == before
    assert await Product.all().count() == 0


async def test_a_process_that_cannot_do_what_it_is_told_says_so_and_ends(settings: Settings) -> None:
    work, serve = await asyncio.gather(
        stoa("work", "--kinds", "imports,miracles"), stoa("serve", STOA_SECRET_KEY="too short")
    )

    assert (work.code, work.out) == (1, "")
    assert work.err == f"stoa: There are no jobs of the kind miracles; there are {', '.join(get_args(Kind))}.\n"
    assert (serve.code, serve.out) == (1, "")
    assert serve.err.startswith("stoa: The environment does not hold the settings that are needed:\n  STOA_SECRET_KEY")
    assert "too short" not in serve.err
