"""Operations on several things at once: what became of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from stoa.kit.errors import Refusal


@dataclass(slots=True)
class RowResult:
    """What became of one row, in the order in which they were given.

    `id` is what the row is about: the product, the row of stock, the picture or price that was made; None when there is
    none. `changed` is false when it was so already, `version` what a change of its form has brought it to.
    """

    id: UUID | None
    refusals: list[Refusal] = field(default_factory=list)
    changed: bool = False
    version: int | None = None

    @property
    def refusal(self) -> Refusal | None:
        """The first of them."""
        return self.refusals[0] if self.refusals else None
