"""A merchant brings a Shopify export along: it becomes a catalog that is published, found and watched over."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.journeys.browsing import Browser, follow, send_file, sign_up

HEADER = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,"
    "Variant Price,Variant Compare At Price,Image Src,Image Position,Image Alt Text,SEO Title,SEO Description,Status"
)
EXPORT = f"""{HEADER}
lantern,Glass Lantern,"<p>Made of <b>frosted</b> glass.</p><script>alert(1)</script>",Zeno,Lights,"glass, gift",false,Size,Small,LAN-S,5,12.50,15.00,https://pictures.example/lantern.jpg,1,A lantern on a porch,Glass Lantern,A frosted glass lantern.,draft
lantern,,,,,,,,Large,LAN-L,2,19.50,,https://pictures.example/lantern-2.jpg,2,,,,
teapot,青花瓷茶壶,<p>手工绘制</p>,Zeno,Tea,"porcelain, gift",false,Title,Default Title,TEA-1,3,88.00,,https://pictures.example/teapot.jpg,1,A teapot,,,draft
"""


async def test_a_shopify_export_becomes_a_published_searchable_alerting_catalog(browser: Browser) -> None:
    """P1, P3 to P9, P11, P13, P14, X7: through the API alone."""
    await sign_up(browser)
    done = await import_export(browser)
    assert (done["state"], done["productsCreated"]) == ("DONE", 2)

    lantern = await product_by_handle(browser, "lantern")
    assert lantern["description"] == "<p>Made of <b>frosted</b> glass.</p>"
    assert [(each["sku"], each["optionValues"], each["onHand"]) for each in lantern["variants"]["nodes"]] == [
        ("LAN-S", ["Small"], 5),
        ("LAN-L", ["Large"], 2),
    ]
    assert lantern["variants"]["nodes"][0]["listPrice"]["amount"] == "15.00"
    assert [each["tag"]["name"] for each in lantern["tags"]["nodes"]] == ["gift", "glass"]
    assert lantern["category"]["name"] == "Lights"

    await publish(browser, lantern["id"])
    assert (await product_by_handle(browser, "lantern"))["status"] == "ACTIVE"

    assert await found(browser, "lantren glas") == ["Glass Lantern"]  # as people type
    assert await found(browser, "茶壶") == ["青花瓷茶壶"]
    assert await found(browser, "TEA-1") == ["青花瓷茶壶"]

    await sell_until_low(browser, lantern["variants"]["nodes"][0]["id"])
    report = (await browser.ask("{ integrityReport { isSound } }"))["integrityReport"]
    assert report == {"isSound": True}


async def import_export(browser: Browser) -> dict[str, Any]:
    upload = await send_file(browser, EXPORT.encode("utf-8-sig"), name="products_export.csv", content_type="text/csv")
    seen = await browser.ask(
        "query ($id: ID!) { productImportInspect(uploadId: $id) { mapping { field column } } }", id=upload
    )
    mapping = seen["productImportInspect"]["mapping"]
    assert {"field": "SKU", "column": "Variant SKU"} in mapping
    started = await browser.ask(
        "mutation ($input: ProductImportStartInput!) { productImportStart(input: $input) "
        "{ productImport { id } userErrors { code message path } } }",
        input={"uploadId": upload, "source": "shopify", "mapping": mapping},
    )
    assert started["productImportStart"]["userErrors"] == []
    return await follow(browser, started["productImportStart"]["productImport"]["id"])


async def product_by_handle(browser: Browser, handle: str) -> dict[str, Any]:
    asked = await browser.ask(
        """query ($handle: String!) { productByHandle(handle: $handle) { redirectedFrom product {
             id status description category { name } tags { nodes { tag { name } } }
             variants { nodes { id sku optionValues onHand listPrice { amount } } } } } }""",
        handle=handle,
    )
    assert asked["productByHandle"]["redirectedFrom"] is None
    return asked["productByHandle"]["product"]  # type: ignore[no-any-return]


async def publish(browser: Browser, product_id: str) -> None:
    asked = await browser.ask(
        "mutation ($input: ProductPublishInput!) { productPublish(input: $input) "
        "{ product { status } userErrors { code message } } }",
        input={"id": product_id},
    )
    assert asked["productPublish"] == {"product": {"status": "ACTIVE"}, "userErrors": []}


async def found(browser: Browser, text: str) -> list[str]:
    asked = await browser.ask("query ($text: String!) { productSearch(text: $text) { nodes { title } } }", text=text)
    return [each["title"] for each in asked["productSearch"]["nodes"]]


async def sell_until_low(browser: Browser, variant_id: str) -> None:
    """The line is crossed once, and whoever watches sees it at that moment."""
    limited = await browser.ask(
        "mutation ($input: StockThresholdSetInput!) { stockThresholdSet(input: $input) "
        "{ stockLevels { isLow threshold } userErrors { code message } } }",
        input={"lines": [{"variantId": variant_id, "threshold": 2}]},
    )
    assert limited["stockThresholdSet"] == {"stockLevels": [{"isLow": False, "threshold": 2}], "userErrors": []}
    heard: asyncio.Queue[Any] = asyncio.Queue()
    watching = asyncio.create_task(watch_stock(browser, variant_id, heard))
    await asyncio.sleep(0.5)
    sold = await browser.ask(
        "mutation ($input: StockAdjustInput!) { stockAdjust(input: $input) "
        "{ stockLevels { isLow available } userErrors { code message } } }",
        input={"reason": "sold at the market", "lines": [{"variantId": variant_id, "quantity": -3}]},
    )
    assert sold["stockAdjust"] == {"stockLevels": [{"isLow": True, "available": 2}], "userErrors": []}
    assert await asyncio.wait_for(heard.get(), 60) == {"stockChanged": {"isLow": True, "available": 2}}
    watching.cancel()
    await asyncio.wait([watching])


async def watch_stock(browser: Browser, variant_id: str, heard: asyncio.Queue[Any]) -> None:
    async for news in browser.watch(
        "subscription ($ids: [ID!]) { stockChanged(variantIds: $ids) { isLow available } }", ids=[variant_id]
    ):
        heard.put_nowait(news)
