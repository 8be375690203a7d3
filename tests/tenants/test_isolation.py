"""One shop cannot reach another: not by the API of the engine, not by SQL, not by PostgreSQL's own catalog."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from tortoise.exceptions import OperationalError

from stoa.kit.ids import new_id
from stoa.settings import Settings
from stoa.tenants.connecting import PLATFORM_LOGIN, SHOP_LOGIN, login_password, owner_connection
from stoa.tenants.context import Context, ShopRef, open_shop
from stoa.tenants.database import shop_client
from stoa.tenants.migrating import migrate
from stoa.tenants.models import Job
from stoa.tenants.provisioning import Provisioner
from tests import make
from tests.conftest import Addresses, own_database

SECRET = "Hemlock & Daughters"
# Never a syntax error: that would be an attack which misses.
REFUSALS = (
    asyncpg.InsufficientPrivilegeError,
    asyncpg.FeatureNotSupportedError,
    asyncpg.UndefinedFunctionError,
    asyncpg.UndefinedFileError,
)


@pytest.fixture(scope="module")
async def thief(database: None) -> Context:
    """The shop from which all attacks are made; has one product."""
    context = await make.context(await make.shop("Stoa of the thieves"))
    await make.product(context, title="Ours")
    return context


@pytest.fixture(scope="module")
async def victim(settings: Settings, database: None) -> ShopRef:
    """A shop with something to hide, also in the statistics of its tables."""
    context = await make.context(await make.shop(SECRET))
    schema = context.shop.schema
    for number in range(20):
        await make.product(context, title=SECRET, description=f"{SECRET} {number}")
    async with owner_connection(settings) as owner:
        await owner.execute(f"ANALYZE {schema}.product; CREATE SEQUENCE {schema}.numbers")
        await owner.execute(f"SELECT nextval('{schema}.numbers')")
    return context.shop


@pytest.fixture
def opened(thief: Context) -> Iterator[ShopRef]:
    with open_shop(thief.shop):
        yield thief.shop


@pytest.fixture
async def naked(settings: Settings, thief: Context) -> AsyncIterator[asyncpg.Connection]:
    """The shop's role on a plain connection: what PostgreSQL alone refuses, without `ShopConnection` before it."""
    async with signed_in(settings, SHOP_LOGIN) as connection:
        await connection.execute(f"SET ROLE {thief.shop.schema}; SET search_path TO {thief.shop.schema}")
        yield connection


@asynccontextmanager
async def signed_in(settings: Settings, login: str) -> AsyncIterator[asyncpg.Connection]:
    url = urlsplit(settings.database_url.get_secret_value())
    address = urlunsplit(url._replace(netloc=f"{login}:{login_password(settings, login)}@{url.hostname}:{url.port}"))
    connection = await asyncpg.connect(address, server_settings={"jit": "off"})
    connection._server_caps = connection._server_caps._replace(jit=False)  # see ShopConnection
    try:
        yield connection
    finally:
        await connection.close()


