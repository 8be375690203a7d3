"""Demo shops: two with different things in them, made on the first run; and a real year of sales on request."""

from __future__ import annotations

import struct
import zlib
from asyncio import to_thread
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stoa.domains import catalog
from stoa.domains.catalog.importing import ImportRun, Options, import_path
from stoa.domains.orders import importing as orders_importing
from stoa.kit.languages import Locale
from stoa.kit.money import Money
from stoa.kit.tabular.sniffing import Table
from stoa.settings import Settings
from stoa.tenants import access
from stoa.tenants.access import Role, scopes_of
from stoa.tenants.connecting import connect, disconnect
from stoa.tenants.context import Actor, Context, ShopRef, open_shop
from stoa.tenants.importing.running import Listener
from stoa.tenants.models import Account, Shop
from stoa.tenants.uploading import receive_upload, stage_upload
from stoa.workers import reactions

PASSWORD = "open-sesame-2026"  # noqa: S105  # printed at every start: these shops are for looking around


# Which column of a sales file says what of a product.
SALES_LINES = {"sku": "StockCode", "title": "Description", "price": "UnitPrice"}
PENCE = Options(decimal=".")
# Which column says what of an order. Lines of returns have no number of their own.
ORDER_LINES = {
    "order": "InvoiceNo",
    "time": "InvoiceDate",
    "sku": "StockCode",
    "title": "Description",
    "quantity": "Quantity",
    "price": "UnitPrice",
    "customer": "CustomerID",
    "country": "Country",
}
RETURN_LINES = {field: column for field, column in ORDER_LINES.items() if field != "order"}
IN_LONDON = orders_importing.Options(decimal=".", time_zone="Europe/London")


@dataclass(frozen=True, slots=True)
class SignIn:
    email: str
    password: str
    person: str
    shop: str


@dataclass(frozen=True, slots=True)
class DemoShop:
    """A shop of the first run: its shelves hold (title, code, prices in minor units, stock, colour of the picture)."""

    email: str
    owner: str
    name: str
    currency: str
    time_zone: str
    locale: Locale
    shelves: dict[str, Sequence[tuple[str, str, Sequence[tuple[str, int, int]], tuple[int, int, int]]]]

    @property
    def sign_in(self) -> SignIn:
        return SignIn(self.email, PASSWORD, self.owner, self.name)


TEA = DemoShop(
    email="lin@tea.example",
    owner="林晓",
    name="山茶舍",
    currency="CNY",
    time_zone="Asia/Shanghai",
    locale="zh",
    shelves={
        "绿茶": [
            ("明前龙井", "LJ", [("50 克", 16800, 40), ("100 克", 29800, 24), ("250 克礼盒", 68800, 6)], (122, 150, 84)),
            ("碧螺春", "BLC", [("50 克", 12800, 35), ("100 克", 23800, 18)], (140, 165, 96)),
        ],
        "乌龙茶": [
            ("铁观音 清香型", "TGY", [("125 克", 8800, 60), ("250 克", 15800, 31)], (96, 120, 72)),
            ("大红袍", "DHP", [("100 克", 26800, 12)], (130, 72, 48)),
        ],
        "茶具": [
            ("白瓷盖碗", "GW", [("120 毫升", 5900, 80), ("150 毫升", 6900, 72)], (232, 230, 224)),
            ("紫砂壶 西施", "ZS", [("200 毫升", 39900, 9)], (120, 62, 44)),
        ],
    },
)
GIFTS = DemoShop(
    email="grace@gifts.example",
    owner="Grace Miller",
    name="Lantern & Ribbon",
    currency="GBP",
    time_zone="Europe/London",
    locale="en",
    shelves={
        "Lights": [
            ("White Hanging Heart T-Light Holder", "HEART", [("", 255, 640)], (236, 228, 214)),
            ("Glass Star Frosted Lantern", "STAR", [("Small", 425, 96), ("Large", 795, 44)], (196, 214, 224)),
        ],
        "Kitchen": [
            ("Regency Cakestand Three Tier", "CAKE", [("", 1275, 38)], (226, 188, 196)),
            ("Jam Making Set With Jars", "JAM", [("Set of 6", 425, 120), ("Set of 12", 795, 51)], (178, 58, 66)),
            ("Retro Spot Tea Set", "SPOT", [("Red", 1495, 17), ("Blue", 1495, 0)], (204, 60, 70)),
        ],
        "Paper": [
            ("Party Bunting", "BUNT", [("5 m", 465, 210)], (240, 200, 120)),
            ("Hand-Made Birthday Card", "CARD", [("", 195, 400)], (214, 208, 240)),
        ],
    },
)


SIGN_INS = (TEA.sign_in, GIFTS.sign_in)


