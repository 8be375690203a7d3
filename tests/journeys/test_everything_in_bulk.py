"""Everything in bulk: all orders into a file that says what pages say, 300 products renamed, and nobody else's business."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from tests.journeys.browsing import Browser, send_file, sign_up

FIELDS = "id number placedAt total { amount currency } customer { name }"
LINES = "id sku quantity unitPrice { amount }"
RUN = "bulkRun { id state } userErrors { code message path }"


async def test_all_orders_in_bulk_are_what_pages_show_and_many_products_are_renamed(
    browser: Browser,
) -> None:
    """X7, X8: through the API alone, over HTTP, with workers in the server's process."""
    await sign_up(browser)
    products = await made(browser, 300)
    for number in range(30):
        await place(browser, products[number]["variant"], products[number + 1]["variant"], number)

    asked = await browser.ask(
        f"mutation ($q: String!) {{ bulkQueryRun(input: {{query: $q}}) {{ {RUN} }} }}",
        q=f"{{ orders {{ nodes {{ {FIELDS} lines {{ nodes {{ {LINES} }} }} }} }} }}",
    )
    run = await ended(browser, asked["bulkQueryRun"])
    file = await fetched(browser, run["id"])
    assert (run["state"], run["objectCount"], run["objectTotal"]) == ("DONE", 30, 30)
    assert file == by_lines(await paged(browser))

    edits = [{"input": {"id": each["id"], "title": f"Renamed {n}"}} for n, each in enumerate(products)]
    texts = [orjson.dumps(edit) for edit in edits]
    texts[50], texts[150], texts[250] = b"{", b'{"input": {"id": "prod_x"}}', b'{"output": 1}'
    asked = await browser.ask(
        f"mutation ($m: String!, $u: ID!) {{ bulkMutationRun(input: {{mutation: $m, uploadId: $u}}) {{ {RUN} }} }}",
        m="mutation ($input: ProductUpdateInput!) { productUpdate(input: $input) "
        "{ product { id title } userErrors { code } } }",
        u=await send_file(browser, b"\n".join(texts), name="lines.jsonl", content_type="application/jsonl"),
    )
    run = await ended(browser, asked["bulkMutationRun"])
    answers = await fetched(browser, run["id"])
    assert (run["state"], run["objectCount"], run["failedCount"], run["lineCount"]) == ("DONE", 300, 3, 300)
    assert [answer["line"] for answer in answers] == list(range(1, 301))
    bad = {51, 151, 251}
    assert {answer["line"] for answer in answers if "errors" in answer or user_errors(answer)} == bad
    for answer in answers:
        if answer["line"] not in bad:
            told = answer["data"]["productUpdate"]["product"]
            assert told == {"id": products[answer["line"] - 1]["id"], "title": f"Renamed {answer['line'] - 1}"}
    titles = {each["title"] for each in await all_products(browser)}
    assert titles == {f"Renamed {n}" for n in range(300) if n + 1 not in bad} | {"Lot 50", "Lot 150", "Lot 250"}


async def test_nobody_reaches_anothers_runs(browser: Browser) -> None:
    await sign_up(browser)
    asked = await browser.ask(
        f'mutation {{ bulkQueryRun(input: {{query: "{{ products {{ nodes {{ id }} }} }}"}}) {{ {RUN} }} }}'
    )
    run = await ended(browser, asked["bulkQueryRun"])
    link = await link_of(browser, run["id"])

    async with httpx.AsyncClient(base_url=browser.address) as http:
        good = await http.get(link)
        shop = urlsplit(link).path.split("/")[2]
        for forged in (link[:-1], link.replace(shop, "0" * 8 + shop[8:]), link.replace("expires=", "expires=9")):
            assert (await http.get(forged)).status_code == 403
    assert (good.status_code, good.content) == (200, b"")
    assert good.headers["content-disposition"] == f'attachment; filename="{run["id"]}.jsonl"'
    assert good.headers["content-type"] == "application/jsonl; charset=utf-8"

    stranger = Browser(browser.address)
    async with stranger.http:
        await sign_up(stranger)
        assert await stranger.ask("query ($id: ID!) { bulkRun(id: $id) { id } }", id=run["id"]) == {"bulkRun": None}
        refused = await stranger.ask(
            "mutation ($id: ID!) { bulkRunCancel(input: {id: $id}) { userErrors { code } } }", id=run["id"]
        )
        assert refused["bulkRunCancel"]["userErrors"] == [{"code": "BULK_RUN_NOT_FOUND"}]


