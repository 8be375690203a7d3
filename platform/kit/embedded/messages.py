"""What passes between the caller and the supervisor: one request, one answer, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from stoa.kit.embedded import errors


@dataclass(frozen=True)
class Request:
    folder: str
    owner_pid: int
    durable: bool
    slow_query_ms: int | None

    def encode(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def decode(cls, text: str) -> Request:
        return cls(**json.loads(text))


@dataclass(frozen=True)
class Addresses:
    database_url: str
    redis_url: str


def encode_answer(answer: Addresses | errors.EmbeddedError) -> bytes:
    message = {"kind": type(answer).__name__, "fields": asdict(answer)}
    return json.dumps(message).encode() + b"\n"


def decode_answer(line: bytes) -> Addresses:
    """Raises the error that the supervisor met, with its type and its fields."""
    message = json.loads(line)
    if message["kind"] == Addresses.__name__:
        return Addresses(**message["fields"])
    error: errors.EmbeddedError = getattr(errors, message["kind"])(**message["fields"])
    raise error
