"""How a "no" reaches a client: `userErrors` in a payload, or top-level errors with a code; bugs are masked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import strawberry
from graphql import FieldNode, GraphQLError
from strawberry.utils.str_converters import to_camel_case

from stoa.graphql.buckets import Spent
from stoa.kit.errors import Conflict, NotFound, Refusal, Refusals, Taken
from stoa.kit.languages import SOMETHING_WENT_WRONG
from stoa.kit.log import logger
from stoa.tenants.access.errors import NoShopChosen, NotSignedIn
from stoa.tenants.context import MissingScope

INTERNAL = "INTERNAL"
log = logger("stoa.graphql")


class TopLevel(Refusal):
    """A refusal that is not about the input: sign-in, permission, throttling, limits."""


class PermissionDenied(TopLevel):
    code: ClassVar[str] = "PERMISSION_DENIED"


class TooComplex(TopLevel):
    code: ClassVar[str] = "TOO_COMPLEX"


class OutOfPoints(TopLevel):
    """The caller's bucket holds too little; `spent` says how much, and when there will be enough."""

    code: ClassVar[str] = "THROTTLED"

    def __init__(self, *, spent: Spent, points: int) -> None:
        super().__init__(
            "Too many requests at once: wait {retry_after} s. This one costs {points} points.",
            retry_after=spent.wait,
            points=points,
        )
        self.spent = spent


class TimedOut(TopLevel):
    code: ClassVar[str] = "TIMED_OUT"


class TooMany(TopLevel):
    code: ClassVar[str] = "TOO_MANY_OPERATIONS"


class UnknownDocument(TopLevel):
    code: ClassVar[str] = "PERSISTED_QUERY_NOT_FOUND"


class DocumentNotTrusted(TopLevel):
    code: ClassVar[str] = "DOCUMENT_NOT_TRUSTED"


@strawberry.interface(description="Why an input was not taken. `code` is for programs, `message` for people.")
class UserError:
    code: str = strawberry.field(description="Stable, in capitals.")
    message: str = strawberry.field(description="A sentence, with the number or the name in it.")
    path: list[str] = strawberry.field(description='Where in the input, e.g. ["input", "variants", "2", "sku"].')


@strawberry.type(description="An input that cannot be taken as it is.")
class InputError(UserError):
    pass


@strawberry.type(description="There is no such thing in this shop.")
class NotFoundError(UserError):
    pass


@strawberry.type(description="A name or code that must be unique is in use.")
class TakenError(UserError):
    taken: str | None = strawberry.field(description="The value that is in use.", default=None)


@strawberry.type(description="It was changed by somebody else in the meantime.")
class ConflictError(UserError):
    current_version: int | None = strawberry.field(
        description="The version as it is now; read again before you try again.", default=None
    )


@strawberry.type(description="A quantity that does not fit what is sold: below the minimum, or no whole packs.")
class QuantityError(UserError):
    proposed: int = strawberry.field(description="The next quantity that fits.")


@strawberry.type(description="Too many attempts.")
class ThrottledError(UserError):
    retry_after: int = strawberry.field(description="Seconds until the next attempt makes sense.")


ERROR_TYPES = [InputError, NotFoundError, TakenError, ConflictError, QuantityError, ThrottledError]


def user_error(refusal: Refusal) -> UserError:
    """The concrete error type for a refusal."""
    path = ["input", *(to_camel_case(part) if isinstance(part, str) else str(part) for part in refusal.path)]
    base: dict[str, Any] = {"code": refusal.code, "message": refusal.sentence.said(), "path": path}
    if "retry_after" in refusal.params:
        return ThrottledError(**base, retry_after=int(refusal.params["retry_after"]))
    if "proposed" in refusal.params:
        return QuantityError(**base, proposed=int(refusal.params["proposed"]))
    if isinstance(refusal, NotFound):
        return NotFoundError(**base)
    if isinstance(refusal, Taken):
        return TakenError(**base, taken=_text(refusal.params.get("taken")))
    if isinstance(refusal, Conflict):
        version = refusal.params.get("current_version")
        return ConflictError(**base, current_version=None if version is None else int(version))
    return InputError(**base)


def _text(value: str | int | None) -> str | None:
    return None if value is None else str(value)


def is_top_level(refusal: Refusal) -> bool:
    return isinstance(refusal, TopLevel | MissingScope | NotSignedIn | NoShopChosen)


def presented(errors: Iterable[GraphQLError], request_id: str, *, code: str = "BAD_USER_INPUT") -> list[dict[str, Any]]:
    """Errors as clients see them, each with a code: the refusal's, or else `code`. A bug is logged and goes out as
    nothing but the request's id."""
    return [_present(error, cause, request_id, code) for error in errors for cause in _causes(error)]


def _present(error: GraphQLError, cause: BaseException, request_id: str, code: str) -> dict[str, Any]:
    shown: dict[str, Any] = dict(error.formatted)
    extensions: dict[str, Any] = {"code": code, **(error.extensions or {})}
    if isinstance(cause, Refusal):
        shown["message"], extensions = cause.sentence.said(), _extensions(cause)
    elif not isinstance(cause, GraphQLError) or _is_ours(error):
        log.error("a resolver failed", exc_info=cause, path=error.path)
        shown["message"], extensions = masked(request_id), {"code": INTERNAL}
    shown["extensions"] = extensions | {"requestId": request_id}
    return shown


def _causes(error: GraphQLError) -> Sequence[BaseException]:
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause.refusals if isinstance(cause, Refusals) else [cause]


def _is_ours(error: GraphQLError) -> bool:
    """Whether graphql-core complains of what a resolver returned. Of what the caller wrote it complains without a path,
    or at an argument."""
    return error.path is not None and all(isinstance(node, FieldNode) for node in error.nodes or ())


def _extensions(refusal: Refusal) -> dict[str, Any]:
    extensions: dict[str, Any] = {"code": refusal.code}
    if refusal.params:
        extensions["params"] = {to_camel_case(name): value for name, value in refusal.params.items()}
    if refusal.path:
        extensions["argument"] = [to_camel_case(str(part)) for part in refusal.path]
    return extensions


def masked(request_id: str) -> str:
    """What is said of a bug."""
    return SOMETHING_WENT_WRONG.filled(request_id=request_id).said()
