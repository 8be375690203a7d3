"""Recognise a product file by its header: Shopify's in both of its spellings, and our own.

Shopify's columns are those of its help page "Using CSV files to import and export products"
(help.shopify.com/en/manual/products/import-export/using-csv, "Product CSV file format"). Exports until 2024 say
"Handle", "Body (HTML)", "Variant Price"; the template since then says "URL handle", "Description", "Price".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from stoa.domains.catalog.importing.options import Field
from stoa.domains.catalog.models import FileFormat

# The columns of our own form, as we write them; the order is that of the file.
GENERIC: dict[Field, str] = {
    Field.HANDLE: "Handle",
    Field.TITLE: "Title",
    Field.DESCRIPTION: "Description",
    Field.STATUS: "Status",
    Field.CATEGORY: "Category",
    Field.VENDOR: "Vendor",
    Field.TAGS: "Tags",
    Field.SEO_TITLE: "SEO title",
    Field.SEO_DESCRIPTION: "SEO description",
    Field.KEYWORDS: "Keywords",
    Field.TRANSLATIONS: "Translations",
    Field.METADATA: "Metadata",
    Field.OPTION1_NAME: "Option 1",
    Field.OPTION1: "Value 1",
    Field.OPTION2_NAME: "Option 2",
    Field.OPTION2: "Value 2",
    Field.OPTION3_NAME: "Option 3",
    Field.OPTION3: "Value 3",
    Field.VARIANT_TITLE: "Variant title",
    Field.SKU: "SKU",
    Field.BARCODE: "Barcode",
    Field.PRICE: "Price",
    Field.LIST_PRICE: "List price",
    Field.COST: "Cost",
    Field.STOCK: "Stock",
    Field.WEIGHT: "Weight (g)",
    Field.REQUIRES_SHIPPING: "Requires shipping",
    Field.TAXABLE: "Taxable",
    Field.IMAGE: "Image",
    Field.IMAGE_POSITION: "Image position",
    Field.IMAGE_ALT: "Image alt text",
}
SHOPIFY: dict[Field, tuple[str, ...]] = {
    Field.HANDLE: ("Handle", "URL handle"),
    Field.TITLE: ("Title",),
    Field.DESCRIPTION: ("Body (HTML)", "Description"),
    Field.VENDOR: ("Vendor",),
    Field.CATEGORY: ("Product Category", "Standardized Product Type", "Standard Product Type"),
    Field.TYPE: ("Type", "Custom Product Type"),
    Field.TAGS: ("Tags",),
    Field.PUBLISHED: ("Published", "Published on online store"),
    Field.STATUS: ("Status",),
    Field.OPTION1_NAME: ("Option1 Name",),
    Field.OPTION1: ("Option1 Value",),
    Field.OPTION2_NAME: ("Option2 Name",),
    Field.OPTION2: ("Option2 Value",),
    Field.OPTION3_NAME: ("Option3 Name",),
    Field.OPTION3: ("Option3 Value",),
    Field.SKU: ("Variant SKU", "SKU"),
    Field.BARCODE: ("Variant Barcode", "Barcode"),
    Field.PRICE: ("Variant Price", "Price"),
    Field.LIST_PRICE: ("Variant Compare At Price", "Compare-at price"),
    Field.COST: ("Cost per item",),
    Field.STOCK: ("Variant Inventory Qty", "Inventory quantity"),
    Field.WEIGHT: ("Variant Grams", "Weight value (grams)"),
    Field.REQUIRES_SHIPPING: ("Variant Requires Shipping", "Requires shipping"),
    Field.TAXABLE: ("Variant Taxable", "Charge tax"),
    Field.IMAGE: ("Image Src", "Product image URL"),
    Field.IMAGE_POSITION: ("Image Position",),
    Field.IMAGE_ALT: ("Image Alt Text",),
    Field.VARIANT_IMAGE: ("Variant Image", "Variant image URL"),
    Field.SEO_TITLE: ("SEO Title",),
    Field.SEO_DESCRIPTION: ("SEO Description",),
}
# Columns that nobody else calls so; one of them beside the handle and a title or an option is enough.
TELLING = ("Body (HTML)", "Option1 Value", "Variant SKU", "Variant Price", "Image Src", "Published on online store")
KNOWN_COLUMNS = frozenset((*GENERIC.values(), *(name for names in SHOPIFY.values() for name in names)))


def recognise(columns: list[str]) -> tuple[FileFormat, dict[str, str]] | None:
    """The format of a file with these columns, and which of them holds what."""
    there = {plain(column): column for column in reversed(columns)}
    if plain(GENERIC[Field.IMAGE_ALT]) in there and {"handle", "title", "weightg", "value1"} <= there.keys():
        return FileFormat.GENERIC, _mapping(there, {field: (name,) for field, name in GENERIC.items()})
    mapping = _mapping(there, SHOPIFY)
    has_signs = any(plain(name) in there for name in TELLING)
    if Field.HANDLE in mapping and has_signs and (Field.TITLE in mapping or Field.OPTION1 in mapping):
        return FileFormat.SHOPIFY, mapping
    return None


def plain(header: str) -> str:
    """Letters and digits in lower case: what headers are compared by."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", header).casefold() if letter.isalnum())


def _mapping(there: Mapping[str, str], names: Mapping[Field, tuple[str, ...]]) -> dict[str, str]:
    found = {
        field.value: next(there[plain(each)] for each in spellings if plain(each) in there)
        for field, spellings in names.items()
        if any(plain(each) in there for each in spellings)
    }
    if Field.HANDLE in found:
        found[Field.PRODUCT.value] = found[Field.HANDLE.value]
    return found
