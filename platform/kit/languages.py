"""The languages of Stoa: which one somebody reads, and how a sentence of ours is said in it.

A sentence is written once, in English, with its gaps named: ``"The code {taken} is in use."`` What it is in other
languages stands in `locale/<language>/LC_MESSAGES/stoa.po`, in gettext's format, so that translators have their tools;
the English text is the key. `tests/kit/test_languages.py` finds every sentence of the code and asks for it there.

The reader's language is what the request says (`Accept-Language`), else English. It travels beside the request, as the
request id does: nothing in between has to hand it on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, Literal, get_args

from babel.messages.pofile import read_po

Locale = Literal["en", "zh"]
LOCALES: Final[tuple[Locale, ...]] = get_args(Locale)
CATALOGS: Final = Path(__file__).parents[1] / "locale"
LONGEST_WISH: Final = 200  # characters of `Accept-Language` that are looked at: what they say is remembered
_BY_NAME: Final[dict[str, Locale]] = {locale: locale for locale in LOCALES}
_reader: ContextVar[Locale] = ContextVar("the reader's language", default="en")


@dataclass(frozen=True, slots=True)
class Sentence:
    """What is said to a person: the English text with gaps, and what stands in them.

    A value may be a `Sentence` again: a word of ours, which is translated as well.
    """

    text: str
    values: Mapping[str, str | int | Sentence] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.said_in("en")

    def said_in(self, locale: Locale) -> str:
        text = self.text if locale == "en" else _catalog(locale).get(self.text, self.text)
        if not self.values:
            return text
        said = {
            name: value.said_in(locale) if isinstance(value, Sentence) else value for name, value in self.values.items()
        }
        return text.format_map(said)

    def said(self) -> str:
        """In the reader's language."""
        return self.said_in(_reader.get())

    def filled(self, **values: str | int | Sentence) -> Sentence:
        """The same with these values in its gaps."""
        return Sentence(self.text, {**self.values, **values})

    def kept(self) -> dict[str, Any]:
        """As JSON, for a row: what is kept is said in the language of whoever reads it later (`Sentence.of`)."""
        if not self.values:
            return {"text": self.text}
        values = {name: value.kept() if isinstance(value, Sentence) else value for name, value in self.values.items()}
        return {"text": self.text, "values": values}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Sentence:
        """The sentence that was `kept`."""
        values = kept.get("values", {})
        return cls(
            kept["text"], {name: cls.of(each) if isinstance(each, dict) else each for name, each in values.items()}
        )

    def plain_values(self) -> dict[str, str | int]:
        """For programs: what stands in the gaps."""
        return {name: str(value) if isinstance(value, Sentence) else value for name, value in self.values.items()}


SOMETHING_WENT_WRONG: Final = Sentence("Something went wrong on our side. Tell us this request id: {request_id}")


def joined(parts: Iterable[Sentence]) -> Sentence:
    """An enumeration, with commas between."""
    named = {f"part{i}": each for i, each in enumerate(parts)}
    return Sentence("{comma}".join(f"{{{name}}}" for name in named), {**named, "comma": Sentence(", ")})


def reader() -> Locale:
    """The language of whoever is being answered."""
    return _reader.get()


class reading:  # noqa: N801  # a class for its speed: every request passes one
    """Answers given in this block are read in that language."""

    __slots__ = ("_locale", "_token")

    def __init__(self, locale: Locale) -> None:
        self._locale: Locale = locale

    def __enter__(self) -> None:
        self._token: Token[Locale] = _reader.set(self._locale)

    def __exit__(self, *_: object) -> None:
        _reader.reset(self._token)


def read_from_now_on(locale: Locale) -> None:
    """Whatever this task and those it starts still answer is read in that language."""
    _reader.set(locale)


@lru_cache(maxsize=1000)
def liked_best(accepted: str) -> Locale:
    """Of `Accept-Language` (RFC 9110, 12.5.4), the language of ours that is liked best; English when there is none."""
    wishes = [_wish(part) for part in accepted.split(",")]
    ours = [(liking, _BY_NAME[name]) for name, liking in wishes if name in _BY_NAME and liking > 0]
    return max(ours, key=lambda wish: wish[0])[1] if ours else "en"


def _wish(part: str) -> tuple[str, float]:
    """`zh-CN;q=0.8` as ("zh", 0.8)."""
    tag, _, weight = part.partition(";")
    try:
        liking = float(weight.strip().removeprefix("q=") or 1)
    except ValueError:
        liking = 0.0
    return tag.strip().lower().partition("-")[0], liking


def load() -> None:
    """Read the catalogs, which takes a moment, before anybody waits for an answer."""
    for locale in LOCALES:
        if locale != "en":
            _catalog(locale)


@cache
def _catalog(locale: Locale) -> dict[str, str]:
    with (CATALOGS / locale / "LC_MESSAGES" / "stoa.po").open("rb") as file:
        return {str(each.id): str(each.string) for each in read_po(file, locale=locale) if each.id and each.string}
