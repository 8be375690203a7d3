"""Cookies, CSRF tokens and origins."""

from __future__ import annotations

import pytest

from stoa.tenants.access.browsing import (
    bearer_token,
    check_csrf,
    check_origin,
    csrf_token,
    ended_cookie,
    origins,
    secret_in_cookies,
    session_cookie,
)
from stoa.tenants.access.errors import CsrfMismatch, ForeignOrigin
from stoa.tenants.access.opaque import new_session_secret

SECRET = "q" * 43
OURS = origins(["https://Shop.example.com/admin", "http://127.0.0.1:8000", "https://[2001:db8::1]:443"])


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites() -> None:
    assert session_cookie(SECRET, is_secure=True) == (
        f"__Host-stoa_session={SECRET}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure"
    )
    assert session_cookie(SECRET, is_secure=False) == (
        f"stoa_session={SECRET}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"
    )


def test_signing_out_makes_the_browser_forget() -> None:
    assert ended_cookie(is_secure=True) == "__Host-stoa_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"


@pytest.mark.parametrize(
    ("header", "secret"),
    [
        (f"stoa_session={SECRET}", SECRET),
        (f"theme=dark; stoa_session={SECRET};lang=zh", SECRET),
        (f"stoa_session={SECRET}; stoa_session={SECRET}", SECRET),
        (f"stoa_session={SECRET}; stoa_session={'p' * 43}", None),
        (f"xstoa_session={SECRET}", None),
        (f"__Host-stoa_session={SECRET}", None),
        ("stoa_session=", None),
        ("stoa_session=short", None),
        ("", None),
        (";;=;", None),
    ],
)
def test_the_secret_is_found_among_the_cookies(header: str, secret: str | None) -> None:
    assert secret_in_cookies(header, is_secure=False) == secret


def test_over_tls_only_the_cookie_no_neighbour_can_plant_counts() -> None:
    assert secret_in_cookies(f"stoa_session={SECRET}", is_secure=True) is None
    assert secret_in_cookies(f"__Host-stoa_session={SECRET}", is_secure=True) == SECRET


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Basic abc", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("", None),
    ],
)
def test_a_bearer_token_is_found(header: str, token: str | None) -> None:
    assert bearer_token(header) == token


def test_a_session_has_one_csrf_token_and_no_other_session_has_it() -> None:
    assert csrf_token(SECRET) == csrf_token(SECRET)
    assert len({csrf_token(new_session_secret()) for _ in range(100)}) == 100
    assert SECRET not in csrf_token(SECRET)
    check_csrf(SECRET, csrf_token(SECRET))


@pytest.mark.parametrize("sent", [None, "", "x", SECRET, "é\ud800", csrf_token("p" * 43), csrf_token(SECRET) + "x"])
def test_another_csrf_token_is_refused(sent: str | None) -> None:
    with pytest.raises(CsrfMismatch):
        check_csrf(SECRET, sent)


@pytest.mark.parametrize(
    "origin",
    [
        *("https://shop.example.com", "https://SHOP.example.com", "https://shop.example.com:443"),
        *("http://127.0.0.1:8000", "https://[2001:db8::1]"),
    ],
)
def test_our_own_pages_may_use_the_session(origin: str) -> None:
    check_origin(origin, OURS)


@pytest.mark.parametrize(
    "origin",
    [
        *(None, "", "null", "*", "https://evil.example", "http://shop.example.com", "https://shop.example.com:8443"),
        *("https://shop.example.com.evil.example", "https://evil.example/https://shop.example.com", "http://127.0.0.1"),
        *("https://shop.example.com@evil.example", "ftp://shop.example.com", "https://[", "https://a:b:c", "file:///"),
    ],
)
def test_pages_of_others_and_of_nobody_may_not(origin: str | None) -> None:
    with pytest.raises(ForeignOrigin):
        check_origin(origin, OURS)


def test_an_address_without_an_origin_is_an_error_of_the_settings() -> None:
    with pytest.raises(ValueError, match=r"'shop\.example\.com' is not an address"):
        origins(["https://shop.example.com", "shop.example.com"])
