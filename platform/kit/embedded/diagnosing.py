"""From a server's last words, or the system's, to the error that helps the reader."""

from __future__ import annotations

import errno
import re
import shutil
from pathlib import Path

from stoa.kit.embedded.errors import (
    AccountUnknown,
    DiskFull,
    EmbeddedError,
    EngineFailed,
    FolderUnusable,
    LibraryMissing,
)

# glibc twice, then musl, then macOS.
LIBRARY = re.compile(
    r"error while loading shared libraries: (?P<glibc>[^\s:]+)"
    r"|version [`'](?P<symbol>[^']+)' not found"
    r"|Error loading shared library (?P<musl>[^\s:]+)"
    r"|Library not loaded: (?P<macos>\S+)"
)
UNKNOWN_USER = re.compile(r"could not look up effective user ID (\d+)")

# On a full disk a server cannot even log that the disk is full.
NEXT_TO_NOTHING = 1_000_000


def diagnose(engine: str, words: str, log: Path) -> EmbeddedError:
    """Why the server, or the program that prepares its data, said `words` and ended."""
    if library := LIBRARY.search(words):
        name = next(group for group in library.groups() if group)
        return LibraryMissing(engine, name)
    if user := UNKNOWN_USER.search(words):
        return AccountUnknown(int(user[1]))
    free = shutil.disk_usage(log.parent).free
    if "No space left on device" in words or free < NEXT_TO_NOTHING:
        return DiskFull(str(log.parent), free)
    return EngineFailed(engine, str(log), ending(words))


def translate(error: OSError, folder: Path) -> EmbeddedError:
    """What an error of the system means for whoever chose the folder."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(str(folder), shutil.disk_usage(folder).free)
    return FolderUnusable(str(folder), str(error))


def ending(words: str) -> str:
    return "\n".join(words.strip().splitlines()[-8:])
