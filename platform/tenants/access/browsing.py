"""What a browser sends and gets: the session cookie, the CSRF token, the origin. Functions over strings, no more.

Three things stand against a page of another site that uses the session of whoever looks at it. The cookie is
SameSite=Lax and HttpOnly. The Origin, which browsers add and pages cannot forge, must be one of ours; a web socket
has no other guard. And requests carry the session's CSRF token in a header, which another site's page can neither
read nor send. The token is an HMAC keyed with the session's secret: it is bound to that session, needs no row and no
look-up, changes with every sign-in, and whoever sees it learns nothing of the secret.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from stoa.tenants.access.errors import CsrfMismatch, ForeignOrigin
from stoa.tenants.access.opaque import is_session_secret
from stoa.tenants.access.sessions import LIFETIME

CSRF_HEADER: Final = "Stoa-Csrf"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def cookie_name(*, is_secure: bool) -> str:
    """`__Host-` makes browsers take the cookie from this very host only, over TLS, so no neighbour can plant one."""
    return "__Host-stoa_session" if is_secure else "stoa_session"


def session_cookie(secret: str, *, is_secure: bool) -> str:
    """The Set-Cookie value that signs a browser in. `is_secure`: the public address is https."""
    return _cookie(secret, int(LIFETIME.total_seconds()), is_secure)


def ended_cookie(*, is_secure: bool) -> str:
    """The Set-Cookie value that makes a browser forget its session."""
    return _cookie("", 0, is_secure)


def secret_in_cookies(header: str, *, is_secure: bool) -> str | None:
    """The session's secret in a Cookie header; None when there is none, or several that differ."""
    name = cookie_name(is_secure=is_secure)
    pairs = (part.strip().partition("=") for part in header.split(";"))
    secrets = {value for key, _, value in pairs if key == name}
    secret = secrets.pop() if len(secrets) == 1 else ""
    return secret if is_session_secret(secret) else None


def bearer_token(header: str) -> str | None:
    """The token in an Authorization header; None for another scheme."""
    scheme, _, token = header.strip().partition(" ")
    return (token.strip() or None) if scheme.lower() == "bearer" else None


def csrf_token(secret: str) -> str:
    """The CSRF token of the session with this secret."""
    return urlsafe_b64encode(hmac.digest(secret.encode(), b"stoa csrf token", "sha256")).rstrip(b"=").decode()


def check_csrf(secret: str, sent: str | None) -> None:
    """Refuse (`CsrfMismatch`) a request whose header is not the token of its session."""
    if not hmac.compare_digest(csrf_token(secret).encode(), (sent or "").encode("utf-8", "surrogatepass")):
        raise CsrfMismatch


def check_origin(origin: str | None, allowed: frozenset[str]) -> None:
    """Refuse (`ForeignOrigin`) a request that a page of another site made, and one that does not say whose page.

    For requests with a session cookie that can change something, and for every web socket. `allowed` comes from
    `origins`.
    """
    if origin is None or (origin not in allowed and origin_of(origin) not in allowed):
        said = (origin or "")[:200]
        raise ForeignOrigin(
            "Requests with a session must come from pages of this site; the header Origin says {origin!r}.", origin=said
        )


def origins(addresses: Iterable[str]) -> frozenset[str]:
    """The origins of our own pages, from settings. Raises ValueError for an address that has none."""
    found = {address: origin_of(address) for address in addresses}
    for address, origin in found.items():
        if origin is None:
            raise ValueError(f"{address!r} is not an address like https://shop.example.com")
    return frozenset(origin for origin in found.values() if origin)


def origin_of(address: str) -> str | None:
    """``scheme://host[:port]``, lower case, without the scheme's own port; None when there is no such thing."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not host:
        return None
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + ("" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}")


def _cookie(value: str, max_age: int, is_secure: bool) -> str:
    attributes = ["Path=/", f"Max-Age={max_age}", "HttpOnly", "SameSite=Lax", *(["Secure"] if is_secure else [])]
    return "; ".join([f"{cookie_name(is_secure=is_secure)}={value}", *attributes])
