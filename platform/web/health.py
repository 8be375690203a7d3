"""Is the process alive, is it ready, and what does it count."""

from __future__ import annotations

import asyncio

from arq.connections import RedisSettings
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from tortoise.exceptions import BaseORMException

from stoa.kit.metrics import exposition
from stoa.settings import Settings
from stoa.tenants.database import platform_client


async def healthz(request: Request) -> Response:
    """The event loop turns: that is all this says, so that a broken database does not get every process killed."""
    return PlainTextResponse("ok")


async def readyz(request: Request) -> Response:
    """Whether requests can be served: PostgreSQL must answer; Valkey may be away (news wait, nothing is lost)."""
    settings: Settings = request.app.state.services.settings
    postgres, valkey = await asyncio.gather(_postgres(), _valkey(settings))
    parts = {"postgres": postgres, "valkey": valkey}
    return JSONResponse(parts, 200 if postgres == "ok" else 503)


async def _postgres() -> str:
    try:
        async with asyncio.timeout(2):
            await platform_client().execute_query("SELECT 1")
    except (OSError, TimeoutError, BaseORMException) as error:
        return f"down: {type(error).__name__}"
    return "ok"


async def _valkey(settings: Settings) -> str:
    at = RedisSettings.from_dsn(settings.redis_url.get_secret_value())
    client = Redis(host=str(at.host), port=at.port, password=at.password, socket_connect_timeout=1, socket_timeout=1)
    try:
        await client.ping()
    except (OSError, TimeoutError, RedisError) as error:
        return f"down: {type(error).__name__}"
    finally:
        await client.aclose()
    return "ok"


async def metrics(request: Request) -> Response:
    return Response(exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")
