"""Refusals: the expected "no" of an operation, in words a merchant understands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar


class Refusal(Exception):
    """A typed "no". `code` is for programs, the sentence for people (with the number or name in it).

    `path` names the input that is in the way, as the caller wrote it (``["variants", 2, "sku"]``);
    `params` carries the values inside the sentence, so that a client can say it in another language.
    """

    code: ClassVar[str] = "REFUSED"

    def __init__(
        self,
        message: str,
        *,
        path: Sequence[str | int] = (),
        params: Mapping[str, str | int] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = tuple(path)
        self.params = dict(params or {})

    def under(self, *prefix: str | int) -> Refusal:
        """The same refusal, its path seen from one floor up."""
        self.path = (*prefix, *self.path)
        return self


class InvalidInput(Refusal):
    """A value that cannot be taken as it is."""

    code = "INVALID"


class NotFound(Refusal):
    """There is no such thing in this shop (another shop's thing is not found either)."""

    code = "NOT_FOUND"


class Conflict(Refusal):
    """Somebody else changed it first."""

    code = "CONFLICT"


class Taken(Refusal):
    """A name that must be unique is in use."""

    code = "TAKEN"


class Refusals(Exception):
    """Several refusals of one input, all told at once."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__("; ".join(refusal.message for refusal in refusals))
        self.refusals = tuple(refusals)


class blaming:  # noqa: N801  # reads like the functions of contextlib, which are slower
    """Let refusals raised in the block say that this part of the input is in the way."""

    __slots__ = ("path",)

    def __init__(self, *path: str | int) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Refusal):
            error.under(*self.path)
