"""The supervisor: a small process that runs the engines for as long as its owner lives."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from stoa.kit.embedded import binaries, running
from stoa.kit.embedded.account import Account
from stoa.kit.embedded.diagnosing import translate
from stoa.kit.embedded.errors import EmbeddedError
from stoa.kit.embedded.folder import StateFolder
from stoa.kit.embedded.messages import Addresses, Request, encode_answer
from stoa.kit.embedded.owner import Owner, OwnerGone
from stoa.kit.embedded.postgres import Postgres
from stoa.kit.embedded.server import Server
from stoa.kit.embedded.valkey import Valkey

TICK_SECONDS = 0.25


def main() -> None:
    request = Request.decode(sys.argv[1])
    owner = Owner(request.owner_pid)
    folder = Path(request.folder)
    try:
        with running.locked(folder, owner) as lock:
            supervise(request, owner, lock)
    except OwnerGone:
        pass
    except EmbeddedError as error:
        answer(error)
    except OSError as error:
        answer(translate(error, folder))


def supervise(request: Request, owner: Owner, lock: BinaryIO) -> None:
    folder = Path(request.folder)
    postgres, valkey = servers = assemble(request, owner)
    try:
        bring_up(servers)
        record(servers, folder, owner)
        answer(Addresses(postgres.url, valkey.url))
        while not running.is_removed(lock):
            owner.pause(TICK_SECONDS)
            if not all(server.is_running for server in servers):
                bring_up(servers)
                record(servers, folder, owner)
    finally:
        # Before the stop: whoever wants to start in this folder now knows to wait.
        running.forget(folder)
        stop(servers)


def assemble(request: Request, owner: Owner) -> tuple[Server, Server]:
    account, folder = Account.choose(), StateFolder(Path(request.folder))
    postgres = Postgres(
        folder,
        account,
        binaries.postgres(folder.path, account),
        request.durable,
        request.slow_query_ms,
    )
    valkey = Valkey(folder, account, binaries.valkey(folder.path, account), request.durable)
    return Server(postgres, owner), Server(valkey, owner)


def bring_up(servers: tuple[Server, Server]) -> None:
    """Start whichever does not run: both at first, later one that was killed."""
    # Backwards: on the first start PostgreSQL prepares its data before it is launched,
    # and Valkey may as well start meanwhile.
    for server in reversed(servers):
        if not server.is_running:
            server.launch()
    for server in servers:
        server.wait_until_ready()


def record(servers: tuple[Server, Server], folder: Path, owner: Owner) -> None:
    pids = {server.engine.name: server.pid for server in servers}
    running.write(folder, running.Running(owner.pid, {"supervisor": os.getpid(), **pids}))


def stop(servers: tuple[Server, Server]) -> None:
    for server in servers:
        server.ask_to_stop()
    for server in servers:
        server.wait_until_stopped()


def answer(news: Addresses | EmbeddedError) -> None:
    with suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), encode_answer(news))
    # To the log as well, for when nobody listens any more; unless the disk is full.
    if isinstance(news, EmbeddedError):
        with suppress(OSError):
            os.write(sys.stderr.fileno(), f"{news}\n".encode())


if __name__ == "__main__":
    main()
