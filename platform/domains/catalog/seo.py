"""What search engines will see of a product: whether its key words occur where they count, and whether texts fit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stoa.domains.catalog.describing import words_of
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.languages import Sentence
from stoa.kit.text import clean_line, slugify

MAX_KEYWORDS: Final = 20
# In letters; a Chinese one takes the room of two. What search engines show before they cut.
TITLE_ROOM, DESCRIPTION_ROOM, DESCRIPTION_LEAST = 60, 160, 50
LONG_TITLE: Final = Sentence("The title for search engines is {room} letters wide; they cut it at about {limit}.")
LONG_DESCRIPTION: Final = Sentence(
    "The description for search engines is {room} letters wide; they cut it at about {limit}."
)
SHORT_DESCRIPTION: Final = Sentence(
    "The description for search engines is {room} letters wide; {least} or more say enough."
)
_NO_WORD: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to do better. `code` is for programs."""

    code: str
    message: Sentence


@dataclass(frozen=True, slots=True)
class KeywordCoverage:
    """Where a key word occurs."""

    keyword: str
    in_title: bool
    in_description: bool
    in_seo_title: bool
    in_seo_description: bool
    in_handle: bool

    @property
    def is_covered(self) -> bool:
        """In what buyers read: a title and a description, be they the product's own or those for search engines."""
        return (self.in_title or self.in_seo_title) and (self.in_description or self.in_seo_description)


def clean_keywords(keywords: Sequence[str]) -> list[str]:
    """In the order given, each once; upper and lower case are the same."""
    if len(keywords) > MAX_KEYWORDS:
        raise InvalidInput("{count} keywords; {limit} are allowed.", limit=MAX_KEYWORDS, count=len(keywords))
    kept: dict[str, str] = {}
    for i, keyword in enumerate(keywords):
        with blaming(i):
            line = clean_line(keyword, what="keyword", limit=60)
        if not normal(line):
            raise InvalidInput("The keyword has no letter and no digit in it.", path=[i])
        kept.setdefault(normal(line), line)
    return list(kept.values())


def clean_seo_title(text: str) -> str:
    return clean_line(text, what="title for search engines", limit=255, required=False)


def clean_seo_description(text: str) -> str:
    return clean_line(text, what="description for search engines", limit=500, required=False)


def normal(text: str) -> str:
    """Case, width and punctuation do not matter; what remains is letters, digits and single spaces."""
    return _NO_WORD.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def coverage(
    title: str, description: str, seo_title: str, seo_description: str, handle: str, keywords: Sequence[str]
) -> list[KeywordCoverage]:
    """For each key word, where it occurs. Chinese has no spaces between words: occurring is being a part."""
    own, text, short, summary = (normal(each) for each in (title, words_of(description), seo_title, seo_description))
    return [
        KeywordCoverage(each, word in own, word in text, word in short, word in summary, slugify(each) in handle)
        for each, word in zip(keywords, map(normal, keywords), strict=True)
    ]


def advice(seo_title: str, seo_description: str) -> list[Advice]:
    """What is wrong with the lengths."""
    found = []
    if not seo_title:
        found.append(Advice("SEO_TITLE_MISSING", Sentence("Give a title for search engines.")))
    elif room_of(seo_title) > TITLE_ROOM:
        found.append(Advice("SEO_TITLE_LONG", LONG_TITLE.filled(room=room_of(seo_title), limit=TITLE_ROOM)))
    if not seo_description:
        found.append(Advice("SEO_DESCRIPTION_MISSING", Sentence("Give a description for search engines.")))
    elif room_of(seo_description) > DESCRIPTION_ROOM:
        long = LONG_DESCRIPTION.filled(room=room_of(seo_description), limit=DESCRIPTION_ROOM)
        found.append(Advice("SEO_DESCRIPTION_LONG", long))
    elif room_of(seo_description) < DESCRIPTION_LEAST:
        short = SHORT_DESCRIPTION.filled(room=room_of(seo_description), least=DESCRIPTION_LEAST)
        found.append(Advice("SEO_DESCRIPTION_SHORT", short))
    return found


def room_of(text: str) -> int:
    """How wide a text is, in Latin letters."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
