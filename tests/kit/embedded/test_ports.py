"""Ports: remembered from start to start, given up only to somebody else."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from urllib.parse import urlsplit

from stoa.kit.embedded import start
from stoa.kit.embedded.ports import Ports, is_free
from tests.kit.embedded.callers import ask, tell


def test_a_port_is_remembered(tmp_path: Path) -> None:
    port = Ports(tmp_path / "ports.json").of("postgres")

    assert Ports(tmp_path / "ports.json").of("postgres") == port
    assert is_free(port)


def test_two_engines_never_share_a_port(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json")

    assert ports.of("postgres") != ports.of("valkey")


def test_a_damaged_memory_is_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    file.write_text('{"postgres": 2')

    port = Ports(file).of("postgres")

    assert json.loads(file.read_text()) == {"postgres": port}


async def test_a_port_that_somebody_took_is_replaced_for_good(folder: Path) -> None:
    with start(folder, durable=False) as engines:
        before = engines.database_url, engines.redis_url

    with occupied(before[0]), occupied(before[1]), start(folder, durable=False) as moved:
        after = moved.database_url, moved.redis_url
        assert await ask(moved.database_url, "SELECT 1") == 1
        assert await tell(moved.redis_url, "PING") is True
    assert after[0] != before[0]
    assert after[1] != before[1]

    with start(folder, durable=False) as again:
        assert (again.database_url, again.redis_url) == after


def occupied(url: str) -> socket.socket:
    stranger = socket.create_server(("127.0.0.1", urlsplit(url).port or 0))
    assert not is_free(stranger.getsockname()[1])
    return stranger
