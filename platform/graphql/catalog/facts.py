"""What is told of products besides their rows: how complete they are, what search engines see, other languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import strawberry
from strawberry.utils.str_converters import to_camel_case

from stoa.domains.catalog import completeness, metadata, seo
from stoa.kit.ids import type_id


@strawberry.type(description="Something to do better.")
class Advice:
    code: str = strawberry.field(description="Stable, in capitals.")
    message: str = strawberry.field(description="In words, with the numbers in it, in the reader's language.")


@strawberry.type(
    description="Where a keyword occurs. Case, width and punctuation do not matter; Chinese is written without spaces, "
    "so occurring is being a part of the text."
)
class KeywordCoverage:
    keyword: str = strawberry.field(description="The word.")
    in_title: bool = strawberry.field(description="In the product's title.")
    in_description: bool = strawberry.field(description="In the product's description.")
    in_seo_title: bool = strawberry.field(description="In the title for search engines.")
    in_seo_description: bool = strawberry.field(description="In the description for search engines.")
    in_handle: bool = strawberry.field(description="In the address.")
    is_covered: bool = strawberry.field(description="In a title and in a description, of either kind.")


@strawberry.type(description="Something that a product lacks.")
class MissingItem:
    code: str = strawberry.field(
        description=f"Which: {', '.join(code for code, _, _ in completeness.ITEMS)}; more may come."
    )
    message: str = strawberry.field(description="What it is, in words, in the reader's language.")
    points: int = strawberry.field(description="What it would add to the score.")
    is_required: bool = strawberry.field(description="Whether the product cannot be published without it.")


@strawberry.type(description="How complete a product is.")
class Completeness:
    score: int = strawberry.field(description="0 to 100; nothing is missing at 100.")
    missing: list[MissingItem] = strawberry.field(description="What is missing.")
    can_be_published: bool = strawberry.field(description="Whether nothing that is required is missing.")


@strawberry.type(description="A product's texts in one language; null where the product's own stand.")
class ProductTranslation:
    locale: str = strawberry.field(description="en or zh.")
    title: str | None = strawberry.field(description="Its title.")
    description: str | None = strawberry.field(description="Its description.")
    seo_title: str | None = strawberry.field(description="Its title for search engines.")
    seo_description: str | None = strawberry.field(description="Its description for search engines.")


@strawberry.type(description="A variant's title in another language.")
class VariantTranslation:
    locale: str = strawberry.field(description="en or zh.")
    title: str = strawberry.field(description="Its title there.")


@strawberry.type(description="A word in another language.")
class WordTranslation:
    locale: str = strawberry.field(description="en or zh.")
    own: str = strawberry.field(description="The word as the shop writes it: the option's name, or one of its values.")
    text: str = strawberry.field(description="The word in that language.")


@strawberry.type(description="What the variants of a product differ in.")
class ProductOption:
    name: str = strawberry.field(description="E.g. Colour.")
    values: list[str] = strawberry.field(description="The values there are, in order.")
    translations: list[WordTranslation] = strawberry.field(description="Its name and values in other languages.")


@strawberry.type(description="Something known of a product besides.")
class MetadataEntry:
    key: str = strawberry.field(description="The key of the shop's attribute.")
    value: str = strawberry.field(description="The value as text, in the form of the attribute's type.")


@strawberry.type(description="What a field was and is.")
class Change:
    field: str = strawberry.field(
        description="Its name in this API: `seoTitle`. `variants.` stands before what is a variant's, `attributes.` "
        "before an attribute's key, `listings.` before a channel's code; of `tags` and `variants` it is told "
        "which went and which came."
    )
    old: str | None = strawberry.field(description="As it was, shortened to 500 letters.")
    new: str | None = strawberry.field(description="As it became, shortened to 500 letters.")
    variant_id: strawberry.ID | None = strawberry.field(description="Of which variant.")
    label: str = strawberry.field(description="The code or title that the variant had.")


def translations_of(stored: dict[str, dict[str, str]]) -> list[ProductTranslation]:
    names = ("title", "description", "seo_title", "seo_description")
    return [
        ProductTranslation(locale=locale, **{name: texts.get(name) for name in names})
        for locale, texts in stored.items()
    ]


def variant_translations(stored: dict[str, dict[str, str]]) -> list[VariantTranslation]:
    return [VariantTranslation(locale=locale, title=texts["title"]) for locale, texts in sorted(stored.items())]


def options_of(stored: list[dict[str, Any]]) -> list[ProductOption]:
    return [
        ProductOption(
            name=each["name"],
            values=each["values"],
            translations=[
                WordTranslation(locale=locale, own=own, text=text)
                for locale, words in each.get("translations", {}).items()
                for own, text in words.items()
            ],
        )
        for each in stored
    ]


def metadata_of(stored: dict[str, Any]) -> list[MetadataEntry]:
    return [MetadataEntry(key=key, value=metadata.shown(value)) for key, value in sorted(stored.items())]


def completeness_of(facts: Any) -> Completeness:
    found = completeness.completeness_of_json(facts)
    return Completeness(
        score=found.score,
        missing=[
            MissingItem(code=each.code, message=each.message.said(), points=each.points, is_required=each.is_required)
            for each in found.missing
        ],
        can_be_published=found.can_be_published,
    )


def coverage_of(*texts: Any) -> list[KeywordCoverage]:
    return [
        KeywordCoverage(
            keyword=each.keyword,
            in_title=each.in_title,
            in_description=each.in_description,
            in_seo_title=each.in_seo_title,
            in_seo_description=each.in_seo_description,
            in_handle=each.in_handle,
            is_covered=each.is_covered,
        )
        for each in seo.coverage(*texts)
    ]


def advice_of(seo_title: str, seo_description: str) -> list[Advice]:
    return [Advice(code=each.code, message=each.message.said()) for each in seo.advice(seo_title, seo_description)]


def change_of(stored: Mapping[str, Any]) -> Change:
    of, field = stored.get("of"), stored["field"]
    old, new = (_shown(field, stored[each]) for each in ("old", "new"))
    return Change(
        field=name_of_field(field),
        old=old,
        new=new,
        variant_id=strawberry.ID(type_id("var", of)) if of else None,
        label=stored.get("label", ""),
    )


def name_of_field(field: str) -> str:
    """Keys and codes of the shop's own stay as they are."""
    return field if field.startswith(("attributes.", "listings.", "metadata.")) else to_camel_case(field)


def _shown(field: str, text: str | None) -> str | None:
    """Ids as this API writes them."""
    return type_id("cat", UUID(text)) if field == "category_id" and text else text
