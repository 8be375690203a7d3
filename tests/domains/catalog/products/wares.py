"""Products as these tests want them."""

from __future__ import annotations

from typing import Any

from stoa.domains import catalog
from stoa.domains.catalog import OptionDraft, ProductDraft, VariantDraft
from stoa.domains.catalog.models import Image, Product, Variant
from stoa.kit.money import Money
from stoa.tenants.context import Context
from tests import make


def euros(minor: int) -> Money:
    return Money(minor, "EUR")


async def shirt(ctx: Context, **changes: Any) -> tuple[Product, list[Variant]]:
    """Red and blue, S and L, without stock."""
    draft: dict[str, Any] = {
        "title": "Shirt",
        "options": [OptionDraft("Colour", ("red", "blue")), OptionDraft("Size", ("S", "L"))],
        "variants": [
            VariantDraft(option_values=(colour, size), price=euros(1990), sku=f"{colour}-{size}")
            for colour in ("red", "blue")
            for size in ("S", "L")
        ],
    }
    product = await catalog.create_product(ctx, ProductDraft(**{**draft, **changes}))
    return product, await variants_of(product)


async def variants_of(product: Product) -> list[Variant]:
    return await Variant.filter(product_id=product.id).order_by("position")


async def ready(ctx: Context, **columns: Any) -> Product:
    """A draft that lacks nothing that is required to be on sale."""
    shelf = await make.category(ctx)
    product = await make.product(ctx, category=shelf, status=catalog.ProductStatus.DRAFT, **columns)
    await Image.create(product=product, url="https://img.test/1", position=0)
    return product
