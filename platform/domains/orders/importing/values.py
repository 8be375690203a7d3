"""What the cells of an order may hold, and how they are read: the value, or what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from stoa.domains.orders.drafting import MAX_MINOR, MAX_QUANTITY
from stoa.domains.orders.importing.options import Field, Options
from stoa.domains.service import clean_email
from stoa.kit.errors import Refusal
from stoa.kit.languages import Sentence
from stoa.kit.money import exponent_of
from stoa.kit.tabular.amounts import NotAnAmount, read_amount
from stoa.kit.tabular.cells import plain, plain_code, split_tags
from stoa.kit.text import clean_line, clean_text

FINER = 4  # decimals of a unit price beyond those of the currency: prices of screws, and of a tenth of a penny
FINE: int = 10**FINER
_TIME = r"(?:[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})[-/.年](\d{{1,2}})[-/.月](\d{{1,2}})日?{_TIME}")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}){_TIME}")
Read = Callable[[str], Any]


class Bad(Exception):
    """A cell that cannot be taken."""

    def __init__(self, code: str, message: Sentence) -> None:
        super().__init__(str(message))
        self.code, self.message = code, message


def readers(options: Options, currency: str, zone: ZoneInfo) -> dict[str, Read]:
    """How each field is read. Readers give the value, None for nothing, or `Bad`; equal cells recur, so answers are
    remembered."""
    amount = partial(_minor, options=options, currency=currency)
    time = partial(_time, zone=zone, options=options)
    reads: dict[str, Read] = {
        Field.ORDER: partial(_line, what="order number", limit=100),
        Field.SKU: _code,
        Field.TITLE: partial(_cut, what="title", limit=255),
        Field.QUANTITY: partial(_quantity, options=options),
        Field.PRICE: partial(_price, options=options, currency=currency),
        Field.CUSTOMER: partial(_line, what="customer's id", limit=120),
        Field.EMAIL: clean_email,
        Field.COUNTRY: partial(_cut, what="country", limit=80),
        Field.CURRENCY: lambda text: text.strip().upper()[:10],
        Field.NOTE: partial(clean_text, what="note", limit=5000),
        Field.TAGS: _tags,
        Field.REQUIRES_SHIPPING: lambda text: text.strip().casefold() not in ("false", "no", "0", "否"),
        **dict.fromkeys((Field.TIME, Field.PAID_AT, Field.FULFILLED_AT, Field.CANCELLED_AT), time),
        **dict.fromkeys(
            (
                *(Field.LINE_DISCOUNT, Field.SUBTOTAL, Field.DISCOUNT, Field.SHIPPING, Field.TAX, Field.TOTAL),
                *(Field.REFUNDED, Field.OUTSTANDING),
            ),
            amount,
        ),
        **dict.fromkeys((Field.FINANCIAL_STATUS, Field.FULFILMENT_STATUS, Field.LINE_FULFILMENT), _word),
    }
    return {field: lru_cache(8192)(_caught(reads.get(field, _text))) for field in Field}


def _caught(read: Read) -> Read:
    def caught(cell: str) -> Any:
        text = cell.strip()
        if not text:
            return None
        try:
            return read(plain(text))
        except Bad as bad:
            return bad.with_traceback(None)
        except Refusal as refusal:
            return Bad("INVALID", refusal.sentence)

    return caught


def rounded(fine: int) -> int:
    """An amount of `FINER` more decimals in minor units, half a unit upwards."""
    return (2 * fine + FINE) // (2 * FINE)


def _line(text: str, *, what: str, limit: int) -> str | None:
    return clean_line(text, what=what, limit=limit, required=False) or None


def _cut(text: str, *, what: str, limit: int) -> str | None:
    """As much of it as can be kept: what was sold is history, and nobody can write it shorter."""
    return clean_line(text, what=what, limit=len(text) * 4 + 1, required=False)[:limit].strip() or None


def _text(text: str) -> str | None:
    return _cut(text, what="text", limit=200)


def _word(text: str) -> str:
    return text.strip().casefold().replace("-", "_").replace(" ", "_")[:40]


def _code(cell: str) -> str | None:
    return _line(plain_code(cell), what="code", limit=120)


def _tags(text: str) -> list[str]:
    return [tag[:60] for tag in split_tags(text)][:250]


def _quantity(text: str, *, options: Options) -> int:
    """Less than nothing: as many came back."""
    number: int = _amount(text, options, 0, "")
    if number == 0:
        raise Bad("NO_QUANTITY", Sentence("The quantity is zero."))
    if abs(number) > MAX_QUANTITY:
        raise Bad("TOO_LARGE", Sentence("{text} is more than can be kept.", {"text": text.strip()[:40]}))
    return number


def _price(text: str, *, options: Options, currency: str) -> int:
    """Of one, with `FINER` more decimals than the currency has."""
    places = exponent_of(currency)
    amount = read_amount(text, options.decimal, places, currency)
    if isinstance(amount, NotAnAmount) and amount.code in ("TOO_FINE", "UNDER_ONE_UNIT"):
        return _not_negative(text, _amount(text, options, places + FINER, currency))
    return _not_negative(text, _amount(text, options, places, currency) * FINE)


def _minor(text: str, *, options: Options, currency: str) -> int:
    return _not_negative(text, _amount(text, options, exponent_of(currency), currency))


def _not_negative(text: str, amount: int) -> int:
    if amount < 0:
        raise Bad("NEGATIVE", Sentence("{text} is less than nothing.", {"text": text.strip()[:40]}))
    if amount >= MAX_MINOR * FINE:
        raise Bad("TOO_LARGE", Sentence("{text} is more than can be kept.", {"text": text.strip()[:40]}))
    return amount


def _amount(text: str, options: Options, places: int, currency: str) -> int:
    amount = read_amount(text, options.decimal, places, currency)
    if isinstance(amount, NotAnAmount):
        raise Bad(amount.code, amount.message)
    return amount


def _time(text: str, *, zone: ZoneInfo, options: Options) -> datetime:
    """In UTC. Of an hour that the clock has twice, the first; of one that it leaves out, as if it had not."""
    found = _YEAR_FIRST.fullmatch(text.strip())
    if found:
        year, month, day, *rest = found.groups()
    else:
        year, month, day, *rest = _year_last(text, options)
    hour, minute, second, offset = rest
    try:
        moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))  # noqa: DTZ001
        return (moment.replace(tzinfo=zone) if not offset else _shifted(moment, offset)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Bad("NOT_A_TIME", Sentence("There is no such day or hour.")) from None


def _year_last(text: str, options: Options) -> tuple[str | None, ...]:
    found = _YEAR_LAST.fullmatch(text.strip())
    if found is None:
        raise Bad("NOT_A_TIME", Sentence("This is not a time; write it as 2024-03-31 14:05."))
    first, second, year, *rest = found.groups()
    if options.date_order is None:
        sentence = Sentence("Say in the options whether the day or the month comes first.")
        raise Bad("AMBIGUOUS_DATE", sentence)
    day, month = (first, second) if options.date_order == "day" else (second, first)
    return (year, month, day, *rest)


def _shifted(moment: datetime, offset: str) -> datetime:
    if offset in ("Z", "UTC"):
        return moment.replace(tzinfo=UTC)
    sign, digits = (-1 if offset[0] == "-" else 1), offset[1:].replace(":", "")
    return moment.replace(tzinfo=UTC) - sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
