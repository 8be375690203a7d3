"""How a "no" reaches a client: `userErrors` in a payload, or top-level errors with a code; bugs are masked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import strawberry
import structlog
from graphql import GraphQLError
from strawberry.utils.str_converters import to_camel_case

from stoa.kit.errors import Conflict, NotFound, Refusal, Taken
from stoa.tenants.access.errors import NoShopChosen, NotSignedIn
from stoa.tenants.context import MissingScope

log = structlog.get_logger("stoa.graphql")


class TopLevel(Refusal):
    """A refusal that is not about the input: sign-in, permission, throttling, limits."""


class PermissionDenied(TopLevel):
    code: ClassVar[str] = "PERMISSION_DENIED"


class TooComplex(TopLevel):
    code: ClassVar[str] = "TOO_COMPLEX"


class OutOfPoints(TopLevel):
    code: ClassVar[str] = "THROTTLED"


class TimedOut(TopLevel):
    code: ClassVar[str] = "TIMED_OUT"


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


@strawberry.type(description="Too many attempts.")
class ThrottledError(UserError):
    retry_after: int = strawberry.field(description="Seconds until the next attempt makes sense.")


ERROR_TYPES = [InputError, NotFoundError, TakenError, ConflictError, ThrottledError]


def user_error(refusal: Refusal) -> UserError:
    """The concrete error type for a refusal."""
    path = ["input", *(to_camel_case(part) if isinstance(part, str) else str(part) for part in refusal.path)]
    base: dict[str, Any] = {"code": refusal.code, "message": refusal.message, "path": path}
    if "retry_after" in refusal.params:
        return ThrottledError(**base, retry_after=int(refusal.params["retry_after"]))
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


def presented(errors: Iterable[GraphQLError], request_id: str) -> list[dict[str, Any]]:
    """Errors as clients see them: always with a code; a bug's text stays here, its request id goes out."""
    return [_present(error, request_id) for error in errors]




def _present(error: GraphQLError, request_id: str) -> dict[str, Any]:
    shown = dict(error.formatted)
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    extensions = dict(error.extensions or {})
    if isinstance(cause, Refusal):
        extensions |= {"code": cause.code, **({"params": cause.params} if cause.params else {})}
        shown["message"] = cause.message
        if cause.path:
            extensions["argument"] = [to_camel_case(str(part)) for part in cause.path]
    elif cause is None or isinstance(cause, GraphQLError):
        extensions.setdefault("code", "BAD_REQUEST")
    else:
        log.error("a resolver failed", exc_info=cause, path=error.path)
        shown["message"] = f"Something went wrong on our side. Tell us this request id: {request_id}"
        extensions = {"code": "INTERNAL"}
    shown["extensions"] = extensions | {"requestId": request_id}
    return shown
