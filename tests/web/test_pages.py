"""The welcome, GraphiQL and the schema as a file: in two languages, from this host alone, and demo sign-ins at home only."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser

import httpx
import pytest
from graphql import get_introspection_query
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from stoa.demo import SIGN_INS
from stoa.graphql.documents import Documents
from stoa.graphql.schema import printed, schema
from stoa.settings import Settings
from stoa.web import pages
from tests.web.conftest import browser_at

PAGES = ("/", "/graphiql")
NOWHERE = "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class Reader(HTMLParser):
    """The tags of a page, the addresses in it and what stands in its block of data."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.attributes: set[str] = set()
        self.data = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "action", "srcset", "data")]

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "script" and data.strip():
            self.data += data


async def page(browser: httpx.AsyncClient, address: str, accepted: str = "") -> Reader:
    answer = await browser.get(address, headers={"Accept-Language": accepted})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    return Reader(answer.text)


async def test_pages_name_no_other_host(browser: httpx.AsyncClient) -> None:
    for address in ("/?lang=en", "/?lang=zh", "/graphiql"):
        addresses = (await page(browser, address)).addresses

        assert addresses != []
        assert [each for each in addresses if not re.match(r"/(?!/)", each)] == []


async def test_what_pages_load_and_link_to_is_there(browser: httpx.AsyncClient) -> None:
    for address in PAGES:
        for found in (await page(browser, address)).addresses:
            assert (await browser.get(found)).status_code == 200, found


async def test_pages_may_load_and_run_nothing_but_our_files_and_stand_in_no_frame(browser: httpx.AsyncClient) -> None:
    welcome, graphiql = [(await browser.get(address)).headers for address in PAGES]

    assert welcome["content-security-policy"] == f"default-src 'none'; style-src 'self'; img-src 'self'; {NOWHERE}"
    assert graphiql["content-security-policy"] == (
        f"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; {NOWHERE}"
    )
    for headers in (welcome, graphiql):
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-opener-policy"] == "same-origin"


async def test_the_policies_forbid_nothing_that_is_in_the_pages(browser: httpx.AsyncClient) -> None:
    """No script or style stands in the pages themselves but the block of data, which is not run."""
    for address in PAGES:
        html = (await browser.get(address)).text
        found = Reader(html)

        assert "style" not in found.tags
        assert not any(name == "style" or name.startswith("on") for name in found.attributes)
        assert all(
            ' src="/' in script or ' type="application/json"' in script for script in re.findall("<script.*?>", html)
        )
    assert "script" not in (await page(browser, "/")).tags


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("*", "en"),
        ("de-DE,fr;q=0.7", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh-Hant-TW", "zh"),
        ("zh,en", "zh"),
        ("en,zh", "en"),
        ("en;q=0.5, ZH;q=0.6", "zh"),
        ("fr, en;q=0.3, zh;q=0.2", "en"),
        ("zh;q=0", "en"),
        ("zh;q=nonsense", "en"),
    ],
)
async def test_a_page_speaks_the_language_the_browser_likes_best(
    browser: httpx.AsyncClient, accepted: str, language: str
) -> None:
    for address in PAGES:
        answer = await browser.get(address, headers={"Accept-Language": accepted})

        assert (answer.headers["content-language"], answer.headers["vary"]) == (language, "Accept-Language")
        assert f'<html lang="{language}">' in answer.text


async def test_the_switch_counts_more_than_the_browser(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/?lang=zh", headers={"Accept-Language": "en"})
    unknown = await browser.get("/?lang=tlh", headers={"Accept-Language": "zh"})

    assert "众多独立店铺的后台" in answer.text
    assert unknown.headers["content-language"] == "zh"


async def test_both_languages_say_the_same(browser: httpx.AsyncClient) -> None:
    """The same elements in the same order, the same links, up to the switch between the languages."""
    en, zh = await page(browser, "/?lang=en"), await page(browser, "/?lang=zh")

    assert sorted(en.tags) == sorted(zh.tags)
    assert [each.replace("lang=zh", "lang=en") for each in zh.addresses] == [
        each.replace("lang=zh", "lang=en") for each in en.addresses
    ]


async def test_in_development_the_demo_sign_ins_are_offered(browser: httpx.AsyncClient) -> None:
    data = json.loads((await page(browser, "/graphiql?lang=zh")).data)
    welcome = (await browser.get("/")).text

    assert data["language"] == "zh"
    assert data["signIns"] == [
        {"email": "lin@tea.example", "password": "open-sesame-2026", "person": "林晓", "shop": "山茶舍"},
        {
            "email": "grace@gifts.example",
            "password": "open-sesame-2026",
            "person": "Grace Miller",
            "shop": "Lantern & Ribbon",
        },
    ]
    assert "grace@gifts.example" in welcome
    assert "Lantern &amp; Ribbon" in welcome


@pytest.mark.parametrize("environment", ["production", "test"])
async def test_anywhere_else_they_are_not_even_when_handed_over(settings: Settings, environment: str) -> None:
    async with browser_at(settings, environment=environment) as browser:
        texts = [(await browser.get(address)).text for address in ("/?lang=en", "/?lang=zh", "/graphiql")]
        data = json.loads((await page(browser, "/graphiql")).data)

    assert data["signIns"] == []
    for text in texts:
        assert [each.email for each in SIGN_INS if each.email in text or each.password in text] == []
        assert "Demo" not in text
        assert "演示" not in text


async def test_the_pages_need_neither_database_nor_session(settings: Settings) -> None:
    async with browser_at(settings) as browser:
        for address in (*PAGES, "/schema.graphql"):
            assert (await browser.get(address)).status_code == 200


@dataclass(frozen=True)
class Trickster:
    email: str = "t@example.com"
    password: str = "</script><script>alert(1)</script>"
    person: str = "<b>Loki</b>"
    shop: str = "Tricks & Treats"


async def test_names_stay_names(settings: Settings) -> None:
    """Whatever a name holds, it opens no tag."""
    routes: list[BaseRoute] = list(
        pages.routes(settings.model_copy(update={"environment": "development"}), [Trickster()])
    )
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as browser:
        graphiql, welcome = await page(browser, "/graphiql"), await page(browser, "/")

    assert json.loads(graphiql.data)["signIns"][0]["password"] == "</script><script>alert(1)</script>"
    assert graphiql.tags.count("script") == 2
    assert "script" not in welcome.tags
    assert welcome.tags.count("b") == 1  # the language that is shown


@pytest.mark.parametrize("example", pages.examples(), ids=lambda text: str(text).splitlines()[2])
def test_what_graphiql_opens_with_can_be_run(example: str) -> None:
    """Valid, within the limits, and explained in both languages."""
    document = Documents(schema()._schema).read(example.replace("{{currency}}", "CNY"))

    assert len(document.operations) == 1
    assert re.search("^# [一-鿿]", example)
    assert re.search("\n# [A-Z]", example)


def test_graphiql_opens_with_a_query_a_mutation_and_a_subscription() -> None:
    words = [example.splitlines()[2].split()[0] for example in pages.examples()]

    assert words == ["query", "mutation", "subscription"]


async def test_the_first_thing_graphiql_asks_for_is_answered(settings: Settings, database: None) -> None:
    """The schema, by the query that every GraphQL tool sends: the limit on depth is not for it."""
    async with browser_at(settings) as browser:
        answer = await browser.post("/graphql", json={"query": get_introspection_query(input_value_deprecation=True)})

    assert answer.json()["data"]["__schema"]["queryType"]["name"] == "Query"


async def test_the_schema_is_to_be_had_as_a_file(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/schema.graphql")

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == printed()