# Expressions and statements that read or write rows: what a value could smuggle into our SQL.
ATTACKS = [
    "SELECT * FROM {other}.product",
    "SELECT title FROM product UNION ALL SELECT title FROM {other}.product",
    "SELECT (SELECT string_agg(title, ',') FROM {other}.product)",
    "INSERT INTO {other}.category (id, name, name_key, created_at) VALUES (gen_random_uuid(), 'x', 'x', now())",
    "UPDATE {other}.product SET title = 'x'",
    "DELETE FROM {other}.product",
    "WITH gone AS (DELETE FROM {other}.product RETURNING *) SELECT * FROM gone",
    "COPY {other}.product TO STDOUT",
    "COPY (SELECT * FROM {other}.product) TO STDOUT",
    "COPY product TO PROGRAM 'cat'",
    "COPY product FROM '/etc/passwd'",
    "SELECT set_config('role', '{other}', false)",
    "SELECT pg_catalog.set_config('role', '{other}', true) FROM product",
    "SELECT set_config('search_path', '{other}', false)",
    "SELECT set_config('session_authorization', 'postgres', false)",
    "UPDATE pg_settings SET setting = '{other}' WHERE name = 'role'",
    "UPDATE pg_catalog.pg_settings SET setting = '{other}' WHERE name = 'search_path'",
    "SELECT * FROM platform.account",
    "SELECT * FROM platform.shop",
    "SELECT * FROM platform.session",
    "SELECT * FROM platform.job",
    "SELECT payload FROM platform.job",
    "SELECT * FROM platform.clock_slot",
    "UPDATE platform.shop SET weight = 100",
    "UPDATE platform.job SET shop_schema = '{other}'",
    "DELETE FROM platform.job",
    "COPY platform.account TO STDOUT",
    "SELECT count(*) FROM platform.shop_migration",
    "SELECT query_to_xml('SELECT * FROM {other}.product', true, true, '')",
    "SELECT query_to_xml('SET ROLE {other}', true, true, '')",
    "SELECT query_to_xml('RESET ROLE', true, true, '')",
    "SELECT table_to_xml('{other}.product'::text::regclass, true, true, '')",
    "SELECT * FROM ts_stat('SELECT to_tsvector(title) FROM {other}.product')",
    "SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, title::tsquery FROM {other}.product')",
    "SELECT currval('{other}.numbers')",
    "SELECT nextval('{other}.numbers')",
    "SELECT last_value FROM {other}.numbers",
    "SELECT pg_sequence_last_value('{other}.numbers'::regclass)",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_read_binary_file('/etc/passwd')",
    "SELECT pg_ls_dir('.')",
    "SELECT pg_stat_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_create(0)",
    "SELECT lo_creat(-1)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
    "SELECT pg_reload_conf()",
    "SELECT pg_logical_emit_message(false, 'x', 'x') FROM pg_create_logical_replication_slot('x', 'pgoutput')",
    "SELECT * FROM pg_authid",
    "SELECT stavalues1::text FROM pg_statistic",
    "SELECT * FROM pg_largeobject",
    "SELECT * FROM pg_user_mapping",
    "SELECT statement FROM pg_prepared_statements",
    "SELECT statement FROM pg_prepared_statement()",
    "SELECT statement FROM pg_cursors",
    "SELECT statement FROM pg_cursor()",
    "SELECT ident FROM pg_backend_memory_contexts",
    "SELECT ident FROM pg_get_backend_memory_contexts()",
    "SELECT dblink('dbname=postgres', 'SELECT 1')",
    "SELECT * INTO spy FROM product",
    "EXPLAIN ANALYZE SELECT * FROM {other}.product",
]
# Statements of other kinds, which `ShopConnection` does not send at all (test_database.py): PostgreSQL refuses as well.
STATEMENTS = [
    "CREATE TEMP TABLE spy (x text)",
    "CREATE TABLE spy (x text)",
    "CREATE TABLE public.spy (x text)",
    "CREATE TABLE platform.spy (x text)",
    "CREATE VIEW spy AS SELECT * FROM product",
    "CREATE SCHEMA spy",
    "CREATE FUNCTION spy() RETURNS text LANGUAGE sql AS 'SELECT 1::text'",
    "CREATE FUNCTION pg_temp.spy() RETURNS text LANGUAGE sql AS 'SELECT 1::text'",
    "CREATE FUNCTION spy() RETURNS text LANGUAGE plpgsql SET role = '{other}' AS 'BEGIN RETURN 1; END'",
    "CREATE EXTENSION file_fdw",
    "CREATE ROLE spy",
    "CREATE PUBLICATION spy",
    "CREATE RULE spy AS ON SELECT TO product DO INSTEAD SELECT * FROM {other}.product",
    "CREATE TRIGGER spy AFTER INSERT ON product EXECUTE FUNCTION platform.wake_dispatcher()",
    "ALTER TABLE product OWNER TO {mine}",
    "ALTER TABLE product ADD COLUMN spy text",
    "ALTER TABLE platform.job DISABLE ROW LEVEL SECURITY",
    "ALTER ROLE {mine} SUPERUSER",
    "ALTER SYSTEM SET log_statement = 'all'",
    "GRANT {other} TO {mine}",
    "GRANT SELECT ON {other}.product TO {mine}",
    "DROP TABLE product",
    "TRUNCATE product",
    "TRUNCATE platform.job",
    "BEGIN; LOCK TABLE {other}.product",
    "DO $$ BEGIN PERFORM * FROM {other}.product; END $$",
    "DO $$ BEGIN EXECUTE 'SET ROLE {other}'; END $$",
    "DO LANGUAGE sql 'SELECT 1'",
    "PREPARE spy AS SELECT * FROM {other}.product",
    "DECLARE spy CURSOR WITH HOLD FOR SELECT * FROM {other}.product",
    "SET SESSION AUTHORIZATION postgres",
    "SET ROLE stoa_owner",
    "SET ROLE postgres",
    "SET ROLE stoa_platform_login",
    "VACUUM {other}.product",
    "REINDEX TABLE {other}.product",
    "CLUSTER {other}.product",
    "COMMENT ON TABLE {other}.product IS 'x'",
]


