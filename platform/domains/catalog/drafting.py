"""What somebody asks the catalog to hold: drafts, cleaned and checked before any row is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from stoa.domains.catalog.describing import clean_description
from stoa.domains.catalog.errors import NothingToSell, SkuTaken, WrongCurrency
from stoa.domains.catalog.merchandising.tagging import clean_names
from stoa.domains.catalog.models import ProductStatus
from stoa.domains.catalog.optioning import (
    OptionDraft,
    clean_value,
    combinations_wrong,
    options_wrong,
    title_of,
    with_values_of,
)
from stoa.domains.catalog.seo import clean_keywords, clean_seo_description, clean_seo_title
from stoa.domains.catalog.translating import Translation, clean_titles, clean_translations, merged
from stoa.kit.checking import Problems
from stoa.kit.errors import InvalidInput, Refusal, blaming
from stoa.kit.languages import Sentence
from stoa.kit.money import Money
from stoa.kit.text import clean_line, slugify
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context

MAX_VARIANTS, MAX_IMAGES = 100, 50
MANY_VARIANTS = Sentence("{count} variants; {limit} are allowed.")
MANY_IMAGES = Sentence("{count} images; {limit} are allowed.")


@dataclass(frozen=True, slots=True)
class VariantDraft:
    """A form of the product. Prices are in the shop's currency, values in the order of the product's options."""

    title: str = ""
    sku: str | None = None
    barcode: str | None = None
    price: Money | None = None
    list_price: Money | None = None
    cost: Money | None = None
    on_hand: int = 0
    option_values: Sequence[str] = ()
    weight_grams: int | None = None
    requires_shipping: bool = True
    taxable: bool = True
    translations: Mapping[str, str] = field(default_factory=dict)  # locale -> title


@dataclass(frozen=True, slots=True)
class ImageDraft:
    """A picture: the address of one elsewhere, or the id of an upload that has arrived."""

    url: str | None = None
    upload_id: UUID | None = None
    alt: str = ""


@dataclass(frozen=True, slots=True)
class ProductDraft:
    title: str
    description: str = ""
    handle: str | None = None
    status: ProductStatus = ProductStatus.DRAFT
    category_id: UUID | None = None
    variants: Sequence[VariantDraft] = ()
    images: Sequence[ImageDraft] = ()
    source: str | None = None
    external_id: str | None = None
    vendor: str = ""
    options: Sequence[OptionDraft] = ()
    seo_title: str = ""
    seo_description: str = ""
    keywords: Sequence[str] = ()
    translations: Sequence[Translation] = ()
    metadata: Mapping[str, str | None] | None = None
    tags: Sequence[str] = ()
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def checked(self, ctx: Context) -> ProductDraft:
        """The draft as it will be stored. Raises `Refusals` with everything that is wrong, not the first alone.

        Raises `MissingScope` when it holds costs and the caller may not see any.
        """
        for i, variant in enumerate(self.variants):
            require_cost(ctx, i, needed=variant.cost is not None)
        problems = Problems()
        checked = replace(
            self,
            title=problems.tried("title", clean_title, self.title),
            description=problems.tried("description", clean_description, self.description),
            handle=None if self.handle is None else problems.tried("handle", clean_handle, self.handle),
            variants=[checked_variant(problems, ctx, i, each) for i, each in enumerate(self.variants)],
            images=[_checked_image(problems, i, each) for i, each in enumerate(self.images)],
            source=problems.tried("source", _clean_key, self.source, what="source", limit=40),
            external_id=problems.tried("external_id", _clean_key, self.external_id, what="external id", limit=120),
            vendor=problems.tried("vendor", clean_vendor, self.vendor),
            seo_title=problems.tried("seo_title", clean_seo_title, self.seo_title),
            seo_description=problems.tried("seo_description", clean_seo_description, self.seo_description),
            keywords=problems.tried("keywords", clean_keywords, self.keywords) if self.keywords else (),
            options=[each.checked(problems, i) for i, each in enumerate(self.options)],
            tags=problems.tried((), _clean_tags, self.tags),
        )
        checked = checked.with_options_filled(problems)
        if self.translations:
            problems.tried("translations", clean_translations, list(self.translations))
        problems.extend(_overall(checked))
        problems.refuse()
        return checked

    def with_options_filled(self, problems: Problems) -> ProductDraft:
        """The options with the values that the variants have, and titles for variants that have none of their own."""
        values = [each.option_values for each in self.variants]
        if not self.options and not any(values):
            return self
        options = with_values_of(self.options, values)
        problems.extend(options_wrong(options))
        problems.extend(combinations_wrong([each.as_json for each in options], values))
        titled = [each if each.title else replace(each, title=title_of(each.option_values)) for each in self.variants]
        return replace(self, options=options, variants=titled)

    @property
    def more(self) -> dict[str, Any]:
        """What goes into the row besides its first columns."""
        return {
            "vendor": self.vendor,
            "options": [each.as_json for each in self.options],
            "seo_title": self.seo_title,
            "seo_description": self.seo_description,
            "keywords": list(self.keywords),
            "translations": merged({}, clean_translations(list(self.translations))) if self.translations else {},
        }


def clean_title(title: str) -> str:
    return clean_line(title, what="title", limit=255)


def clean_vendor(vendor: str) -> str:
    return clean_line(vendor, what="vendor", limit=120, required=False)


def clean_handle(handle: str) -> str:
    """As it may stand in an address: "Red Lamp!" is red-lamp."""
    slug = slugify(clean_line(handle, what="handle", limit=150), limit=150)
    if not slug:
        raise InvalidInput("The handle has no letter and no digit in it.")
    return slug


def require_cost(ctx: Context, i: int, *, needed: bool) -> None:
    """What the shop paid is not for everybody to see, nor to change. Raises `MissingScope`."""
    if needed:
        with blaming("variants", i, "cost"):
            ctx.require(Scope.CATALOG_COST)


def _overall(draft: ProductDraft) -> Iterator[Refusal]:
    if not draft.variants:
        yield NothingToSell("A product needs at least one variant.", path=["variants"])
    for name, count, limit, sentence in (
        ("variants", len(draft.variants), MAX_VARIANTS, MANY_VARIANTS),
        ("images", len(draft.images), MAX_IMAGES, MANY_IMAGES),
    ):
        if count > limit:
            yield InvalidInput(sentence.text, path=[name], limit=limit, count=count)
    if (draft.source is None) != (draft.external_id is None):
        yield InvalidInput("Give source and externalId together, or neither.", path=["external_id"])
    yield from sku_twice([variant.sku for variant in draft.variants])


def sku_twice(skus: Iterable[str | None]) -> Iterator[Refusal]:
    """A refusal for each code that an earlier variant of the same input has."""
    seen: set[str] = set()
    for i, sku in enumerate(skus):
        if sku and sku in seen:
            yield SkuTaken("The code {taken} occurs twice.", path=["variants", i, "sku"], taken=sku)
        seen.add(sku or "")


def checked_variant(problems: Problems, ctx: Context, i: int, draft: VariantDraft) -> VariantDraft:
    """One variant, cleaned; what is wrong goes to `problems` under the path ``variants, i``."""
    at = ("variants", i)
    for name in ("price", "list_price", "cost"):
        problems.tried((*at, name), _check_price, getattr(draft, name), ctx)
    if not 0 <= draft.on_hand < 2**31:
        problems.append(InvalidInput("{on_hand} cannot be on hand.", path=[*at, "on_hand"], on_hand=draft.on_hand))
    problems.tried((*at, "translations"), clean_titles, draft.translations)
    return replace(
        draft,
        title=problems.tried((*at, "title"), clean_line, draft.title, what="title", limit=255, required=False),
        sku=problems.tried((*at, "sku"), _optional, draft.sku, what="sku", limit=120),
        barcode=problems.tried((*at, "barcode"), _optional, draft.barcode, what="barcode", limit=64),
        option_values=[
            problems.tried((*at, "option_values", j), clean_value, each) for j, each in enumerate(draft.option_values)
        ],
        weight_grams=problems.tried((*at, "weight_grams"), _check_weight, draft.weight_grams),
    )


def _checked_image(problems: Problems, i: int, draft: ImageDraft) -> ImageDraft:
    at = ("images", i)
    if (draft.url is None) == (draft.upload_id is None):
        problems.append(InvalidInput("An image has either a url or an uploadId.", path=at))
    url = None if draft.url is None else problems.tried((*at, "url"), check_url, draft.url)
    alt = problems.tried((*at, "alt"), clean_line, draft.alt, what="alt text", limit=512, required=False)
    return replace(draft, url=url, alt=alt)


def check_url(url: str) -> str:
    """An address of a picture that a browser may load."""
    cleaned = clean_line(url, what="address", limit=2000)
    if not cleaned.startswith(("https://", "http://")) or " " in cleaned or len(cleaned) < 12:
        raise InvalidInput("{cleaned!r} is not an http(s) address.", cleaned=cleaned[:80])
    return cleaned


def _check_price(price: Money | None, ctx: Context) -> None:
    if price is None:
        return
    if price.currency != ctx.shop.currency:
        raise WrongCurrency(
            "Prices of this shop are in {currency}, not {price_currency}.",
            currency=ctx.shop.currency,
            price_currency=price.currency,
        )
    if price.minor < 0:
        raise InvalidInput("{price} is less than nothing.", price=str(price))


def _check_weight(grams: int | None) -> int | None:
    if grams is not None and not 0 <= grams < 2**31:
        raise InvalidInput("{grams} g is no weight.", grams=grams)
    return grams


def _clean_key(text: str | None, *, what: str, limit: int) -> str | None:
    return None if text is None else clean_line(text, what=what, limit=limit)


def _clean_tags(names: Sequence[str]) -> list[str]:
    return list(clean_names("tags", names).values())


def _optional(text: str | None, *, what: str, limit: int) -> str | None:
    return None if text is None else clean_line(text, what=what, limit=limit, required=False) or None
