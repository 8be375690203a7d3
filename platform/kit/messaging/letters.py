"""Messages by mail."""

from __future__ import annotations

from stoa.kit.mailing import Mail, Mailbox, Mailer
from stoa.kit.messaging.messages import Message


class MailMessenger:
    """Hands them to the mailer: SMTP or the letterbox."""

    def __init__(self, mailer: Mailer) -> None:
        self.mailer = mailer

    async def send(self, message: Message) -> str:
        return await self.mailer.send(
            Mail(
                to=Mailbox(message.to, message.name),
                subject=message.title,
                text=message.text or message.title,
                html=message.html,
                key=message.key,
                owner=message.owner,
                sender_name=message.sender_name,
            )
        )
