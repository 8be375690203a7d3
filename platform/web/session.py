"""What a page of ours needs after a reload: the CSRF token of the session that its browser still has."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from stoa.graphql.serving import Services
from stoa.tenants.access.browsing import check_origin, csrf_token, secret_in_cookies
from stoa.tenants.access.errors import ForeignOrigin, NotSignedIn
from stoa.tenants.access.identifying import identify_session

ALONE = {"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin"}


async def tell(request: Request) -> Response:
    """POST /session: `{"csrfToken": ...}`, null when the browser is not signed in.

    Every other way to the token asks for the token. A POST, although it changes nothing, because browsers send Origin
    along with each: so this door has the same guard as /graphql, and no page of another site gets through it.
    """
    services: Services = request.app.state.services
    try:
        check_origin(request.headers.get("origin"), services.origins)
    except ForeignOrigin as refusal:
        return JSONResponse({"code": refusal.code, "message": refusal.sentence.said()}, 403, ALONE)
    secret = secret_in_cookies(request.headers.get("cookie", ""), is_secure=services.is_secure)
    holds = secret is not None and await _holds(secret)
    return JSONResponse({"csrfToken": csrf_token(secret) if secret and holds else None}, headers=ALONE)


async def _holds(secret: str) -> bool:
    try:
        await identify_session(secret)
    except NotSignedIn:
        return False
    return True
