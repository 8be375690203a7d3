"""What is asked: the JSON of a request, read and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stoa.graphql.documents import HASH
from stoa.kit.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Request:
    """A GraphQL request, however it came. `sha256` is set by automatic persisted queries."""

    query: str | None
    variables: dict[str, Any]
    operation_name: str | None = None
    sha256: str | None = None


def read_request(payload: Any) -> Request:
    """Check the JSON of a request. Raises `InvalidInput` for anything but an object with the fields GraphQL knows."""
    if not isinstance(payload, dict):
        raise InvalidInput("A request is one JSON object with query, variables, operationName; batches are off.")
    query, name = _text(payload, "query"), _text(payload, "operationName")
    hash = None if payload.get("extensions") is None else _persisted(_object(payload, "extensions"))
    if query is None and hash is None:
        raise InvalidInput("There is no query.")
    return Request(query, _object(payload, "variables"), name or None, hash)


def _persisted(extensions: dict[str, Any]) -> str | None:
    persisted = _object(extensions, "persistedQuery")
    hash = _text(persisted, "sha256Hash")
    if hash is None:
        return None
    if persisted.get("version", 1) != 1 or not HASH.fullmatch(hash):
        raise InvalidInput("A persistedQuery has version 1 and a sha256Hash: 64 hexadecimal digits in small letters.")
    return hash


def _text(payload: dict[str, Any], name: str) -> str | None:
    value = payload.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidInput("{name} must be text.", name=name)
    return value


def _object(payload: dict[str, Any], name: str) -> dict[str, Any]:
    value = payload.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidInput("{name} must be an object.", name=name)
    return value
