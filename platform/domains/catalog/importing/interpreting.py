"""Interpret a row: what its cells say of a product and a variant, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from stoa.domains.catalog.describing import clean_description
from stoa.domains.catalog.drafting import check_url
from stoa.domains.catalog.importing.amounts import NotAnAmount, read_amount
from stoa.domains.catalog.importing.issues import Issue
from stoa.domains.catalog.importing.options import Field, Options
from stoa.domains.catalog.importing.reading import Row
from stoa.kit.errors import Refusal
from stoa.kit.money import exponent_of
from stoa.kit.text import clean_line, slugify

MAX_STOCK = 2**31 - 1
KEY_LIMIT = 120
# The price and title of such a row are set aside: it is no offer but a note in the file (a stock correction, say).
ODD = ("ZERO_PRICE", "UNDER_ONE_UNIT")
ODD_TITLE = "odd_title"
_OF_A_VARIANT = frozenset((Field.VARIANT_TITLE, Field.PRICE, Field.LIST_PRICE, Field.COST, Field.STOCK, Field.BARCODE))
_PROBLEMS = {
    "BAD_QUOTES": "The quotes in this row do not pair up.",
    "NUL_BYTE": "The row holds a zero byte.",
}


@dataclass(slots=True)
class Statement:
    """What one row says. `item_key` is the variant's external id; empty when the row is about the product alone."""

    line: int
    product_key: str
    item_key: str
    said: dict[str, Any]


class Bad(Exception):
    """A cell that cannot be taken."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


Read = Callable[[str], Any]


class Interpreter:
    """Reads rows by one mapping; `columns` tells which column each field stands in."""

    def __init__(self, headers: list[str], columns: dict[str, int], options: Options, currency: str) -> None:
        self._headers, self._options = headers, options
        self._product, self._sku = columns.get(Field.PRODUCT), columns.get(Field.SKU)
        readers = _readers(options, currency)
        self._fields = [(str(name), columns[name], readers[name]) for name in readers if name in columns]

    def take(self, row: Row, issues: list[Issue]) -> Statement | None:
        """What the row says; issues are added to the list. None when the row says nothing that can be taken."""
        line, cells, problem = row
        width = len(self._headers)
        if problem or len(cells) < width or any(cells[width:]):
            issues.append(self._refused(row))
            return None
        if not any(cells):
            return None
        keys = self._keys(line, cells, issues)
        if keys is None:
            return None
        product_key, sku = keys
        statement = Statement(line, product_key, sku, {Field.SKU: sku} if sku else {})
        self._read_fields(statement, cells, issues)
        return statement

    def _refused(self, row: Row) -> Issue:
        if row.problem:
            return Issue(row.line, "", row.problem, _PROBLEMS[row.problem], "|".join(row.cells), refused=True)
        wanted, found = len(self._headers), len(row.cells)
        message = f"The row has {found} cells; the header has {wanted}."
        return Issue(row.line, "", "UNEVEN_ROW", message, "|".join(row.cells), refused=True)

    def _keys(self, line: int, cells: list[str], issues: list[Issue]) -> tuple[str, str] | None:
        """The keys of the product and of the variant; a product without a key of its own goes by its sku."""
        sku = _clean_key(cells[self._sku]) if self._sku is not None else ""
        product = _clean_key(cells[self._product]) if self._product is not None else ""
        for text, column in ((sku, self._sku), (product, self._product)):
            if len(text) > KEY_LIMIT and column is not None:
                message = f"A code of {len(text)} letters is too long; {KEY_LIMIT} are allowed."
                issues.append(Issue(line, self._headers[column], "KEY_TOO_LONG", message, text, refused=True))
                return None
        if not sku and not product:
            column = self._sku if self._sku is not None else self._product
            assert column is not None
            issues.append(Issue(line, self._headers[column], "NO_KEY", "The row has no code.", refused=True))
            return None
        return product or sku, sku

    def _read_fields(self, statement: Statement, cells: list[str], issues: list[Issue]) -> None:
        said = statement.said
        is_odd = False
        for name, column, read in self._fields:
            text = cells[column]
            value = read(text) if text and not text.isspace() else None
            if type(value) is Bad:
                issues.append(Issue(statement.line, self._headers[column], value.code, value.message, text))
                is_odd = is_odd or (name == Field.PRICE and value.code in ODD)
            elif value is not None:
                said[name] = value
            elif name == Field.TITLE:
                issues.append(Issue(statement.line, self._headers[column], "BLANK_TITLE", "The title is empty.", text))
        if is_odd and Field.TITLE in said:
            said[ODD_TITLE] = said.pop(Field.TITLE)
        if not statement.item_key and not _OF_A_VARIANT.isdisjoint(said):
            statement.item_key = _key_without_code(statement)


def _key_without_code(statement: Statement) -> str:
    """A variant without a code goes by its product's key and its own title."""
    title = statement.said.get(Field.VARIANT_TITLE)
    return f"{statement.product_key}/{title}"[:KEY_LIMIT] if title else statement.product_key


