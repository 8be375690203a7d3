"""Whoever reads an answer of ours is told in their language: at every door, and of what was written long before."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import orjson
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from stoa.app import assemble
from stoa.domains.catalog.models import ExportRun, ExportState, FileFormat, ImportIssue, ImportRun, ImportState
from stoa.graphql.executing import Executor
from stoa.graphql.schema import schema
from stoa.graphql.serving import Services
from stoa.kit.ids import type_id
from stoa.kit.languages import Sentence, reader
from stoa.settings import Settings
from stoa.tenants.context import ShopRef, open_shop
from stoa.web.passing import EveryRequest
from tests.doors import Caller, hear, initialised, opened, program, say, stranger

ZH = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}
CHINESE = re.compile("[\u4e00-\u9fff]")
CREATE = """mutation ($input: ProductCreateInput!) { productCreate(input: $input) {
  userErrors { code message path ... on TakenError { taken } } } }"""
UNTITLED = {"title": " ", "variants": [{"sku": "A"}, {"sku": "A"}]}


@pytest.fixture
async def door(settings: Settings, database: None) -> AsyncIterator[str]:
    services = Services(settings)
    async with opened(assemble(services, Executor(schema(), settings))) as address:
        yield address


@pytest.fixture
async def till(door: str, shop: ShopRef) -> Caller:
    return await program(door, shop)


async def test_user_errors_are_said_in_the_language_of_the_request(till: Caller) -> None:
    chinese = await till.ask(CREATE, variables={"input": UNTITLED}, headers=ZH)
    english = await till.ask(CREATE, variables={"input": UNTITLED}, headers={"Accept-Language": "de"})

    assert chinese.json()["data"]["productCreate"]["userErrors"] == [
        {"code": "INVALID", "message": "标题为空。", "path": ["input", "title"]},
        {
            "code": "SKU_TAKEN",
            "message": "编码 A 出现了两次。",
            "path": ["input", "variants", "1", "sku"],
            "taken": "A",
        },
    ]
    assert [each["message"] for each in english.json()["data"]["productCreate"]["userErrors"]] == [
        "The title is empty.",
        "The code A occurs twice.",
    ]


@pytest.mark.parametrize(
    ("query", "variables", "message"),
    [
        ("{ products(first: 101) { nodes { id } } }", {}, "first 为 101，允许 0 到 100。"),
        ("{ __typename " + "a: __typename " * 16 + "}", {}, "查询有 16 个别名，最多允许 15 个。"),
        ("{ __typename }", {"a": "\0"}, "文本不能包含字符 U+0000：PostgreSQL 无法保存。"),
        ('{ product(id: "x") { id } }', {}, "“x”不是此类对象的 ID，应形如 prod_01h455vb4pex..."),
        (None, {}, "缺少 query。"),
    ],
)
async def test_errors_of_requests_are_said_in_it(
    till: Caller, query: str | None, variables: dict[str, str], message: str
) -> None:
    answer = await till.ask(query, variables=variables, headers=ZH)
    assert answer.json()["errors"][0]["message"] == message


async def test_who_is_not_let_in_is_told_in_it(door: str) -> None:
    answer = await Caller(door, {"Authorization": "Bearer x"}).ask("{ me { id } }", headers=ZH)
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["message"] == "请登录，或使用有效的 API 令牌：此请求没有有效凭证。"
    assert (
        (await stranger(door).send(b"no json", headers=ZH))
        .json()["errors"][0]["message"]
        .startswith("请求内容不是 JSON：")
    )


async def test_files_and_downloads_are_refused_in_it(door: str) -> None:
    async with httpx.AsyncClient(base_url=door, headers=ZH) as http:
        answers = [
            await http.get("/downloads/x/y"),
            await http.put("/uploads/x/y"),
            await http.get("/media/x/y"),
            await http.post("/session", headers={"Origin": "https://elsewhere.example"}),
        ]
        english = await http.get("/media/x/y", headers={"Accept-Language": "en"})
    assert all(CHINESE.search(each.json()["message"]) for each in answers)
    assert english.json()["message"] == "There is no such picture."


async def test_a_socket_is_answered_in_what_its_upgrade_or_its_first_message_likes(till: Caller) -> None:
    query = "{ products(first: 101) { nodes { id } } }"
    for headers, wish, message in (
        ({}, None, "first is 101; 0 to 100 are allowed."),
        (ZH, None, "first 为 101，允许 0 到 100。"),
        ({}, "zh", "first 为 101，允许 0 到 100。"),
        (ZH, "en", "first is 101; 0 to 100 are allowed."),
        (ZH, 7, "first 为 101，允许 0 到 100。"),
    ):
        async with till.socket(headers=headers) as socket:
            await initialised(socket, till.headers | ({} if wish is None else {"acceptLanguage": wish}))
            await say(socket, type="subscribe", id="1", payload={"query": query})
            heard = await hear(socket)
        payload = heard["payload"]
        errors = payload if isinstance(payload, list) else payload["errors"]
        assert errors[0]["message"] == message


async def test_what_an_import_met_is_said_to_each_reader_in_theirs(till: Caller, shop: ShopRef) -> None:
    """The rows keep the sentence, not what it was in one language."""
    lost = Sentence("The import did not come to its end: {reason}", {"reason": "no space"}).kept()
    long = Sentence("The {what} is {count} letters long; {limit} are allowed.")
    long = long.filled(what=Sentence("title"), count=300, limit=255)
    with open_shop(shop):
        run = await ImportRun.create(
            file_key="x", file_name="x.csv", source="x", mapping={}, state=ImportState.FAILED, failure=lost
        )
        await ImportIssue.create(run=run, line=2, column_name="Name", code="TOO_LONG", message=long.kept(), value="x")
        failed = Sentence("The file could not be written: {reason}", {"reason": "no space"}).kept()
        export = await ExportRun.create(
            format=FileFormat.GENERIC, state=ExportState.FAILED, file_name="y.csv", failure=failed
        )
    query = f"""{{
      productImport(id: "{type_id("imp", run.id)}") {{ failure issues {{ nodes {{ message }} }} }}
      productExport(id: "{type_id("exp", export.id)}") {{ failure }}
    }}"""

    chinese, english = await till.ask(query, headers=ZH), await till.ask(query)

    assert chinese.json()["data"] == {
        "productImport": {
            "failure": "导入未能完成：no space",
            "issues": {"nodes": [{"message": "标题长 300 个字符，最多允许 255 个。"}]},
        },
        "productExport": {"failure": "文件生成失败：no space"},
    }
    assert english.json()["data"] == {
        "productImport": {
            "failure": "The import did not come to its end: no space",
            "issues": {"nodes": [{"message": "The title is 300 letters long; 255 are allowed."}]},
        },
        "productExport": {"failure": "The file could not be written: no space"},
    }


async def test_the_language_of_one_request_is_not_that_of_the_next() -> None:
    async def tell(request: Request) -> Response:
        return PlainTextResponse(reader())

    async def fail(request: Request) -> Response:
        raise RuntimeError("the roof fell in")

    app = Starlette(routes=[Route("/", tell), Route("/fail", fail)], middleware=[Middleware(EveryRequest)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://stoa") as http:
        said = [
            (await http.get("/", headers=headers)).text for headers in (ZH, {}, {"Accept-Language": "x" * 5000}, ZH)
        ]
        apology = orjson.loads((await http.get("/fail", headers=ZH)).content)["errors"][0]
    assert said == ["zh", "en", "en", "zh"]
    assert apology["message"] == f"系统出现问题。请将此请求编号告知我们：{apology['extensions']['requestId']}"
    assert reader() == "en"
