"""What a merchant says about a file: which column holds what, and how numbers and text are written in it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, get_args

import msgspec

from stoa.domains.catalog.importing.errors import BadMapping
from stoa.domains.catalog.models import ProductStatus
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.text import clean_line

DecimalSign = Literal[".", ","]
Encoding = Literal["utf-8", "utf-16", "gb18030", "big5", "windows-1252"]
Delimiter = Literal[",", ";", "\t"]
CHOICES = {"decimal": get_args(DecimalSign), "encoding": get_args(Encoding), "delimiter": get_args(Delimiter)}


class Field(StrEnum):
    """What a column may hold. PRODUCT groups variants: rows with the same value are one product."""

    PRODUCT = "product"
    SKU = "sku"
    TITLE = "title"
    DESCRIPTION = "description"
    HANDLE = "handle"
    CATEGORY = "category"
    VARIANT_TITLE = "variant_title"
    PRICE = "price"
    LIST_PRICE = "list_price"
    COST = "cost"
    STOCK = "stock"
    BARCODE = "barcode"
    IMAGE = "image"


class Options(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a file is to be read.

    `decimal`: how its numbers are written; as long as it is not said, a number that could be read in two ways
    ("12.345", "1,50") is an issue. `encoding` and `delimiter`: found out when not said. `status`: of the products it
    creates. `zero_price`: whether a price of zero is one ("take"), or the row's price and title are set aside and
    reported ("report"), as in sales logs where stock corrections are written at price zero.
    """

    decimal: DecimalSign | None = None
    encoding: Encoding | None = None
    delimiter: Delimiter | None = None
    status: ProductStatus = ProductStatus.ACTIVE
    zero_price: Literal["report", "take"] = "report"


def check_mapping(mapping: Mapping[str, str]) -> dict[str, str]:
    """The mapping with its headers trimmed, blank ones left out. Needs a SKU or a PRODUCT column."""
    unknown = sorted(set(mapping) - set(Field))
    if unknown:
        raise BadMapping(f"{unknown[0][:60]!r} is not a field; there are {', '.join(Field)}.", path=["mapping"])
    checked = {str(field): header.strip() for field, header in mapping.items() if header.strip()}
    if Field.SKU not in checked and Field.PRODUCT not in checked:
        raise BadMapping(
            "Say which column holds the sku or the product's key: one of them tells products apart.", path=["mapping"]
        )
    return checked


def check_source(source: str) -> str:
    """The name that the merchant gives to where the file comes from; with it an import finds its products again."""
    with blaming("source"):
        return clean_line(source, what="source", limit=40)


def read_options(**given: object) -> Options:
    """Options as somebody wrote them; what is None is as if it were not said. Raises `InvalidInput`."""
    said = {name: value for name, value in given.items() if value is not None}
    for name, choices in CHOICES.items():
        if name in said and said[name] not in choices:
            there_are = ", ".join(map(repr, choices))
            raise InvalidInput(f"{str(said[name])[:20]!r} is no {name}; there are {there_are}.", path=["options", name])
    return msgspec.convert(said, Options)
