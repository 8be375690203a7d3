"""Mail: as it is written, sent over the wire, or kept."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from pydantic import SecretStr

from stoa.kit import clock
from stoa.kit.letterbox import Letterbox
from stoa.kit.mailing import (
    Attachment,
    LetterboxMailer,
    Mail,
    Mailbox,
    MailRefused,
    MailSilent,
    NoMailer,
    SmtpMailer,
    open_mailer,
)
from stoa.kit.mailing.writing import written
from stoa.settings import Settings
from tests.fakes.mail_server import mail_server

STOA = Mailbox("post@stoa.example", "Stoa")
MAIL = Mail(
    to=Mailbox("li.lei@shop.example", "李雷"),
    subject="新订单 #1001 等待确认",
    text="您好，李雷",
    html="<p>您好，李雷</p>",
    key="msg_1",
    owner="shop_one",
    sender_name="柱廊商店",
)


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).strip()


async def test_a_mail_arrives_as_it_was_meant() -> None:
    async with mail_server() as server:
        given = await SmtpMailer(server.url, STOA).send(MAIL)

    (mail,) = server.mails
    assert server.recipients == ["li.lei@shop.example"]
    assert (mail["Subject"], mail["To"]) == ("新订单 #1001 等待确认", "李雷 <li.lei@shop.example>")
    assert mail["From"] == "柱廊商店 <post@stoa.example>"
    assert (body(mail, "plain"), body(mail, "html")) == ("您好，李雷", "<p>您好，李雷</p>")
    assert mail["Message-ID"] == given == f"<{hashlib.sha256(b'msg_1').hexdigest()[:40]}@stoa.example>"
    assert mail["Auto-Submitted"] == "auto-generated"


async def test_headers_are_ascii_on_the_wire() -> None:
    raw = written(MAIL, STOA).as_bytes()

    assert raw.isascii()
    assert b"Subject: =?utf-8?" in raw


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028", "\x0b", "\x00\n", "\x85"])
async def test_no_text_begins_a_header_of_its_own(end: str) -> None:
    evil = f"{end}Bcc: everybody@shop.example"

    mail = written(
        replace(
            MAIL,
            subject=f"Hello{evil}",
            to=Mailbox("a@shop.example", f"Mallory{evil}"),
            sender_name=f"Shop{evil}",
            attachments=[Attachment(f"a.pdf{evil}", "application/pdf", b"%PDF")],
        ),
        STOA,
    )

    assert "Bcc" not in mail
    assert not any(line.lower().startswith(b"bcc") for line in mail.as_bytes().splitlines())
    with pytest.raises(MailRefused):
        written(replace(MAIL, to=Mailbox(f"a@shop.example{evil}")), STOA)
    with pytest.raises(MailRefused):
        written(replace(MAIL, unsubscribe=f"https://shop.example/{evil}"), STOA)


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b@c.example", "a@shop.example, b@shop.example", "<a@shop.example>"]
)
async def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(MailRefused, match="no address that mail can go to"):
        written(replace(MAIL, to=Mailbox(address)), STOA)


async def test_addresses_may_be_of_any_language() -> None:
    async with mail_server() as server:
        await SmtpMailer(server.url, STOA).send(replace(MAIL, to=Mailbox("post@例子.中国")))
        await SmtpMailer(server.url, STOA).send(replace(MAIL, key="msg_2", to=Mailbox("李雷@例子.中国", "李雷")))

    assert server.recipients == ["post@xn--fsqu00a.xn--fiqs8s", "李雷@xn--fsqu00a.xn--fiqs8s"]


async def test_who_wants_no_more_of_them_is_told_where_to_say_so() -> None:
    wanted = written(replace(MAIL, unsubscribe="https://stoa.example/u/1"), STOA)
    at_once = written(replace(MAIL, unsubscribe="https://stoa.example/u/1", one_click=True), STOA)

    assert wanted["List-Unsubscribe"] == at_once["List-Unsubscribe"] == "<https://stoa.example/u/1>"
    assert "List-Unsubscribe-Post" not in wanted
    assert at_once["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "List-Unsubscribe" not in written(MAIL, STOA)


async def test_a_file_goes_along() -> None:
    file = Attachment("销售报表.pdf", "application/pdf", b"%PDF-1.7")
    async with mail_server() as server:
        await SmtpMailer(server.url, STOA).send(replace(MAIL, attachments=[file]))

    (part,) = server.mails[0].iter_attachments()
    assert (part.get_filename(), part.get_content_type()) == ("销售报表.pdf", "application/pdf")
    assert part.get_payload(decode=True) == b"%PDF-1.7"


@pytest.mark.parametrize("where", ["says_to_recipient", "says_to_mail"])
async def test_a_server_that_says_never_is_not_asked_again(where: str) -> None:
    async with mail_server() as server:
        setattr(server, where, "550 5.1.1 no such user")
        with pytest.raises(MailRefused, match=r"The mail server refused: 550 .*no such user"):
            await SmtpMailer(server.url, STOA).send(MAIL)

    assert server.mails == []


@pytest.mark.parametrize("where", ["says_to_recipient", "says_to_mail"])
async def test_a_server_that_says_later_is_asked_later(where: str) -> None:
    async with mail_server() as server:
        setattr(server, where, "451 4.7.1 greylisted")
        with pytest.raises(MailSilent, match="greylisted"):
            await SmtpMailer(server.url, STOA).send(MAIL)


async def test_a_server_that_is_not_there_is_asked_later() -> None:
    async with mail_server() as server:
        pass
    with pytest.raises(MailSilent, match="did not answer"):
        await SmtpMailer(server.url, STOA).send(MAIL)


async def test_a_server_without_tls_gets_no_password() -> None:
    async with mail_server() as server:
        url = server.url.replace("smtp://", "smtp://zeno:opensesame@").removesuffix("?tls=none")
        with pytest.raises(MailSilent, match="STARTTLS"):
            await SmtpMailer(url, STOA).send(MAIL)

    assert server.mails == []


async def test_without_a_server_a_mail_is_kept_as_it_would_have_left(tmp_path: Path) -> None:
    mailer, noon = LetterboxMailer(Letterbox(tmp_path), STOA), datetime(2026, 11, 26, 12, tzinfo=UTC)

    with clock.set_to(noon):
        first = await mailer.send(MAIL)
        again = await mailer.send(MAIL)

    (letter,) = await mailer.box.letters("shop_one", channel="mail")
    assert first == again == letter.headers["Message-ID"]
    assert (letter.to, letter.subject, letter.text, letter.html, letter.at) == (
        "李雷 <li.lei@shop.example>",
        "新订单 #1001 等待确认",
        "您好，李雷",
        "<p>您好，李雷</p>",
        noon,
    )
    with pytest.raises(MailRefused):
        await mailer.send(replace(MAIL, to=Mailbox("nobody")))


async def test_the_settings_say_how_mail_leaves(settings: Settings) -> None:
    def by(**values: object) -> object:
        return open_mailer(settings.model_copy(update=values))

    assert isinstance(by(), LetterboxMailer)
    assert isinstance(by(environment="production"), NoMailer)
    assert isinstance(by(smtp_url=SecretStr("smtps://a:b@mail.example")), SmtpMailer)
    with pytest.raises(MailRefused, match="STOA_SMTP_URL"):
        await open_mailer(settings.model_copy(update={"environment": "production"})).send(MAIL)
    with pytest.raises(ValueError, match="STOA_SMTP_URL is smtp://"):
        by(smtp_url=SecretStr("http://mail.example"))