@pytest.mark.parametrize("attack", ATTACKS)
async def test_sql_of_a_shop_reaches_nothing_else(
    opened: ShopRef, victim: ShopRef, naked: asyncpg.Connection, owner: asyncpg.Connection, attack: str
) -> None:
    """X5."""
    sql = attack.format(other=victim.schema)
    before = await owner.fetch(f"SELECT * FROM {victim.schema}.product ORDER BY id")

    with pytest.raises((OperationalError, asyncpg.PostgresError)) as refused:
        await shop_client().execute_query(sql)
    with pytest.raises(REFUSALS) as refused_by_server:
        await naked.execute(sql)

    assert SECRET not in f"{refused.value} {refused_by_server.value}"
    assert await owner.fetch(f"SELECT * FROM {victim.schema}.product ORDER BY id") == before
    for ask in (shop_client().execute_query_dict, naked.fetch):
        rows = await ask("SELECT current_user::text, current_schema()::text, title FROM product")
        assert [tuple(row.values()) for row in rows] == [(opened.schema, opened.schema, "Ours")]


@pytest.mark.parametrize("attack", STATEMENTS)
async def test_a_shops_role_may_do_nothing_but_read_and_write_its_rows(
    thief: Context, victim: ShopRef, naked: asyncpg.Connection, attack: str
) -> None:
    with pytest.raises(REFUSALS):
        await naked.execute(attack.format(other=victim.schema, mine=thief.shop.schema))

    await naked.execute("ROLLBACK")
    assert await naked.fetchval("SELECT current_user::text") == thief.shop.schema


async def test_a_parameter_is_never_sql(opened: ShopRef, victim: ShopRef) -> None:
    smuggled = f"x'; SET ROLE {victim.schema}; SELECT title FROM {victim.schema}.product; --"

    assert await shop_client().execute_query_dict("SELECT title FROM product WHERE title = $1", [smuggled]) == []
    rows = await shop_client().execute_query_dict("SELECT format('%s', $1::text) AS said", [smuggled])
    assert rows == [{"said": smuggled}]


RELATIONS = """
SELECT format('%I.%I', nspname, relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind IN ('r', 'v', 'm', 'p', 't', 'S', 'f')
"""
HIS_MAIL = "hemlock@example.com"
HIS_ROWS = f"""
INSERT INTO platform.account (id, email, email_key, name, locale, created_at)
VALUES (gen_random_uuid(), '{HIS_MAIL}', '{HIS_MAIL}', '{SECRET}', 'en', now());
SET search_path TO {{victim}};
INSERT INTO product (id, title, handle, description, search_text, status, created_at, updated_at)
SELECT gen_random_uuid(), '{SECRET}', 'h' || g, '{SECRET}', '{SECRET}', 'ACTIVE', now(), now()
FROM generate_series(1, 20) g;
ANALYZE; CREATE SEQUENCE numbers; SELECT nextval('numbers'); RESET search_path
"""
TwoShops = tuple[Settings, str, str]


@pytest.fixture
async def two_shops(settings: Settings, engines: Addresses) -> AsyncIterator[TwoShops]:
    """A database of its own, with one who steals and one who has something to hide: beside the hundreds of shops that
    other tests leave, to read its whole catalog would take minutes, and memory."""
    async with own_database(engines.database_url) as url:
        fresh = Settings(**settings.model_dump() | {"database_url": url})
        await migrate(fresh)
        made = [await Provisioner(fresh).create(name, currency="EUR", time_zone="UTC") for name in ("Thief", SECRET)]
        thief, victim = (each.schema for each in made)
        async with owner_connection(fresh) as owner:
            await owner.execute(HIS_ROWS.format(victim=victim))
        yield fresh, thief, victim


