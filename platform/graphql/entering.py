"""Who is at the door: from headers to a context, before a byte of the query is looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from starlette.datastructures import Headers

from stoa.graphql.context import GraphContext
from stoa.graphql.serving import Services
from stoa.kit.errors import Refusal
from stoa.tenants.access.browsing import CSRF_HEADER, bearer_token, check_csrf, check_origin, secret_in_cookies
from stoa.tenants.access.errors import NotSignedIn
from stoa.tenants.access.identifying import Identity, identify_session, identify_token
from stoa.tenants.context import open_shop

SHOP_HEADER = "Stoa-Shop"
Identify = Callable[[], Awaitable[Identity]]


async def enter(headers: Headers, services: Services, *, request_id: str, address: str) -> GraphContext:
    """The context of one HTTP request. No credential: a stranger, who may sign up and in.

    A bearer token that does not hold is refused; a cookie that does not hold is a stranger's (they may want to sign
    in again). A session is only taken from our own pages: Origin and CSRF token must be right.
    """
    context = GraphContext(services, request_id, address=address, user_agent=headers.get("user-agent", "")[:200])
    shop = headers.get(SHOP_HEADER)
    if authorization := headers.get("authorization"):
        token = bearer_token(authorization)
        if token is None:
            raise NotSignedIn
        return await admit(context, lambda: identify_token(token, shop))
    secret = secret_in_cookies(headers.get("cookie", ""), is_secure=services.is_secure)
    if secret is None:
        return context
    try:
        await admit(context, lambda: identify_session(secret, shop))
    except NotSignedIn:
        return context
    check_origin(headers.get("origin"), services.origins)
    check_csrf(secret, headers.get(CSRF_HEADER))
    context.session_secret = secret
    return context


async def enter_socket(
    headers: Headers, params: dict[str, Any], services: Services, *, request_id: str, address: str
) -> GraphContext:
    """The context of one websocket: by the token in `connection_init`'s payload, or else by the cookie.

    Browsers send cookies along with any page's socket and let it set no header, so a cookie counts only with an
    Origin of ours.
    """
    context = GraphContext(services, request_id, address=address, user_agent=headers.get("user-agent", "")[:200])
    shop, authorization = (_text(params.get(name)) for name in (SHOP_HEADER, "Authorization"))
    if authorization is not None:
        token = bearer_token(authorization)
        if token is None:
            raise NotSignedIn
        return await admit(context, lambda: identify_token(token, shop))
    secret = secret_in_cookies(headers.get("cookie", ""), is_secure=services.is_secure)
    if secret is None:
        raise NotSignedIn
    check_origin(headers.get("origin"), services.origins)
    return await admit(context, lambda: identify_session(secret, shop))


async def admit(context: GraphContext, identify: Identify) -> GraphContext:
    """Put who asks into the context; `identify` is kept, for a stream asks again as long as it runs."""
    identity = await identify()
    context.identity, context.identify = identity, identify
    if identity.shop is not None:
        context.ctx = identity.context(context.request_id)
    return context


def shop_of(context: GraphContext) -> AbstractContextManager[Any]:
    """Open the context's shop for a block, if it has one."""
    return open_shop(context.ctx.shop) if context.ctx else nullcontext()


async def still_welcome(context: GraphContext) -> bool:
    """Whether the credential still holds, in the same shop: a sign-out ends streams too."""
    if context.identify is None:
        return True
    try:
        identity = await context.identify()
    except Refusal:
        return False
    return identity.shop == (context.ctx.shop if context.ctx else None)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
