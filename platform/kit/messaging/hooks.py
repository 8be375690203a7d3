"""Messages to a merchant's own program: POSTed, and signed as Standard Webhooks has it."""

from __future__ import annotations

import hmac

import msgspec

from stoa.kit.calling import AddressRefused, NoAnswer, call
from stoa.kit.clock import now
from stoa.kit.languages import Sentence
from stoa.kit.messaging.asking import judge
from stoa.kit.messaging.messages import Message, MessageSilent
from stoa.kit.signing import shown, signed
from stoa.settings import Settings

RECEIVER = Sentence("The receiver")


def secret_of(settings: Settings, owner: str) -> str:
    """What an owner's messages are signed with: derived, so that no further secret has to be kept."""
    key = settings.secret_key.get_secret_value().encode()
    return shown(hmac.digest(key, f"notifications of {owner}".encode(), "sha256"))


class HookMessenger:
    """`to` is an address on the web; machines that are not public are never called (kit/calling.py)."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    async def send(self, message: Message) -> str:
        body = msgspec.json.encode(message.data, order="sorted")
        secret = secret_of(self.settings, message.owner)
        headers = {"Content-Type": "application/json", **signed([secret], message.key, now(), body)}
        try:
            answer = await call(message.to, content=body, headers=headers)
        except AddressRefused:
            raise
        except NoAnswer as error:
            raise MessageSilent(error.message) from None
        judge(RECEIVER, answer.status)
        return ""
