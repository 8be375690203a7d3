"""Descriptions: plain text stays as it is, rich text is HTML with nothing in it that could act or hide."""

from __future__ import annotations

import html
import re
from typing import Final

import nh3

from stoa.kit.text import clean_text

LIMIT: Final = 50_000
TAGS: Final = frozenset(
    {
        *("p", "br", "hr", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "pre", "code"),
        *("b", "strong", "i", "em", "u", "s", "sub", "sup", "span", "a", "img"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }
)
_ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_TAG: Final = re.compile(r"<[a-zA-Z/!?]")
_WHOLE_TAG: Final = re.compile(r"<[a-zA-Z/!?][^>]*>")
_CLEANER: Final = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags={"script", "style"},
    attributes=_ATTRIBUTES,
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel="noopener noreferrer nofollow",
)


def clean_description(description: str) -> str:
    """As it is stored: HTML loses every tag but `TAGS`, and every script, style and handler. Twice changes nothing.

    Text without a tag is plain, and stays as it was typed ("5 < 6 & 7").
    """
    text = clean_text(description, what="description", limit=LIMIT)
    if not is_html(text):
        return text
    cleaned = _CLEANER.clean(text).strip()
    if is_html(cleaned) or not cleaned:
        return cleaned
    plain = html.unescape(cleaned)
    # what was written to be seen as a tag must not become one
    return f"<p>{cleaned}</p>" if is_html(plain) else plain


def is_html(description: str) -> bool:
    return bool(_TAG.search(description))


def words_of(description: str) -> str:
    """The text that a reader sees."""
    return html.unescape(_WHOLE_TAG.sub(" ", description)) if is_html(description) else description
