"""Messages into a chat, by a bot: WeCom's group robots (WeChat for companies), and QQ by OneBot 11."""

from __future__ import annotations

from typing import Any

from stoa.kit.languages import Sentence
from stoa.kit.messaging.asking import ask, refused
from stoa.kit.messaging.messages import Message, MessageSilent

WECHAT, QQ = Sentence("WeChat"), Sentence("QQ")
MOST_BYTES = 2048  # of a robot's text, in UTF-8
# Their codes for "too often" and "busy": a robot may say twenty things a minute.
_LATER = {-1, 45009, 45033}


class WeChatMessenger:
    """`to` is the key of a group's robot; the address before it is the installation's."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def send(self, message: Message) -> str:
        body = {"msgtype": "text", "text": {"content": _cut(message.whole)}}
        answer = await ask(WECHAT, self.url, body, key=message.key, query={"key": message.to})
        code = _code(answer, "errcode")
        if code in _LATER:
            raise MessageSilent(f"WeChat said: {answer}")
        if code != 0:
            raise refused(WECHAT, str(answer))
        return ""


class QqMessenger:
    """`to` is the number of a person's account, or ``group:`` and that of a group."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url.rstrip("/"), token

    async def send(self, message: Message) -> str:
        group = message.to.removeprefix("group:")
        kind = {"group_id": group} if group != message.to else {"user_id": group}
        body = kind | {"message": [{"type": "text", "data": {"text": message.whole}}]}
        action = "send_group_msg" if "group_id" in kind else "send_private_msg"
        answer = await ask(QQ, f"{self.url}/{action}", body, key=message.key, token=self.token)
        if _code(answer, "retcode") != 0:
            raise refused(QQ, str(answer))
        data = answer.get("data") or {}
        return str(data.get("message_id", "")) if isinstance(data, dict) else ""


def _code(answer: Any, name: str) -> int | None:
    code = answer.get(name) if isinstance(answer, dict) else None
    return code if isinstance(code, int) else None


def _cut(text: str) -> str:
    return text.encode()[:MOST_BYTES].decode(errors="ignore")
