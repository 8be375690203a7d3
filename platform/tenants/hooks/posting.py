"""One request to a receiver, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Final, Self

from stoa.kit.calling import Answer, call
from stoa.kit.clock import now
from stoa.kit.errors import Refusal
from stoa.kit.ids import type_id
from stoa.kit.languages import Sentence
from stoa.kit.sealing import SealBroken
from stoa.kit.signing import signed
from stoa.tenants.hooks.errors import SecretLost
from stoa.tenants.hooks.models import Webhook, WebhookDelivery
from stoa.tenants.hooks.secrecy import secrets_of

SECONDS: Final = 15.0
MOST_BYTES: Final = 1024  # of an answer: enough to see what is wrong
GONE: Final = 410
REDIRECTED: Final = range(300, 400)
LONGEST_WISH: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one try: a status, or a code and a sentence for why there is none. `wait` is what the receiver asked for."""

    milliseconds: int
    status: int | None = None
    answer: str = ""
    code: str | None = None
    error: Sentence | None = None
    wait: timedelta | None = None

    @property
    def has_arrived(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == GONE

    @classmethod
    def of_refusal(cls, refusal: Refusal, seconds: float) -> Self:
        return cls(round(seconds * 1000), code=refusal.code, error=refusal.sentence)

    @classmethod
    def of_answer(cls, answer: Answer, seconds: float) -> Self:
        text = answer.body.decode("utf-8", "replace").replace("\x00", "")
        error = None
        if answer.status in REDIRECTED:
            error = Sentence("It points to another address; give us that one, for redirects are not followed.")
        wait = _wish(answer.headers.get("retry-after", ""))
        return cls(round(seconds * 1000), answer.status, text, error=error, wait=wait)


async def post(hook: Webhook, delivery: WebhookDelivery, message_id: str, body: bytes) -> Outcome:
    """Send it, signed at this moment with the secrets of this moment."""
    moment, started = now(), monotonic()
    try:
        keys = secrets_of(hook, moment)
    except SealBroken:
        lost = SecretLost("The secret cannot be read any more: rotate it, and resume.")
        return Outcome.of_refusal(lost, 0)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stoa-Webhook": type_id("hook", hook.id),
        "Stoa-Delivery": type_id("whd", delivery.id),
        **signed(keys, message_id, moment, body),
    }
    try:
        answer = await call(hook.address, content=body, headers=headers, seconds=SECONDS, most_bytes=MOST_BYTES)
    except Refusal as refusal:
        return Outcome.of_refusal(refusal, monotonic() - started)
    return Outcome.of_answer(answer, monotonic() - started)


def _wish(header: str) -> timedelta | None:
    """`Retry-After` in seconds; dates are not read."""
    if not header.strip().isdecimal() or len(header) > 9:
        return None
    return min(timedelta(seconds=int(header)), LONGEST_WISH)
