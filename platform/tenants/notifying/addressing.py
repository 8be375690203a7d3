"""Addresses by which channels reach people: what each looks like."""

from __future__ import annotations

import re

from stoa.kit.calling import check_address
from stoa.kit.errors import InvalidInput
from stoa.kit.languages import Sentence
from stoa.kit.mailing import Mailbox
from stoa.kit.messaging import Channel
from stoa.kit.text import clean_line

LONGEST = 300
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_PUNCTUATION = re.compile(r"[ ()./-]")
_KEY = re.compile(r"[A-Za-z0-9_-]{8,100}")
_QQ = re.compile(r"(group:)?[1-9][0-9]{4,11}")
ADDRESS = Sentence("address")


def checked_address(channel: Channel, text: str) -> str:
    """In normal form. Raises `InvalidInput`, `MailRefused`, `AddressRefused`."""
    address = clean_line(text, what=ADDRESS, limit=LONGEST)
    if channel is Channel.MAIL:
        return Mailbox(address).checked().address
    if channel is Channel.SMS:
        number = _PUNCTUATION.sub("", address)
        return _matching(_PHONE, number, "{text!r} is no telephone number; write it like +8613800138000.")
    if channel is Channel.WECHAT:
        return _matching(_KEY, address, "{text!r} is not the key of a robot in a WeCom group.")
    if channel is Channel.QQ:
        return _matching(_QQ, address, "{text!r} is no QQ number; write group: before that of a group.")
    if channel is Channel.WEBHOOK:
        return check_address(address)
    raise InvalidInput("Nobody needs an address to be told in the app.")


def _matching(pattern: re.Pattern[str], text: str, sentence: str) -> str:
    if not pattern.fullmatch(text):
        raise InvalidInput(sentence, text=text[:60])
    return text
