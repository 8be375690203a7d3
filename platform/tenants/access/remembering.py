"""What this process remembers of who is behind a secret: little, briefly, and not at all unless it hears of changes."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

T = TypeVar("T")
Key = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    value: T
    kept_at: datetime
    good_until: datetime
    about: tuple[UUID, ...]


class Remembered(Generic[T]):
    """A bounded memory (the least recently used goes first) of answers, each about some accounts and shops.

    It answers only while `is_hearing` is set: whoever hears of changes sets it, and sees to it that no change goes
    unheard for more than seconds. Even so no answer grows older than `lifetime`.
    """

    def __init__(self, *, limit: int = 10_000, lifetime: timedelta = timedelta(minutes=1)) -> None:
        self.limit, self.lifetime = limit, lifetime
        self._is_hearing = False
        self._changes = 0
        self._entries: OrderedDict[Key, _Entry[T]] = OrderedDict()
        self._about: defaultdict[UUID, set[Key]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def is_hearing(self) -> bool:
        return self._is_hearing

    @is_hearing.setter
    def is_hearing(self, hears: bool) -> None:
        self.forget_all()  # what was missed while deaf is not known
        self._is_hearing = hears

    @property
    def changes(self) -> int:
        """How many changes were heard of. Read it before asking the database, and hand it to `keep`."""
        return self._changes

    def recall(self, key: Key, moment: datetime) -> T | None:
        entry = self._entries.get(key)
        if entry is None or not entry.kept_at <= moment < entry.good_until:
            return None
        self._entries.move_to_end(key)
        return entry.value

    def keep(
        self, key: Key, value: T, *, about: Iterable[UUID], changes: int, moment: datetime, good_until: datetime
    ) -> None:
        """Remember, unless something changed since `changes` was read: the answer may be older than that change."""
        if not self._is_hearing or changes != self._changes:
            return
        self._drop(key)
        self._entries[key] = entry = _Entry(value, moment, min(good_until, moment + self.lifetime), tuple(about))
        for subject in entry.about:
            self._about[subject].add(key)
        if len(self._entries) > self.limit:
            self._drop(next(iter(self._entries)))

    def forget(self, subject: UUID) -> None:
        """Forget all that is about this account or shop."""
        self._changes += 1
        for key in tuple(self._about.get(subject, ())):
            self._drop(key)

    def forget_all(self) -> None:
        self._changes += 1
        self._entries.clear()
        self._about.clear()

    def _drop(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        for subject in entry.about if entry else ():
            self._about[subject].discard(key)
            if not self._about[subject]:
                del self._about[subject]
