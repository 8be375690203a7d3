"""Things a test needs to begin: each with defaults, so that a test names only what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from stoa.domains import orders
from stoa.domains.catalog import supplying
from stoa.domains.catalog.models import (
    Category,
    Image,
    Location,
    Product,
    ProductStatus,
    PurchaseOrder,
    Stock,
    Supplier,
    Variant,
)
from stoa.domains.catalog.naming import search_text_of
from stoa.domains.catalog.stock.setting import set_on_hand
from stoa.domains.orders.models import Order
from stoa.kit.ids import new_id
from stoa.kit.money import Money
from stoa.kit.text import slugify
from stoa.settings import settings
from stoa.tenants.access.scopes import EVERY_SCOPE
from stoa.tenants.context import Actor, Context, ShopRef, open_shop
from stoa.tenants.database import shop_transaction
from stoa.tenants.models import Account, Membership
from stoa.tenants.provisioning import provisioner

_numbers = count(1)


async def shop(
    name: str | None = None, *, currency: str = "EUR", time_zone: str = "Europe/Berlin", locale: str = "en"
) -> ShopRef:
    """A new, empty shop."""
    name = name or f"Shop {next(_numbers)}"
    return await provisioner(settings()).create(name, currency=currency, time_zone=time_zone, locale=locale)


async def account(email: str | None = None, *, name: str = "Zeno of Citium") -> Account:
    """A person without a password, of no shop."""
    email = email or f"person-{next(_numbers)}-{new_id().hex[-8:]}@example.com"
    return await Account.create(email=email, email_key=email.casefold(), name=name)


async def member(shop: ShopRef, person: Account | None = None, *, role: str = "OWNER") -> Account:
    """A person who works in the shop."""
    person = person or await account()
    await Membership.create(account=person, shop_id=shop.id, role=role)
    return person


async def context(shop: ShopRef, *, scopes: frozenset[str] | None = None) -> Context:
    """The shop's owner at work: with every scope, or just these."""
    person = await member(shop)
    return Context(shop, Actor("account", person.id, person.name), EVERY_SCOPE if scopes is None else scopes)


async def category(ctx: Context, name: str | None = None, *, parent: Category | None = None) -> Category:
    name = name or f"Category {next(_numbers)}"
    with open_shop(ctx.shop):
        return await Category.create(name=name, name_key=name.casefold(), parent=parent)


async def product(
    ctx: Context,
    *,
    title: str | None = None,
    variants: Sequence[dict[str, Any]] = ({},),
    category: Category | None = None,
    images: Sequence[str] = (),
    status: ProductStatus = ProductStatus.ACTIVE,
    **columns: Any,
) -> Product:
    """A product; each of `variants` holds what `variant` below takes by name, each of `images` is an address."""
    title = title or f"Product {next(_numbers)}"
    handle = columns.pop("handle", None) or f"{slugify(title)}-{next(_numbers)}"
    codes = [one["sku"] for one in variants if one.get("sku")]
    with open_shop(ctx.shop):
        row = await Product.create(
            title=title,
            handle=handle,
            status=status,
            category=category,
            search_text=search_text_of(title, handle, codes),
            **columns,
        )
        for position, one in enumerate(variants):
            await variant(ctx, row, **{"position": position, **one})
        for position, url in enumerate(images):
            await Image.create(product=row, url=url, position=position)
    return row


async def variant(
    ctx: Context,
    product: Product,
    *,
    sku: str | None = None,
    price_minor: int | None = 1999,
    on_hand: int | None = 10,
    **columns: Any,
) -> Variant:
    """A variant with its stock (none when `on_hand` is None), priced in the shop's currency."""
    sku = sku or f"SKU-{next(_numbers)}"
    with open_shop(ctx.shop):
        row = await Variant.create(
            product=product, sku=sku, currency=ctx.shop.currency, price_minor=price_minor, **columns
        )
        if on_hand is not None:
            await stock(ctx, row, on_hand=on_hand)
    return row


async def stock(ctx: Context, variant: Variant, *, on_hand: int = 10) -> Stock:
    """The variant's stock at the main location."""
    with open_shop(ctx.shop):
        main = await Location.get(is_main=True)
        await Stock.get_or_create(variant=variant, location=main)
        async with shop_transaction():
            await set_on_hand(ctx, {variant.id: on_hand})
        return await Stock.get(variant=variant, location=main)


async def location(ctx: Context, name: str | None = None) -> Location:
    """A place besides the main one."""
    name = name or f"Location {next(_numbers)}"
    with open_shop(ctx.shop):
        return await Location.create(name=name, name_key=name.casefold())


async def supplier(ctx: Context, name: str | None = None, **draft: Any) -> Supplier:
    """Somebody to buy from, paid in the shop's currency."""
    with open_shop(ctx.shop):
        return await supplying.create_supplier(
            ctx, supplying.SupplierDraft(name or f"Supplier {next(_numbers)}", **draft)
        )


async def supplier_price(ctx: Context, supplier: Supplier, variant: Variant, minor: int = 500, **draft: Any) -> None:
    """What the supplier asks for the variant from now on, in their currency."""
    price = supplying.PriceDraft(variant.id, Money(minor, supplier.currency), **draft)
    with open_shop(ctx.shop):
        [result] = await supplying.set_supplier_prices(ctx, supplier.id, [price])
    assert result.refusals == []


async def purchase(
    ctx: Context, supplier: Supplier, lines: Sequence[tuple[Variant, int, int]], *, placed: bool = True, **draft: Any
) -> PurchaseOrder:
    """An order; each of `lines` is a variant, how many, and what a piece costs in the supplier's currency."""
    drafts = [supplying.LineDraft(each.id, many, Money(minor, supplier.currency)) for each, many, minor in lines]
    with open_shop(ctx.shop):
        order = await supplying.create_purchase(ctx, supplying.PurchaseDraft(supplier.id, drafts, **draft))
        return await supplying.place_purchase(ctx, order.id) if placed else order


async def sold(ctx: Context, *, on_hand: int | None = 10, price_minor: int = 1999, **columns: Any) -> Variant:
    """A variant that can be bought."""
    await product(ctx, variants=[{"on_hand": on_hand, "price_minor": price_minor, **columns}])
    with open_shop(ctx.shop):
        return await Variant.all().order_by("-created_at", "-id").first()  # type: ignore[return-value]


async def order(ctx: Context, lines: Sequence[tuple[Variant, int]] | None = None, **draft: Any) -> Order:
    """An order that was just placed: of something, unless `lines` say of what and how many."""
    wanted = lines or [(await sold(ctx), 2)]
    drafts = [orders.LineDraft(many, variant_id=each.id) for each, many in wanted]
    with open_shop(ctx.shop):
        placed = await orders.place_order(ctx, orders.OrderDraft(drafts, **draft))
        return await Order.get(id=placed.order_id)
