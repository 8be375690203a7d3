"""Refusals: the expected "no" of an operation, in words a merchant understands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from stoa.kit.languages import Sentence


class Refusal(Exception):
    """A typed "no". `code` is for programs; the sentence for people, with the number or the name in it.

    The sentence is written in English, its gaps named: ``SkuTaken("The code {taken} is in use.", taken=sku)``. How it
    is said in other languages: `kit/languages.py`. What stands in its gaps goes to programs as `params`.
    `path` names the input that is in the way, as the caller wrote it (``["variants", 2, "sku"]``).
    """

    code: ClassVar[str] = "REFUSED"

    def __init__(self, sentence: str, *, path: Sequence[str | int] = (), **values: str | int | Sentence) -> None:
        self.sentence = Sentence(sentence, values)
        self.path = tuple(path)
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """In English, as logs have it; `sentence.said()` is what the reader is told."""
        return str(self.sentence)

    @property
    def params(self) -> dict[str, str | int]:
        return self.sentence.plain_values()

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
