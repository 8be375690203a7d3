"""The pages a person meets first: the welcome at /, GraphiQL at /graphiql, and the schema as a file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from html import escape
from string import Template
from typing import Final, Protocol

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from stoa.graphql.schema import printed
from stoa.kit.languages import LONGEST_WISH, Locale, liked_best
from stoa.settings import Settings
from stoa.web import session
from stoa.web.assets import ASSETS, HERE, serve

LANGUAGES: Final[dict[str, Locale]] = {"zh": "zh", "en": "en"}
_NOWHERE: Final = "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
WELCOME_POLICY: Final = f"default-src 'none'; style-src 'self'; img-src 'self'; {_NOWHERE}"
# CodeMirror and the menus write style attributes and small <style> elements; scripts come from our own files alone.
GRAPHIQL_POLICY: Final = f"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; {_NOWHERE}"


class SignIn(Protocol):
    """A demo account that anybody who sees the page may sign in as."""

    @property
    def email(self) -> str: ...
    @property
    def password(self) -> str: ...
    @property
    def person(self) -> str: ...
    @property
    def shop(self) -> str: ...


def routes(config: Settings, demo: Sequence[SignIn] = ()) -> list[Route]:
    """Pages and all they need. `demo` is shown in development only, whoever passes it."""
    signs = demo if config.environment == "development" else ()

    async def welcome(request: Request) -> Response:
        language = language_of(request)
        return _page(f"welcome/{language}.html", language, WELCOME_POLICY, demo=_demo(language, signs))

    async def graphiql(request: Request) -> Response:
        language = language_of(request)
        return _page("graphiql/page.html", language, GRAPHIQL_POLICY, data=_data(language, signs))

    return [
        Route("/", welcome),
        Route("/graphiql", graphiql),
        Route("/schema.graphql", schema),
        Route("/session", session.tell, methods=["POST"]),
        Route("/assets/{name}", serve),
    ]


async def schema(request: Request) -> Response:
    """GET /schema.graphql: what code generators read."""
    return PlainTextResponse(_schema(), headers={"Cache-Control": "no-cache"})


def language_of(request: Request) -> Locale:
    """The language in the address (`?lang=zh`), else the one the browser likes best, else English."""
    asked = LANGUAGES.get(request.query_params.get("lang", ""))
    return asked or liked_best(request.headers.get("accept-language", "")[:LONGEST_WISH])


def _page(file: str, language: Locale, policy: str, **parts: str) -> Response:
    addresses = {name.replace(".", "_").replace("-", "_"): asset.address for name, asset in ASSETS.items()}
    html = _template(file).substitute(language=language, **addresses, **parts)
    headers = {
        "Content-Security-Policy": policy,
        "Content-Language": language,
        "Cache-Control": "no-cache",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Vary": "Accept-Language",
    }
    return HTMLResponse(html, headers=headers)


def _demo(language: Locale, signs: Sequence[SignIn]) -> str:
    """The welcome page's list of sign-ins; nothing at all where there are none."""
    rows = "".join(
        f"<tr><td>{escape(each.person)}<td>{escape(each.shop)}<td><code>{escape(each.email)}</code>"
        f"<td><code>{escape(each.password)}</code>"
        for each in signs
    )
    return _template(f"welcome/demo.{language}.html").substitute(rows=rows) if rows else ""


def _data(language: Locale, signs: Sequence[SignIn]) -> str:
    """What frontend-stub/graphiql/src/page.ts reads, fit to stand inside <script>."""
    fields = ("email", "password", "person", "shop")
    sign_ins = [{field: getattr(each, field) for field in fields} for each in signs]
    data = orjson.dumps({"language": language, "signIns": sign_ins, "examples": examples()}).decode()
    return data.replace("<", "\\u003c")


@cache
def examples() -> list[str]:
    """What GraphiQL opens with, a tab each; the page puts the shop's currency for {{currency}}."""
    return [file.read_text("utf-8") for file in sorted((HERE / "graphiql" / "examples").glob("*.graphql"))]


@cache
def _template(file: str) -> Template:
    return Template((HERE / file).read_text("utf-8"))


@cache
def _schema() -> str:
    return printed()
