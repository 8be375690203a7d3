"""What somebody asks to be changed of a product: cleaned and checked before any row is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final, TypeAlias
from uuid import UUID

from stoa.domains.catalog.describing import clean_description
from stoa.domains.catalog.drafting import (
    MAX_VARIANTS,
    VariantDraft,
    checked_variant,
    clean_handle,
    clean_title,
    clean_vendor,
    require_cost,
    sku_twice,
)
from stoa.domains.catalog.models import ProductStatus
from stoa.domains.catalog.optioning import OptionChange
from stoa.domains.catalog.seo import clean_keywords, clean_seo_description, clean_seo_title
from stoa.domains.catalog.translating import Translation, clean_translations
from stoa.kit.checking import Problems
from stoa.kit.errors import InvalidInput, Refusal
from stoa.kit.money import Money
from stoa.tenants.context import Context


class _Same(Enum):
    SAME = "left as it is"


SAME: Final = _Same.SAME
Same: TypeAlias = _Same


@dataclass(frozen=True, slots=True)
class VariantChanges:
    """Changes to one variant; what is `SAME` stays."""

    variant_id: UUID
    title: str | _Same = SAME
    sku: str | _Same | None = SAME
    barcode: str | _Same | None = SAME
    price: Money | _Same | None = SAME
    list_price: Money | _Same | None = SAME
    cost: Money | _Same | None = SAME
    on_hand: int | _Same = SAME
    option_values: Sequence[str] | _Same = SAME
    weight_grams: int | _Same | None = SAME
    requires_shipping: bool | _Same = SAME
    taxable: bool | _Same = SAME
    translations: Mapping[str, str] | _Same = SAME

    @property
    def named(self) -> dict[str, Any]:
        """What is to change, by the names that a draft has for it."""
        values = {name: getattr(self, name) for name in VariantDraft.__slots__}
        return {name: value for name, value in values.items() if value is not SAME}

    def checked(self, problems: Problems, ctx: Context, i: int) -> VariantChanges:
        draft = checked_variant(problems, ctx, i, VariantDraft(**self.named))
        return replace(self, **{name: getattr(draft, name) for name in self.named})


# What a change of each of the product's own columns must meet.
_CHECKS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "title": clean_title,
    "description": clean_description,
    "handle": clean_handle,
    "vendor": clean_vendor,
    "seo_title": clean_seo_title,
    "seo_description": clean_seo_description,
    "keywords": clean_keywords,
}


@dataclass(frozen=True, slots=True)
class ProductChanges:
    """Changes to a product; what is `SAME` stays. Translations and metadata that are not named stay too."""

    title: str | _Same = SAME
    description: str | _Same = SAME
    handle: str | _Same = SAME
    status: ProductStatus | _Same = SAME
    category_id: UUID | _Same | None = SAME
    variants: tuple[VariantChanges, ...] = ()
    vendor: str | _Same = SAME
    seo_title: str | _Same = SAME
    seo_description: str | _Same = SAME
    keywords: Sequence[str] | _Same = SAME
    options: Sequence[OptionChange] = ()
    translations: Sequence[Translation] = ()
    metadata: Mapping[str, str | None] | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """What is to change of the product's own."""
        names = (*_CHECKS, "status", "category_id")
        return {name: value for name in names if (value := getattr(self, name)) is not SAME}

    def checked(self, ctx: Context) -> ProductChanges:
        """The changes as they will be stored. Raises `Refusals` with everything that is wrong, and `MissingScope`."""
        for i, each in enumerate(self.variants):
            require_cost(ctx, i, needed=each.cost is not SAME)
        problems = Problems()
        cleaned = {
            name: problems.tried(name, check, getattr(self, name))
            for name, check in _CHECKS.items()
            if getattr(self, name) is not SAME
        }
        variants = tuple(each.checked(problems, ctx, i) for i, each in enumerate(self.variants))
        checked = replace(self, **cleaned, variants=variants)
        if self.translations:
            problems.tried("translations", clean_translations, list(self.translations))
        problems.extend(_overall(checked))
        problems.refuse()
        return checked


def _overall(changes: ProductChanges) -> Iterator[Refusal]:
    if len(changes.variants) > MAX_VARIANTS:
        yield InvalidInput(
            "{count} variants; {limit} are allowed.", path=["variants"], count=len(changes.variants), limit=MAX_VARIANTS
        )
    seen: set[UUID] = set()
    for i, each in enumerate(changes.variants):
        if each.variant_id in seen:
            yield InvalidInput("This variant is named twice.", path=["variants", i, "id"])
        seen.add(each.variant_id)
    yield from sku_twice(None if each.sku is SAME else each.sku for each in changes.variants)