async def test_no_relation_that_a_shop_can_read_holds_anything_of_another_shop(
    two_shops: TwoShops,
) -> None:
    """Every table and view of the database, read to the last row as text: the catalog, statistics and activity too."""
    fresh, thief, victim = two_shops
    async with (
        signed_in(fresh, SHOP_LOGIN) as serving,  # on to serve others, with the secret in its last statement
        signed_in(fresh, PLATFORM_LOGIN) as platform,
        signed_in(fresh, SHOP_LOGIN) as naked,
        owner_connection(fresh) as owner,
    ):
        await serving.execute(f"SET ROLE {victim}; SET search_path TO {victim}")
        await serving.execute(f"SELECT '{SECRET}', title FROM product")
        await platform.execute(f"SELECT '{SECRET}' FROM platform.account WHERE email = '{HIS_MAIL}'")
        await naked.execute(f"SET ROLE {thief}; SET search_path TO {thief}")
        relations = [row[0] for row in await owner.fetch(RELATIONS)]
        readable, found = 0, []
        for relation in relations:
            with suppress(asyncpg.PostgresError):
                sought = f"SELECT t::text FROM {relation} AS t WHERE strpos(t::text, $1) > 0 OR strpos(t::text, $2) > 0"
                found += [(relation, row[0]) for row in await naked.fetch(sought, SECRET, HIS_MAIL)]
                readable += 1

        assert found == []
        assert readable > 150
        assert any(relation.startswith(f"{victim}.") for relation in relations)
        assert await owner.fetchval(f"SELECT count(*) FROM {victim}.product WHERE title = $1", SECRET) == 20


GUARDED = """
SELECT relname FROM pg_class c WHERE relnamespace = 'platform'::regnamespace AND relrowsecurity
  AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polroles @> ARRAY['stoa_any_shop'::regrole::oid])
"""


async def test_what_a_shop_can_read_outside_its_schema_is_the_catalog_and_how_its_jobs_get_on(
    opened: ShopRef, victim: ShopRef, owner: asyncpg.Connection
) -> None:
    rows = await owner.fetch(
        "SELECT DISTINCT nspname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
        "WHERE relkind IN ('r', 'v', 'm', 'p', 'S', 'f') AND has_schema_privilege($1, n.oid, 'USAGE') AND "
        "(has_table_privilege($1, c.oid, 'SELECT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER') "
        " OR has_any_column_privilege($1, c.oid, 'SELECT, UPDATE'))",
        opened.schema,
    )

    assert {row[0] for row in rows} == {"pg_catalog", "information_schema", opened.schema, "platform"}
    columns = await owner.fetch(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
        "WHERE c.relnamespace = 'platform'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p', 'S', 'f') "
        "AND NOT a.attisdropped AND has_column_privilege($1, c.oid, a.attnum, 'SELECT, UPDATE, REFERENCES')",
        opened.schema,
    )
    # where rows of many shops stand side by side, a policy shows each shop its own; of some, not all that they hold
    shown = [tuple(row) for row in columns]
    assert {table for table, _ in shown} <= {row[0] for row in await owner.fetch(GUARDED)}
    assert {name for table, name in shown if table == "job"} == set(Job.SHOWN)
    of_lines = {"run_id", "line", "shop_schema", "answer", "is_failed"}
    assert {name for table, name in shown if table == "bulk_line"} == of_lines


async def test_a_shop_sees_its_own_jobs_and_no_other(
    naked: asyncpg.Connection, thief: Context, victim: ShopRef, owner: asyncpg.Connection
) -> None:
    """As PostgreSQL alone has it, whatever the statement."""
    columns, values = await job_columns(owner)
    own, other = new_id(), new_id()
    for id, schema in ((own, thief.shop.schema), (other, victim.schema)):
        await owner.execute(INSERT_JOB.format(columns=columns, values=values), id, schema)
    try:
        for question in (
            "SELECT id FROM platform.job WHERE id = ANY($1::uuid[])",
            "SELECT id FROM platform.job WHERE (shop_schema <> current_user OR true) AND id = ANY($1::uuid[])",
            "SELECT j.id FROM unnest($1::uuid[]) AS wanted (id) JOIN platform.job j USING (id)",
        ):
            assert [row["id"] for row in await naked.fetch(question, [own, other])] == [own]
        for door in ("cancel_job", "replay_job"):
            assert await naked.fetchval(f"SELECT platform.{door}($1)", other) is None
        assert await owner.fetchval("SELECT state FROM platform.job WHERE id = $1", other) == "QUEUED"
    finally:
        await owner.execute("DELETE FROM platform.job WHERE id = ANY($1::uuid[])", [own, other])


