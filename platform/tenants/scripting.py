"""Scripts that bring a shop through migrations, and the one that makes a shop, which is kept in the database.

To compile that one takes a second of a processor, on the loop that serves requests; to read it, a millisecond. So
whoever migrates keeps it for the processes that come after: under a fingerprint of all that it was made of, by which
no process takes the script of another release.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import stoa
from stoa.tenants import database
from stoa.tenants.compiling import Step, compile_steps
from stoa.tenants.connecting import ANY_SHOP, APPS, OWNER_ROLE, SHOP_LOGIN
from stoa.tenants.context import SCHEMA_NAME
from stoa.tenants.folding import without_detours

PLACE = "shop_" + "0" * 16  # where the script says which shop it is for
RIGHTS = f"""
CREATE ROLE "{PLACE}" NOLOGIN IN ROLE {ANY_SHOP};
GRANT "{PLACE}" TO {SHOP_LOGIN};
CREATE SCHEMA "{PLACE}" AUTHORIZATION {OWNER_ROLE};
GRANT USAGE ON SCHEMA "{PLACE}" TO "{PLACE}";
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER_ROLE} IN SCHEMA "{PLACE}"
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "{PLACE}";
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER_ROLE} IN SCHEMA "{PLACE}" GRANT USAGE ON SEQUENCES TO "{PLACE}";
"""
LOCK_TIMEOUT = "3s"
_KEPT = "SELECT script FROM platform.shop_script WHERE fingerprint = $1"
_KEEP = "INSERT INTO platform.shop_script (fingerprint, script) VALUES ($1, $2) ON CONFLICT DO NOTHING"
# Processes of the last release may still run; those of longer ago compile again, should there be any.
_FORGET = "DELETE FROM platform.shop_script WHERE fingerprint <> $1 AND kept_at < now() - interval '30 days'"


def shop_script(schema: str, steps: Sequence[Step]) -> str:
    """SQL that brings one shop through `steps`, as one transaction; the owner of the tables is not the shop's role."""
    if not SCHEMA_NAME.fullmatch(schema):
        raise ValueError(f"{schema!r} is not a shop's schema")
    done = ", ".join(f"('{schema}', '{step.name}', now())" for step in steps)
    return "\n".join(
        (
            "BEGIN;",
            f"SELECT pg_advisory_xact_lock({lock_of(schema)});",
            f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}';",
            f"INSERT INTO platform.shop_migration (shop_schema, name, applied_at) VALUES {done};",
            f"SET LOCAL ROLE {OWNER_ROLE};",
            f'SET LOCAL search_path TO "{schema}", extensions;',
            *without_detours([sql for step in steps for sql in step.statements]),
            "COMMIT;",
        )
    )


def lock_of(schema: str) -> str:
    return f"hashtextextended('migrate {schema}', 0)"


async def keep_script(connection: Any) -> None:
    """Keep this release's script, on an owner's connection to a migrated platform; for whoever migrates."""
    if await connection.fetchval(_KEPT, fingerprint()) is None:
        await connection.execute(_KEEP, fingerprint(), await _compiled())
    await connection.execute(_FORGET, fingerprint())


async def script(connection: Any) -> str:
    """SQL that makes the shop `PLACE` in the open transaction of an owner's connection."""
    kept: str | None = await connection.fetchval(_KEPT, fingerprint())
    return kept if kept is not None else await _compiled()


async def _compiled() -> str:
    build = shop_script(PLACE, await compile_steps(database.SHOP))
    # the surrounding transaction is the caller's, so that the shop's row lives and dies with its schema
    build = build.removeprefix("BEGIN;\n").removesuffix("COMMIT;")
    return f"{RIGHTS}{build}RESET ROLE; RESET search_path; RESET lock_timeout;"


@cache
def fingerprint() -> str:
    """Of all that the script is made of: Tortoise, the migrations, and the program, whose models they import."""
    hashed = sha256(version("tortoise-orm").encode())
    for package in (stoa, import_module(APPS[database.SHOP]["migrations"])):
        for path in sorted(Path(package.__path__[0]).rglob("*.py")):
            hashed.update(path.read_bytes())
    return hashed.hexdigest()
