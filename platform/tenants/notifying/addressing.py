"""Addresses by which channels reach people: what each looks like."""

from __future__ import annotations

import re
from collections.abc import Mapping

from stoa.kit.calling import check_address
from stoa.kit.errors import InvalidInput
from stoa.kit.languages import Sentence
from stoa.kit.mailing import Mailbox
from stoa.kit.messaging import Channel
from stoa.kit.text import clean_line

LONGEST = 300
_PUNCTUATION = re.compile(r"[ ()./-]")
PHONE, ROBOT, QQ = (
    Sentence("{text!r} is no telephone number; write it like +8613800138000."),
    Sentence("{text!r} is not the key of a robot in a WeCom group."),
    Sentence("{text!r} is no QQ number; write group: before that of a group."),
)
FORMS: Mapping[Channel, tuple[re.Pattern[str], Sentence]] = {
    Channel.SMS: (re.compile(r"\+[1-9][0-9]{6,14}"), PHONE),
    Channel.WECHAT: (re.compile(r"[A-Za-z0-9_-]{8,100}"), ROBOT),
    Channel.QQ: (re.compile(r"(group:)?[1-9][0-9]{4,11}"), QQ),
}


def checked_address(channel: Channel, text: str) -> str:
    """In normal form. Raises `InvalidInput`, `MailRefused`, `AddressRefused`."""
    address = clean_line(text, what="address", limit=LONGEST)
    if channel is Channel.MAIL:
        return Mailbox(address).checked().address
    if channel is Channel.WEBHOOK:
        return check_address(address)
    if channel is Channel.IN_APP:
        raise InvalidInput("Nobody needs an address to be told in the app.")
    if channel is Channel.SMS:
        address = _PUNCTUATION.sub("", address)
    form, sentence = FORMS[channel]
    if not form.fullmatch(address):
        raise InvalidInput(sentence.text, text=address[:60])
    return address
