"""Small catalogs at random: as plain Python objects with all that GraphQL shows of them, and as rows of a shop."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, ClassVar
from uuid import UUID

from stoa.domains.catalog import models
from stoa.domains.catalog.media import sentence_for
from stoa.domains.catalog.naming import search_text_of
from stoa.domains.catalog.stock.setting import set_on_hand
from stoa.kit.ids import new_id, type_id
from stoa.kit.money import Money
from stoa.tenants.context import Context, ShopRef, open_shop
from stoa.tenants.database import shop_client, shop_transaction

TITLES = [
    "Tea",
    "tea cup",
    "Tea Cup",
    "茶杯",
    "茶壶 x",
    "100% \\ _ 'q'",
    "Café",
    "straße",
    "$1 {row}",
    "Ärger",
    "a" * 60,
]
WORDS = ["tea", "cup", "茶", "杯", "cafe", "strasse", "%", "_", "\\", "x", "sku", "$1", "zzz", "ｔｅａ"]
MOMENTS = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=6 * n, microseconds=123_456 * (n % 2)) for n in range(4)]


@dataclass(eq=False, kw_only=True, repr=False)
class Row:
    key: UUID = field(default_factory=new_id)
    prefix: ClassVar[str]

    @property
    def id(self) -> str:
        return type_id(self.prefix, self.key)


@dataclass(eq=False, kw_only=True, repr=False)
class Category(Row):
    prefix = "cat"
    name: str
    parent: Category | None
    createdAt: datetime
    description: str = ""
    position: int = 0
    version: int = 1
    children: list[Category] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)

    @property
    def name_key(self) -> str:
        return self.name.casefold()

    @property
    def ancestors(self) -> list[dict[str, str]]:
        above = self.parent
        return [*above.ancestors, {"id": above.id, "name": above.name}] if above else []


@dataclass(eq=False, kw_only=True, repr=False)
class Product(Row):
    prefix = "prod"
    title: str
    handle: str
    description: str
    status: str
    category: Category | None
    source: str | None
    externalId: str | None
    version: int
    createdAt: datetime
    updatedAt: datetime
    vendor: str
    seoTitle: str
    seoDescription: str
    keywords: list[str]
    isBundle: bool
    publishAt: datetime | None
    unpublishAt: datetime | None
    descriptionIsHtml: bool = False
    oldHandles: list[str] = field(default_factory=list)
    variants: list[Variant] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)

    @property
    def onHand(self) -> int:
        return sum(variant.onHand for variant in self.variants)

    @property
    def isComplete(self) -> bool:
        priced = [variant.price is not None for variant in self.variants]
        return bool(self.title and self.category and self.images and priced and all(priced))

    @property
    def firstImage(self) -> Image | None:
        return min(self.images, key=lambda image: (image.position, image.key), default=None)


@dataclass(eq=False, kw_only=True, repr=False)
class Variant(Row):
    prefix = "var"
    title: str
    sku: str | None
    barcode: str | None
    price: Money | None
    listPrice: Money | None
    cost: Money | None
    stock: int | None
    position: int
    product: Product
    version: int
    createdAt: datetime
    optionValues: list[str]
    weightGrams: int | None
    requiresShipping: bool
    taxable: bool
    reserved: int = 0
    incoming: int = 0

    @property
    def onHand(self) -> int:
        return self.stock or 0

    @property
    def available(self) -> int:
        return self.onHand


@dataclass(eq=False, kw_only=True, repr=False)
class Image(Row):
    prefix = "img"
    url: str
    alt: str
    position: int
    product: Product
    width: int | None = None
    height: int | None = None
    contentType: str | None = None
    processedAt: datetime | None = None
    failure: None = None
    sizes: list[Any] = field(default_factory=list)
    translations: list[Any] = field(default_factory=list)
    focalPoint: dict[str, float] = field(default_factory=lambda: {"x": 0.5, "y": 0.5})

    @property
    def warnings(self) -> list[dict[str, str]]:
        return [] if self.alt else [{"code": "NO_ALT", "message": str(sentence_for("NO_ALT"))}]


@dataclass(repr=False)
class World:
    """The whole catalog of one shop."""

    shop: ShopRef
    categories: list[Category] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    variants: list[Variant] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)

    @property
    def rows(self) -> list[Row]:
        return [*self.categories, *self.products, *self.variants, *self.images]


def random_world(shop: ShopRef, seed: int, *, products: int = 12) -> World:
    random, world = Random(seed), World(shop)
    for number in range(random.randrange(5)):
        parent = random.choice([None, *world.categories])
        category = Category(
            name=f"{random.choice('ABcd茶')}{number}",
            parent=parent,
            createdAt=random.choice(MOMENTS),
            description=random.choice(["", "A shelf."]),
            position=number % 3,
            version=number + 1,
        )
        world.categories.append(category)
        if parent:
            parent.children.append(category)
    for number in range(products):
        _add_product(world, random, number)
    return world


def _add_product(world: World, random: Random, number: int) -> None:
    source = random.choice([None, "feed", "Datei"])
    product = Product(
        title=random.choice(TITLES),
        handle=f"{random.choice(['tea', '茶', 'x-'])}{number}",
        description=random.choice(["", "Long.\nText."]),
        status=random.choice(["DRAFT", "ACTIVE", "ARCHIVED"]),
        category=random.choice([None, *world.categories]),
        source=source,
        externalId=source and f"e{number}",
        version=random.randrange(1, 4),
        createdAt=random.choice(MOMENTS),
        updatedAt=random.choice(MOMENTS),
        vendor=random.choice(["", "Zeno", "zeno & sons", "陶"]),
        seoTitle=random.choice(["", "Tea"]),
        seoDescription=random.choice(["", "All about tea."]),
        keywords=random.choice([[], ["tea", "茶"]]),
        isBundle=random.choice([True, False, False]),
        publishAt=random.choice([None, *MOMENTS]),
        unpublishAt=random.choice([None, None, *MOMENTS]),
    )
    world.products.append(product)
    if product.category:
        product.category.products.append(product)
    for position in range(random.randrange(4)):
        _add_variant(world, random, product, position)
    for _ in range(random.randrange(3)):
        image = Image(url=f"https://img.test/{number}.jpg", alt="", position=random.randrange(2), product=product)
        world.images.append(image)
        product.images.append(image)


def _add_variant(world: World, random: Random, product: Product, position: int) -> None:
    def money() -> Money | None:
        return random.choice([None, Money(random.randrange(4) * 500, world.shop.currency)])

    number = len(world.variants)
    variant = Variant(
        title=random.choice(["", "S", "large"]),
        sku=random.choice([None, f"SKU-{number}", f"茶{number}", f"s_{number}"]),
        barcode=random.choice([None, "4006381333931"]),
        price=money(),
        listPrice=money(),
        optionValues=random.choice([[], ["red", "L"]]),
        weightGrams=random.choice([None, 0, 250]),
        requiresShipping=random.choice([True, False]),
        taxable=random.choice([True, False]),
        cost=money(),
        stock=None if product.isBundle else random.choice([None, 0, 7, 2**31 - 1]),  # a bundle has none of its own
        position=random.choice([position, 0]),
        product=product,
        version=1,
        createdAt=random.choice(MOMENTS),
    )
    world.variants.append(variant)
    product.variants.append(variant)


async def settle(world: World) -> None:
    """Make the shop hold this world and nothing else."""
    with open_shop(world.shop):
        for table in ("image", "stock", "variant", "product", "category"):
            await shop_client().execute_query(f'DELETE FROM "{table}"')
        for category in world.categories:  # parents first
            await models.Category.create(**_category(category))
        await models.Product.bulk_create([models.Product(**_product(each)) for each in world.products])
        await models.Variant.bulk_create([models.Variant(**_variant(world, each)) for each in world.variants])
        stocked = [each for each in world.variants if each.stock is not None]
        main = await models.Location.get(is_main=True)
        await models.Stock.bulk_create([models.Stock(variant_id=each.key, location=main) for each in stocked])
        async with shop_transaction():
            ctx = Context(world.shop)
            await set_on_hand(ctx, {each.key: each.stock for each in stocked if each.stock is not None})
        await models.Image.bulk_create([models.Image(**_image(each)) for each in world.images])
        for product in world.products:  # which Tortoise would set to now
            await models.Product.filter(id=product.key).update(updated_at=product.updatedAt)


def _category(row: Category) -> dict[str, Any]:
    parent_id = row.parent and row.parent.key
    return {
        "id": row.key,
        "name": row.name,
        "name_key": row.name_key,
        "parent_id": parent_id,
        "description": row.description,
        "position": row.position,
        "version": row.version,
        "created_at": row.createdAt,
    }


def _product(row: Product) -> dict[str, Any]:
    return {
        "id": row.key,
        "title": row.title,
        "handle": row.handle,
        "description": row.description,
        "status": row.status,
        "category_id": row.category and row.category.key,
        "vendor": row.vendor,
        "seo_title": row.seoTitle,
        "seo_description": row.seoDescription,
        "keywords": row.keywords,
        "is_bundle": row.isBundle,
        "publish_at": row.publishAt,
        "unpublish_at": row.unpublishAt,
        "source": row.source,
        "external_id": row.externalId,
        "search_text": search_text_of(row.title, row.handle, [each.sku for each in row.variants if each.sku]),
        "version": row.version,
        "created_at": row.createdAt,
    }


def _variant(world: World, row: Variant) -> dict[str, Any]:
    return {
        "id": row.key,
        "product_id": row.product.key,
        "title": row.title,
        "sku": row.sku,
        "barcode": row.barcode,
        "option_values": row.optionValues,
        "weight_grams": row.weightGrams,
        "requires_shipping": row.requiresShipping,
        "taxable": row.taxable,
        "currency": world.shop.currency,
        "price_minor": row.price and row.price.minor,
        "list_price_minor": row.listPrice and row.listPrice.minor,
        "cost_minor": row.cost and row.cost.minor,
        "position": row.position,
        "version": row.version,
        "created_at": row.createdAt,
    }


def _image(row: Image) -> dict[str, Any]:
    return {"id": row.key, "product_id": row.product.key, "url": row.url, "alt": row.alt, "position": row.position}
