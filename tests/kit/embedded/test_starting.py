"""The engines answer, keep their data and their ports, and let in who knows the password."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import redis.exceptions

from stoa.kit.embedded import AlreadyRunning, start
from tests.kit.embedded.callers import ask, is_alive, tell


async def test_both_engines_answer_at_their_addresses(folder: Path) -> None:
    with start(folder, durable=False) as engines:
        assert await ask(engines.database_url, "SELECT 'Größe 尺寸'") == "Größe 尺寸"
        assert await tell(engines.redis_url, "PING") is True


async def test_data_and_addresses_outlive_a_restart(folder: Path) -> None:
    with start(folder) as engines:
        await ask(engines.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
        await tell(engines.redis_url, "SET", "kept", "42")

    with start(folder) as again:
        assert await ask(again.database_url, "SELECT answer FROM kept") == 42
        assert await tell(again.redis_url, "GET", "kept") == "42"
        assert again.database_url == engines.database_url
        assert again.redis_url == engines.redis_url


async def test_the_settings_suit_a_machine_for_development(folder: Path) -> None:
    with start(folder) as engines:
        assert await settings_of(engines.database_url) == {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "256MB",
            "max_locks_per_transaction": "512",
            "jit": "off",
            "shared_preload_libraries": "",
            "TimeZone": "UTC",
            "server_encoding": "UTF8",
            "password_encryption": "scram-sha-256",
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "log_min_duration_statement": "-1",
        }
        locale = "SELECT concat(datlocprovider, ' ', datlocale) FROM pg_database LIMIT 1"
        assert await ask(engines.database_url, locale) == "b C.UTF-8"


async def test_valkey_keeps_what_it_is_told_and_never_evicts(folder: Path) -> None:
    with start(folder) as engines:
        for name, value in [
            ("appendonly", "yes"),
            ("appendfsync", "everysec"),
            ("save", ""),
            ("maxmemory-policy", "noeviction"),
            ("bind", "127.0.0.1"),
        ]:
            assert await tell(engines.redis_url, "CONFIG", "GET", name) == [name, value]


async def test_safety_in_a_power_cut_can_be_traded_for_speed(folder: Path) -> None:
    with start(folder, durable=False) as engines:
        settings = await settings_of(engines.database_url)
        assert settings["fsync"] == "off"
        assert settings["synchronous_commit"] == "off"
        assert settings["full_page_writes"] == "off"


async def test_slow_statements_are_logged_when_asked_for(folder: Path) -> None:
    with start(folder, durable=False, slow_query_ms=50) as engines:
        await ask(engines.database_url, "SELECT 'quick'")
        await ask(engines.database_url, "SELECT 'slow' FROM pg_sleep(0.06)")

    log = (folder / "postgres.log").read_text()
    assert "SELECT 'slow' FROM pg_sleep(0.06)" in log
    assert "SELECT 'quick'" not in log


async def test_nobody_gets_in_without_the_password(folder: Path) -> None:
    with start(folder, durable=False) as engines:
        password = str(urlsplit(engines.database_url).password)

        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(engines.database_url.replace(password, "guess"), "SELECT 1")
        with pytest.raises(redis.exceptions.AuthenticationError):
            await tell(engines.redis_url.replace(password, "guess"), "PING")
        with pytest.raises(redis.exceptions.AuthenticationError):
            await tell(engines.redis_url.replace(f":{password}@", ""), "PING")


def test_the_password_is_in_a_private_file_and_in_no_command_line(folder: Path) -> None:
    file = folder / "password"
    with start(folder, durable=False) as engines:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.read_text() in engines.database_url
        processes = subprocess.run(["ps", "-axww"], capture_output=True, check=True)
        assert file.read_bytes() not in processes.stdout


def test_a_second_start_in_the_same_folder_is_refused(folder: Path) -> None:
    with start(folder, durable=False) as engines:
        with pytest.raises(AlreadyRunning) as refusal:
            start(folder)

        assert str(folder) in str(refusal.value)
        assert f"process {refusal.value.pid}" in str(refusal.value)
        assert all(is_alive(pid) for pid in engines.pids.values())


def test_two_folders_run_side_by_side(folder: Path, template: Path) -> None:
    with start(folder, durable=False) as one, start(template, durable=False) as other:
        assert len({*one.pids.values(), *other.pids.values()}) == 6
        assert one.database_url != other.database_url


def test_stop_leaves_nothing_running_and_may_be_called_twice(folder: Path) -> None:
    engines = start(folder, durable=False)
    pids = engines.pids
    assert pids.keys() == {"supervisor", "postgres", "valkey"}

    engines.stop()
    engines.stop()

    assert not any(is_alive(pid) for pid in pids.values())
    assert engines.pids == {}


async def settings_of(database_url: str) -> dict[str, str]:
    wanted = """
        SELECT jsonb_object_agg(name, current_setting(name)) FROM pg_settings
        WHERE name IN ('listen_addresses', 'unix_socket_directories', 'max_connections',
            'shared_buffers', 'max_locks_per_transaction', 'jit', 'fsync', 'TimeZone',
            'shared_preload_libraries', 'server_encoding', 'password_encryption',
            'synchronous_commit', 'full_page_writes', 'log_min_duration_statement')
    """
    settings: dict[str, str] = json.loads(str(await ask(database_url, wanted)))
    return settings