async def test_a_shop_sees_its_own_bulk_runs_and_no_other(
    naked: asyncpg.Connection, thief: Context, victim: ShopRef, owner: asyncpg.Connection
) -> None:
    """As PostgreSQL alone has it, whatever the statement; and who asked for what, nobody changes afterwards."""
    own, other = new_id(), new_id()
    insert = (
        "INSERT INTO platform.bulk_run (id, shop_schema, kind, state, document, asker, scopes, needs, locale, "
        "objects_done, lines_written, lines_failed, parts, is_partial, created_at) "
        "VALUES ($1, $2, 'QUERY', 'DONE', 'x', '{}', '[]', '[]', 'en', 0, 0, 0, '[]', false, now())"
    )
    line = (
        "INSERT INTO platform.bulk_line (run_id, line, shop_schema, answer, is_failed) VALUES ($1, 1, $2, 'x', false)"
    )
    for id, schema in ((own, thief.shop.schema), (other, victim.schema)):
        await owner.execute(insert, id, schema)
        await owner.execute(line, id, schema)
    try:
        for table, key in (("bulk_run", "id"), ("bulk_line", "run_id")):
            question = f"SELECT {key} FROM platform.{table} WHERE (shop_schema <> current_user OR true)"
            assert [row[key] for row in await naked.fetch(f"{question} AND {key} = ANY($1::uuid[])", [own, other])] == [
                own
            ]
        for statement in (insert, line):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await naked.execute(statement, new_id() if statement == insert else other, victim.schema)
        changed = "UPDATE platform.bulk_run SET state = 'FAILED' WHERE id = $1"
        assert await naked.execute(changed, other) == "UPDATE 0"
        assert await naked.execute(changed, own) == "UPDATE 1"
        assert await naked.execute("DELETE FROM platform.bulk_line WHERE run_id = $1", other) == "DELETE 0"
        for column in ("scopes = '[\"x\"]'", "asker = '{}'", "needs = '[]'", "document = 'y'", "shop_schema = 'z'"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await naked.execute(f"UPDATE platform.bulk_run SET {column} WHERE id = $1", own)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await naked.execute("DELETE FROM platform.bulk_run WHERE id = $1", own)
    finally:
        await owner.execute("DELETE FROM platform.bulk_run WHERE id = ANY($1::uuid[])", [own, other])


async def test_a_shop_owns_nothing(opened: ShopRef, owner: asyncpg.Connection) -> None:
    owners = await owner.fetch(
        "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = $1::text::regnamespace",
        opened.schema,
    )
    assert [row[0] for row in owners] == ["stoa_owner"]
    schema_owner = "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = $1"
    assert await owner.fetchval(schema_owner, opened.schema) == "stoa_owner"


async def test_a_shop_may_create_nowhere(opened: ShopRef, owner: asyncpg.Connection) -> None:
    places = await owner.fetch(
        "SELECT nspname FROM pg_namespace WHERE has_schema_privilege($1, oid, 'CREATE')", opened.schema
    )
    assert places == []
    assert not await owner.fetchval(
        "SELECT has_database_privilege($1, current_database(), 'CREATE, TEMP')", opened.schema
    )


INSERT_JOB = (
    "INSERT INTO platform.job ({columns}) SELECT {values} FROM (SELECT $1::uuid AS id, $2::text AS shop_schema) AS mine"
)


async def job_columns(owner: asyncpg.Connection, **said: str) -> tuple[str, str]:
    """The columns a job must have, with values that fit, whatever columns it has by now."""
    rows = await owner.fetch(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'platform' "
        "AND table_name = 'job' AND is_nullable = 'NO' AND column_default IS NULL"
    )
    fitting = {"integer": "0", "jsonb": "'{}'", "timestamp with time zone": "now()"}
    known = {"id": "mine.id", "shop_schema": "mine.shop_schema", "state": "'QUEUED'"} | said
    values = {name: known.get(name, fitting.get(kind, "'import'")) for name, kind in map(tuple, rows)} | known
    return ", ".join(values), ", ".join(values.values())


async def test_a_shop_may_add_jobs_of_its_own(opened: ShopRef, owner: asyncpg.Connection) -> None:
    columns, values = await job_columns(owner)
    id = new_id()

    await shop_client().execute_query(INSERT_JOB.format(columns=columns, values=values), [id, opened.schema])

    assert await owner.fetchval("SELECT shop_schema FROM platform.job WHERE id = $1", id) == opened.schema


async def test_a_shop_may_not_add_jobs_of_another(opened: ShopRef, victim: ShopRef, owner: asyncpg.Connection) -> None:
    columns, values = await job_columns(owner)

    with pytest.raises(OperationalError, match="row-level security"):
        await shop_client().execute_query(INSERT_JOB.format(columns=columns, values=values), [new_id(), victim.schema])

    assert await owner.fetchval("SELECT count(*) FROM platform.job WHERE shop_schema = $1", victim.schema) == 0


@pytest.mark.parametrize(
    "tail", [" RETURNING payload", " RETURNING *", " ON CONFLICT (id) DO UPDATE SET state = 'DONE'"]
)
async def test_a_shop_learns_nothing_from_adding_a_job(opened: ShopRef, owner: asyncpg.Connection, tail: str) -> None:
    columns, values = await job_columns(owner)
    statement, id = INSERT_JOB.format(columns=columns, values=values) + tail, new_id()

    with pytest.raises(OperationalError, match="permission denied"):
        await shop_client().execute_query(statement, [id, opened.schema])

    assert await owner.fetchval("SELECT count(*) FROM platform.job WHERE id = $1", id) == 0


async def test_a_shop_may_not_add_a_job_that_looks_done(opened: ShopRef, owner: asyncpg.Connection) -> None:
    columns, values = await job_columns(owner, state="'DONE'")

    with pytest.raises(OperationalError, match="row-level security"):
        await shop_client().execute_query(INSERT_JOB.format(columns=columns, values=values), [new_id(), opened.schema])


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM {other}.product",
        "SET ROLE {other}",
        "SET ROLE stoa_owner",
        "SET ROLE stoa_any_shop",
        "SELECT set_config('role', '{other}', false)",
        "CREATE TABLE platform.spy (x text)",
        "CREATE TEMP TABLE spy (x text)",
        "DROP TABLE platform.job",
    ],
)
async def test_the_platforms_login_reaches_no_shop(settings: Settings, victim: ShopRef, statement: str) -> None:
    async with signed_in(settings, PLATFORM_LOGIN) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement.format(other=victim.schema))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM {other}.product",
        "SELECT * FROM platform.account",
        "SELECT * FROM platform.job",
        "SELECT set_config('role', '{other}', false)",
        "SET ROLE stoa_owner",
        "SET ROLE stoa_platform_login",
    ],
)
async def test_the_shops_login_alone_reaches_nothing(settings: Settings, victim: ShopRef, statement: str) -> None:
    """Between signing in and the first binding a connection has no shop's rights, though it may take any shop's."""
    async with signed_in(settings, SHOP_LOGIN) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement.format(other=victim.schema))


async def test_nothing_a_shop_leaves_on_a_connection_is_there_for_the_next(
    ctx: Context, other_shop: ShopRef, owner: asyncpg.Connection
) -> None:
    schema = ctx.shop.schema
    await owner.execute(f"CREATE SEQUENCE {schema}.numbers; GRANT USAGE ON SEQUENCE {schema}.numbers TO {schema}")
    for _ in range(8):
        await shop_client().execute_query("SELECT nextval('numbers')")

    with open_shop(other_shop):
        for _ in range(8):
            with pytest.raises((OperationalError, asyncpg.PostgresError), match="permission denied|not yet defined"):
                await shop_client().execute_query("SELECT lastval()")
