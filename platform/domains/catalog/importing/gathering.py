"""Gather what was staged: the next products to write, as the file wants them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from stoa.domains.catalog.drafting import MAX_IMAGES, MAX_VARIANTS
from stoa.domains.catalog.importing.folding import ImageCell
from stoa.domains.catalog.importing.interpreting import NO_OPTION, NO_TITLE, ODD_TITLE
from stoa.domains.catalog.importing.options import OPTIONS, Field
from stoa.kit.languages import Sentence
from stoa.tenants.database import shop_client
from stoa.tenants.importing.issues import Issue

MAX_PRODUCTS = 500
MAX_PIECES = 1000
MAX_SIZE = 1024 * 1024  # bytes as PostgreSQL keeps them; long descriptions make small batches
NEXT = """
SELECT line, product_key, pg_column_size(cells) AS size
FROM import_row WHERE run_id = $1 AND line > $2 ORDER BY line LIMIT $3
"""
# One piece may be about the product alone, hence the one above the variants; more are counted and not fetched.
PIECES = f"""
SELECT line, product_key, item_key, cells, images, times FROM (
  SELECT *, count(*) OVER product AS times, row_number() OVER (product ORDER BY line) AS number
  FROM import_row WHERE run_id = $1 AND product_key = ANY($2) WINDOW product AS (PARTITION BY product_key)
) AS numbered WHERE number <= {MAX_VARIANTS + 1} ORDER BY line
"""
COLUMNS = {
    Field.SKU: "sku",
    Field.VARIANT_TITLE: "title",
    Field.BARCODE: "barcode",
    Field.PRICE: "price_minor",
    Field.LIST_PRICE: "list_price_minor",
    Field.COST: "cost_minor",
    Field.STOCK: "on_hand",
    Field.WEIGHT: "weight_grams",
    Field.REQUIRES_SHIPPING: "requires_shipping",
    Field.TAXABLE: "taxable",
}
# What is said of the product: by its last line, wherever it stands.
OF_PRODUCT = (
    *(Field.TITLE, ODD_TITLE, Field.HANDLE, Field.DESCRIPTION, Field.CATEGORY, Field.TYPE, Field.VENDOR, Field.TAGS),
    *(Field.SEO_TITLE, Field.SEO_DESCRIPTION, Field.STATUS, Field.PUBLISHED),
    *(Field.KEYWORDS, Field.TRANSLATIONS, Field.METADATA),
)
Cells = dict[str, tuple[Any, int]]


@dataclass(slots=True)
class WantedVariant:
    """A variant as the file wants it; `columns` holds what the file says and nothing else.

    `form` is a title made of its options, for a variant that has no other.
    """

    key: str
    line: int
    columns: dict[str, Any]
    options: list[str | None] = field(default_factory=list)
    form: str = ""


@dataclass(slots=True)
class WantedImage:
    """A picture as the file wants it; `position` counts from 1."""

    url: str
    position: int | None = None
    alt: str | None = None


@dataclass(slots=True)
class Wanted:
    """A product as the file wants it. None: the file does not say. `odd_title` is from a row that was no offer."""

    key: str
    line: int
    title: str | None = None
    odd_title: str | None = None
    handle: str | None = None
    description: str | None = None
    category: list[str] | None = None
    type: list[str] | None = None
    vendor: str | None = None
    tags: list[str] | None = None
    seo_title: str | None = None
    seo_description: str | None = None
    status: str | None = None
    published: bool | None = None
    keywords: list[str] | None = None
    translations: dict[str, dict[str, str]] | None = None
    metadata: dict[str, str] | None = None
    option_names: list[str | None] = field(default_factory=lambda: [None] * len(OPTIONS))
    lines: dict[str, int] = field(default_factory=dict)
    variants: list[WantedVariant] = field(default_factory=list)
    images: list[WantedImage] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


@dataclass(slots=True)
class Gathered:
    """The next products in the order of the file; `line` is where the ones after them begin."""

    products: list[Wanted]
    line: int


async def gather(run_id: UUID, after_line: int, *, has_titles: bool = False) -> Gathered:
    """The next products whose first line is after `after_line`; none when all are done.

    `has_titles`: the file has a column for the variants' titles, so no option stands for them.
    """
    client = shop_client()
    keys: dict[str, int] = {}
    size = 0
    for row in await client.execute_query_dict(NEXT, [run_id, after_line, MAX_PIECES]):
        is_full = len(keys) == MAX_PRODUCTS or size > MAX_SIZE
        if is_full and row["product_key"] not in keys:
            break
        keys.setdefault(row["product_key"], row["line"])
        after_line, size = row["line"], size + row["size"]
    wanted = {key: Wanted(key, line) for key, line in keys.items()}
    pieces = await client.execute_query_dict(PIECES, [run_id, list(keys)])
    for piece in pieces:
        _add(wanted[piece["product_key"]], piece)
    return Gathered([_judged(each, has_titles) for each in wanted.values()], after_line)


def _add(wanted: Wanted, piece: dict[str, Any]) -> None:
    cells = msgspec.json.decode(piece["cells"], type=Cells)
    for name in OF_PRODUCT:
        if name in cells and cells[name][1] > wanted.lines.get(name, 0):
            value, wanted.lines[name] = cells[name]
            setattr(wanted, name, value)
    for i, (name, _) in enumerate(OPTIONS):
        if name in cells and cells[name][1] > wanted.lines.get(name, 0):
            wanted.option_names[i], wanted.lines[name] = cells[name]
    for image in msgspec.json.decode(piece["images"] or "[]", type=list[ImageCell]):
        wanted.images.append(WantedImage(image) if isinstance(image, str) else WantedImage(*image))
    if piece["item_key"] and len(wanted.variants) < MAX_VARIANTS:
        columns = {column: cells[name][0] for name, column in COLUMNS.items() if name in cells}
        options = [cells[value][0] if value in cells else None for _, value in OPTIONS]
        wanted.variants.append(WantedVariant(piece["item_key"], piece["line"], columns, options))
    elif piece["item_key"] or piece["times"] > MAX_VARIANTS + 1:
        message = Sentence(
            "{key} has more than {limit} variants; the first are taken.", {"key": wanted.key, "limit": MAX_VARIANTS}
        )
        _say_once(wanted, "TOO_MANY_VARIANTS", message, Field.PRODUCT)


def _judged(wanted: Wanted, has_titles: bool) -> Wanted:
    """With what is odd about the whole said."""
    wanted.images = _in_order(wanted.images)
    _take_options(wanted, has_titles)
    if wanted.category in (None, ["Uncategorized"]):  # what Shopify calls having none
        wanted.category = wanted.type
    if len(wanted.images) > MAX_IMAGES:
        message = Sentence(
            "{key} has more than {limit} images; the first are taken.", {"key": wanted.key, "limit": MAX_IMAGES}
        )
        _say_once(wanted, "TOO_MANY_IMAGES", message, Field.IMAGE)
        del wanted.images[MAX_IMAGES:]
    if wanted.title and wanted.odd_title and _are_strangers(wanted.title, wanted.odd_title):
        message = Sentence(
            "This looks like a note and not like the title of {title!r}; it is not taken as one.",
            {"title": wanted.title},
        )
        line, field = wanted.lines[ODD_TITLE], Field.TITLE
        wanted.issues.append(Issue(line, "", "NOTE_FOR_TITLE", message, wanted.odd_title, field=field))
    return wanted


def _in_order(images: list[WantedImage]) -> list[WantedImage]:
    """Each once; those that have a place by it, the others after them."""
    by_url: dict[str, WantedImage] = {}
    for image in images:
        first = by_url.setdefault(image.url, image)
        first.position = first.position if image.position is None else image.position
        first.alt = first.alt if image.alt is None else image.alt
    return sorted(by_url.values(), key=lambda image: (image.position is None, image.position or 0))


def _take_options(wanted: Wanted, has_titles: bool) -> None:
    """Give the variants the values of the options that the product has: as many as there are names or values."""
    forms = [variant.options for variant in wanted.variants]
    count = max((i + 1 for each in (wanted.option_names, *forms) for i, it in enumerate(each) if it), default=0)
    del wanted.option_names[count:]
    if count == 1 and not has_titles and (wanted.option_names[0] or "").casefold() == NO_OPTION:
        return _take_titles(wanted)
    for variant in wanted.variants:
        values = variant.options[:count]
        if any(values):
            variant.columns["option_values"] = [value or "" for value in values]
            variant.form = "" if has_titles else " / ".join(value for value in values if value)[:255]
        if any(values) and not all(values):
            message = Sentence("A variant of {key} has no value for one of its options.", {"key": wanted.key})
            wanted.issues.append(Issue(variant.line, "", "OPTION_MISSING", message, variant.form, field=Field.OPTION1))


def _take_titles(wanted: Wanted) -> None:
    """The option called Title is none: Shopify writes so what has no options."""
    wanted.option_names.clear()
    for variant in wanted.variants:
        title = variant.options[0]
        if title and title.casefold() != NO_TITLE:
            variant.columns["title"] = title


def _are_strangers(title: str, other: str) -> bool:
    """No word in common."""
    return set(title.casefold().split()).isdisjoint(other.casefold().split())


def _say_once(wanted: Wanted, code: str, message: Sentence, field: Field) -> None:
    if all(issue.code != code for issue in wanted.issues):
        wanted.issues.append(Issue(wanted.line, "", code, message, wanted.key, field=field))
