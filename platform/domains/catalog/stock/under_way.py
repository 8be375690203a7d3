"""What is begun, goes on for a while and ends once: counts and transfers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from stoa.domains.catalog.models import StockCount, StockCountState, Transfer, TransferState
from stoa.kit.checking import check_version, locked
from stoa.kit.errors import Conflict, NotFound, Refusal
from stoa.kit.languages import Sentence

_STATES: Mapping[StrEnum, Sentence] = {
    StockCountState.OPEN: Sentence("open"),
    StockCountState.CLOSED: Sentence("closed"),
    StockCountState.CANCELLED: Sentence("cancelled"),
    TransferState.IN_TRANSIT: Sentence("in transit"),
    TransferState.RECEIVED: Sentence("received"),
    TransferState.CANCELLED: Sentence("cancelled"),
}
M = TypeVar("M", StockCount, Transfer)


@dataclass(frozen=True, slots=True)
class UnderWay(Generic[M]):
    """How such a thing is found and refused. `columns` are what may change of it, besides its state."""

    model: type[M]
    name: Sentence
    open: StrEnum
    missing: Callable[[], NotFound]
    ended: Callable[[Sentence], Refusal]
    changed: type[Conflict]
    columns: tuple[str, ...] = ()

    async def locked(self, id: UUID, expected: int | None = None, *, besides: StrEnum | None = None) -> M:
        """The row, locked, while it is open or has ended `besides`. Raises that it is missing, has ended or has
        changed."""
        row: Any = await locked(self.model, id, self.missing())
        if row.state not in (self.open, besides):
            raise self.ended(_STATES[row.state])
        if row.state is self.open:
            check_version(row, expected, self.changed, self.name)
        return row  # type: ignore[no-any-return]

    async def save(self, row: M) -> None:
        row.version += 1
        await row.save(update_fields=[*self.columns, "state", "ended_at", "version"])
