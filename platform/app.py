"""The web process: routes, middleware, what starts and what ends with it. The one file that knows everything."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route, WebSocketRoute

from stoa.graphql.endpoint import Endpoint
from stoa.graphql.executing import Executor
from stoa.graphql.schema import schema
from stoa.graphql.serving import Services
from stoa.graphql.sockets import SocketEndpoint
from stoa.kit import languages, log
from stoa.kit.closing import noticing_signals
from stoa.settings import Settings, settings
from stoa.tenants.access import hearing_changes
from stoa.tenants.connecting import connect, disconnect
from stoa.web import pages
from stoa.web.carriers import KUAIDI100, hear_kuaidi100
from stoa.web.downloads import DOWNLOAD, download
from stoa.web.evidence import CASE_PICTURE, case_picture
from stoa.web.files import MEDIA, picture, receive
from stoa.web.health import healthz, metrics, readyz
from stoa.web.papers import PAPER, fetch_paper
from stoa.web.passing import EveryRequest, StraightOn
from stoa.workers import reactions
from stoa.workers.running import at_work


def create_app(
    config: Settings | None = None, *, with_workers: bool = False, demo: Sequence[pages.SignIn] = ()
) -> Starlette:
    """The ASGI application. `with_workers` lets this process do jobs as well (`make run`, small installations).

    `demo` are the sign-ins that its pages offer to everybody, in development only.
    """
    config = config or settings()
    log.configure(form=config.log_format, level=config.log_level)
    services = Services(config)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await _start(stack, config, with_workers=with_workers)
            stack.enter_context(noticing_signals(services.closing))
            yield

    return assemble(services, Executor(schema(), config), demo=demo, lifespan=lifespan)


def assemble(
    services: Services, executor: Executor, *, demo: Sequence[pages.SignIn] = (), lifespan: Any = None
) -> Starlette:
    """Routes and middleware. What they need of the outside, `lifespan` has to start."""
    endpoint = Route("/graphql", Endpoint(executor, services), methods=["POST"])
    sockets = WebSocketRoute("/graphql", SocketEndpoint(executor, services))
    app = Starlette(
        routes=[
            endpoint,
            sockets,
            Route("/uploads/{shop}/{upload}", receive, methods=["PUT"]),
            Route(MEDIA, picture, methods=["GET"]),
            Route(DOWNLOAD, download, methods=["GET"]),
            Route(PAPER, fetch_paper, methods=["GET"]),
            Route(CASE_PICTURE, case_picture, methods=["GET"]),
            Route(KUAIDI100, hear_kuaidi100, methods=["POST"]),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            *pages.routes(services.settings, demo),
        ],
        middleware=[
            Middleware(EveryRequest, is_secure=services.is_secure),
            Middleware(
                StraightOn,
                routes={("http", "POST", "/graphql"): endpoint, ("websocket", None, "/graphql"): sockets},
            ),
        ],
        lifespan=lifespan,
    )
    app.state.services, app.state.executor = services, executor
    return app


async def _start(stack: AsyncExitStack, config: Settings, *, with_workers: bool) -> None:
    reactions.fill()
    await connect(config)
    stack.push_async_callback(disconnect)
    await stack.enter_async_context(hearing_changes(config))
    if with_workers:
        await stack.enter_async_context(at_work(config))
    languages.load()
    _settle_memory()


def _settle_memory() -> None:
    """What has been loaded by now stays: keep the collector from looking through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
