"""E-mails and phone numbers, as people write them and as they are compared."""

from __future__ import annotations

import re

from stoa.kit.errors import InvalidInput
from stoa.kit.text import clean_line

_NOT_PHONE = re.compile(r"[\s\-().\uff08\uff09\u2010-\u2015]+")


def normal_phone(text: str) -> str:
    """Digits and a leading +. Refuses what has other letters in it."""
    phone = _NOT_PHONE.sub("", text)
    if phone and not re.fullmatch(r"\+?[0-9]{3,20}", phone):
        raise InvalidInput("{text!r} is not a phone number.", text=text[:40])
    return phone


def clean_email(text: str) -> str:
    email = clean_line(text, what="e-mail", limit=254, required=False)
    if email and ("@" not in email[1:-1] or " " in email):
        raise InvalidInput("{email!r} is not an e-mail address.", email=email[:60])
    return email
