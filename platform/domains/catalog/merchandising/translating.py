"""Translations of what merchants name: cleaned by the same rules as the names themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping

from stoa.domains.catalog.models import Translations
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.text import clean_line, clean_text

LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
MOST = 20
NAME_LIMIT, DESCRIPTION_LIMIT = 120, 5_000


def clean_translations(given: Mapping[str, Mapping[str, str]]) -> Translations:
    """The translations as they are kept; what is empty is left out. Raises `InvalidInput` that blames the locale."""
    if len(given) > MOST:
        raise InvalidInput("{count} translations; {limit} are allowed.", limit=MOST, count=len(given))
    cleaned = {}
    for locale, texts in given.items():
        with blaming(locale[:20]):
            if not LOCALE.fullmatch(locale):
                raise InvalidInput("{locale!r} is no locale; one looks like zh or en-GB.", locale=locale[:20])
            if kept := {name: text for name, value in texts.items() if (text := _clean(name, value))}:
                cleaned[locale] = kept
    return cleaned


def _clean(field: str, text: str) -> str:
    if field == "description":
        return clean_text(text, what="description", limit=DESCRIPTION_LIMIT)
    return clean_line(text, what="name", limit=NAME_LIMIT, required=False)
