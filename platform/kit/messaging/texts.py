"""Text messages, by a gateway that speaks HTTP and JSON."""

from __future__ import annotations

from stoa.kit.languages import Sentence
from stoa.kit.messaging.asking import ask
from stoa.kit.messaging.messages import Message

GATEWAY = Sentence("The text gateway")


class SmsMessenger:
    """POSTs ``{"to", "text", "key"}``; what the gateway answers as `id` is its name for the message.

    Gateways differ: this is the form of a small relay that an operator puts before whichever has the contract.
    """

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token

    async def send(self, message: Message) -> str:
        body = {"to": message.to, "text": message.short, "key": message.key}
        answer = await ask(GATEWAY, self.url, body, key=message.key, token=self.token)
        return str(answer.get("id", "")) if isinstance(answer, dict) else ""
