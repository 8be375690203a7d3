"""The letterbox: what would have left the house, kept in a folder, where nobody outside is to be reached."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import msgspec

MOST = 1_000  # letters kept of one owner; of more, the oldest go
_OWNER = re.compile(r"[a-z0-9_]{1,60}")


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as it would have been sent. `owner` is the schema of a shop, or `platform`.

    `key` is the idempotency key that the outside would have been given: a second letter of the same channel and key
    is the first one. `headers` is what else would have gone along.
    """

    owner: str
    channel: str
    key: str
    to: str
    at: datetime
    subject: str = ""
    text: str = ""
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of its file: the same for the same channel and key."""
        return hashlib.sha256(f"{self.channel}\0{self.key}".encode()).hexdigest()[:32] + ".json"


class Letterbox:
    """Letters in a folder, one file each, a folder an owner: every process of the machine sees the same."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    async def put(self, letter: Letter) -> bool:
        """Keep it; false when it is there already."""
        return await asyncio.to_thread(self._put, letter)

    async def letters(self, owner: str, *, channel: str | None = None, limit: int = 100) -> list[Letter]:
        """The newest first."""
        return await asyncio.to_thread(self._letters, owner, channel, limit)

    async def clear(self, owner: str) -> None:
        """Throw all letters of this owner away."""
        await asyncio.to_thread(shutil.rmtree, self._of(owner), True)

    def _of(self, owner: str) -> Path:
        if not _OWNER.fullmatch(owner):
            raise ValueError(f"{owner!r} owns no letters")
        return self.folder / owner

    def _put(self, letter: Letter) -> bool:
        folder = self._of(letter.owner)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = folder / f"{uuid4().hex}.new"
        draft.write_bytes(msgspec.json.encode(letter))
        try:
            os.link(draft, folder / letter.name)  # whole or not at all, and never over another
        except FileExistsError:
            return False
        finally:
            draft.unlink()
        self._forget_oldest(folder)
        return True

    def _forget_oldest(self, folder: Path) -> None:
        if len(os.listdir(folder)) <= MOST:
            return
        files = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
        for file in files[:-MOST]:
            file.unlink(missing_ok=True)

    def _letters(self, owner: str, channel: str | None, limit: int) -> list[Letter]:
        found = [msgspec.json.decode(file.read_bytes(), type=Letter) for file in self._of(owner).glob("*.json")]
        chosen = [each for each in found if channel is None or each.channel == channel]
        return sorted(chosen, key=lambda each: each.at, reverse=True)[:limit]
