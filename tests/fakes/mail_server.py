"""A mail server on this machine, that takes what it is told to take and remembers it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope


class MailServer:
    """What came in, parsed; and what it answers instead, when that is set."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.says_to_recipient = self.says_to_mail = ""
        self.url = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: Any) -> str:
        if self.says_to_recipient:
            return self.says_to_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        if self.says_to_mail:
            return self.says_to_mail
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients += envelope.rcpt_tos
        return "250 OK"


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    """A server that listens, without TLS."""
    server, loop = MailServer(), asyncio.get_running_loop()
    listening = await loop.create_server(lambda: SMTP(server, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0)
    server.url = f"smtp://127.0.0.1:{listening.sockets[0].getsockname()[1]}?tls=none"
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()
