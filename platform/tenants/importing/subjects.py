"""What an import is about: all that one of products and one of orders do not have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from stoa.tenants.context import Context
from stoa.tenants.importing.batching import Intake
from stoa.tenants.importing.models import ImportRun


class Subject(ABC):
    """How rows of a file become things of the shop, and how these are taken away again.

    Reading, resuming, progress, cancelling and issues are the same for all (`running.py`). The operations here work in
    the open transaction and count in `run`, which the caller saves in it.
    """

    name: ClassVar[str]
    job: ClassVar[str]

    @abstractmethod
    def check_source(self, source: str) -> None:
        """Raises a `Refusal` when a file of such things cannot come from there."""

    @abstractmethod
    def check_mapping(self, mapping: Mapping[str, str]) -> dict[str, str]:
        """The mapping with its headers trimmed, blank ones left out. Raises `BadMapping`."""

    @abstractmethod
    def intake(self, ctx: Context, run: ImportRun, headers: list[str], columns: dict[str, int]) -> Intake:
        """What takes the rows; `columns` tells which column each field of the mapping stands in."""

    @abstractmethod
    async def stage(self, run: ImportRun, batch: Any, packed: str | None) -> None:
        """Keep what a batch says where `write_next` finds it; nothing else of the shop is touched."""

    @abstractmethod
    async def write_next(self, ctx: Context, run: ImportRun, after_line: int) -> int | None:
        """Write the next things that begin after this line (in a dry run: count what would be written).

        Gives the line after which to go on; None when nothing was left."""

    @abstractmethod
    async def put_back(self, ctx: Context, run: ImportRun) -> bool:
        """Put back the next things that the run has changed; False when none are left."""

    @abstractmethod
    async def remove_made(self, run: ImportRun) -> None:
        """Remove what the run made besides, and nobody uses."""

    @abstractmethod
    def news(self, run: ImportRun) -> Any:
        """The event that tells how the run has ended."""
