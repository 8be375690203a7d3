"""PostgreSQL and Valkey from wheels, for as long as the process that asked for them lives."""

from stoa.kit.embedded.errors import (
    AccountUnknown,
    AlreadyRunning,
    DiskFull,
    EmbeddedError,
    EngineFailed,
    EnginesMissing,
    FolderUnusable,
    LibraryMissing,
)
from stoa.kit.embedded.starting import Engines, start

__all__ = [
    "AccountUnknown",
    "AlreadyRunning",
    "DiskFull",
    "EmbeddedError",
    "EngineFailed",
    "Engines",
    "EnginesMissing",
    "FolderUnusable",
    "LibraryMissing",
    "start",
]
