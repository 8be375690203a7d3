"""What is answered: the JSON of a response, and what the doors need to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from stoa.graphql.documents import InvalidDocument
from stoa.graphql.errors import OutOfPoints, TooMany, presented
from stoa.kit.errors import Refusal


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is the JSON response. `was_run` is False when the operation was refused before it began or cut off."""

    body: dict[str, Any]
    was_run: bool = True
    retry_after: int = 0

    @property
    def code(self) -> str:
        """Of its first error; "" when there is none."""
        errors = self.body.get("errors")
        return str(errors[0]["extensions"]["code"]) if errors else ""


def refused(refusal: Refusal | InvalidDocument, request_id: str) -> Answer:
    """The answer to a request that was not run."""
    if isinstance(refusal, InvalidDocument):
        return Answer({"errors": presented(refusal.errors, request_id, code=refusal.code)}, was_run=False)
    body: dict[str, Any] = {"errors": presented([GraphQLError("", original_error=refusal)], request_id)}
    if isinstance(refusal, OutOfPoints):
        body["extensions"] = {"cost": refusal.spent.shown()}
    return Answer(body, was_run=False, retry_after=int(refusal.params.get("retry_after", 0)))


def too_many(limit: int, request_id: str) -> Answer:
    """The answer to one operation more than may run at once."""
    return refused(TooMany("{limit} operations run already; complete one first.", limit=limit), request_id)
