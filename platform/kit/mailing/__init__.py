"""Mail: one port, behind it an SMTP server or the letterbox. `open_mailer` says which, by the settings."""

from __future__ import annotations

from stoa.kit.letterbox import Letterbox
from stoa.kit.mailing.mails import Attachment, Mail, Mailbox, Mailer, MailRefused, MailSilent
from stoa.kit.mailing.posting import LetterboxMailer, NoMailer
from stoa.kit.mailing.smtp import SmtpMailer
from stoa.settings import Settings

__all__ = [
    "Attachment",
    "LetterboxMailer",
    "Mail",
    "MailRefused",
    "MailSilent",
    "Mailbox",
    "Mailer",
    "NoMailer",
    "SmtpMailer",
    "open_mailer",
]


def open_mailer(settings: Settings) -> Mailer:
    """SMTP when STOA_SMTP_URL names a server. Else letters are kept; but in production nobody would look for them
    there, so every mail is refused then, in words that say what is missing."""
    sender = Mailbox.parsed(settings.mail_from)
    if url := settings.smtp_url.get_secret_value():
        return SmtpMailer(url, sender)
    return NoMailer() if settings.is_production else LetterboxMailer(Letterbox(settings.letterbox), sender)