def _readers(options: Options, currency: str) -> dict[str, Read]:
    """How each field is read. Readers give the value, or `Bad`; equal cells recur, so most answers are remembered."""
    take_zero = options.zero_price == "take"
    money = partial(_money, options=options, currency=currency)
    remembered: dict[str, Read] = {
        Field.TITLE: _title,
        Field.VARIANT_TITLE: partial(_line, what="variant's title", limit=255),
        Field.CATEGORY: partial(_line, what="category", limit=120),
        Field.BARCODE: partial(_line, what="barcode", limit=64),
        Field.HANDLE: _handle,
        Field.PRICE: partial(money, take_zero=take_zero),
        Field.LIST_PRICE: partial(money, take_zero=True),
        Field.COST: partial(money, take_zero=True),
        Field.STOCK: partial(_stock, options=options),
    }
    once: dict[str, Read] = {Field.DESCRIPTION: _description, Field.IMAGE: check_url}
    return {name: lru_cache(4096)(_caught(read)) for name, read in remembered.items()} | {
        name: _caught(read) for name, read in once.items()
    }


def _caught(read: Read) -> Read:
    def caught(text: str) -> Any:
        try:
            return read(text)
        except Bad as bad:
            return bad.with_traceback(None)
        except Refusal as refusal:
            return Bad("INVALID", refusal.message)

    return caught


@lru_cache(4096)
def _clean_key(text: str) -> str:
    return clean_line(text, what="code", limit=len(text) + 1, required=False)


def _line(text: str, *, what: str, limit: int) -> str:
    line = clean_line(text, what=what, limit=len(text) * 4 + 1, required=False)
    if len(line) > limit:
        raise Bad("TOO_LONG", f"The {what} is {len(line)} letters long; {limit} are allowed.")
    return line


def _title(text: str) -> str:
    title = _line(text, what="title", limit=255)
    if not any(letter.isalnum() for letter in title):
        raise Bad("NOT_A_TITLE", "This is not a title: it has neither letter nor digit.")
    return title


def _description(text: str) -> str:
    return clean_description(text)


def _handle(text: str) -> str:
    handle = slugify(text, limit=150)
    if not handle:
        raise Bad("INVALID", "No handle can be made of this.")
    return handle


def _money(text: str, *, options: Options, currency: str, take_zero: bool) -> int:
    amount = _amount(text, options, exponent_of(currency), currency)
    if amount == 0 and not take_zero:
        raise Bad("ZERO_PRICE", "The price is zero: price and title of this row are set aside.")
    return amount


def _stock(text: str, *, options: Options) -> int:
    amount = _amount(text, options, 0, "")
    if amount > MAX_STOCK:
        raise Bad("TOO_LARGE", f"{text.strip()} is more than can be kept.")
    return amount


def _amount(text: str, options: Options, places: int, currency: str) -> int:
    amount = read_amount(text, options.decimal, places, currency)
    if isinstance(amount, NotAnAmount):
        raise Bad(amount.code, amount.message)
    if amount < 0:
        raise Bad("NEGATIVE", f"{text.strip()} is less than nothing.")
    return amount
