"""Words in the shop's other languages: for what differs from the row's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from stoa.domains.catalog.describing import clean_description
from stoa.domains.catalog.seo import clean_seo_description, clean_seo_title
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.languages import LOCALES
from stoa.kit.text import clean_line

MAX_WORDS: Final = 510  # the name of an option, and all its values


@dataclass(frozen=True, slots=True)
class Translation:
    """A product's texts in one language. Empty: there is none, the product's own stands; None: as it was."""

    locale: str
    title: str | None = None
    description: str | None = None
    seo_title: str | None = None
    seo_description: str | None = None


_CLEAN: Final[Mapping[str, Callable[[str], str]]] = {
    "title": lambda text: clean_line(text, what="title", limit=255, required=False),
    "description": clean_description,
    "seo_title": clean_seo_title,
    "seo_description": clean_seo_description,
}


def clean_translations(translations: list[Translation]) -> dict[str, dict[str, str]]:
    """By locale and field, cleaned: what is None is left out, what is empty stays empty."""
    cleaned: dict[str, dict[str, str]] = {}
    for i, each in enumerate(translations):
        with blaming(i):
            if each.locale not in LOCALES or each.locale in cleaned:
                raise InvalidInput(
                    "{locale} is no language of the shop, or named twice.", path=["locale"], locale=each.locale
                )
            cleaned[each.locale] = _texts(each)
    return cleaned


def clean_titles(titles: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """A variant's title by locale, as it is kept; empty takes one away."""
    cleaned: dict[str, dict[str, str]] = {}
    for locale, title in titles.items():
        if locale not in LOCALES:
            raise InvalidInput("{locale} is no language of the shop, or named twice.", locale=locale[:20])
        cleaned[locale] = {"title": _CLEAN["title"](title)}
    return cleaned


def _texts(translation: Translation) -> dict[str, str]:
    texts = {}
    for name, clean in _CLEAN.items():
        text = getattr(translation, name)
        if text is not None:
            with blaming(name):
                texts[name] = clean(text)
    return texts


def merged(old: Mapping[str, Mapping[str, str]], new: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """The old translations with the new ones over them; what is empty then is taken away."""
    both = {locale: {**old.get(locale, {}), **new.get(locale, {})} for locale in {*old, *new}}
    kept = {locale: {name: text for name, text in texts.items() if text} for locale, texts in sorted(both.items())}
    return {locale: texts for locale, texts in kept.items() if texts}


def clean_words(words: Mapping[str, Mapping[str, str]] | None) -> dict[str, dict[str, Any]] | None:
    """Single words by locale: ``{"zh": {"Colour": "颜色", "red": "红"}}``."""
    if words is None:
        return None
    cleaned: dict[str, dict[str, Any]] = {}
    for locale, given in words.items():
        if locale not in LOCALES or len(given) > MAX_WORDS:
            raise InvalidInput("{locale} is no language of the shop, or has too many words.", locale=locale)
        cleaned[locale] = {
            clean_line(own, what="word", limit=60): clean_line(word, what="translation", limit=60)
            for own, word in given.items()
        }
    return cleaned
