"""What a mail is, and the port through which it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from email.utils import parseaddr
from typing import Protocol

from email_validator import EmailNotValidError, validate_email

from stoa.kit.errors import Refusal


class MailRefused(Refusal):
    """It will not be taken, however often it is tried: no such address, or not from us."""

    code = "MAIL_REFUSED"


class MailSilent(Exception):
    """Nobody answered, or only that it does not suit now: to be tried again, with the same key."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Somebody's address, and how they are called."""

    address: str
    name: str = ""

    @classmethod
    def parsed(cls, text: str) -> Mailbox:
        """``Stoa <post@stoa.example>``, or the address alone."""
        name, address = parseaddr(text)
        return cls(address, name)

    def checked(self) -> Mailbox:
        """As mail servers write it: a domain of any language becomes ASCII. Raises `MailRefused`."""
        try:
            valid = validate_email(self.address, check_deliverability=False, test_environment=True)
        except EmailNotValidError as error:
            raise MailRefused("{address} is no address that mail can go to.", address=self.address[:100]) from error
        return replace(self, address=f"{valid.local_part}@{valid.ascii_domain}")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along. `media_type` as in ``application/pdf``."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one reader.

    `key` is the idempotency key, of a job or a message: the Message-ID is made of it, so that a mail which leaves twice
    is recognised as one. `owner` is the schema of the shop whose mail it is, or `platform`. `sender_name` stands
    before the address that all our mail comes from. `unsubscribe` is an address (https) at which the reader wants no
    more of these; with `one_click` programs may POST to it (RFC 8058).
    """

    to: Mailbox
    subject: str
    text: str
    key: str
    owner: str = "platform"
    html: str = ""
    sender_name: str = ""
    reply_to: Mailbox | None = None
    unsubscribe: str = ""
    one_click: bool = False
    attachments: Sequence[Attachment] = ()


class Mailer(Protocol):
    async def send(self, mail: Mail) -> str:
        """Let it leave, and give its Message-ID. Raises `MailRefused`, `MailSilent`."""
        ...
