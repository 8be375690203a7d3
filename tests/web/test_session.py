"""POST /session: a page of ours finds its CSRF token again; a page of anybody else's does not."""

from __future__ import annotations

import httpx
import pytest

from stoa.settings import Settings
from stoa.tenants import access
from tests.tenants.access.people import signed_in
from tests.web.conftest import browser_at

ME = "{ me { account { email } csrfToken } }"


def cookie(secret: str) -> dict[str, str]:
    return {"Cookie": f"stoa_session={secret}"}


def at_home(settings: Settings, secret: str = "") -> dict[str, str]:
    """What a browser sends along from a page of ours."""
    return {"Origin": settings.public_url, **(cookie(secret) if secret else {})}


async def test_after_a_reload_the_page_has_its_token_again(browser: httpx.AsyncClient, settings: Settings) -> None:
    person = await signed_in()

    told = await browser.post("/session", headers=at_home(settings, person.secret))

    assert (told.status_code, told.json()) == (200, {"csrfToken": person.csrf_token})
    assert told.headers["cache-control"] == "no-store"
    headers = at_home(settings, person.secret) | {"Stoa-Csrf": told.json()["csrfToken"]}
    me = (await browser.post("/graphql", headers=headers, json={"query": ME})).json()["data"]["me"]
    assert me == {"account": {"email": person.account.email}, "csrfToken": person.csrf_token}


@pytest.mark.parametrize(
    "origin", [None, "null", "https://evil.example", "http://127.0.0.1:8001", "https://127.0.0.1:8000"]
)
async def test_another_sites_page_is_refused(browser: httpx.AsyncClient, origin: str | None) -> None:
    person = await signed_in()

    told = await browser.post("/session", headers=cookie(person.secret) | ({"Origin": origin} if origin else {}))

    assert (told.status_code, told.json()["code"]) == (403, "FOREIGN_ORIGIN")
    assert person.csrf_token not in told.text
    assert told.headers["cross-origin-resource-policy"] == "same-origin"


async def test_no_browser_is_told_that_another_site_may_read(browser: httpx.AsyncClient, settings: Settings) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    preflight = await browser.options("/session", headers=asked)
    told = await browser.post("/session", headers=at_home(settings))

    assert preflight.status_code == 405
    assert not any(name.startswith("access-control-") for name in (*preflight.headers, *told.headers))


async def test_it_cannot_be_asked_by_a_link_or_a_picture(browser: httpx.AsyncClient, settings: Settings) -> None:
    person = await signed_in()

    assert (await browser.get("/session", headers=at_home(settings, person.secret))).status_code == 405


async def test_who_is_not_signed_in_has_no_token(browser: httpx.AsyncClient, settings: Settings) -> None:
    ended = await signed_in()
    await access.sign_out(ended.session.id)

    for secret in ("", ended.secret, "q" * 43, "no secret at all"):
        told = await browser.post("/session", headers=at_home(settings, secret))

        assert (told.status_code, told.json()) == (200, {"csrfToken": None})


async def test_over_tls_only_the_cookie_of_this_very_host_counts(settings: Settings, database: None) -> None:
    person = await signed_in()
    async with browser_at(settings, public_url="https://stoa.example") as browser:
        origin = {"Origin": "https://stoa.example"}
        planted = await browser.post("/session", headers=origin | cookie(person.secret))
        own = await browser.post("/session", headers=origin | {"Cookie": f"__Host-stoa_session={person.secret}"})

    assert planted.json() == {"csrfToken": None}
    assert own.json() == {"csrfToken": person.csrf_token}
