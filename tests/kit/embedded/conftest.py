"""State folders to start engines in, and processes to start them from."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stoa.kit.embedded import start
from tests.kit.embedded.callers import Caller, begin, listen, nobody


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose engines ran once: a copy of it is cheaper than a new one."""
    folder = tmp_path_factory.mktemp("engines") / "template"
    start(folder, durable=False).stop()
    # The copies are not to want the same ports.
    (folder / "ports.json").unlink()
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    """A state folder with data in it and nothing running."""
    copy = tmp_path / "state"
    subprocess.run(["cp", "-a", template, copy], check=True)
    return copy


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike pytest's own; for root one of `nobody`."""
    folder = Path(tempfile.mkdtemp(prefix="stoa-embedded-"))
    folder.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(folder, nobody(), -1)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def call() -> Iterator[Callable[..., Caller]]:
    """Run a process that starts engines; after the test it has ended, and they too."""
    callers: list[Caller] = []

    def call(folder: Path, **how: object) -> Caller:
        callers.append(listen(begin(folder, **how)))  # type: ignore[arg-type]
        return callers[-1]

    yield call
    for caller in callers:
        caller.leave()
        caller.see_all_end()
