"""What many operations check alike: all that is wrong with an input, said at once; a row in hand, and its version."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from tortoise.models import Model

from stoa.kit.errors import Conflict, NotFound, Refusal, Refusals
from stoa.kit.languages import Sentence

M = TypeVar("M", bound=Model)


class Versioned(Protocol):
    version: int


async def locked(model: type[M], id: UUID, missing: NotFound, *, no_key: bool = False) -> M:
    """The row, locked in the open transaction; `missing` is raised when there is none. `no_key`: rows that name it by
    a foreign key may come meanwhile."""
    row = await model.filter(id=id).select_for_update(no_key=no_key).get_or_none()
    if row is None:
        raise missing
    return row


def check_version(row: Versioned, expected: int | None, refusal: type[Conflict], name: str | Sentence) -> None:
    """Refuse to change what somebody else has changed since it was read at `expected`; None takes it as it is."""
    if expected is not None and row.version != expected:
        raise refusal(
            "{name} has been changed since version {expected}; it is at {current_version} now.",
            path=["expected_version"],
            name=name,
            expected=expected,
            current_version=row.version,
        )


class Problems(list[Refusal]):
    """What was refused so far, each with its place."""

    def tried(self, at: str | Sequence[str | int], check: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """What the check makes of its first argument; if it refuses, that is kept, and the argument is given back."""
        try:
            return check(*args, **options)
        except Refusal as refusal:
            self.append(refusal.under(*((at,) if isinstance(at, str) else at)))
            return args[0]

    def refuse(self) -> None:
        """Raise `Refusals` if there are any."""
        if self:
            raise Refusals(self)
