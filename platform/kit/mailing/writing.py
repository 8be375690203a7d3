"""Writing a mail as it goes over the wire (RFC 5322)."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from stoa.kit.clock import now
from stoa.kit.mailing.mails import Attachment, Mail, Mailbox, MailRefused
from stoa.kit.text import clean_line

LONGEST_SUBJECT, LONGEST_NAME = 400, 120
# Nobody's mail server is the domain of a machine at home; identifiers need one all the same (RFC 2606).
NO_DOMAIN = "stoa.invalid"


def written(mail: Mail, sender: Mailbox) -> EmailMessage:
    """The message, its headers encoded and without a line that was not meant as one. Raises `MailRefused`.

    Whatever language they are in, headers are ASCII on the wire; a line break in a name, a subject or an address never
    begins a header of its own.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(replace(sender, name=mail.sender_name or sender.name))
    message["To"] = _address(mail.to.checked())
    if mail.reply_to is not None:
        message["Reply-To"] = _address(mail.reply_to.checked())
    message["Subject"] = _line(mail.subject, LONGEST_SUBJECT)
    message["Date"] = now()
    message["Message-ID"] = message_id(mail.key, sender)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    if mail.unsubscribe:
        message["List-Unsubscribe"] = f"<{_url(mail.unsubscribe)}>"
        if mail.one_click:
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text or " ", cte="base64")
    if mail.html:
        message.add_alternative(mail.html, subtype="html", cte="base64")
    for each in mail.attachments:
        _attach(message, each)
    return message


def message_id(key: str, sender: Mailbox) -> str:
    """The same for the same key: who gets a mail twice shows it once, and answers find their thread."""
    domain = sender.address.rpartition("@")[2]
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain if '.' in domain else NO_DOMAIN}>"


def _address(mailbox: Mailbox) -> Address:
    local, _, domain = mailbox.address.rpartition("@")
    return Address(_line(mailbox.name, LONGEST_NAME), username=local, domain=domain)


def _line(text: str, limit: int) -> str:
    return clean_line(text, what="subject", limit=10**6, required=False)[:limit]


def _url(url: str) -> str:
    if not url.startswith(("https://", "http://")) or any(letter <= " " or letter in "<>" for letter in url):
        raise MailRefused("{url} is no address on the web.", url=url[:200])
    return url


def _attach(message: EmailMessage, file: Attachment) -> None:
    main, _, sub = file.media_type.partition("/")
    message.add_attachment(file.content, maintype=main, subtype=sub, filename=_line(file.name, LONGEST_NAME))
