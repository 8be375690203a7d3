"""Change many products by as many statements as one: for all that nobody else's row can be in the way of.

Codes, handles, options and stock are not among that: whether a code is free, only the database knows, row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from stoa.domains.catalog.changing import ProductChanges, VariantChanges
from stoa.domains.catalog.completeness import readiness
from stoa.domains.catalog.editing import schedule_after
from stoa.domains.catalog.errors import NoSuchCategory, NoSuchProduct, NoSuchVariant
from stoa.domains.catalog.events import FieldChange, ProductEdited
from stoa.domains.catalog.metadata import known_attributes, merged_metadata, read_metadata
from stoa.domains.catalog.models import Attribute, Product, ProductStatus, Variant
from stoa.domains.catalog.naming import refresh_search_text
from stoa.domains.catalog.publishing.turning import news_of_turn
from stoa.domains.catalog.recalling import bounded, changes_between, of_variant
from stoa.domains.catalog.touching import require_version
from stoa.domains.catalog.translating import clean_translations, merged
from stoa.domains.catalog.variants import change_columns
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.errors import Refusal, Refusals
from stoa.tenants.context import Context, MissingScope
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

OF_VARIANTS: Final = frozenset(
    ("title", "barcode", "price", "list_price", "cost", "weight_grams", "requires_shipping", "taxable", "translations")
)
PRODUCT: Final = {
    **dict.fromkeys(("title", "description", "status", "vendor", "seo_title", "seo_description"), "text"),
    **dict.fromkeys(("keywords", "translations", "metadata"), "jsonb"),
    **dict.fromkeys(("publish_at", "unpublish_at"), "timestamptz"),
    "category_id": "uuid",
}
VARIANT: Final = {
    **dict.fromkeys(("title", "barcode"), "text"),
    **dict.fromkeys(("price_minor", "list_price_minor", "cost_minor"), "bigint"),
    **dict.fromkeys(("requires_shipping", "taxable"), "boolean"),
    "weight_grams": "int",
    "translations": "jsonb",
}
_CATEGORIES = "SELECT id FROM category WHERE id = ANY($1) FOR KEY SHARE"


def _update(table: str, columns: Mapping[str, str], also: str) -> str:
    setting = ", ".join(f"{name} = new.{name}" for name in columns)
    kinds = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    return (
        f"UPDATE {table} SET {setting}, {also} FROM jsonb_to_recordset($1::jsonb) AS new (id uuid, {kinds}) "
        f"WHERE {table}.id = new.id"
    )


_PRODUCTS = _update("product", PRODUCT, "version = product.version + 1, updated_at = $2")
_VARIANTS = _update("variant", VARIANT, "version = variant.version + 1")


@dataclass(frozen=True, slots=True)
class ProductEdit:
    """One row of a bulk edit."""

    product_id: UUID
    changes: ProductChanges
    expected_version: int | None = None


@dataclass(slots=True)
class Outcome:
    """Of a product either its version and what changed, or why nothing did."""

    versions: dict[UUID, int] = field(default_factory=dict)
    told: dict[UUID, list[FieldChange]] = field(default_factory=dict)
    refused: dict[UUID, list[Refusal]] = field(default_factory=dict)


class NotAllReady(Exception):
    """Some of them may not go on sale; takes all back."""

    def __init__(self, refused: dict[UUID, list[Refusal]]) -> None:
        super().__init__(f"{len(refused)} of them are not ready to go on sale.")
        self.refused = refused


def can_be_batched(changes: ProductChanges) -> bool:
    return (
        "handle" not in changes.columns
        and not changes.options
        and all(each.named.keys() <= OF_VARIANTS for each in changes.variants)
    )


async def edit_batch(ctx: Context, edits: Sequence[ProductEdit]) -> Outcome:
    """Save the changes of all of them, each product once at the most; who is refused is left as it was.

    About ten statements, whatever their number; as many again where some may not go on sale.
    """
    refused: dict[UUID, list[Refusal]] = {}
    while True:
        try:
            async with shop_transaction():
                outcome = await _edit(ctx, [each for each in edits if each.product_id not in refused])
        except NotAllReady as error:
            refused |= error.refused
        else:
            outcome.refused |= refused
            return outcome


async def _edit(ctx: Context, edits: Sequence[ProductEdit]) -> Outcome:
    batch = _Batch(ctx)
    await batch.look(edits)
    for each in edits:
        batch.take(each)
    await batch.write()
    return batch.outcome


@dataclass(slots=True)
class _Batch:
    """The rows that are there, and what is to become of them."""

    ctx: Context
    outcome: Outcome = field(default_factory=Outcome)
    products: dict[UUID, Product] = field(default_factory=dict)
    variants: dict[UUID, Variant] = field(default_factory=dict)
    categories: set[UUID] = field(default_factory=set)
    attributes: dict[str, Attribute] = field(default_factory=dict)
    changed: dict[UUID, list[str]] = field(default_factory=dict)
    changed_variants: dict[UUID, Variant] = field(default_factory=dict)
    status_before: dict[UUID, ProductStatus] = field(default_factory=dict)

    async def look(self, edits: Sequence[ProductEdit]) -> None:
        """Lock the products, and read what they are changed by."""
        ids = [each.product_id for each in edits]
        rows = await Product.filter(id__in=ids).order_by("id").select_for_update()
        self.products = {each.id: each for each in rows}
        if wanted := [each.variant_id for edit in edits for each in edit.changes.variants]:
            self.variants = {each.id: each for each in await Variant.filter(id__in=wanted)}
        if shelves := {each.changes.columns.get("category_id") for each in edits} - {None}:
            rows = await shop_client().execute_query_dict(_CATEGORIES, [list(shelves)])
            self.categories = {row["id"] for row in rows}
        if keys := {key for each in edits for key in each.changes.metadata or ()}:
            self.attributes = await known_attributes(keys)

    def take(self, edit: ProductEdit) -> None:
        try:
            self._take(edit, edit.changes.checked(self.ctx))
        except MissingScope:
            raise  # no row's fault: who may not, may not
        except Refusals as refusals:
            self.outcome.refused[edit.product_id] = list(refusals.refusals)
        except Refusal as refusal:
            self.outcome.refused[edit.product_id] = [refusal]

    def _take(self, edit: ProductEdit, changes: ProductChanges) -> None:
        product = self.products.get(edit.product_id)
        if product is None:
            raise NoSuchProduct("There is no such product.", path=["id"])
        require_version(product, edit.expected_version)
        columns, variants = self._columns(product, changes), self._named(product, changes.variants)
        before = {name: getattr(product, name) for name in columns}
        own = [name for name, value in columns.items() if before[name] != value]
        told = changes_between(before, columns, own)
        in_variants: dict[str, None] = {}
        for variant, each in variants:
            names, differences = change_columns(variant, each)
            if names:
                self.changed_variants[variant.id] = variant
                in_variants |= dict.fromkeys(f"variants.{name}" for name in names)
                told += of_variant(variant.id, variant.sku or variant.title, differences)
        self.outcome.versions[product.id] = product.version
        if own or in_variants:
            self.status_before[product.id] = product.status
            for name in own:
                setattr(product, name, columns[name])
            product.version += 1
            self.changed[product.id] = [*own, *in_variants]
            self.outcome.versions[product.id] = product.version
            self.outcome.told[product.id] = told

    def _columns(self, product: Product, changes: ProductChanges) -> dict[str, Any]:
        columns = changes.columns
        if columns.get("category_id") is not None and columns["category_id"] not in self.categories:
            raise NoSuchCategory("There is no such category.", path=["category_id"])
        if changes.translations:
            columns["translations"] = merged(product.translations, clean_translations(list(changes.translations)))
        if changes.metadata:
            given = read_metadata(changes.metadata, self.attributes)
            columns["metadata"] = merged_metadata(product.metadata, given)
        return columns | schedule_after(product, columns)

    def _named(self, product: Product, changes: Iterable[VariantChanges]) -> list[tuple[Variant, VariantChanges]]:
        found = []
        for i, each in enumerate(changes):
            variant = self.variants.get(each.variant_id)
            if variant is None or variant.product_id != product.id:  # type: ignore[attr-defined]
                raise NoSuchVariant("This product has no such variant.", path=["variants", i, "id"])
            found.append((variant, each))
        return found

    async def write(self) -> None:
        if not self.changed:
            return
        products = [self.products[id] for id in self.changed]
        await shop_client().execute_query(_PRODUCTS, [_rows(products, PRODUCT), now()])
        if self.changed_variants:
            await shop_client().execute_query(_VARIANTS, [_rows(self.changed_variants.values(), VARIANT)])
        await self._require_ready()
        await refresh_search_text(list(self.changed))
        await publish(self.ctx, *(news for id in sorted(self.changed) for news in self._news_of(id)))

    def _news_of(self, id: UUID) -> Iterator[Any]:
        yield ProductEdited(id, tuple(self.changed[id]), bounded(self.outcome.told[id]))
        yield from news_of_turn(id, self.status_before[id], self.products[id].status)

    async def _require_ready(self) -> None:
        """Of those that go on sale. Raises `NotAllReady`."""
        going = [id for id, names in self.changed.items() if "status" in names]
        going = [id for id in going if self.products[id].status is ProductStatus.ACTIVE]
        if going and (refused := await readiness(going, "status")):
            raise NotAllReady({id: [each] for id, each in refused.items()})


def _rows(rows: Iterable[Any], columns: Mapping[str, str]) -> str:
    return as_json([{name: getattr(row, name) for name in ("id", *columns)} for row in rows])
