"""How complete a product is, and what it lacks; the one place that says so, for merchants and for publishing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.domains.catalog.errors import NotReady
from stoa.domains.catalog.seo import coverage
from stoa.kit.errors import Refusal
from stoa.kit.languages import Sentence, joined
from stoa.tenants.database import shop_client

# What the score is made of, by SQL over a product's row (`{row}`): a JSON array in the order of `Facts`.
FACTS: Final = """json_build_array({row}.title, {row}.description, {row}.seo_title, {row}.seo_description, {row}.handle,
  {row}.keywords, {row}.category_id IS NOT NULL, {row}.is_bundle,
  (SELECT json_build_array(count(*), count(*) FILTER (WHERE fv.price_minor IS NULL),
     count(*) FILTER (WHERE fv.requires_shipping AND fv.weight_grams IS NULL),
     coalesce(bool_or((SELECT sum(fs.on_hand - fs.reserved - fs.damaged - fs.held) FROM stock fs
       WHERE fs.variant_id = fv.id) > 0), false),
     coalesce(bool_and(EXISTS (SELECT FROM bundle_part fb WHERE fb.bundle_id = fv.id)), false))
   FROM variant fv WHERE fv.product_id = {row}.id),
  (SELECT json_build_array(count(*), count(*) FILTER (WHERE fi.alt = ''))
   FROM image fi WHERE fi.product_id = {row}.id))"""


class VariantFacts(msgspec.Struct, array_like=True, frozen=True):
    count: int
    without_price: int
    without_weight: int
    some_in_stock: bool
    all_have_parts: bool


class ImageFacts(msgspec.Struct, array_like=True, frozen=True):
    count: int
    without_alt: int


class Facts(msgspec.Struct, array_like=True, frozen=True):
    """What is to be known of a product to judge it."""

    title: str
    description: str
    seo_title: str
    seo_description: str
    handle: str
    keywords: list[str]
    has_category: bool
    is_bundle: bool
    variants: VariantFacts
    images: ImageFacts

    @property
    def keywords_are_covered(self) -> bool:
        found = coverage(self.title, self.description, self.seo_title, self.seo_description, self.handle, self.keywords)
        return bool(found) and all(each.is_covered for each in found)

    @property
    def has_stock(self) -> bool:
        """A bundle's is that of its parts: it has some when it has parts."""
        return self.variants.all_have_parts if self.is_bundle else self.variants.some_in_stock


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that a product lacks. `points` is what it would add to the score."""

    code: str
    message: Sentence
    points: int
    is_required: bool


@dataclass(frozen=True, slots=True)
class Completeness:
    """`score` is 0 to 100. What is required stands in the way of publishing."""

    score: int
    missing: list[Missing]

    @property
    def can_be_published(self) -> bool:
        return not any(each.is_required for each in self.missing)


# Code, points, and what is missing in words; the points of all come to 100.
ITEMS: Final[Sequence[tuple[str, int, Sentence]]] = (
    ("TITLE", 10, Sentence("a name")),
    ("DESCRIPTION", 15, Sentence("a description")),
    ("PRICE", 15, Sentence("a price for every variant")),
    ("STOCK", 10, Sentence("something in stock")),
    ("IMAGE", 15, Sentence("a picture")),
    ("IMAGE_ALT", 5, Sentence("words for every picture")),
    ("CATEGORY", 10, Sentence("a category")),
    ("SEO_TITLE", 5, Sentence("a title for search engines")),
    ("SEO_DESCRIPTION", 5, Sentence("a description for search engines")),
    ("KEYWORDS", 5, Sentence("keywords that occur in title and description")),
    ("WEIGHT", 5, Sentence("the weight of every variant that is shipped")),
)
REQUIRED_TO_PUBLISH: Final = frozenset({"TITLE", "PRICE", "CATEGORY", "IMAGE"})

# Whether it lacks nothing that is required, as SQL over a product's row, to find those that do among many. In counts,
# so that the planner goes by the index, product by product, and reads no whole table to find twenty.
COMPLETE: Final = """{row}.title <> '' AND {row}.category_id IS NOT NULL
  AND (SELECT count(*) > 0 FROM image ci WHERE ci.product_id = {row}.id)
  AND (SELECT count(*) > 0 AND count(*) = count(cv.price_minor) FROM variant cv WHERE cv.product_id = {row}.id)"""


def completeness_of(facts: Facts) -> Completeness:
    there = _there(facts)
    missing = [
        Missing(code, words, points, code in REQUIRED_TO_PUBLISH) for code, points, words in ITEMS if not there[code]
    ]
    return Completeness(100 - sum(each.points for each in missing), missing)


def _there(facts: Facts) -> dict[str, bool]:
    variants, images = facts.variants, facts.images
    return {
        "TITLE": bool(facts.title),
        "DESCRIPTION": bool(facts.description),
        "PRICE": variants.count > 0 and variants.without_price == 0,
        "STOCK": facts.has_stock,
        "IMAGE": images.count > 0,
        "IMAGE_ALT": images.count > 0 and images.without_alt == 0,
        "CATEGORY": facts.has_category,
        "SEO_TITLE": bool(facts.seo_title),
        "SEO_DESCRIPTION": bool(facts.seo_description),
        "KEYWORDS": facts.keywords_are_covered,
        "WEIGHT": variants.without_weight == 0,
    }


def completeness_of_json(facts: Any) -> Completeness:
    """Of `FACTS` as they come out of JSON."""
    return completeness_of(msgspec.convert(facts, Facts))


async def completeness_of_product(product_id: UUID) -> Completeness:
    """As the product is now, in the open transaction."""
    async with shop_client().acquire_connection() as connection:
        text = await connection.fetchval(
            f"SELECT {FACTS.format(row='p')}::text FROM product p WHERE p.id = $1",
            product_id,
        )
    return completeness_of(msgspec.json.decode(text, type=Facts))


async def require_ready(product_id: UUID, *path: str) -> None:
    """Refuse to put on sale what nobody could find or buy. Raises `NotReady`, which blames `path`."""
    refusal = _not_ready((await completeness_of_product(product_id)).missing, path)
    if refusal is not None:
        raise refusal


def require_draft_ready(there: Mapping[str, bool], *path: str) -> None:
    """The same of a product that is not there yet: `there` tells of all that is required, none forgotten, whether it
    has it."""
    missing = [
        Missing(code, words, points, True)
        for code, points, words in ITEMS
        if code in REQUIRED_TO_PUBLISH and not there[code]
    ]
    refusal = _not_ready(missing, path)
    if refusal is not None:
        raise refusal


async def readiness(product_ids: Sequence[UUID], *path: str) -> dict[UUID, Refusal]:
    """Why those of the products that may not go on sale may not, by one statement."""
    statement = f"SELECT p.id, {FACTS.format(row='p')}::text AS facts FROM product p WHERE p.id = ANY($1)"
    rows = await shop_client().execute_query_dict(statement, [list(product_ids)])
    found = {row["id"]: completeness_of(msgspec.json.decode(row["facts"], type=Facts)) for row in rows}
    refused = {id: _not_ready(each.missing, path) for id, each in found.items()}
    return {id: refusal for id, refusal in refused.items() if refusal is not None}


def _not_ready(missing: Sequence[Missing], path: Sequence[str]) -> NotReady | None:
    lacking = [each for each in missing if each.is_required]
    if not lacking:
        return None
    words = joined(each.message for each in lacking)
    codes = ",".join(each.code for each in lacking)
    return NotReady("It cannot go on sale yet: it lacks {words}.", path=path, missing=codes, words=words)
