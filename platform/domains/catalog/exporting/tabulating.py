"""Tabulate products: the rows of a file, in Shopify's form or our own.

A product takes as many rows as it has variants or pictures. The first says what is true of the whole; every row has
the handle; a variant and a picture that share a row have nothing else to do with each other.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from stoa.domains.catalog.exporting.reading import ExportedProduct, ExportedVariant
from stoa.domains.catalog.importing.options import OPTIONS, Field
from stoa.domains.catalog.importing.recognising import GENERIC
from stoa.domains.catalog.models import FileFormat, ProductStatus
from stoa.kit.money import decimal_string
from stoa.kit.tabular.cells import harmless, harmless_code, joined_path, joined_tags

# Shopify's columns in the order of its own exports; a text stands for what every variant has.
SHOPIFY: dict[str, Field | str] = {
    "Handle": Field.HANDLE,
    "Title": Field.TITLE,
    "Body (HTML)": Field.DESCRIPTION,
    "Vendor": Field.VENDOR,
    "Product Category": Field.CATEGORY,
    "Type": Field.TYPE,
    "Tags": Field.TAGS,
    "Published": Field.PUBLISHED,
    "Option1 Name": Field.OPTION1_NAME,
    "Option1 Value": Field.OPTION1,
    "Option2 Name": Field.OPTION2_NAME,
    "Option2 Value": Field.OPTION2,
    "Option3 Name": Field.OPTION3_NAME,
    "Option3 Value": Field.OPTION3,
    "Variant SKU": Field.SKU,
    "Variant Grams": Field.WEIGHT,
    "Variant Inventory Tracker": "shopify",
    "Variant Inventory Qty": Field.STOCK,
    "Variant Inventory Policy": "deny",
    "Variant Fulfillment Service": "manual",
    "Variant Price": Field.PRICE,
    "Variant Compare At Price": Field.LIST_PRICE,
    "Variant Requires Shipping": Field.REQUIRES_SHIPPING,
    "Variant Taxable": Field.TAXABLE,
    "Variant Barcode": Field.BARCODE,
    "Image Src": Field.IMAGE,
    "Image Position": Field.IMAGE_POSITION,
    "Image Alt Text": Field.IMAGE_ALT,
    "Gift Card": "FALSE",
    "SEO Title": Field.SEO_TITLE,
    "SEO Description": Field.SEO_DESCRIPTION,
    "Variant Weight Unit": "g",
    "Cost per item": Field.COST,
    "Status": Field.STATUS,
}
COLUMNS: dict[FileFormat, dict[str, Field | str]] = {
    FileFormat.SHOPIFY: SHOPIFY,
    FileFormat.GENERIC: {header: field for field, header in GENERIC.items()},
}
CODES = (Field.SKU, Field.BARCODE)
NO_OPTIONS = ("Title", "Default Title")
Said = dict[Field, str]


class Tabulator:
    """Writes products as lines of CSV (RFC 4180). `public_url` goes before the addresses of uploaded pictures."""

    def __init__(self, format: FileFormat, public_url: str, *, with_costs: bool) -> None:
        self._columns, self._is_shopify = COLUMNS[format], format is FileFormat.SHOPIFY
        self._public_url, self._with_costs = public_url, with_costs
        self.lines = 0

    def header(self) -> bytes:
        return _csv([list(self._columns)])

    def lines_of(self, products: Iterable[ExportedProduct]) -> bytes:
        rows = [row for each in products for row in self._rows(each)]
        self.lines += len(rows)
        return _csv(rows)

    def _rows(self, product: ExportedProduct) -> Iterator[list[str]]:
        variants = [self._variant(product, each) for each in product.variants]
        images = list(self._images(product))
        for i in range(max(len(variants), len(images), 1)):
            said: Said = {Field.HANDLE: product.handle}
            said |= self._product(product) if i == 0 else {}
            said |= variants[i] if i < len(variants) else {}
            said |= images[i] if i < len(images) else {}
            yield [
                _cell(what, said) if isinstance(what, Field) else what if i < len(variants) else ""
                for what in self._columns.values()
            ]

    def _product(self, product: ExportedProduct) -> Said:
        return {
            Field.TITLE: product.title,
            Field.DESCRIPTION: product.description,
            Field.VENDOR: product.vendor,
            Field.TAGS: joined_tags(product.tags),
            Field.SEO_TITLE: product.seo_title,
            Field.SEO_DESCRIPTION: product.seo_description,
            Field.KEYWORDS: _json(product.keywords),
            Field.TRANSLATIONS: _json(product.translations),
            Field.METADATA: _json(product.metadata),
            Field.STATUS: product.status.lower(),
            Field.PUBLISHED: _yes_or_no(product.status == ProductStatus.ACTIVE),
            **self._category(product.category),
            **self._option_names(product),
        }

    def _category(self, path: list[str]) -> Said:
        """Shopify's categories are a tree of its own; what it takes of ours as it stands is the type."""
        if not self._is_shopify:
            return {Field.CATEGORY: joined_path(path)}
        return {
            Field.CATEGORY: joined_path(path) if len(path) > 1 else "",
            Field.TYPE: joined_path(path[-1:]),
        }

    def _option_names(self, product: ExportedProduct) -> Said:
        names = [each.name for each in product.options]
        count = max((len(each.options) for each in product.variants), default=0)
        names += [f"Option {i + 1}" for i in range(len(names), count)]
        if self._is_shopify and not names:
            names = [NO_OPTIONS[0]]
        return {field: name for (field, _), name in zip(OPTIONS, names, strict=False)}

    def _variant(self, product: ExportedProduct, variant: ExportedVariant) -> Said:
        values = variant.options
        if self._is_shopify and not product.options and not values:
            values = [variant.title or NO_OPTIONS[1]]
        return {
            **{field: value for (_, field), value in zip(OPTIONS, values, strict=False)},
            Field.VARIANT_TITLE: variant.title,
            Field.SKU: variant.sku or "",
            Field.BARCODE: variant.barcode or "",
            Field.PRICE: _money(variant.price, variant.currency),
            Field.LIST_PRICE: _money(variant.list_price, variant.currency),
            Field.COST: _money(variant.cost, variant.currency) if self._with_costs else "",
            Field.STOCK: str(variant.stock),
            Field.WEIGHT: "" if variant.weight is None else str(variant.weight),
            Field.REQUIRES_SHIPPING: _yes_or_no(variant.requires_shipping),
            Field.TAXABLE: _yes_or_no(variant.taxable),
        }

    def _images(self, product: ExportedProduct) -> Iterator[Said]:
        """The pictures, each address once, counted from 1."""
        alts: dict[str, str] = {}
        for each in product.images:
            alts.setdefault(self._address(each.url), each.alt)
        for i, (url, alt) in enumerate(alts.items(), 1):
            yield {Field.IMAGE: url, Field.IMAGE_POSITION: str(i), Field.IMAGE_ALT: alt}

    def _address(self, url: str) -> str:
        return self._public_url + url if url.startswith("/") else url


def _cell(what: Field, said: Said) -> str:
    text = said.get(what, "")
    return harmless_code(text) if what in CODES else harmless(text)


def _csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _json(value: Any) -> str:
    """Nothing for what is empty; the same text for the same value."""
    return msgspec.json.encode(value, order="sorted").decode() if value else ""


def _money(minor: int | None, currency: str) -> str:
    return "" if minor is None else decimal_string(minor, currency)


def _yes_or_no(value: bool) -> str:
    return "TRUE" if value else "FALSE"
