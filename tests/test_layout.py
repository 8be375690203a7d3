"""The traps of this house: a package called like a standard module, addresses in locks, words without deeds."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from stoa.cli import app

ROOT = Path(__file__).parent.parent
PLATFORM = ROOT / "platform"
# npm also notes whom to thank; what matters is where a package would be fetched from.
PLACE = {"package-lock.json": re.compile(r'"resolved": "\w+://.*')}
ANY_ADDRESS = re.compile(r".*://.*")


def tracked(*patterns: str) -> list[Path]:
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", *patterns],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [ROOT / name for name in found.stdout.decode().split("\0") if name]


async def test_platform_is_no_package() -> None:
    """`import platform` would find it instead of the standard library's wherever the repository is on the path."""
    assert not (PLATFORM / "__init__.py").exists()
    assert not (PLATFORM / "__main__.py").exists()


async def test_import_platform_is_the_standard_librarys_from_the_repository_too() -> None:
    for options in (["-c"], ["-I", "-c"]):
        said = subprocess.run(
            [sys.executable, *options, "import platform; print(platform.__file__, platform.python_version())"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert str(ROOT) not in said.replace(sys.prefix, "")
        assert "platform.py" in said


async def test_stoa_is_a_link_to_platform() -> None:
    assert (ROOT / "stoa").is_symlink()
    assert os.readlink(ROOT / "stoa") == "platform"
    assert (PLATFORM / "migrations").is_symlink()
    assert os.readlink(PLATFORM / "migrations") == "../migrations"


async def test_everything_is_imported_as_stoa() -> None:
    module = importlib.import_module("stoa.settings")

    assert Path(str(module.__file__)).resolve() == PLATFORM / "settings.py"
    wrong = re.compile(r"^\s*(?:from|import) platform\.", re.MULTILINE)
    assert [path for path in tracked("*.py") if path.exists() and wrong.search(path.read_text())] == []


async def test_no_test_lives_in_platform() -> None:
    assert [
        path for path in PLATFORM.rglob("*.py") if path.name == "conftest.py" or path.name.startswith("test_")
    ] == []


async def test_tests_have_no_packages() -> None:
    """They are imported by their path (--import-mode=importlib), so that two may have the same name."""
    assert list((ROOT / "tests").rglob("__init__.py")) == []


async def test_tests_lie_where_their_subjects_lie() -> None:
    fixtures = {"conftest.py", "make.py", "doors.py", "own_valkey.py", "fakes", "journeys", "__pycache__"}
    strangers = fixtures | {"test_layout.py", "test_architecture.py"}
    floors = {path.name.removesuffix(".py") for path in PLATFORM.iterdir()}
    at_the_top = {path.name for path in (ROOT / "tests").iterdir()} - strangers
    assert {name for name in at_the_top if name.removeprefix("test_").removesuffix(".py") not in floors} == set()


async def test_locks_name_no_address() -> None:
    locks = [path for path in tracked() if path.name in {"requirements.lock", "uv.lock", "package-lock.json", ".npmrc"}]

    assert ROOT / "requirements.lock" in locks
    for lock in locks:
        assert PLACE.get(lock.name, ANY_ADDRESS).findall(lock.read_text()) == [], lock


async def test_the_lock_pins_every_package_by_hash() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^([\w.-]+(?:\[[\w,-]+\])?==\S+)(.*(?:\n    .*)*)", lock, re.MULTILINE)

    assert len(pins) > 30
    assert [pin for pin, rest in pins if "--hash=sha256:" not in rest] == []


async def test_what_is_shipped_holds_every_file_also_when_it_is_built_from_sources_that_were_shipped(
    tmp_path: Path,
) -> None:
    [archive] = SdistBuilder(str(ROOT)).build(directory=str(tmp_path / "sources"))
    [unpacked] = unpacked_in(tmp_path / "unpacked", archive)

    [straight] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path / "straight"), versions=["standard"])
    [over_sources] = WheelBuilder(str(unpacked)).build(directory=str(tmp_path / "over"), versions=["standard"])

    ours = [path for path in tracked("platform", "migrations") if path.is_file()]
    names = {str(path.relative_to(ROOT)).replace("migrations", "platform/migrations", 1) for path in ours}
    expected = {name.replace("platform", "stoa", 1) for name in names}
    assert len(expected) > 150
    assert shipped(straight) == shipped(over_sources) == expected


def unpacked_in(folder: Path, archive: str) -> list[Path]:
    with tarfile.open(archive) as members:
        for member in members:
            content = members.extractfile(member)
            assert content is not None, "nothing but files is shipped: a link would not survive everywhere"
            (folder / member.name).parent.mkdir(parents=True, exist_ok=True)
            (folder / member.name).write_bytes(content.read())
    return list(folder.iterdir())


def shipped(wheel: str) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


async def test_make_offers_what_the_readme_and_the_tools_call() -> None:
    """`.ci/run` is what a clean clone must pass."""
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    offered = {line.split()[0] for line in told.splitlines()}
    told_of = "".join(
        (ROOT / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md", "docs/operations.md")
    )
    named = {name for names in re.findall(r"(?:^|`)make ([a-z ]+)", told_of, re.MULTILINE) for name in names.split()}

    assert offered >= {"run", "test", "check", "bench", "migrate", "schema", "help"}
    assert named <= offered
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "make check test"


async def test_links_between_documents_lead_somewhere() -> None:
    for document in tracked("*.md"):
        targets = [
            target for target in re.findall(r"\]\(([^)#\s]+)", document.read_text("utf-8")) if "://" not in target
        ]
        assert [target for target in targets if not (document.parent / target).exists()] == [], document


async def test_containers_run_commands_that_there_are() -> None:
    known = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    lines = [(ROOT / name).read_text() for name in ("Dockerfile", "compose.yaml")]
    called = {words[1] for text in lines for words in map(json.loads, re.findall(r'\["stoa",[^\]]*\]', text))}

    assert called == {"serve", "work", "migrate"}
    assert called <= known
    assert "\nUSER stoa\n" in lines[0]
    assert "\nHEALTHCHECK " in lines[0]
