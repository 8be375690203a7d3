"""What an answer over HTTP means for a message; and asking a service that the operator has named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from stoa.kit.languages import Sentence
from stoa.kit.messaging.messages import MessageRefused, MessageSilent

SECONDS = 10.0
LONGEST = 300  # characters of somebody else's words that are kept
_LATER = (408, 425, 429)


async def ask(
    service: Sentence,
    url: str,
    body: Mapping[str, Any],
    *,
    key: str,
    token: str = "",
    query: Mapping[str, str] | None = None,
) -> Any:
    """POST it as JSON, with the key in `Idempotency-Key`; the answer's JSON ({} when it is none).

    Raises `MessageSilent` when there is no answer, and what `judge` raises.
    """
    headers = {"Idempotency-Key": key} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        async with httpx.AsyncClient(timeout=SECONDS, trust_env=False) as client:
            answer = await client.post(url, json=body, headers=headers, params=query)
    except httpx.HTTPError as error:
        raise MessageSilent(f"{service} did not answer: {type(error).__name__}: {error}") from None
    judge(service, answer.status_code, answer.text)
    try:
        return msgspec.json.decode(answer.content)
    except msgspec.DecodeError:
        return {}


def judge(service: Sentence, status: int, words: str = "") -> None:
    """Raises `MessageSilent` for a status that says later, and `MessageRefused` for any other that is no success."""
    said = f"{status} {words[:LONGEST]}".strip()
    if status >= 500 or status in _LATER:
        raise MessageSilent(f"{service} said: {said}")
    if not 200 <= status < 300:
        raise refused(service, said)


def refused(service: Sentence, said: str) -> MessageRefused:
    return MessageRefused("{service} refused: {said}", service=service, said=said[:LONGEST])
