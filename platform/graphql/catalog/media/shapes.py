"""What a picture is made of, as GraphQL shows it."""

from __future__ import annotations

from typing import Any, Self

import strawberry

from stoa.domains.catalog.media import sentence_for
from stoa.settings import settings

THOUSAND = 1000


def absolute_url(url: str) -> str:
    """Uploaded pictures are kept by their path; browsers elsewhere need the whole address."""
    return settings().public_url + url if url.startswith("/") else url


@strawberry.type(description="A point in a picture, from its upper left.")
class FocalPoint:
    x: float = strawberry.field(description="From 0, the left edge, to 1, the right one.")
    y: float = strawberry.field(description="From 0, the upper edge, to 1, the lower one.")

    @classmethod
    def of(cls, x: int, y: int) -> Self:
        return cls(x=x / THOUSAND, y=y / THOUSAND)


@strawberry.type(description="The words about a picture in one language.")
class ImageTranslation:
    locale: str = strawberry.field(description="en or zh.")
    alt: str = strawberry.field(description="What it shows, in that language.")

    @classmethod
    def of(cls, translations: dict[str, dict[str, str]]) -> list[Self]:
        return [cls(locale=locale, alt=words["alt"]) for locale, words in translations.items() if "alt" in words]


@strawberry.type(description="A picture in one size, without anything but its pixels in it.")
class ImageSize:
    name: str = strawberry.field(description="LARGE, MEDIUM or SMALL: at most 1600, 800 or 240 pixels long.")
    width: int = strawberry.field(description="In pixels.")
    height: int = strawberry.field(description="In pixels.")
    url: str = strawberry.field(description="Where it can be fetched, by anybody and forever cacheable.")
    content_type: str = strawberry.field(description="Its format: image/webp.")
    bytes: int = strawberry.field(description="How large the file is.")

    @classmethod
    def of(cls, sizes: list[dict[str, Any]]) -> list[Self]:
        return [cls(**each | {"url": absolute_url(each["url"])}) for each in sizes]


@strawberry.type(description="Something that is wrong with a picture.")
class ImageProblem:
    code: str = strawberry.field(description="For programs, in capitals: TOO_SMALL, BLURRED, NO_ALT, ...")
    message: str = strawberry.field(description="In words, in the reader's language.")

    @classmethod
    def saying(cls, code: str) -> Self:
        return cls(code=code, message=sentence_for(code).said())

    @classmethod
    def warnings(cls, codes: list[str], alt: str) -> list[Self]:
        return [cls.saying(code) for code in (*codes, *(() if alt else ("NO_ALT",)))]

    @classmethod
    def failure(cls, code: str | None) -> Self | None:
        return None if code is None else cls.saying(code)
