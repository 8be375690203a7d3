"""Names in several languages, and the steps that lead to a category."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import strawberry

from stoa.domains.catalog.models import Translations
from stoa.kit.ids import type_id


@strawberry.type(description="What something is called in another language.")
class NameTranslation:
    locale: str = strawberry.field(description="The language, such as zh or en.")
    name: str | None = strawberry.field(description="Its name there; null when it has none.")
    description: str | None = strawberry.field(description="The text for buyers there; null when there is none.")


@strawberry.type(description="A category on the way from the outermost to another one.")
class CategoryStep:
    id: strawberry.ID = strawberry.field(description="The category's id.")
    name: str = strawberry.field(description="Its name.")


@strawberry.input(description="What something is called in another language.")
class NameTranslationInput:
    locale: str = strawberry.field(description="The language, such as zh or en.")
    name: str | None = strawberry.field(default=None, description="Its name there.")
    description: str | None = strawberry.field(default=None, description="The text for buyers there.")


def name_translations(kept: Translations) -> list[NameTranslation]:
    """A row's translations as GraphQL shows them, language by language."""
    return [
        NameTranslation(locale=locale, name=texts.get("name"), description=texts.get("description"))
        for locale, texts in sorted(kept.items())
    ]


def steps(found: list[list[str]] | None) -> list[CategoryStep]:
    return [CategoryStep(id=strawberry.ID(type_id("cat", id)), name=name) for id, name in found or ()]


def given_translations(given: Iterable[NameTranslationInput]) -> Translations:
    """As the domain takes them. Of two for one language the later one counts."""
    return {each.locale: {"name": each.name or "", "description": each.description or ""} for each in given}


def said_in(locale: str, name: str, kept: Mapping[str, Any]) -> str:
    """The name in that language, else the row's own."""
    return str(kept.get(locale, {}).get("name") or name)