def user_errors(answer: dict[str, Any]) -> Any:
    return answer["data"]["productUpdate"]["userErrors"]


async def made(browser: Browser, number: int) -> list[dict[str, Any]]:
    """Products with something on hand, made in bulk as well."""
    variants = [
        [{"sku": f"LOT-{n}", "price": {"amount": "9.00", "currency": "GBP"}, "onHand": 10}] for n in range(number)
    ]
    lines = [{"input": {"title": f"Lot {n}", "variants": each, "status": "DRAFT"}} for n, each in enumerate(variants)]
    text = b"".join(orjson.dumps(line) + b"\n" for line in lines)
    asked = await browser.ask(
        f"mutation ($m: String!, $u: ID!) {{ bulkMutationRun(input: {{mutation: $m, uploadId: $u}}) {{ {RUN} }} }}",
        m="mutation ($input: ProductCreateInput!) { productCreate(input: $input) "
        "{ product { id variants { nodes { id } } } userErrors { code message } } }",
        u=await send_file(browser, text, name="lines.jsonl", content_type="application/jsonl"),
    )
    run = await ended(browser, asked["bulkMutationRun"])
    assert (run["state"], run["lineCount"], run["failedCount"]) == ("DONE", number, 0)
    found = [answer["data"]["productCreate"]["product"] for answer in await fetched(browser, run["id"])]
    return [{"id": each["id"], "variant": each["variants"]["nodes"][0]["id"]} for each in found]


async def place(browser: Browser, first: str, second: str, number: int) -> None:
    price = {"amount": "9.00", "currency": "GBP"}
    lines = [
        {"variantId": first, "quantity": 1, "unitPrice": price},
        {"variantId": second, "quantity": 2, "unitPrice": price},
    ]
    home = {
        "name": f"Buyer {number}",
        "line1": "Stoa 1",
        "district": "Xihu",
        "city": "Hangzhou",
        "province": "Zhejiang",
        "country": "CN",
        "postcode": "310000",
        "phone": "13800138000",
    }
    data = await browser.ask(
        "mutation ($input: OrderPlaceInput!) { orderPlace(input: $input) { order { id } userErrors { code message } } }",
        input={
            "channel": "wechat",
            "externalId": f"WX-{number}",
            "lines": lines,
            "shippingAddress": home,
            "buyer": {"name": f"Buyer {number}"},
        },
    )
    assert data["orderPlace"]["userErrors"] == []


async def ended(browser: Browser, payload: dict[str, Any]) -> dict[str, Any]:
    assert payload["userErrors"] == []
    query = (
        "query ($id: ID!) { bulkRun(id: $id) { id state objectCount objectTotal lineCount failedCount size failure } }"
    )
    async with asyncio.timeout(120):
        while True:
            run: dict[str, Any] = (await browser.ask(query, id=payload["bulkRun"]["id"]))["bulkRun"]
            if run["size"] is not None:
                return run
            await asyncio.sleep(0.1)


async def link_of(browser: Browser, id: str) -> str:
    data = await browser.ask("query ($id: ID!) { bulkRunLink(id: $id) { url } }", id=id)
    return urlsplit(data["bulkRunLink"]["url"])._replace(scheme="", netloc="").geturl()


async def fetched(browser: Browser, id: str) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(base_url=browser.address) as http:
        answer = await http.get(await link_of(browser, id))
    assert answer.status_code == 200
    return [orjson.loads(line) for line in answer.content.splitlines()]


async def paged(browser: Browser) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = (
            await browser.ask(
                f"query ($after: String) {{ orders(first: 15, after: $after) {{ nodes {{ {FIELDS} "
                f"lines {{ nodes {{ {LINES} }} }} }} pageInfo {{ hasNextPage endCursor }} }} }}",
                after=after,
            )
        )["orders"]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return sorted(found, key=lambda order: str(order["id"]))


def by_lines(orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As the file has them."""
    lines = []
    for order in orders:
        below = order.pop("lines")["nodes"]
        lines += [order, *({**each, "__parentId": order["id"], "__field": "lines"} for each in below)]
    return lines


async def all_products(browser: Browser) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = (
            await browser.ask(
                "query ($after: String) { products(first: 100, after: $after) { nodes { title } "
                "pageInfo { hasNextPage endCursor } } }",
                after=after,
            )
        )["products"]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
