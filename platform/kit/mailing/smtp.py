"""Mail over SMTP."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponseException

from stoa.kit.mailing.mails import Mail, Mailbox, MailRefused, MailSilent
from stoa.kit.mailing.writing import written

SECONDS = 20.0
PORTS = {"smtp": 587, "smtps": 465}


class SmtpMailer:
    """``smtp://user:password@host:587`` demands STARTTLS, ``smtps://...`` is TLS from the first byte;
    ``smtp://host:25?tls=none`` goes in the clear, to a relay on the same machine."""

    def __init__(self, url: str, sender: Mailbox) -> None:
        self.sender, self._options = sender, _options(url)

    async def send(self, mail: Mail) -> str:
        message = written(mail, self.sender)
        try:
            await self._deliver(message)
        except SMTPResponseException as error:
            raise _told(error.code, error.message) from error
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _told(error.recipients[0].code, error.recipients[0].message) from error
        except aiosmtplib.SMTPNotSupported as error:
            if mail.to.address.isascii():  # then it is the server's way in that is set up wrongly, and may be mended
                raise MailSilent(f"The mail server cannot: {error}") from error
            raise MailRefused("The mail server takes no address like {address}.", address=mail.to.address) from error
        except (TimeoutError, SMTPException, OSError) as error:
            raise MailSilent(f"The mail server did not answer: {type(error).__name__}: {error}") from error
        return str(message["Message-ID"])

    async def _deliver(self, message: EmailMessage) -> None:
        await aiosmtplib.send(message, timeout=SECONDS, **self._options)


def _told(code: int, words: str) -> MailRefused | MailSilent:
    """By RFC 5321, 4.2.1: 5yz is for good, unless it is we who are not let in."""
    said = f"{code} {words}"[:300]
    if 500 <= code < 600 and code not in (530, 534, 535):
        return MailRefused("The mail server refused: {said}", said=said)
    return MailSilent(f"The mail server said: {said}")


def _options(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("STOA_SMTP_URL is smtp://[user:password@]host[:port] or smtps://...")
    in_the_clear = parse_qs(parts.query).get("tls") == ["none"]
    return {
        "hostname": parts.hostname,
        "port": parts.port or PORTS[parts.scheme],
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "use_tls": parts.scheme == "smtps",
        "start_tls": parts.scheme == "smtp" and not in_the_clear,
    }
