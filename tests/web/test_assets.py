"""What our pages load: right types, kept for ever, nothing beside it to be had."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from stoa.web.assets import ASSETS, HERE

SOURCES = Path(__file__).parents[2] / "frontend-stub" / "graphiql"
FOREVER = "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("graphiql.js", "text/javascript; charset=utf-8"),
        ("graphiql.css", "text/css; charset=utf-8"),
        ("graphiql-licences.txt", "text/plain; charset=utf-8"),
        ("welcome.css", "text/css; charset=utf-8"),
        ("colonnade.svg", "image/svg+xml"),
        ("stoa.svg", "image/svg+xml"),
    ],
)
async def test_a_file_is_sent_as_what_it_is_and_kept_for_ever(
    browser: httpx.AsyncClient, name: str, media_type: str
) -> None:
    answer = await browser.get(ASSETS[name].address)

    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["cache-control"] == FOREVER
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content == (HERE / ASSETS[name].file).read_bytes()


async def test_every_file_served_is_tried_above() -> None:
    assert len(ASSETS) == 6


async def test_under_another_versions_address_a_file_is_not_kept(browser: httpx.AsyncClient) -> None:
    for address in ("/assets/graphiql.js", "/assets/graphiql.js?v=yesterday"):
        answer = await browser.get(address)

        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


async def test_files_are_packed_for_who_can_unpack(browser: httpx.AsyncClient) -> None:
    packed = await browser.get("/assets/graphiql.js", headers={"Accept-Encoding": "br, gzip"})
    plain = await browser.get("/assets/graphiql.js", headers={"Accept-Encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content  # httpx unpacks
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "name", ["pages.py", "graphiql.map", "..%2Fpages.py", "graphiql%2Fpage.html", "%2Fetc%2Fpasswd"]
)
async def test_nothing_else_of_the_folder_is_served(browser: httpx.AsyncClient, name: str) -> None:
    answer = await browser.get(f"/assets/{name}")

    assert answer.status_code == 404


async def test_style_sheets_and_pictures_load_nothing_from_elsewhere() -> None:
    for name in ("graphiql.css", "welcome.css", "colonnade.svg", "stoa.svg"):
        text = ASSETS[name].body.decode()

        assert re.findall(r"@import|@font-face|<(?:script|image|use)\b", text) == []
        assert [found for found in re.findall(r"url\(\s*[\"']?([^)]{5})", text) if found != "data:"] == []


async def test_the_committed_graphiql_was_built_from_the_sources_beside_it() -> None:
    """Else: `npm ci && npm run build` in frontend-stub/graphiql."""
    names = ["build.mjs", "package-lock.json", *(f"src/{file.name}" for file in (SOURCES / "src").iterdir())]
    found = sha256()
    for name in sorted(names):
        found.update(f"{name}\n".encode() + (SOURCES / name).read_bytes())

    for name in ("graphiql.js", "graphiql.css"):
        assert f"from sources {found.hexdigest()};" in ASSETS[name].body[:200].decode()


async def test_the_licences_are_those_of_the_locked_packages() -> None:
    """Attribution for what we hand on; and the lock names no registry."""
    lock = json.loads((SOURCES / "package-lock.json").read_text())
    locked = {
        f"{path.rpartition('node_modules/')[2]} {package.get('version')}" for path, package in lock["packages"].items()
    }
    text = ASSETS["graphiql-licences.txt"].body.decode()
    named = set(re.findall(r"^(?:@[\w.-]+/)?[\w.-]+ \d+\.\d+\.\d+\S*$", text, re.MULTILINE))

    assert {"graphiql 4.1.2", "react 19.3.1", "graphql 16.15.0"} < named <= locked
    assert "resolved" not in (SOURCES / "package-lock.json").read_text()
