"""What a merchant says about a file: which column holds what, and how numbers and text are written in it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from stoa.domains.catalog.models import ProductStatus
from stoa.kit.tabular.notation import Notation, read_notation
from stoa.tenants.importing.errors import BadMapping


class Field(StrEnum):
    """What a column may hold. PRODUCT groups variants: rows with the same value are one product.

    When PRODUCT and HANDLE stand in the same column, the file is a catalog as shops write it, and no log of sales: see
    `is_catalog`.
    """

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
    IMAGE_POSITION = "image_position"
    IMAGE_ALT = "image_alt"
    VARIANT_IMAGE = "variant_image"
    VENDOR = "vendor"
    TYPE = "type"
    TAGS = "tags"
    SEO_TITLE = "seo_title"
    SEO_DESCRIPTION = "seo_description"
    STATUS = "status"
    PUBLISHED = "published"
    OPTION1_NAME = "option1_name"
    OPTION1 = "option1"
    OPTION2_NAME = "option2_name"
    OPTION2 = "option2"
    OPTION3_NAME = "option3_name"
    OPTION3 = "option3"
    WEIGHT = "weight"
    REQUIRES_SHIPPING = "requires_shipping"
    TAXABLE = "taxable"
    KEYWORDS = "keywords"
    TRANSLATIONS = "translations"
    METADATA = "metadata"


# What the variants differ in: the names are the product's, the values each variant's.
OPTIONS = (
    (Field.OPTION1_NAME, Field.OPTION1),
    (Field.OPTION2_NAME, Field.OPTION2),
    (Field.OPTION3_NAME, Field.OPTION3),
)


def is_catalog(columns: Mapping[str, object]) -> bool:
    """Whether a file goes by handles: several rows are one product, of which the first says what is true of all.

    Then products are found by their handle too, wherever they came from; variants that share a code are told apart by
    what they differ in; a blank title and a price of zero are nothing odd.
    """
    return Field.HANDLE in columns and columns.get(Field.PRODUCT) == columns[Field.HANDLE]


class Options(Notation, frozen=True, omit_defaults=True):
    """How a file is to be read.

    `status`: of the products it creates from rows that do not say it, unchecked (releasing.py). `zero_price`: whether a
    price of zero is one ("take"), or the row's price and title are set aside and reported ("report"), as in sales logs
    where stock corrections are written at price zero.
    """

    status: ProductStatus = ProductStatus.ACTIVE
    zero_price: Literal["report", "take"] = "report"


def check_mapping(mapping: Mapping[str, str]) -> dict[str, str]:
    """The mapping with its headers trimmed, blank ones left out. Needs a SKU or a PRODUCT column."""
    unknown = sorted(set(mapping) - set(Field))
    if unknown:
        raise BadMapping(
            "{unknown!r} is not a field; there are {fields}.",
            path=["mapping"],
            unknown=unknown[0][:60],
            fields=", ".join(Field),
        )
    checked = {str(field): header.strip() for field, header in mapping.items() if header.strip()}
    if Field.SKU not in checked and Field.PRODUCT not in checked:
        raise BadMapping(
            "Say which column holds the sku or the product's key: one of them tells products apart.", path=["mapping"]
        )
    return checked


def read_options(**given: object) -> Options:
    """Options as somebody wrote them; what is None is as if it were not said. Raises `InvalidInput`."""
    return read_notation(Options, given)
