"""Amounts as files write them: "1.234,50", "¥12.30", "12.345"; read exactly or not at all."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal, NamedTuple

from stoa.kit.languages import Sentence

Decimal = Literal[".", ","] | None

SIGNS = {
    "¥": {"CNY", "JPY"},
    "元": {"CNY"},
    "円": {"JPY"},
    "€": {"EUR"},
    "£": {"GBP"},
    "$": {"USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN", "ARS", "COP", "CLP"},
    "₩": {"KRW"},
    "₹": {"INR"},
    "₽": {"RUB"},
    "zł": {"PLN"},
    "kr": {"SEK", "NOK", "DKK", "ISK"},
}
_SIGN = "|".join((*map(re.escape, SIGNS), "[A-Z]{3}"))
_WHOLE = re.compile(rf"(?P<before>{_SIGN})?\s*(?P<minus>-)?\s*(?P<number>[0-9.,' ]*[0-9])\s*(?P<after>{_SIGN})?")
_GROUPED = r"(?P<whole>\d+|\d{{1,3}}(?:(?P<by>[{by}])\d{{3}})(?:(?P=by)\d{{3}})*)?(?:{point}(?P<part>\d+))?"
_STYLES = {
    ".": re.compile(_GROUPED.format(by=",' ", point=r"\.")),
    ",": re.compile(_GROUPED.format(by=".' ", point=",")),
    None: re.compile(_GROUPED.format(by="' ", point=r"\.")),
}
MAX_DIGITS, MAX_LENGTH = 15, 80


class NotAnAmount(NamedTuple):
    """Why a text was not read as an amount."""

    code: str
    message: Sentence


@lru_cache(maxsize=8192)
def read_amount(text: str, decimal: Decimal, places: int, currency: str = "") -> int | NotAnAmount:
    """The amount in units of 10 ** -`places`; may be negative. A sign of another currency than `currency` is not
    passed over, and more decimals than `places` are not rounded."""
    found = _WHOLE.fullmatch(unicodedata.normalize("NFKC", text[:MAX_LENGTH]).replace("\u2019", "'").strip())
    if found is None or len(text) > MAX_LENGTH:
        return NotAnAmount("NOT_A_NUMBER", Sentence("{text!r} is not a number.", {"text": _short(text)}))
    for sign in (found["before"], found["after"]):
        if sign and currency not in SIGNS.get(sign, {sign}):
            wanted = currency or Sentence("plain numbers")
            sentence = Sentence("{text!r} is not in {wanted}.", {"text": _short(text), "wanted": wanted})
            return NotAnAmount("WRONG_CURRENCY", sentence)
    return _read_number(text, found["number"], decimal, places, -1 if found["minus"] else 1)


def _read_number(text: str, number: str, decimal: Decimal, places: int, sign: int) -> int | NotAnAmount:
    if decimal is None and "," in number and "." in number:
        decimal = "," if number.rindex(",") > number.rindex(".") else "."  # the last of the two; groups come before
    if decimal is None and _is_ambiguous(number, places):
        sentence = Sentence("{text!r} can be read in two ways: say in the options what the decimal sign is.")
        return NotAnAmount("AMBIGUOUS_NUMBER", sentence.filled(text=_short(text)))
    found = _STYLES[decimal].fullmatch(number)
    if found is None:
        sentence = Sentence("{text!r} is not a number with {sign} for its decimals.")
        return NotAnAmount("NOT_A_NUMBER", sentence.filled(text=_short(text), sign=_NAMES[decimal]))
    whole, part = re.sub(r"\D", "", found["whole"] or "0"), (found["part"] or "").rstrip("0")
    if len(whole) > MAX_DIGITS - places:
        return NotAnAmount("TOO_LARGE", Sentence("{text!r} is more than can be kept.", {"text": _short(text)}))
    if len(part) > places and not int(whole + part[:places]):
        sentence = Sentence("{text!r} is under the smallest amount there is.", {"text": _short(text)})
        return NotAnAmount("UNDER_ONE_UNIT", sentence)
    if len(part) > places:
        sentence = Sentence("{text!r} has more decimals than can be kept ({places}).")
        return NotAnAmount("TOO_FINE", sentence.filled(text=_short(text), places=places))
    return sign * int(whole + part.ljust(places, "0"))


_POINT, _COMMA = Sentence("a point"), Sentence("a comma")
_NAMES = {".": _POINT, ",": _COMMA, None: _POINT}


def _is_ambiguous(number: str, places: int) -> bool:
    """ "12.345" may be twelve thousand; "0.345" and "1234.567" may not, nor may it where money has three decimals."""
    if "," in number or number.count(".") > 1:
        return True
    whole, _, part = number.rpartition(".")
    return len(part) == 3 and places != 3 and 0 < len(whole) < 4 and whole[0] != "0"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
