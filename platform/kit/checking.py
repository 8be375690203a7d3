"""Gather all that is wrong with an input, so that it is said at once and not one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stoa.kit.errors import Refusal, Refusals


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
