"""What is sent: the envelope of Standard Webhooks round the answer of the merchant's query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.kit.ids import type_id
from stoa.tenants.hooks.errors import PayloadTooLarge

EVENT_PREFIX: Final = "evt"
MOST_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Happened:
    """The event that a payload is made for. `fields` are the event's own; `subject_id` is what it is about."""

    id: UUID
    name: str
    subject_id: UUID
    at: datetime
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Payload:
    """What the receiver is told beside id, time and number: the topic, what it is about, and the query's answer."""

    topic: str
    aggregate: Mapping[str, Any]
    data: Any


def envelope(happened: Happened, number: int, payload: Payload) -> bytes:
    """JSON. Raises `PayloadTooLarge`."""
    told = {
        "id": type_id(EVENT_PREFIX, happened.id),
        "type": payload.topic,
        "timestamp": happened.at.isoformat(),
        "sequence": number,
        "aggregate": payload.aggregate,
        "data": payload.data,
    }
    body = msgspec.json.encode(told)
    if len(body) > MOST_BYTES:
        raise PayloadTooLarge(
            "The payload has {size} bytes; {limit} are sent at the most. Ask for less.",
            size=len(body),
            limit=MOST_BYTES,
        )
    return body
