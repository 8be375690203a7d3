"""What a message is, and the port through which it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from stoa.kit.errors import Refusal


class Channel(StrEnum):
    """A way to reach somebody. IN_APP never leaves the house."""

    IN_APP = "IN_APP"
    MAIL = "MAIL"
    SMS = "SMS"
    WECHAT = "WECHAT"
    QQ = "QQ"
    WEBHOOK = "WEBHOOK"


class MessageRefused(Refusal):
    """It will not be taken, however often it is tried."""

    code = "MESSAGE_REFUSED"


class MessageSilent(Exception):
    """Nobody answered, or only that it does not suit now: to be tried again, with the same key."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one reader, written in their language.

    `key` is the idempotency key: what is sent again with the same key is the same message. `owner` is the schema of the
    shop. `to` is what the channel reaches people by: an address, a number, a bot's key. `title` is one line and enough
    by itself where there is room for no more. `data` is for programs.
    """

    key: str
    owner: str
    to: str
    title: str
    text: str = ""
    html: str = ""
    name: str = ""
    sender_name: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """With the sender's name before it, as Chinese carriers ask of a text message."""
        return f"【{self.sender_name}】{self.title}" if self.sender_name else self.title

    @property
    def whole(self) -> str:
        return f"{self.short}\n{self.text}".strip()


class Messenger(Protocol):
    async def send(self, message: Message) -> str:
        """Let it leave, and give the other side's name for it ('' if it has none).

        Raises a `Refusal` for good, and `MessageSilent` (mail: `MailSilent`) when it may be tried again.
        """
        ...
