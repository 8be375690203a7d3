"""The engines run wherever the folder is and whoever the user is."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from stoa.kit.embedded import start
from tests.kit.embedded.callers import Caller, ask, needs_root, nobody, python_for, tell

# A socket's path may have 107 characters; here each part has more.
DEEP = Path("a" * 120, "b" * 120, "c" * 120)
PLACES = [Path("with spaces and 'quotes'"), Path("Läden", "商店 🏬"), DEEP]
NAMES = ["spaces", "not ASCII", "deep"]


@pytest.mark.parametrize("place", PLACES, ids=NAMES)
async def test_any_folder_will_do(tmp_path: Path, place: Path) -> None:
    for _ in ("without data", "with data"):
        with start(tmp_path / place, durable=False) as engines:
            assert await ask(engines.database_url, "SELECT 1") == 1
            assert await tell(engines.redis_url, "PING") is True


@needs_root
@pytest.mark.parametrize("place", PLACES, ids=NAMES)
async def test_any_folder_will_do_for_a_normal_user(
    public_folder: Path, place: Path, call: Callable[..., Caller]
) -> None:
    folder, uid = public_folder / place, nobody()

    caller = call(folder, uid=uid, python=python_for(uid))

    assert await ask(caller.database_url, "SELECT 1") == 1
    assert await tell(caller.redis_url, "PING") is True
    assert (folder / "postgres").stat().st_uid == uid


async def test_the_current_folder_may_be_read_only(folder: Path, tmp_path: Path, call: Callable[..., Caller]) -> None:
    here = tmp_path / "read-only"
    here.mkdir(mode=0o500)

    caller = call(folder, cwd=here)

    assert await ask(caller.database_url, "SELECT 1") == 1
    assert list(here.iterdir()) == []


async def test_a_relative_folder_is_meant_from_the_current_one(folder: Path, call: Callable[..., Caller]) -> None:
    caller = call(Path(folder.name), cwd=folder.parent)

    assert await ask(caller.database_url, "SELECT 1") == 1


@needs_root
async def test_root_runs_the_servers_as_nobody_even_in_a_home_closed_to_nobody(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)

    with start(home / "state", durable=False) as engines:
        assert await ask(engines.database_url, "SELECT 1") == 1
        assert owner_of(engines.pids["postgres"]) == nobody()
        assert owner_of(engines.pids["valkey"]) == nobody()

    assert home.stat().st_mode & 0o777 == 0o700
    assert home.stat().st_uid == 0


def owner_of(pid: int) -> int:
    return os.stat(f"/proc/{pid}").st_uid
