"""Money: minor units and a currency, exact, never a float."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from stoa.kit.errors import InvalidInput

# ISO 4217: decimal places of the currencies shops on Stoa may use (list one, 2024-06-25).
EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "XAF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(
        (
            *("AED", "ARS", "AUD", "BGN", "BRL", "CAD", "CHF", "CNY", "COP", "CZK", "DKK", "EGP", "EUR", "GBP", "HKD"),
            *("HUF", "IDR", "ILS", "INR", "KES", "MAD", "MOP", "MXN", "MYR", "NGN", "NOK", "NZD", "PEN", "PHP", "PLN"),
            *("QAR", "RON", "RUB", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "UYU", "ZAR"),
        ),
        2,
    ),
}
_AMOUNT = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")
MAX_MINOR = 10**15  # a quadrillion minor units: far above any price, far below BIGINT's end


def exponent_of(currency: str) -> int:
    """Decimal places of an ISO 4217 currency; refuses one that Stoa does not know."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise InvalidInput(
            "{currency!r} is not a currency that Stoa knows (ISO 4217, e.g. CNY, EUR).", currency=currency
        ) from None


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units (cents, fen) of an ISO 4217 currency."""

    minor: int
    currency: str

    @property
    def amount(self) -> str:
        """The decimal string people read: ``Money(1999, "EUR").amount == "19.99"``."""
        return decimal_string(self.minor, self.currency)

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.minor - other.minor, self.currency)

    def __mul__(self, times: int) -> Money:
        return Money(self.minor * times, self.currency)

    def _same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise InvalidInput(
                "{currency} and {other_currency} cannot be added.",
                currency=self.currency,
                other_currency=other.currency,
            )

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


def decimal_string(minor: int, currency: str) -> str:
    """The decimal text of an amount; on the path of every price that is read, hence by text and not by division."""
    places = EXPONENTS.get(currency, 2)
    digits = str(minor)
    if not places:
        return digits
    if minor < 0:
        return "-" + decimal_string(-minor, currency)
    if len(digits) <= places:
        digits = digits.zfill(places + 1)
    return digits[:-places] + "." + digits[-places:]


@lru_cache(maxsize=64)
def _unit(places: int) -> Decimal:
    return Decimal(1).scaleb(-places)


def parse_money(text: str, currency: str) -> Money:
    """Read a decimal string exactly: "19.9" EUR is 1990; "19.999" EUR is refused, never rounded in silence."""
    places = exponent_of(currency)
    if not _AMOUNT.fullmatch(text.strip()):
        raise InvalidInput("{text!r} is not an amount; write it like 19.90.", text=text[:60])
    value = Decimal(text.strip())
    if abs(value) >= MAX_MINOR:
        raise InvalidInput("{text!r} is more than Stoa can keep.", text=text[:60])
    if value != value.quantize(_unit(places)):
        raise InvalidInput(
            "{text!r} has more decimals than {currency} has ({places}).", text=text, currency=currency, places=places
        )
    return Money(int(value.scaleb(places)), currency)


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` minor units by `weights`, exactly: the parts sum to the whole (largest remainder).

    Equal remainders go to the earlier part, so the same input always gives the same parts. Weights are not
    negative; when all are 0 the parts are equal.
    """
    if not weights:
        raise ValueError("nothing to allocate to")
    shares = list(weights) if any(weights) else [1] * len(weights)
    whole = sum(shares)
    sign, amount = (-1, -total) if total < 0 else (1, total)
    parts = [amount * share // whole for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: (-(amount * shares[i] % whole), i))
    for i in by_remainder[: amount - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]
