"""Templates: text with gaps like ``{{ order.number }}``, that the variables of a notice fill. No more than that.

A template is written by a merchant and read by people, so it cannot do anything: no conditions, no loops, no calls.
What would need them (Jinja's sandbox, Liquid) is a language whose walls have to be kept; here a name is looked up in a
list. Values are inserted once and never looked at again, so what a buyer calls themselves opens no gap of its own. The
text is plain; where HTML is wanted it is made of the whole and escaped (`as_html`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal

from stoa.kit.errors import InvalidInput
from stoa.kit.languages import Locale, Sentence
from stoa.kit.money import Money
from stoa.kit.text import clean_line, clean_text
from stoa.tenants.notifying.errors import BadTemplate, UnknownVariable

LONGEST_TITLE, LONGEST_BODY = 200, 5_000
LONGEST_SAID_TITLE, LONGEST_SAID_BODY = 300, 20_000
MOST_GAPS = 100
Value = str | int | Money | datetime | date | Sentence | None
_GAP = re.compile(r"\{\{[ \t]*([A-Za-z_][A-Za-z0-9_.]{0,80})[ \t]*\}\}")
_STRAY = re.compile(r"\{\{.{0,40}|.{0,40}\}\}|\{%.{0,40}", re.DOTALL)
_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]，。；：！？）]")
_BABEL = {"en": "en_GB", "zh": "zh_CN"}


@dataclass(frozen=True, slots=True)
class Voice:
    """Whom values are written for: their language, and the zone their days are in."""

    locale: Locale
    time_zone: str


def checked_title(text: str, names: Sequence[str]) -> str:
    """A title in normal form. Raises `InvalidInput`, `BadTemplate`, and `UnknownVariable`, which names it."""
    title = clean_line(text, what="title", limit=LONGEST_TITLE)
    _check(title, names)
    return title


def checked_body(text: str, names: Sequence[str]) -> str:
    """The same of a body, which may be empty."""
    body = clean_text(text, what="text", limit=LONGEST_BODY)
    _check(body, names)
    return body


def names_in(template: str) -> list[str]:
    return _GAP.findall(template)


def filled(template: str, values: Mapping[str, Value], voice: Voice) -> str:
    """The template with its gaps filled; a variable without a value leaves nothing."""
    return _GAP.sub(lambda gap: written(values.get(gap[1]), voice), template)


def said_title(template: str, values: Mapping[str, Value], voice: Voice) -> str:
    """One line, whatever stands in its values."""
    line = " ".join(filled(template, values, voice).split())
    return line if len(line) <= LONGEST_SAID_TITLE else line[: LONGEST_SAID_TITLE - 1] + "…"


def said_body(template: str, values: Mapping[str, Value], voice: Voice) -> str:
    return filled(template, values, voice)[:LONGEST_SAID_BODY]


def written(value: Value, voice: Voice) -> str:
    """As people of that language write it."""
    locale = _BABEL[voice.locale]
    if value is None:
        return ""
    if isinstance(value, Sentence):
        return value.said_in(voice.locale)
    if isinstance(value, Money):
        return format_currency(value.amount, value.currency, locale=locale)
    if isinstance(value, datetime):
        return format_datetime(value, "short", tzinfo=ZoneInfo(voice.time_zone), locale=locale)
    if isinstance(value, date):
        return format_date(value, "medium", locale=locale)
    return format_decimal(value, locale=locale) if isinstance(value, int) else value


def as_html(title: str, body: str, locale: Locale) -> str:
    """A page of it, for mail: every letter escaped, blank lines as paragraphs, addresses on the web as links."""
    paragraphs = "".join(f"<p>{_linked(part)}</p>" for part in re.split(r"\n{2,}", body.strip()) if part)
    return (
        f'<!doctype html><html lang="{locale}"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
        f'<body style="font-family:sans-serif;max-width:40em"><h2>{escape(title)}</h2>{paragraphs}</body></html>'
    )


def _linked(text: str) -> str:
    parts, end = [], 0
    for found in _ADDRESS.finditer(text):
        address = escape(found[0])
        parts += [escape(text[end : found.start()]), f'<a href="{address}">{address}</a>']
        end = found.end()
    return "".join([*parts, escape(text[end:])]).replace("\n", "<br>")


def _check(template: str, names: Sequence[str]) -> None:
    found = names_in(template)
    if len(found) > MOST_GAPS:
        raise InvalidInput("A template has {limit} variables at the most.", limit=MOST_GAPS)
    for name in found:
        if name not in names:
            raise UnknownVariable(
                "There is no {name} here; there are {names}.", name=name[:60], names=", ".join(sorted(names))
            )
    stray = _STRAY.search(_GAP.sub("", template))
    if stray:
        raise BadTemplate("{text!r} is not a variable; write them like {example}.", text=stray[0], example=EXAMPLE)


EXAMPLE = "{{ order.number }}"
