"""Files that attempts write: each has a key of its own, and what one that was killed has left behind is found by it."""

from __future__ import annotations

from uuid import UUID

from stoa.kit.files import Files


def key_of_attempt(files: Files, folder: str, thing_id: UUID, attempt: int) -> str:
    """The key under which that attempt at a thing writes its file; no other writes there."""
    return files.key(folder, f"{thing_id.hex}-{attempt}")


async def forget_attempts(files: Files, folder: str, thing_id: UUID, *, before: int) -> None:
    """Forget what earlier attempts have written: they were broken off before anybody knew of it."""
    for attempt in range(1, before):
        await files.delete(key_of_attempt(files, folder, thing_id, attempt))
