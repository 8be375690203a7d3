"""Run Stoa: everything in one process on embedded engines, or the API alone on engines of one's own."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sys
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import typer
import uvicorn
import uvloop

from stoa import demo
from stoa.domains.catalog.importing import ImportRun
from stoa.kit import embedded
from stoa.kit.errors import Refusal
from stoa.kit.log import configure
from stoa.settings import Settings, settings
from stoa.tenants import sparing
from stoa.tenants.migrating import Report, migrate

# httptools, because it is the quicker of the two; access lines are our own (web/passing.py).
UVICORN: dict[str, Any] = {
    "factory": True,
    "loop": "uvloop",
    "http": "httptools",
    "ws": "websockets-sansio",
    "ws_max_size": 2**18,
    "access_log": False,
    "log_config": None,
    "proxy_headers": False,  # but for the proxies that are named (serve)
    "timeout_graceful_shutdown": 10,
}


def up(folder: Path, port: int) -> None:
    """Engines, migrations, demo shops, API and workers, until Ctrl-C."""
    folder = folder.absolute()
    _refuse_taken_port(port)
    with _started(folder) as engines:
        config = _settings_of(engines, folder, port)
        configure(form="console", level="WARNING")
        signs = asyncio.run(_prepare(config))
        with suppress(KeyboardInterrupt):  # uvicorn has shut down in good order and says once more why
            config_of_server = uvicorn.Config("stoa.running:whole_app", host="127.0.0.1", port=port, **UVICORN)
            _Greeting(config_of_server, port, signs).run()


class _Greeting(uvicorn.Server):
    """A server that says where it is once it really answers."""

    def __init__(self, config: uvicorn.Config, port: int, signs: Sequence[demo.SignIn]) -> None:
        super().__init__(config)
        self.welcome = _welcome(port, signs)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            typer.echo(self.welcome)


def serve(host: str, port: int, workers: int) -> None:
    """The API alone; migrations are the deployment's business (`stoa migrate`)."""
    proxies = settings().trusted_proxies
    options = UVICORN | ({"proxy_headers": True, "forwarded_allow_ips": list(proxies)} if proxies else {})
    uvicorn.run("stoa.app:create_app", host=host, port=port, workers=workers, **options)


def work(config: Settings, kinds: Sequence[str]) -> None:
    """A process that does jobs and nothing else."""
    from stoa.workers import running

    unknown = set(kinds) - set(running.KINDS)
    if unknown:
        _give_up(f"There are no jobs of the kind {', '.join(sorted(unknown))}; there are {', '.join(running.KINDS)}.")
    configure(form=config.log_format, level=config.log_level)
    uvloop.run(running.work(config, [kind for kind in running.KINDS if not kinds or kind in kinds]))


def whole_app() -> Any:
    """The application with workers inside, for `stoa up`."""
    from stoa.app import create_app

    return create_app(with_workers=True, demo=demo.SIGN_INS)


def fill_demo(folder: Path, file: Path, shop: str | None) -> None:
    """Import the products of a sales file, on the engines that STOA_* names or on those of `folder` (which must not run
    then)."""
    with _config_at(folder) as config:
        run = _tried(demo.online_retail(config, file, shop, typer.echo))
    typer.echo(
        f"{run.lines_read:,} lines: {run.products_created:,} products created, {run.products_updated:,} updated, "
        f"{run.issues_total:,} oddities reported."
    )


def fill_demo_orders(folder: Path, file: Path, returns: Path | None, shop: str | None) -> None:
    """Import the orders of a sales file, and of one of returns."""
    with _config_at(folder) as config:
        for path in (file, returns) if returns else (file,):
            run = _tried(demo.online_retail_orders(config, path, shop, typer.echo))
            returned, customers = run.made.get("returns", 0), run.made.get("customers", 0)
            typer.echo(
                f"{run.lines_read:,} lines: {run.products_created - returned:,} orders, {returned:,} returns and "
                f"{customers:,} customers created; {run.issues_total:,} oddities reported."
            )


@contextmanager
def _config_at(folder: Path) -> Iterator[Settings]:
    with ExitStack() as stack:
        if "STOA_DATABASE_URL" in os.environ:
            config = settings()
        else:
            engines = stack.enter_context(_started(folder.absolute()))
            config = _settings_of(engines, folder.absolute(), 8000)
        configure(form="console", level="WARNING")
        yield config


def _tried(filling: Coroutine[Any, Any, ImportRun]) -> ImportRun:
    try:
        run = asyncio.run(filling)
    except (LookupError, Refusal) as error:
        _give_up(str(error))
    if run.failure:
        _give_up(str(run.why_failed))
    return run


def _started(folder: Path) -> embedded.Engines:
    try:
        return embedded.start(folder / "engines")
    except embedded.EmbeddedError as error:
        _give_up(str(error))


async def migrate_all(config: Settings) -> Report:
    """Migrate, and have the workers make the spare shops that are missing then."""
    report = await migrate(config)
    await sparing.plan_after_start(config)
    return report


async def _prepare(config: Settings) -> list[demo.SignIn]:
    report = await migrate(config)
    if report.failed:
        _give_up("Some shops could not be migrated: " + "; ".join(f"{k}: {v}" for k, v in report.failed.items()))
    signs = await demo.ensure(config)
    await sparing.plan_after_start(config)
    return signs


def _settings_of(engines: embedded.Engines, folder: Path, port: int) -> Settings:
    """Settings for this run; what the caller has set in the environment counts more."""
    defaults = {
        "STOA_DATABASE_URL": engines.database_url,
        "STOA_REDIS_URL": engines.redis_url,
        "STOA_SECRET_KEY": _kept_secret(folder / "secret-key"),
        "STOA_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "STOA_ALLOWED_ORIGINS": f'["http://localhost:{port}"]',
        "STOA_FILES": str(folder / "files"),
        "STOA_LETTERBOX": str(folder / "letterbox"),
        "STOA_LOG_FORMAT": "console",
        "STOA_LOG_LEVEL": "WARNING",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    settings.cache_clear()
    return settings()


def _kept_secret(file: Path) -> str:
    """The secret of this folder, made once: database logins and upload links hang on it."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".new")
        draft.unlink(missing_ok=True)
        draft.touch(0o600)
        draft.write_text(secrets.token_hex(32))
        draft.replace(file)  # whole or not there: half a secret would end every later start
    return file.read_text()


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            _give_up(f"Port {port} is in use. Is Stoa running already? Otherwise choose another: make run PORT=8001")


def _welcome(port: int, signs: Sequence[demo.SignIn]) -> str:
    address = f"http://127.0.0.1:{port}"
    lines = ["", f"  Stoa is up: {address}", f"  GraphiQL   {address}/graphiql", f"  GraphQL    {address}/graphql", ""]
    lines += ["  Sign in as"]
    lines += [f"    {sign.email:<22} {sign.password:<24} {sign.shop}" for sign in signs]
    return "\n".join([*lines, "", "  Ctrl-C ends it; the data stays.", ""])


def _give_up(reason: str) -> NoReturn:
    typer.echo(f"stoa: {reason}", err=True)
    sys.exit(1)
