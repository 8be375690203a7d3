"""Who is at the door: from headers to a context, before a byte of the query is looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from stoa.graphql.context import GraphContext
from stoa.graphql.serving import Services
from stoa.kit.errors import Refusal
from stoa.kit.log import about
from stoa.tenants.access.browsing import CSRF_HEADER, bearer_token, check_csrf, check_origin, secret_in_cookies
from stoa.tenants.access.errors import NotSignedIn
from stoa.tenants.access.identifying import Identity, identify_session, identify_token
from stoa.tenants.context import open_shop

SHOP_HEADER = "Stoa-Shop"
Headers = Mapping[str, str]  # names in lower case
Identify = Callable[[], Awaitable[Identity]]


async def enter(headers: Headers, services: Services, *, request_id: str, address: str) -> GraphContext:
    """The context of one HTTP request. No credential: a stranger, who may sign up and in.

    A bearer token that does not hold is refused; a cookie that does not hold is a stranger's (they may want to sign
    in again). A session is only taken from our own pages: the Origin must be right. Without its CSRF token it may
    read, also that token (`me { csrfToken }`): otherwise a page that lost it could not even sign out.
    """
    context = GraphContext(services, request_id, address=address, user_agent=headers.get("user-agent", "")[:200])
    shop = headers.get(SHOP_HEADER.lower())
    if (authorization := headers.get("authorization")) is not None:
        return await _admit_token(context, authorization, shop)
    secret = secret_in_cookies(headers.get("cookie", ""), is_secure=services.is_secure)
    if secret is None:
        return context
    try:
        await _admit(context, lambda: identify_session(secret, shop))
    except NotSignedIn:
        return context
    check_origin(headers.get("origin"), services.origins)
    check_csrf(secret, headers.get(CSRF_HEADER.lower()))
    context.session_secret = secret
    return context


async def enter_socket(
    headers: Headers, params: Mapping[str, Any], services: Services, *, request_id: str, address: str
) -> GraphContext:
    """The context of one operation on a websocket: by the token in `connection_init`'s payload, or else by the cookie.

    Browsers send cookies along with any page's socket and let it set no header, so a cookie counts only with an
    Origin of ours.
    """
    context = GraphContext(services, request_id, address=address, user_agent=headers.get("user-agent", "")[:200])
    params = {name.lower(): value for name, value in params.items() if isinstance(value, str)}
    shop = params.get(SHOP_HEADER.lower())
    if (authorization := params.get("authorization")) is not None:
        return await _admit_token(context, authorization, shop)
    secret = secret_in_cookies(headers.get("cookie", ""), is_secure=services.is_secure)
    if secret is None:
        raise NotSignedIn
    check_origin(headers.get("origin"), services.origins)
    return await _admit(context, lambda: identify_session(secret, shop))


async def still_welcome(context: GraphContext) -> bool:
    """Whether the credential still holds, in the same shop; the context has its rights of this moment afterwards."""
    if context.identify is None:
        return True
    shop = context.ctx.shop if context.ctx else None
    try:
        await _admit(context, context.identify)
    except Refusal:
        return False
    return shop == (context.ctx.shop if context.ctx else None)


@contextmanager
def shop_of(context: GraphContext) -> Iterator[None]:
    """Open the context's shop for a block, if it has one; lines logged there name it."""
    if context.ctx is None:
        yield
        return
    with open_shop(context.ctx.shop), about(shop=context.ctx.shop.schema):
        yield


async def _admit_token(context: GraphContext, authorization: str, shop: str | None) -> GraphContext:
    token = bearer_token(authorization)
    if token is None:
        raise NotSignedIn
    return await _admit(context, lambda: identify_token(token, shop))


async def _admit(context: GraphContext, identify: Identify) -> GraphContext:
    """Put who asks into the context; `identify` is kept, for a stream asks again as long as it runs."""
    identity = await identify()
    context.identity, context.identify = identity, identify
    context.ctx = identity.context(context.request_id) if identity.shop is not None else None
    return context
