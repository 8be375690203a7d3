"""Messages by every channel: over HTTP as its other side wants them, or kept."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from stoa.kit.calling import AddressRefused
from stoa.kit.letterbox import Letterbox
from stoa.kit.messaging import (
    Channel,
    HookMessenger,
    LetterboxMessenger,
    Message,
    MessageRefused,
    MessageSilent,
    Messenger,
    QqMessenger,
    SmsMessenger,
    WeChatMessenger,
    open_messengers,
)
from stoa.kit.messaging.hooks import secret_of
from stoa.settings import Settings
from tests.fakes.receiver import receiver

MESSAGE = Message(
    key="notification 1",
    owner="shop_one",
    to="+8613800138000",
    title="新订单 1001",
    text="请确认。",
    sender_name="柱廊",
    data={"type": "notification.order_waits"},
)


def json_of(body: Any, status: int = 200) -> bytes:
    content = json.dumps(body).encode()
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (status, len(content), content)


async def test_a_text_message_is_one_line_with_the_senders_name_and_the_key() -> None:
    async with receiver() as gateway:
        gateway.always = json_of({"id": "sms-7"})
        assert await SmsMessenger(gateway.url, "secret").send(MESSAGE) == "sms-7"

    [heard] = gateway.heard
    assert heard.json == {"to": "+8613800138000", "text": "【柱廊】新订单 1001", "key": "notification 1"}
    assert (heard.headers["authorization"], heard.headers["idempotency-key"]) == ("Bearer secret", "notification 1")


async def test_a_robot_speaks_in_its_group() -> None:
    async with receiver() as wecom:
        wecom.always = json_of({"errcode": 0, "errmsg": "ok"})
        await WeChatMessenger(f"{wecom.url}/cgi-bin/webhook/send").send(replace(MESSAGE, to="693a91f6-7"))
        await WeChatMessenger(wecom.url).send(replace(MESSAGE, text="汉" * 2000))

    first, long = wecom.heard
    assert parse_qs(urlsplit(first.line.split()[1]).query) == {"key": ["693a91f6-7"]}
    assert first.json == {"msgtype": "text", "text": {"content": "【柱廊】新订单 1001\n请确认。"}}
    assert len(long.json["text"]["content"].encode()) <= 2048


@pytest.mark.parametrize("code", [-1, 45009, 45033])
async def test_a_robot_that_has_said_too_much_is_heard_later(code: int) -> None:
    async with receiver() as wecom:
        wecom.always = json_of({"errcode": code, "errmsg": "busy"})
        with pytest.raises(MessageSilent, match=str(code)):
            await WeChatMessenger(wecom.url).send(MESSAGE)


@pytest.mark.parametrize("answer", [{"errcode": 93000, "errmsg": "invalid webhook url"}, {}, [], {"errcode": "0"}])
async def test_a_robot_that_is_none_is_refused(answer: Any) -> None:
    async with receiver() as wecom:
        wecom.always = json_of(answer)
        with pytest.raises(MessageRefused, match="WeChat refused: "):
            await WeChatMessenger(wecom.url).send(MESSAGE)


@pytest.mark.parametrize(
    ("to", "path", "whom"),
    [
        ("12345678", "/send_private_msg", {"user_id": "12345678"}),
        ("group:777777", "/send_group_msg", {"group_id": "777777"}),
    ],
)
async def test_a_qq_bot_writes_to_people_and_into_groups(to: str, path: str, whom: dict[str, str]) -> None:
    async with receiver() as bot:
        bot.always = json_of({"status": "ok", "retcode": 0, "data": {"message_id": 5}})
        assert await QqMessenger(f"{bot.url}/", "secret").send(replace(MESSAGE, to=to)) == "5"

    [heard] = bot.heard
    assert heard.line.split()[1] == path
    assert heard.json == whom | {"message": [{"type": "text", "data": {"text": "【柱廊】新订单 1001\n请确认。"}}]}
    async with receiver() as bot:
        bot.always = json_of({"status": "failed", "retcode": 1404})
        with pytest.raises(MessageRefused):
            await QqMessenger(bot.url, "").send(MESSAGE)


async def test_a_webhook_is_signed_so_that_the_receivers_library_believes_it(settings: Settings) -> None:
    async with receiver() as program:
        await HookMessenger(settings).send(replace(MESSAGE, to=program.url))

    [heard] = program.heard
    assert heard.signed_by(secret_of(settings, "shop_one")) == {"type": "notification.order_waits"}
    assert heard.headers["webhook-id"] == "notification 1"
    with pytest.raises(Exception, match="signature"):
        heard.signed_by(secret_of(settings, "shop_two"))


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("https://10.0.0.1/hook", "10.0.0.1"),
        ("https://169.254.169.254/latest/meta-data", "169.254.169.254"),
        ("https://[fd00::1]/", "fd00::1"),
        ("https://shop.example:25/", "25"),
        ("https://user:pass@shop.example/", "no user name and no password"),
        ("ftp://files.example/", "https://"),
    ],
)
async def test_a_webhook_to_a_machine_that_is_not_public_is_refused_for_good(
    settings: Settings, address: str, why: str
) -> None:
    with pytest.raises(AddressRefused, match=re.escape(why)):
        await HookMessenger(settings).send(replace(MESSAGE, to=address))


def ways(url: str, settings: Settings) -> list[tuple[Messenger, Message]]:
    return [
        (SmsMessenger(url, ""), MESSAGE),
        (WeChatMessenger(url), MESSAGE),
        (QqMessenger(url, ""), MESSAGE),
        (HookMessenger(settings), replace(MESSAGE, to=url)),
    ]


@pytest.mark.parametrize("number", range(4))
async def test_who_is_not_there_or_says_later_is_asked_again(settings: Settings, number: int) -> None:
    async with receiver() as other:
        messenger, message = ways(other.url, settings)[number]
        for status in (500, 503, 429, 408):
            other.always = status
            with pytest.raises(MessageSilent):
                await messenger.send(message)
    with pytest.raises(MessageSilent):
        await messenger.send(message)


@pytest.mark.parametrize("number", range(4))
async def test_who_says_no_is_not_asked_again(settings: Settings, number: int) -> None:
    async with receiver() as other:
        messenger, message = ways(other.url, settings)[number]
        for status in (400, 401, 404, 410, 301):
            other.always = status
            with pytest.raises(MessageRefused):
                await messenger.send(message)


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        (Channel.SMS, "【柱廊】新订单 1001"),
        (Channel.WECHAT, "【柱廊】新订单 1001\n请确认。"),
        (Channel.QQ, "【柱廊】新订单 1001\n请确认。"),
        (Channel.WEBHOOK, '{"type":"notification.order_waits"}'),
    ],
)
async def test_without_a_way_out_it_is_kept_as_it_would_have_been_said(
    tmp_path: Path, channel: Channel, said: str
) -> None:
    box = Letterbox(tmp_path)

    for _ in range(2):
        assert await LetterboxMessenger(box, channel).send(MESSAGE) == "notification 1"

    [letter] = await box.letters("shop_one", channel=channel.value.lower())
    assert (letter.to, letter.subject, letter.text) == ("+8613800138000", "新订单 1001", said)


async def test_without_a_way_out_in_the_settings_messages_are_kept(settings: Settings, tmp_path: Path) -> None:
    here = open_messengers(settings.model_copy(update={"letterbox": tmp_path}))

    for channel in here:
        await here[channel].send(replace(MESSAGE, to="zeno@stoa.example" if channel is Channel.MAIL else MESSAGE.to))

    assert set(here) == set(Channel) - {Channel.IN_APP}
    assert {each.channel for each in await Letterbox(tmp_path).letters("shop_one")} == {
        channel.value.lower() for channel in here
    }


async def test_with_one_they_leave_by_it(settings: Settings) -> None:
    async with receiver() as other:
        other.always = json_of({"errcode": 0, "retcode": 0})
        ways_out = {"sms_url": f"{other.url}/sms", "wechat_url": f"{other.url}/wechat", "qq_url": f"{other.url}/qq"}
        tokens = {"sms_token": SecretStr("for sms"), "qq_token": SecretStr("for qq"), "webhook_messages": "call"}
        set_up = open_messengers(settings.model_copy(update={**ways_out, **tokens}))
        for channel in (Channel.SMS, Channel.WECHAT, Channel.QQ):
            await set_up[channel].send(MESSAGE)
        await set_up[Channel.WEBHOOK].send(replace(MESSAGE, to=f"{other.url}/hook"))

    assert [(each.line.split()[1].partition("?")[0], each.headers.get("authorization")) for each in other.heard] == [
        ("/sms", "Bearer for sms"),
        ("/wechat", None),
        ("/qq/send_private_msg", "Bearer for qq"),
        ("/hook", None),
    ]


async def test_in_production_what_has_no_way_out_is_refused_and_the_setting_named(settings: Settings) -> None:
    """Nobody looks into a letterbox there. Webhooks need no setting: they are called."""
    async with receiver() as program:
        bare = open_messengers(settings.model_copy(update={"environment": "production"}))
        await bare[Channel.WEBHOOK].send(replace(MESSAGE, to=program.url))
    assert len(program.heard) == 1

    for channel in (Channel.SMS, Channel.WECHAT, Channel.QQ):
        with pytest.raises(MessageRefused, match=f"STOA_{channel.value}_URL is not set"):
            await bare[channel].send(MESSAGE)
