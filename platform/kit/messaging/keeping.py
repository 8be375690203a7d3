"""Messages without a way out: into the letterbox, or not at all."""

from __future__ import annotations

import msgspec

from stoa.kit.clock import now
from stoa.kit.letterbox import Letter, Letterbox
from stoa.kit.messaging.messages import Channel, Message, MessageRefused


class LetterboxMessenger:
    """Keeps what would have been said, as this channel would have said it."""

    def __init__(self, box: Letterbox, channel: Channel) -> None:
        self.box, self.channel = box, channel

    async def send(self, message: Message) -> str:
        await self.box.put(
            Letter(
                owner=message.owner,
                channel=self.channel.value.lower(),
                key=message.key,
                to=message.to,
                at=now(),
                subject=message.title,
                text=self._said(message),
            )
        )
        return message.key

    def _said(self, message: Message) -> str:
        if self.channel is Channel.WEBHOOK:
            return msgspec.json.encode(message.data, order="sorted").decode()
        return message.short if self.channel is Channel.SMS else message.whole


class NoMessenger:
    """Of a channel that an installation in production was not told how to reach."""

    def __init__(self, setting: str) -> None:
        self.setting = setting

    async def send(self, message: Message) -> str:
        raise MessageRefused("This installation has no way out for that: {setting} is not set.", setting=self.setting)
