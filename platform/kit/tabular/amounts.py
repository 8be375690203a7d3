"""Amounts as files write them: "1.234,50", "¥12.30", "12.345"; read exactly or not at all."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal, NamedTuple

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
    message: str


@lru_cache(maxsize=8192)
def read_amount(text: str, decimal: Decimal, places: int, currency: str = "") -> int | NotAnAmount:
    """The amount in units of 10 ** -`places`; may be negative. A sign of another currency than `currency` is not
    passed over, and more decimals than `places` are not rounded."""
    found = _WHOLE.fullmatch(unicodedata.normalize("NFKC", text[:MAX_LENGTH]).replace("\u2019", "'").strip())
    if found is None or len(text) > MAX_LENGTH:
        return NotAnAmount("NOT_A_NUMBER", f"{_short(text)} is not a number.")
    for sign in (found["before"], found["after"]):
        if sign and currency not in SIGNS.get(sign, {sign}):
            return NotAnAmount("WRONG_CURRENCY", f"{_short(text)} is not in {currency or 'plain numbers'}.")
    return _read_number(text, found["number"], decimal, places, -1 if found["minus"] else 1)


def _read_number(text: str, number: str, decimal: Decimal, places: int, sign: int) -> int | NotAnAmount:
    if decimal is None and "," in number and "." in number:
        decimal = "," if number.rindex(",") > number.rindex(".") else "."  # the last of the two; groups come before
    if decimal is None and _is_ambiguous(number, places):
        return NotAnAmount(
            "AMBIGUOUS_NUMBER", f"{_short(text)} can be read in two ways: say in the options what the decimal sign is."
        )
    found = _STYLES[decimal].fullmatch(number)
    if found is None:
        return NotAnAmount("NOT_A_NUMBER", f"{_short(text)} is not a number with {_NAMES[decimal]} for its decimals.")
    whole, part = re.sub(r"\D", "", found["whole"] or "0"), (found["part"] or "").rstrip("0")
    if len(whole) > MAX_DIGITS - places:
        return NotAnAmount("TOO_LARGE", f"{_short(text)} is more than can be kept.")
    if len(part) > places and not int(whole + part[:places]):
        return NotAnAmount("UNDER_ONE_UNIT", f"{_short(text)} is under the smallest amount there is.")
    if len(part) > places:
        return NotAnAmount("TOO_FINE", f"{_short(text)} has more decimals than can be kept ({places}).")
    return sign * int(whole + part.ljust(places, "0"))


_NAMES = {".": "a point", ",": "a comma", None: "a point"}


def _is_ambiguous(number: str, places: int) -> bool:
    """ "12.345" may be twelve thousand; "0.345" and "1234.567" may not, nor may it where money has three decimals."""
    if "," in number or number.count(".") > 1:
        return True
    whole, _, part = number.rpartition(".")
    return len(part) == 3 and places != 3 and 0 < len(whole) < 4 and whole[0] != "0"


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")
