"""Mail without a server: into the letterbox, or not at all."""

from __future__ import annotations

from stoa.kit.clock import now
from stoa.kit.letterbox import Letter, Letterbox
from stoa.kit.mailing.mails import Mail, Mailbox, MailRefused
from stoa.kit.mailing.writing import written

CHANNEL = "mail"


class LetterboxMailer:
    """Writes each mail as it would go over the wire, so that what cannot be sent is refused here as well."""

    def __init__(self, box: Letterbox, sender: Mailbox) -> None:
        self.box, self.sender = box, sender

    async def send(self, mail: Mail) -> str:
        message = written(mail, self.sender)
        headers = {name: str(value) for name, value in message.items() if name.lower() not in ("subject", "to")}
        files = {f"Attachment-{i}": each.name for i, each in enumerate(mail.attachments, start=1)}
        await self.box.put(
            Letter(
                owner=mail.owner,
                channel=CHANNEL,
                key=mail.key,
                to=str(message["To"]),
                at=now(),
                subject=str(message["Subject"]),
                text=mail.text,
                html=mail.html,
                headers=headers | files,
            )
        )
        return str(message["Message-ID"])


class NoMailer:
    """Of an installation in production that was told of no mail server."""

    async def send(self, mail: Mail) -> str:
        raise MailRefused("No mail leaves this installation: STOA_SMTP_URL is not set.")
