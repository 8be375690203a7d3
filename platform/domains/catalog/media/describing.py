"""What somebody says of a picture: what it shows, in both languages, and where one looks; cleaned and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from stoa.domains.catalog.changing import SAME
from stoa.domains.catalog.drafting import check_url
from stoa.domains.catalog.models.products import Translations
from stoa.kit.checking import Problems
from stoa.kit.errors import InvalidInput
from stoa.kit.languages import LOCALES
from stoa.kit.text import clean_line

ALT_LIMIT = 512
FULL = 1000  # thousandths


@dataclass(frozen=True, slots=True)
class Focus:
    """What must be seen however the picture is cut: thousandths of its width and height, from the upper left."""

    x: int = 500
    y: int = 500


@dataclass(frozen=True, slots=True)
class NewImage:
    """A picture to be added: the address of one elsewhere, or the id of an upload that has arrived."""

    url: str | None = None
    upload_id: UUID | None = None
    alt: str = ""
    alts: Mapping[str, str] | None = None
    focus: Focus = Focus()

    def checked(self) -> NewImage:
        """As it will be stored. Raises `Refusals`."""
        problems = Problems()
        if (self.url is None) == (self.upload_id is None):
            problems.append(InvalidInput("An image has either a url or an uploadId."))
        cleaned = replace(
            self,
            url=None if self.url is None else problems.tried("url", check_url, self.url),
            alt=problems.tried("alt", _alt, self.alt),
            alts=_alts(problems, self.alts or {}),
        )
        problems.tried("focal_point", _check_focus, self.focus)
        problems.refuse()
        return cleaned

    @property
    def columns(self) -> dict[str, Any]:
        return {
            "alt": self.alt,
            "translations": with_alts({}, self.alts or {}),
            "focal_x": self.focus.x,
            "focal_y": self.focus.y,
        }


@dataclass(frozen=True, slots=True)
class ImageChanges:
    """Changes to a picture; what is `SAME` stays. In `alts`, an empty text takes the translation away."""

    alt: Any = SAME
    alts: Any = SAME
    focus: Any = SAME

    def checked(self) -> ImageChanges:
        """As they will be stored. Raises `Refusals`."""
        problems = Problems()
        cleaned = replace(
            self,
            alt=SAME if self.alt is SAME else problems.tried("alt", _alt, self.alt),
            alts=SAME if self.alts is SAME else _alts(problems, self.alts),
        )
        if self.focus is not SAME:
            problems.tried("focal_point", _check_focus, self.focus)
        problems.refuse()
        return cleaned

    def columns(self, translations: Translations) -> dict[str, Any]:
        """What is to change, given the translations that there are."""
        columns: dict[str, Any] = {}
        if self.alt is not SAME:
            columns["alt"] = self.alt
        if self.alts is not SAME:
            columns["translations"] = with_alts(translations, self.alts)
        if self.focus is not SAME:
            columns |= {"focal_x": self.focus.x, "focal_y": self.focus.y}
        return columns


def with_alts(translations: Translations, alts: Mapping[str, str]) -> Translations:
    """The translations with these alt texts; other words stay, and what is empty goes."""
    result = {locale: dict(words) for locale, words in translations.items()}
    for locale, alt in alts.items():
        result.setdefault(locale, {})["alt"] = alt
        if not alt:
            del result[locale]["alt"]
    return {locale: words for locale, words in result.items() if words}


def _alt(text: str) -> str:
    return clean_line(text, what="alt text", limit=ALT_LIMIT, required=False)


def _alts(problems: Problems, alts: Mapping[str, str]) -> dict[str, str]:
    return {
        locale: problems.tried(("translations", i, "alt"), _alt, alt) for i, (locale, alt) in enumerate(alts.items())
    }


def check_locale(locale: str) -> str:
    """Raises `InvalidInput` for a language that Stoa has no words in."""
    if locale not in LOCALES:
        raise InvalidInput(
            "{locale!r} is no language here; there are {languages}.",
            locale=locale[:20],
            languages=", ".join(LOCALES),
        )
    return locale


def _check_focus(focus: Focus) -> None:
    if not (0 <= focus.x <= FULL and 0 <= focus.y <= FULL):
        raise InvalidInput("A focal point lies in the picture: x and y from 0 to 1.")