async def ensure(settings: Settings) -> list[SignIn]:
    """Make the demo shops that are not there yet; their sign-ins."""
    reactions.fill()
    await connect(settings)
    try:
        for demo in (TEA, GIFTS):
            if not await Account.exists(email_key=demo.email):
                await _build(settings, demo)
    finally:
        await disconnect()
    return list(SIGN_INS)


async def _build(settings: Settings, demo: DemoShop) -> None:
    account, shop = await access.open_account(
        settings,
        demo.email,
        PASSWORD,
        name=demo.owner,
        shop_name=demo.name,
        currency=demo.currency,
        time_zone=demo.time_zone,
        locale=demo.locale,
    )
    ctx = Context(shop, Actor("account", account.id, account.name), scopes_of(Role.OWNER), demo.locale)
    with open_shop(shop):
        for shelf, products in demo.shelves.items():
            category = await catalog.create_category(ctx, shelf)
            for title, code, forms, colour in products:
                image = await _picture(ctx, code, colour)
                variants = [
                    catalog.VariantDraft(
                        title=form,
                        sku=f"{code}-{i + 1}" if len(forms) > 1 else code,
                        price=Money(price, demo.currency),
                        cost=Money(price * 45 // 100, demo.currency),
                        on_hand=on_hand,
                    )
                    for i, (form, price, on_hand) in enumerate(forms)
                ]
                draft = catalog.ProductDraft(
                    title,
                    status=catalog.ProductStatus.ACTIVE,
                    category_id=category.id,
                    variants=variants,
                    images=[image],
                )
                await catalog.create_product(ctx, draft)


async def _picture(ctx: Context, code: str, colour: tuple[int, int, int]) -> catalog.ImageDraft:
    """A plain picture, uploaded like anybody's, so that pages have something to show offline."""
    data = png(320, 240, colour)

    async def body() -> AsyncIterator[bytes]:
        yield data

    staged = await stage_upload(ctx, f"{code}.png", "image/png", len(data))
    await receive_upload(ctx, staged.upload.id, body())
    return catalog.ImageDraft(upload_id=staged.upload.id, alt=code)


def png(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """A PNG of one colour, lighter towards the bottom."""
    rows = bytearray()
    for y in range(height):
        shade = bytes(min(255, part + (255 - part) * y // (2 * height)) for part in colour)
        rows += b"\0" + shade * width
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


async def shop_named(schema: str | None) -> ShopRef:
    """The shop of this schema; without one, the English demo shop."""
    shop = await (Shop.get_or_none(schema_name=schema) if schema else Shop.filter(name=GIFTS.name).first())
    if shop is None:
        raise LookupError(f"There is no shop {schema or GIFTS.name}.")
    return shop.ref


async def online_retail(settings: Settings, file: Path, schema: str | None, tell: Callable[[str], object]) -> ImportRun:
    """Import the products of a year of sales lines (UCI Online Retail) into a shop; tells how it gets on.

    Every stock code is a product; its title is the last description and its price the last one seen.
    Raises `LookupError` when there is no such shop.
    """
    return await _filled(
        settings,
        schema,
        tell,
        lambda ctx, listener: import_path(
            ctx, file, source="online-retail", mapping=SALES_LINES, options=PENCE, listener=listener
        ),
    )


async def online_retail_orders(
    settings: Settings, file: Path, schema: str | None, tell: Callable[[str], object]
) -> ImportRun:
    """Import the orders of a year of sales lines, or what came back in it, into a shop; tells how it gets on.

    Every invoice is an order. Raises `LookupError` when there is no such shop.
    """
    mapping = ORDER_LINES if await to_thread(_has_invoices, file) else RETURN_LINES
    return await _filled(
        settings,
        schema,
        tell,
        lambda ctx, listener: orders_importing.import_path(
            ctx, file, source="online-retail", mapping=mapping, options=IN_LONDON, listener=listener
        ),
    )


def _has_invoices(file: Path) -> bool:
    with file.open("rb") as opened:
        return ORDER_LINES["order"] in Table(opened, file.stat().st_size).layout(IN_LONDON).columns


async def _filled(
    settings: Settings,
    schema: str | None,
    tell: Callable[[str], object],
    work: Callable[[Context, Listener], Awaitable[ImportRun]],
) -> ImportRun:
    reactions.fill()
    await connect(settings)
    try:
        shop = await shop_named(schema)
        last = -1

        def listener(run: ImportRun) -> None:
            nonlocal last
            if run.percent // 10 > last:
                last = run.percent // 10
                tell(f"{run.percent:3d} %  {run.lines_read:,} lines")

        with open_shop(shop):
            return await work(Context(shop), listener)
    finally:
        await disconnect()
