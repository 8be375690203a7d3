"""What the catalog's mutations take."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import strawberry
from strawberry.utils.str_converters import to_camel_case

from stoa.domains import catalog
from stoa.domains.catalog.changing import SAME
from stoa.graphql.catalog.types import ProductStatus
from stoa.graphql.scalars import MoneyInput, read_id
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.money import Money


def given(description: str) -> Any:
    """A field that may be left out; what is left out stays as it is."""
    return strawberry.field(default=strawberry.UNSET, description=description)


def optional(description: str, default: Any = None) -> Any:
    return strawberry.field(default=default, description=description)


def _money(name: str, given: MoneyInput | None) -> Money | None:
    if given is None:
        return None
    with blaming(name):
        return given.read()


def changed(input: Any, name: str, *, nullable: bool = False) -> Any:
    """What an input says of a field: `SAME` when it is left out. Null is refused where there must be something."""
    value = getattr(input, name)
    if value is None and not nullable:
        raise InvalidInput(f"{to_camel_case(name)} cannot be null: leave it out to leave it as it is.", path=[name])
    return SAME if value is strawberry.UNSET else value


def _each(name: str, items: Iterable[Any], read: Callable[[Any], Any]) -> list[Any]:
    """Read every item of a list; a refusal names the one in the way."""
    found = []
    for i, item in enumerate(items):
        with blaming(name, i):
            found.append(read(item))
    return found


each_of = _each


@strawberry.input(description="A variant to be made. Prices are in the shop's currency.")
class VariantInput:
    title: str = optional("What tells it from the other variants; empty when it is the only one.", "")
    sku: str | None = optional("The shop's code for it; unique in the shop.")
    barcode: str | None = optional("EAN, UPC or the like.")
    price: MoneyInput | None = optional("What it is sold for.")
    list_price: MoneyInput | None = optional("What it is said to be worth.")
    cost: MoneyInput | None = optional("What the shop pays for it.")
    on_hand: int = optional("How many there are.", 0)

    def draft(self) -> catalog.VariantDraft:
        return catalog.VariantDraft(
            title=self.title,
            sku=self.sku,
            barcode=self.barcode,
            price=_money("price", self.price),
            list_price=_money("list_price", self.list_price),
            cost=_money("cost", self.cost),
            on_hand=self.on_hand,
        )


@strawberry.input(description="A picture: the address of one elsewhere, or an upload that has arrived.")
class ImageInput:
    url: str | None = optional("Its http(s) address.")
    upload_id: strawberry.ID | None = optional("The id that `uploadStage` gave.")
    alt: str = optional("What it shows, in words.", "")

    def draft(self) -> catalog.ImageDraft:
        upload = None if self.upload_id is None else read_id("upload_id", self.upload_id, "upl")
        return catalog.ImageDraft(url=self.url, upload_id=upload, alt=self.alt)


@strawberry.input(description="A product to be made, with its variants.")
class ProductCreateInput:
    title: str = strawberry.field(description="As shown to buyers.")
    description: str = optional("Text for buyers.", "")
    handle: str | None = optional("Its name in addresses; made from the title when left out.")
    status: ProductStatus = optional("Whether it is on sale.", ProductStatus.DRAFT)
    category_id: strawberry.ID | None = optional("The shelf it stands on.")
    variants: list[VariantInput] = strawberry.field(description="At least one.")
    images: list[ImageInput] = strawberry.field(default_factory=list, description="Its pictures, in order.")
    source: str | None = optional("Where it comes from, with `externalId`.")
    external_id: str | None = optional("Its id there; unique for each source.")
    idempotency_key: str | None = optional("Any text of your own: a request with the same key is done once.")

    def draft(self) -> catalog.ProductDraft:
        return catalog.ProductDraft(
            title=self.title,
            description=self.description,
            handle=self.handle,
            status=self.status,
            category_id=None if self.category_id is None else read_id("category_id", self.category_id, "cat"),
            variants=_each("variants", self.variants, VariantInput.draft),
            images=_each("images", self.images, ImageInput.draft),
            source=self.source,
            external_id=self.external_id,
        )


@strawberry.input(description="Changes to one variant; what is left out stays.")
class VariantUpdateInput:
    id: strawberry.ID = strawberry.field(description="Which variant of the product.")
    title: str | None = given("What tells it from the other variants.")
    sku: str | None = given("The shop's code for it; null takes it away.")
    barcode: str | None = given("EAN, UPC or the like; null takes it away.")
    price: MoneyInput | None = given("What it is sold for; null takes it away.")
    list_price: MoneyInput | None = given("What it is said to be worth; null takes it away.")
    cost: MoneyInput | None = given("What the shop pays for it; null takes it away.")
    on_hand: int | None = given("How many there are.")

    def changes(self) -> catalog.VariantChanges:
        def money(name: str) -> Any:
            value = changed(self, name, nullable=True)
            return SAME if value is SAME else _money(name, value)

        return catalog.VariantChanges(
            variant_id=read_id("id", self.id, "var"),
            title=changed(self, "title"),
            sku=changed(self, "sku", nullable=True),
            barcode=changed(self, "barcode", nullable=True),
            price=money("price"),
            list_price=money("list_price"),
            cost=money("cost"),
            on_hand=changed(self, "on_hand"),
        )


@strawberry.input(description="Changes to a product; what is left out stays.")
class ProductUpdateInput:
    id: strawberry.ID = strawberry.field(description="Which product.")
    expected_version: int | None = optional("The version you read: refused when it has been changed since.")
    title: str | None = given("As shown to buyers.")
    description: str | None = given("Text for buyers.")
    handle: str | None = given("Its name in addresses.")
    status: ProductStatus | None = given("Whether it is on sale.")
    category_id: strawberry.ID | None = given("The shelf it stands on; null takes it off.")
    variants: list[VariantUpdateInput] | None = given("Changes to its variants; those not named stay.")
    idempotency_key: str | None = optional("Any text of your own: a request with the same key is done once.")

    def changes(self) -> catalog.ProductChanges:
        category = changed(self, "category_id", nullable=True)
        if isinstance(category, str):
            category = read_id("category_id", category, "cat")
        variants = changed(self, "variants")
        return catalog.ProductChanges(
            title=changed(self, "title"),
            description=changed(self, "description"),
            handle=changed(self, "handle"),
            status=changed(self, "status"),
            category_id=category,
            variants=() if variants is SAME else tuple(_each("variants", variants, VariantUpdateInput.changes)),
        )


@strawberry.input(description="A category to be made.")
class CategoryCreateInput:
    name: str = strawberry.field(description="As shown to buyers; unique in the shop.")
    parent_id: strawberry.ID | None = optional("The shelf it stands in.")
