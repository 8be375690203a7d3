"""The sentences of loaders, servers and the system, and what they are translated into."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from stoa.kit.embedded import (
    AccountUnknown,
    DiskFull,
    EngineFailed,
    FolderUnusable,
    LibraryMissing,
)
from stoa.kit.embedded.diagnosing import diagnose, translate


@pytest.mark.parametrize(
    ("words", "library"),
    [
        (
            (
                "postgres: error while loading shared libraries: libz.so.1: "
                "cannot open shared object file: No such file or directory"
            ),
            "libz.so.1",
        ),
        (
            "postgres: /lib/libc.so.6: version `GLIBC_2.99' not found (required by postgres)",
            "GLIBC_2.99",
        ),
        (
            ("Error loading shared library libz.so.1: No such file or directory (needed by /opt/postgres)"),
            "libz.so.1",
        ),
        (
            "dyld[7]: Library not loaded: @rpath/libz.1.dylib\n  Referenced from: /opt/postgres",
            "@rpath/libz.1.dylib",
        ),
    ],
    ids=["glibc", "glibc too old", "musl", "macOS"],
)
def test_a_missing_library_is_found_in_the_words_of_each_loader(tmp_path: Path, words: str, library: str) -> None:
    error = diagnose("postgres", words, tmp_path / "postgres.log")

    assert isinstance(error, LibraryMissing)
    assert error.library == library


def test_a_full_disk_is_found_in_the_words_of_a_server(tmp_path: Path) -> None:
    words = 'FATAL:  could not extend file "base/5": No space left on device'

    error = diagnose("postgres", words, tmp_path / "postgres.log")

    assert isinstance(error, DiskFull)
    assert error.folder == str(tmp_path)
    assert error.free_bytes > 0


def test_a_user_without_a_name_is_found_in_the_words_of_initdb(tmp_path: Path) -> None:
    words = "initdb: could not look up effective user ID 54321: user does not exist"

    error = diagnose("initdb", words, tmp_path / "initdb.log")

    assert isinstance(error, AccountUnknown)
    assert error.uid == 54321


def test_of_any_other_failure_the_last_words_are_quoted(tmp_path: Path) -> None:
    words = "\n".join(f"line {number}" for number in range(20))

    error = diagnose("postgres", words, tmp_path / "postgres.log")

    assert isinstance(error, EngineFailed)
    assert error.last_words.splitlines()[0] == "line 12"
    assert error.last_words.splitlines()[-1] == "line 19"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_the_systems_word_for_a_full_disk_is_understood(tmp_path: Path, number: int) -> None:
    assert isinstance(translate(OSError(number, "full"), tmp_path), DiskFull)


def test_any_other_word_of_the_system_is_passed_on(tmp_path: Path) -> None:
    error = translate(PermissionError(errno.EACCES, "Permission denied", "x"), tmp_path)

    assert isinstance(error, FolderUnusable)
    assert "Permission denied: 'x'" in str(error)
