"""What the mutations of pictures take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

import strawberry

from stoa.domains.catalog import media
from stoa.domains.catalog.changing import SAME
from stoa.domains.catalog.media.describing import FULL, check_locale
from stoa.graphql.catalog.inputs import changed, given, optional
from stoa.graphql.scalars import read_id
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.ids import parse_type_id

VERSION = "The version of the product you read: refused when it has been changed since."


@strawberry.input(description="A point in a picture, from its upper left.")
class FocalPointInput:
    x: float = strawberry.field(description="From 0, the left edge, to 1, the right one.")
    y: float = strawberry.field(description="From 0, the upper edge, to 1, the lower one.")

    def read(self) -> media.Focus:
        if not (0 <= self.x <= 1 and 0 <= self.y <= 1):
            raise InvalidInput("A focal point lies in the picture: x and y from 0 to 1.")
        return media.Focus(round(self.x * FULL), round(self.y * FULL))


@strawberry.input(description="The words about a picture in one language.")
class ImageTranslationInput:
    locale: str = strawberry.field(description="en or zh.")
    alt: str = strawberry.field(description="What it shows, in that language; empty takes the translation away.")


@strawberry.input(description="A picture to be added: the address of one elsewhere, or an upload that has arrived.")
class ImageAddInput:
    url: str | None = optional("Its http(s) address.")
    upload_id: strawberry.ID | None = optional("The id that `uploadStage` gave.")
    alt: str = optional("What it shows, in words.", "")
    translations: list[ImageTranslationInput] = strawberry.field(
        default_factory=list, description="What it shows, in other languages than the shop's own."
    )
    focal_point: FocalPointInput | None = optional("What must be seen however it is cut; the middle when left out.")

    def read(self) -> media.NewImage:
        return media.NewImage(
            url=self.url,
            upload_id=None if self.upload_id is None else read_id("upload_id", self.upload_id, "upl"),
            alt=self.alt,
            alts=dict(_alts(self.translations)),
            focus=_focus(self.focal_point) if self.focal_point else media.Focus(),
        )


@strawberry.input(description="Pictures to be added to a product, behind those it has.")
class ProductImageAddInput:
    product_id: strawberry.ID = strawberry.field(description="Which product.")
    images: list[ImageAddInput] = strawberry.field(description="1 to 50; a product has 50 at the most.")
    expected_version: int | None = optional(VERSION)

    def read(self) -> list[media.NewImage]:
        images = []
        for i, each in enumerate(self.images):
            with blaming("images", i):
                images.append(each.read())
        return images


@strawberry.input(description="Changes to what is said of a picture; what is left out stays.")
class ProductImageUpdateInput:
    id: strawberry.ID = strawberry.field(description="Which picture.")
    alt: str | None = given("What it shows, in words.")
    translations: list[ImageTranslationInput] | None = given("What it shows, in these languages; others stay.")
    focal_point: FocalPointInput | None = given("What must be seen however it is cut; null is the middle.")
    expected_version: int | None = optional(VERSION)

    def changes(self) -> media.ImageChanges:
        translations = changed(self, "translations")
        focus = changed(self, "focal_point", nullable=True)
        if focus is not SAME:
            focus = _focus(focus) if focus else media.Focus()
        return media.ImageChanges(
            alt=changed(self, "alt"),
            alts=SAME if translations is SAME else dict(_alts(translations)),
            focus=focus,
        )


@strawberry.input(description="A new order of a product's pictures.")
class ProductImagesReorderInput:
    product_id: strawberry.ID = strawberry.field(description="Which product.")
    ids: list[strawberry.ID] = strawberry.field(
        description="The pictures that come first, in this order; those not named follow as they stood."
    )
    expected_version: int | None = optional(VERSION)

    def image_ids(self) -> list[UUID]:
        return _image_ids(self.ids)


@strawberry.input(description="Pictures to be removed from a product.")
class ProductImageRemoveInput:
    product_id: strawberry.ID = strawberry.field(description="Which product.")
    ids: list[strawberry.ID] = strawberry.field(description="1 to 50 of its pictures.")
    expected_version: int | None = optional(VERSION)

    def image_ids(self) -> list[UUID]:
        return _image_ids(self.ids)


def _focus(point: FocalPointInput) -> media.Focus:
    with blaming("focal_point"):
        return point.read()


def _alts(translations: Sequence[ImageTranslationInput]) -> Iterator[tuple[str, str]]:
    seen = set[str]()
    for i, each in enumerate(translations):
        with blaming("translations", i, "locale"):
            if check_locale(each.locale) in seen:
                raise InvalidInput("{locale} occurs twice.", locale=each.locale)
        seen.add(each.locale)
        yield each.locale, each.alt


def _image_ids(ids: Sequence[strawberry.ID]) -> list[UUID]:
    found = []
    for i, each in enumerate(ids):
        with blaming("ids", i):
            found.append(parse_type_id(each, "img"))
    return found
