"""Interpret a row: what its cells say of a product and a variant, and what is wrong with them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from stoa.domains.catalog.importing.options import OPTIONS, Field, Options, is_catalog
from stoa.domains.catalog.importing.values import Bad, clean_code, clean_key, readers
from stoa.kit.languages import Sentence
from stoa.kit.tabular.reading import Row
from stoa.tenants.importing.issues import Issue

KEY_LIMIT = 120
# The price and title of such a row are set aside: it is no offer but a note in the file (a stock correction, say).
ODD = ("ZERO_PRICE", "UNDER_ONE_UNIT")
ODD_TITLE = "odd_title"
# What Shopify calls the only variant of a product that has no options.
NO_OPTION, NO_TITLE = "title", "default title"
_OF_A_VARIANT = frozenset(
    (
        *(Field.SKU, Field.VARIANT_TITLE, Field.PRICE, Field.LIST_PRICE, Field.COST, Field.STOCK, Field.BARCODE),
        *(Field.WEIGHT, Field.REQUIRES_SHIPPING, Field.TAXABLE, Field.OPTION1, Field.OPTION2, Field.OPTION3),
    )
)
_OPTION_HEADER = re.compile(r"\s*(?:option|选项|规格|属性)\s*[:：]\s*", re.IGNORECASE)
_PROBLEMS = {
    "BAD_QUOTES": Sentence("The quotes in this row do not pair up."),
    "NUL_BYTE": Sentence("The row holds a zero byte."),
}
_NO_KEY, _BLANK_TITLE = Sentence("The row has no code."), Sentence("The title is empty.")


@dataclass(slots=True)
class Statement:
    """What one row says. `item_key` is the variant's external id; empty when the row is about the product alone."""

    line: int
    product_key: str
    item_key: str
    said: dict[str, Any]


class Interpreter:
    """Reads rows by one mapping; `columns` tells which column each field stands in."""

    def __init__(self, headers: list[str], columns: dict[str, int], options: Options, currency: str) -> None:
        self._headers, self._options = headers, options
        self._product, self._sku = columns.get(Field.PRODUCT), columns.get(Field.SKU)
        self._is_catalog = is_catalog(columns)
        reads = readers(options, currency, for_catalog=self._is_catalog)
        self._fields = [(str(name), columns[name], reads[name]) for name in reads if name in columns]
        self._has_more = self._is_catalog or not _SIMPLE.issuperset(columns)
        # "Option: Colour" says the name once for all
        self._names = [
            (str(value), str(name), _OPTION_HEADER.sub("", headers[columns[value]], count=1) or headers[columns[value]])
            for name, value in OPTIONS
            if value in columns and name not in columns
        ]

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
        if self._has_more:
            self._put_together(statement)
        if self._is_catalog:
            statement.item_key = _key_of_form(statement)
        elif not statement.item_key and not _OF_A_VARIANT.isdisjoint(statement.said):
            statement.item_key = _key_without_code(statement)
        return statement

    def _refused(self, row: Row) -> Issue:
        if row.problem:
            return Issue(row.line, "", row.problem, _PROBLEMS[row.problem], "|".join(row.cells), refused=True)
        wanted, found = len(self._headers), len(row.cells)
        message = Sentence("The row has {found} cells; the header has {wanted}.", {"found": found, "wanted": wanted})
        return Issue(row.line, "", "UNEVEN_ROW", message, "|".join(row.cells), refused=True)

    def _keys(self, line: int, cells: list[str], issues: list[Issue]) -> tuple[str, str] | None:
        """The keys of the product and of the variant; a product without a key of its own goes by its sku."""
        sku = clean_code(cells[self._sku]) if self._sku is not None else ""
        product = clean_key(cells[self._product]) if self._product is not None else ""
        if self._is_catalog:
            product = _short(product)  # handles may be longer than keys
        for text, column in ((sku, self._sku), (product, self._product)):
            if len(text) > KEY_LIMIT and column is not None:
                message = Sentence(
                    "A code of {count} letters is too long; {limit} are allowed.",
                    {"count": len(text), "limit": KEY_LIMIT},
                )
                issues.append(Issue(line, self._headers[column], "KEY_TOO_LONG", message, text, refused=True))
                return None
        if not product and (self._is_catalog or not sku):
            column = self._product if self._is_catalog or self._sku is None else self._sku
            assert column is not None
            issues.append(Issue(line, self._headers[column], "NO_KEY", _NO_KEY, refused=True))
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
            elif name == Field.TITLE and not self._is_catalog:
                issues.append(Issue(statement.line, self._headers[column], "BLANK_TITLE", _BLANK_TITLE, text))
        if is_odd and Field.TITLE in said and not self._is_catalog:
            said[ODD_TITLE] = said.pop(Field.TITLE)

    def _put_together(self, statement: Statement) -> None:
        """A picture with its place and words; an option with the name that its column has."""
        said = statement.said
        for value, name, header in self._names:
            if value in said:
                said[name] = header
        position, alt = said.pop(Field.IMAGE_POSITION, None), said.pop(Field.IMAGE_ALT, None)
        if Field.IMAGE in said and not (position is None and alt is None):
            said[Field.IMAGE] = (said[Field.IMAGE], position, alt)


_SIMPLE = frozenset(Field) - {Field.IMAGE_POSITION, Field.IMAGE_ALT, *(value for _, value in OPTIONS)}


def _key_without_code(statement: Statement) -> str:
    """A variant without a code goes by its product's key and its own title."""
    title = statement.said.get(Field.VARIANT_TITLE)
    return f"{statement.product_key}/{title}"[:KEY_LIMIT] if title else statement.product_key


def _key_of_form(statement: Statement) -> str:
    """In a catalog a variant goes by all that tells it from the product's others: Shopify has codes that occur twice,
    and none at all."""
    said = statement.said
    if _OF_A_VARIANT.isdisjoint(said):
        return ""
    names = (Field.VARIANT_TITLE, Field.OPTION1, Field.OPTION2, Field.OPTION3, Field.SKU)
    form = [said[name] for name in names if said.get(name, NO_TITLE).casefold() != NO_TITLE]
    return _short("/".join((statement.product_key, *form)))


def _short(key: str) -> str:
    """As long as a key may be, and still different from every other."""
    if len(key) <= KEY_LIMIT:
        return key
    return f"{key[: KEY_LIMIT - 17]}~{blake2b(key.encode(), digest_size=8).hexdigest()}"
