"""What somebody asks to be changed of a product: cleaned and checked before any row is touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final, TypeAlias
from uuid import UUID

from stoa.domains.catalog.checking import Problems
from stoa.domains.catalog.drafting import (
    MAX_VARIANTS,
    VariantDraft,
    checked_variant,
    clean_description,
    clean_handle,
    clean_title,
    require_cost,
    sku_twice,
)
from stoa.domains.catalog.models import ProductStatus
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

    @property
    def named(self) -> dict[str, Any]:
        """What is to change, by the names that a draft has for it."""
        values = {name: getattr(self, name) for name in VariantDraft.__slots__}
        return {name: value for name, value in values.items() if value is not SAME}

    def checked(self, problems: Problems, ctx: Context, i: int) -> VariantChanges:
        draft = checked_variant(problems, ctx, i, VariantDraft(**self.named))
        return replace(self, **{name: getattr(draft, name) for name in self.named})


@dataclass(frozen=True, slots=True)
class ProductChanges:
    """Changes to a product; what is `SAME` stays."""

    title: str | _Same = SAME
    description: str | _Same = SAME
    handle: str | _Same = SAME
    status: ProductStatus | _Same = SAME
    category_id: UUID | _Same | None = SAME
    variants: tuple[VariantChanges, ...] = ()

    @property
    def columns(self) -> dict[str, Any]:
        """What is to change of the product's own."""
        names = ("title", "description", "handle", "status", "category_id")
        return {name: value for name in names if (value := getattr(self, name)) is not SAME}

    def checked(self, ctx: Context) -> ProductChanges:
        """The changes as they will be stored. Raises `Refusals` with everything that is wrong, and `MissingScope`."""
        for i, each in enumerate(self.variants):
            require_cost(ctx, i, needed=each.cost is not SAME)
        problems = Problems()
        checked = replace(
            self,
            title=SAME if self.title is SAME else problems.tried("title", clean_title, self.title),
            description=SAME
            if self.description is SAME
            else problems.tried("description", clean_description, self.description),
            handle=SAME if self.handle is SAME else problems.tried("handle", clean_handle, self.handle),
            variants=tuple(each.checked(problems, ctx, i) for i, each in enumerate(self.variants)),
        )
        problems.extend(_overall(checked))
        problems.refuse()
        return checked


def _overall(changes: ProductChanges) -> Iterator[Refusal]:
    if len(changes.variants) > MAX_VARIANTS:
        yield InvalidInput(f"{len(changes.variants)} variants; {MAX_VARIANTS} are allowed.", path=["variants"])
    seen: set[UUID] = set()
    for i, each in enumerate(changes.variants):
        if each.variant_id in seen:
            yield InvalidInput("This variant is named twice.", path=["variants", i, "id"])
        seen.add(each.variant_id)
    yield from sku_twice(None if each.sku is SAME else each.sku for each in changes.variants)
