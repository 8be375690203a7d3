"""Is the process alive, is it ready, and what does it count."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from tortoise.exceptions import BaseORMException

from stoa.graphql.serving import Services
from stoa.kit.metrics import CONNECTIONS, JOBS, exposition
from stoa.settings import Settings
from stoa.tenants.database import PLATFORM, SHOP, platform_client, shop_client

ANSWERS_WITHIN = 2.0  # seconds
DOWN = (OSError, TimeoutError, BaseORMException, asyncpg.PostgresError, asyncpg.InterfaceError)
# One small partial index each; jobs that are done or dead stay in the table and are too many to count every time.
OPEN_JOBS = """
SELECT kind, state, count(*) AS jobs FROM platform.job WHERE state = 'QUEUED' GROUP BY 1, 2 UNION ALL
SELECT kind, state, count(*) AS jobs FROM platform.job WHERE state IN ('SENT', 'RUNNING') GROUP BY 1, 2
"""


async def healthz(request: Request) -> Response:
    """The event loop turns: that is all this says, so that a broken database does not get every process killed."""
    return PlainTextResponse("ok")


async def readyz(request: Request) -> Response:
    """Whether requests can be served: PostgreSQL must answer; Valkey may be away (news wait, nothing is lost).

    A process that has been asked to stop wants no more of them.
    """
    services: Services = request.app.state.services
    if services.closing.is_set():
        return JSONResponse({"process": "stopping"}, 503)
    postgres, valkey = await asyncio.gather(_postgres(), _valkey(services.settings))
    return JSONResponse({"postgres": postgres, "valkey": valkey}, 200 if postgres == "ok" else 503)


async def _postgres() -> str:
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            await platform_client().execute_query("SELECT 1")
    except DOWN as error:
        return f"down: {type(error).__name__}"
    return "ok"


async def _valkey(settings: Settings) -> str:
    url = settings.redis_url.get_secret_value()
    client: Redis = Redis.from_url(url, socket_connect_timeout=ANSWERS_WITHIN, socket_timeout=ANSWERS_WITHIN)
    try:
        await client.ping()
    except (OSError, TimeoutError, RedisError) as error:
        return f"down: {type(error).__name__}; live news and the start of jobs wait, nothing is lost"
    finally:
        await client.aclose()
    return "ok"


async def metrics(request: Request) -> Response:
    """For Prometheus. Whatever must be asked for is asked for now; without PostgreSQL the jobs are missing."""
    for name, client in ((SHOP, shop_client()), (PLATFORM, platform_client())):
        _look_at(name, client)
    JOBS.clear()
    with suppress(*DOWN):
        async with asyncio.timeout(ANSWERS_WITHIN):
            for row in await platform_client().execute_query_dict(OPEN_JOBS):
                JOBS.labels(row["kind"], row["state"]).set(row["jobs"])
    return Response(exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _look_at(name: str, client: Any) -> None:
    pool = client._pool  # None until it is first used
    idle = pool.get_idle_size() if pool else 0
    CONNECTIONS.labels(name, "idle").set(idle)
    CONNECTIONS.labels(name, "in_use").set(pool.get_size() - idle if pool else 0)
