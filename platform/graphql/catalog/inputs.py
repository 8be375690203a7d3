"""What the catalog's mutations take."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import strawberry
from strawberry.utils.str_converters import to_camel_case

from stoa.domains import catalog
from stoa.domains.catalog.changing import SAME
from stoa.graphql.catalog.options import ProductOptionInput, ProductOptionUpdateInput
from stoa.graphql.catalog.types import ProductStatus
from stoa.graphql.catalog.valuing import AttributeValuesInput, values_by_key
from stoa.graphql.scalars import MoneyInput, read_id
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.money import Money


def given(description: str, *, instead: str | None = None) -> Any:
    """A field that may be left out; what is left out stays as it is. `instead`: why it is deprecated."""
    return strawberry.field(default=strawberry.UNSET, description=description, deprecation_reason=instead)


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
        raise InvalidInput(
            "{name} cannot be null: leave it out to leave it as it is.",
            path=[name],
            name=to_camel_case(name),
        )
    return SAME if value is strawberry.UNSET else value


def each_of(name: str, items: Iterable[Any], read: Callable[[Any], Any]) -> list[Any]:
    """Read every item of a list; a refusal names the one in the way."""
    found = []
    for i, item in enumerate(items):
        with blaming(name, i):
            found.append(read(item))
    return found


@strawberry.input(description="A product's texts in another language. Empty takes one away; what is left out stays.")
class ProductTranslationInput:
    locale: str = strawberry.field(description="en or zh.")
    title: str | None = optional("Its title.")
    description: str | None = optional("Its description; sanitised like the product's own.")
    seo_title: str | None = optional("Its title for search engines.")
    seo_description: str | None = optional("Its description for search engines.")

    def read(self) -> catalog.Translation:
        return catalog.Translation(self.locale, self.title, self.description, self.seo_title, self.seo_description)


@strawberry.input(description="A value of one of the shop's attributes that are no facets.")
class MetadataInput:
    key: str = strawberry.field(description="The attribute's key.")
    value: str | None = optional("The value as text, e.g. 12.5, true, 2026-11-22; null takes it away.")


def metadata(given: list[MetadataInput] | None) -> dict[str, str | None] | None:
    if not given:
        return None
    found = {each.key: each.value for each in given}
    if len(found) < len(given):
        raise InvalidInput("A key is named twice.", path=["metadata"])
    return found


@strawberry.input(description="A variant's title in another language.")
class VariantTranslationInput:
    locale: str = strawberry.field(description="en or zh.")
    title: str = strawberry.field(description="Its title there; empty takes the translation away.")


def _titles(given: Iterable[VariantTranslationInput]) -> dict[str, str]:
    titles: dict[str, str] = {}
    for i, each in enumerate(given):
        if each.locale in titles:
            raise InvalidInput("{locale} occurs twice.", path=["translations", i, "locale"], locale=each.locale[:20])
        titles[each.locale] = each.title
    return titles


@strawberry.input(description="A variant to be made. Prices are in the shop's currency.")
class VariantInput:
    title: str = optional("What tells it from the other variants; empty when it is the only one.", "")
    sku: str | None = optional("The shop's code for it; unique in the shop.")
    barcode: str | None = optional("EAN, UPC or the like.")
    price: MoneyInput | None = optional("What it is sold for.")
    list_price: MoneyInput | None = optional("What it is said to be worth.")
    cost: MoneyInput | None = optional("What the shop pays for it.")
    on_hand: int = optional("How many there are.", 0)
    option_values: list[str] = strawberry.field(
        default_factory=list, description="A value of each of the product's options, in their order."
    )
    weight_grams: int | None = optional("What it weighs, with its wrapping.")
    requires_shipping: bool = optional("Whether it is a thing that is sent.", True)
    taxable: bool = optional("Whether tax is due on it.", True)
    translations: list[VariantTranslationInput] | None = optional("Its title in other languages.")

    def draft(self) -> catalog.VariantDraft:
        return catalog.VariantDraft(
            title=self.title,
            sku=self.sku,
            barcode=self.barcode,
            price=_money("price", self.price),
            list_price=_money("list_price", self.list_price),
            cost=_money("cost", self.cost),
            on_hand=self.on_hand,
            option_values=self.option_values,
            weight_grams=self.weight_grams,
            requires_shipping=self.requires_shipping,
            taxable=self.taxable,
            translations=_titles(self.translations or ()),
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
    description: str = optional("Text for buyers, plain or HTML; HTML is sanitised.", "")
    handle: str | None = optional("Its name in addresses; made from the title when left out.")
    status: ProductStatus = optional(
        "Whether it is on sale. What is created so must be ready to, as for `productPublish`: it needs a category, a "
        "picture, and a price for every variant.",
        ProductStatus.DRAFT,
    )
    category_id: strawberry.ID | None = optional("The shelf it stands on.")
    variants: list[VariantInput] = strawberry.field(description="At least one.")
    images: list[ImageInput] = strawberry.field(default_factory=list, description="Its pictures, in order.")
    source: str | None = optional("Where it comes from, with `externalId`.")
    external_id: str | None = optional("Its id there; unique for each source.")
    vendor: str = optional("Who makes it.", "")
    options: list[ProductOptionInput] = strawberry.field(
        default_factory=list, description="What its variants differ in; each variant has a value of each, no two alike."
    )
    seo_title: str = optional("Its title for search engines.", "")
    seo_description: str = optional("Its description for search engines.", "")
    keywords: list[str] = strawberry.field(
        default_factory=list, description="The words that it is meant to be found by, 20 at most."
    )
    translations: list[ProductTranslationInput] = strawberry.field(
        default_factory=list, description="Its texts in other languages."
    )
    metadata: list[MetadataInput] = strawberry.field(
        default_factory=list, description="Values of the shop's attributes that are no facets."
    )
    tags: list[str] = strawberry.field(default_factory=list, description="Its tags; those that are new are made.")
    attributes: list[AttributeValuesInput] = strawberry.field(
        default_factory=list, description="Values of the shop's attributes, as `productAttributesSet` takes them."
    )
    idempotency_key: str | None = optional("Any text of your own: a request with the same key is done once.")

    def draft(self) -> catalog.ProductDraft:
        return catalog.ProductDraft(
            title=self.title,
            description=self.description,
            handle=self.handle,
            status=self.status,
            category_id=None if self.category_id is None else read_id("category_id", self.category_id, "cat"),
            variants=each_of("variants", self.variants, VariantInput.draft),
            images=each_of("images", self.images, ImageInput.draft),
            source=self.source,
            external_id=self.external_id,
            vendor=self.vendor,
            options=[each.draft() for each in self.options],
            seo_title=self.seo_title,
            seo_description=self.seo_description,
            keywords=self.keywords,
            translations=[each.read() for each in self.translations],
            metadata=metadata(self.metadata),
            tags=self.tags,
            attributes=values_by_key("attributes", self.attributes),
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
    option_values: list[str] | None = given("A value of each of the product's options, in their order.")
    weight_grams: int | None = given("What it weighs, with its wrapping; null: nobody knows.")
    requires_shipping: bool | None = given("Whether it is a thing that is sent.")
    taxable: bool | None = given("Whether tax is due on it.")
    translations: list[VariantTranslationInput] | None = given("Its title in these languages; others stay.")

    def changes(self) -> catalog.VariantChanges:
        def money(name: str) -> Any:
            value = changed(self, name, nullable=True)
            return SAME if value is SAME else _money(name, value)

        translations = changed(self, "translations")
        return catalog.VariantChanges(
            variant_id=read_id("id", self.id, "var"),
            title=changed(self, "title"),
            sku=changed(self, "sku", nullable=True),
            barcode=changed(self, "barcode", nullable=True),
            price=money("price"),
            list_price=money("list_price"),
            cost=money("cost"),
            on_hand=changed(self, "on_hand"),
            option_values=changed(self, "option_values"),
            weight_grams=changed(self, "weight_grams", nullable=True),
            requires_shipping=changed(self, "requires_shipping"),
            taxable=changed(self, "taxable"),
            translations=SAME if translations is SAME else _titles(translations),
        )


@strawberry.input(description="Changes to a product; what is left out stays.")
class ProductUpdateInput:
    id: strawberry.ID = strawberry.field(description="Which product.")
    expected_version: int | None = optional("The version you read: refused when it has been changed since.")
    title: str | None = given("As shown to buyers.")
    description: str | None = given("Text for buyers, plain or HTML; HTML is sanitised.")
    handle: str | None = given("Its name in addresses; the old one goes on leading to it.")
    status: ProductStatus | None = given(
        "Whether it is on sale. What goes on sale so must be ready to, as for `productPublish`."
    )
    category_id: strawberry.ID | None = given("The shelf it stands on; null takes it off.")
    variants: list[VariantUpdateInput] | None = given("Changes to its variants; those not named stay.")
    vendor: str | None = given("Who makes it.")
    options: list[ProductOptionUpdateInput] = strawberry.field(
        default_factory=list, description="Changes to what its variants differ in, made one after the other."
    )
    seo_title: str | None = given("Its title for search engines.")
    seo_description: str | None = given("Its description for search engines.")
    keywords: list[str] | None = given("The words that it is meant to be found by: all of them.")
    translations: list[ProductTranslationInput] = strawberry.field(
        default_factory=list, description="Its texts in other languages; those not named stay."
    )
    metadata: list[MetadataInput] = strawberry.field(
        default_factory=list, description="Values of the shop's attributes that are no facets; those not named stay."
    )
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
            variants=() if variants is SAME else tuple(each_of("variants", variants, VariantUpdateInput.changes)),
            vendor=changed(self, "vendor"),
            seo_title=changed(self, "seo_title"),
            seo_description=changed(self, "seo_description"),
            keywords=changed(self, "keywords"),
            options=[each.change() for each in self.options],
            translations=[each.read() for each in self.translations],
            metadata=metadata(self.metadata),
        )


@strawberry.input(description="A category to be made.")
class CategoryCreateInput:
    name: str = strawberry.field(description="As shown to buyers; unique in the shop.")
    parent_id: strawberry.ID | None = optional("The shelf it stands in.")


@strawberry.input(description="A product to be made into another.")
class ProductDuplicateInput:
    id: strawberry.ID = strawberry.field(description="Which product.")
    title: str | None = optional("The title of the new one; else the old one's, and that it is a copy.")
    idempotency_key: str | None = optional("Any text of your own: a request with the same key is done once.")


@strawberry.input(description="A draft to be deleted.")
class ProductDeleteInput:
    id: strawberry.ID = strawberry.field(description="Which product.")
    expected_version: int | None = optional("The version you read: refused when it has been changed since.")


@strawberry.input(description="An old handle that is to lead nowhere.")
class SlugRedirectRemoveInput:
    handle: str = strawberry.field(description="The handle.")
