"""Who is at the door: tokens, sessions and strangers, at a request and at a websocket."""

from __future__ import annotations

from typing import Any

import pytest

from stoa.graphql.context import GraphContext
from stoa.graphql.entering import enter, enter_socket, shop_of, still_welcome
from stoa.graphql.serving import Services
from stoa.kit.ids import new_id, type_id
from stoa.settings import Settings
from stoa.tenants import access
from stoa.tenants.access import SignedIn
from stoa.tenants.access.errors import CsrfMismatch, ForeignOrigin, NotSignedIn, UnknownShop
from stoa.tenants.access.opaque import new_session_secret, new_token_secret
from stoa.tenants.context import Context, NoShopOpen, ShopRef, open_schema, open_shop
from tests import make
from tests.tenants.access.people import at_work

HOME = "https://office.example.com"


@pytest.fixture
def services(settings: Settings, database: None) -> Services:
    return Services(settings.model_copy(update={"public_url": HOME, "allowed_origins": ("https://pos.example.com",)}))


async def signed_in(shop: ShopRef | None = None) -> SignedIn:
    person = await make.member(shop) if shop else await make.account()
    return await access.start_session(person, address="198.51.100.1", user_agent="Firefox")


def of(signed_in: SignedIn, **headers: str | None) -> dict[str, str]:
    """What a browser sends from a page of ours; None leaves a header out."""
    usual: dict[str, str | None] = {
        "cookie": f"theme=dark; __Host-stoa_session={signed_in.secret}",
        "origin": HOME,
        "stoa-csrf": signed_in.csrf_token,
    }
    told = usual | {name.replace("_", "-"): value for name, value in headers.items()}
    return {name: value for name, value in told.items() if value is not None}


async def come(services: Services, headers: dict[str, str]) -> GraphContext:
    return await enter(headers, services, request_id="a-request", address="198.51.100.1")


async def come_by_socket(
    services: Services, headers: dict[str, str], params: dict[str, Any] | None = None
) -> GraphContext:
    return await enter_socket(headers, params or {}, services, request_id="a-request", address="198.51.100.1")


async def token_of(shop: ShopRef) -> tuple[str, Context]:
    ctx = await make.context(shop)
    with open_shop(shop):
        made = await access.create_token(ctx, name="till", scopes=["catalog:read"])
    return made.secret, ctx


async def test_a_stranger_may_enter_and_is_nobody(services: Services) -> None:
    context = await come(services, {"user-agent": "curl", "stoa-shop": "shop_whatever"})

    assert (context.identity, context.ctx, context.user_agent) == (None, None, "curl")


async def test_a_session_enters_its_only_shop(services: Services, shop: ShopRef) -> None:
    context = await come(services, of(await signed_in(shop)))

    assert context.in_shop().shop == shop
    assert "catalog:write" in context.in_shop().scopes
    assert context.in_shop().request_id == "a-request"


async def test_a_session_names_one_of_several_shops(services: Services, shop: ShopRef, other_shop: ShopRef) -> None:
    browser = await signed_in(shop)
    await make.member(other_shop, browser.account, role="VIEWER")

    assert (await come(services, of(browser))).ctx is None
    chosen = await come(services, of(browser, stoa_shop=type_id("shop", other_shop.id)))
    assert chosen.in_shop().shop == other_shop
    assert "catalog:write" not in chosen.in_shop().scopes


async def test_somebody_elses_shop_and_no_shop_at_all_are_the_same(
    services: Services, shop: ShopRef, other_shop: ShopRef
) -> None:
    browser, (token, _) = await signed_in(shop), await token_of(shop)
    answers = set()
    for name in (type_id("shop", other_shop.id), type_id("shop", new_id()), "shop_", "nonsense", "", "\x00"):
        for headers in (of(browser, stoa_shop=name), {"authorization": f"Bearer {token}", "stoa-shop": name}):
            with pytest.raises(UnknownShop) as caught:
                await come(services, headers)
            answers.add((caught.value.code, caught.value.message, str(caught.value.params)))

    assert len(answers) == 1


async def test_a_token_needs_neither_origin_nor_csrf_token(services: Services, shop: ShopRef) -> None:
    token, _ = await token_of(shop)

    for headers in ({}, {"origin": "https://evil.example"}, {"origin": "null", "cookie": "__Host-stoa_session=x"}):
        context = await come(services, {"authorization": f"Bearer {token}", **headers})
        assert (context.in_shop().shop, context.in_shop().scopes) == (shop, {"catalog:read"})


@pytest.mark.parametrize(
    "authorization", ["Bearer", "Bearer ", "Basic eDp5", "nonsense", "", "Bearer stoa_pat_x", None]
)
async def test_a_token_that_does_not_hold_is_refused_whatever_else_is_there(
    services: Services, shop: ShopRef, authorization: str | None
) -> None:
    unknown = f"Bearer {new_token_secret()}" if authorization is None else authorization
    for headers in ({}, of(await signed_in(shop))):
        with pytest.raises(NotSignedIn):
            await come(services, headers | {"authorization": unknown})


async def test_a_stale_cookie_is_a_strangers(services: Services, shop: ShopRef) -> None:
    browser = await signed_in(shop)
    await access.sign_out(browser.session.id)

    for cookie in (browser.secret, new_session_secret(), "nonsense"):
        context = await come(services, {"cookie": f"__Host-stoa_session={cookie}", "origin": "https://evil.example"})
        assert context.identity is None


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "",
        "https://evil.example",
        "https://office.example.com:8443",
        "http://office.example.com",
        "https://www.office.example.com",
        "https://office.example.com.evil.example",
        "https://office.example.com@evil.example",
        "//office.example.com",
        "office.example.com",
    ],
)
async def test_a_session_from_another_sites_page_is_refused(
    services: Services, shop: ShopRef, origin: str | None
) -> None:
    browser = await signed_in(shop)

    with pytest.raises(ForeignOrigin):
        await come(services, of(browser, origin=origin))
    with pytest.raises(ForeignOrigin):
        await come_by_socket(services, of(browser, origin=origin))


@pytest.mark.parametrize(
    "origin", [HOME, "https://office.example.com:443", "HTTPS://Office.Example.Com", "https://pos.example.com"]
)
async def test_a_session_from_a_page_of_ours_enters(services: Services, shop: ShopRef, origin: str) -> None:
    browser = await signed_in(shop)

    assert (await come(services, of(browser, origin=origin))).in_shop().shop == shop
    assert (await come_by_socket(services, of(browser, origin=origin))).in_shop().shop == shop


@pytest.mark.parametrize("token", [None, "", "wrong", "ünlikely", "\udcff"])
async def test_a_session_without_its_csrf_token_is_refused(
    services: Services, shop: ShopRef, token: str | None
) -> None:
    with pytest.raises(CsrfMismatch):
        await come(services, of(await signed_in(shop), stoa_csrf=token))


async def test_another_sessions_csrf_token_does_not_do(services: Services, shop: ShopRef) -> None:
    with pytest.raises(CsrfMismatch):
        await come(services, of(await signed_in(shop), stoa_csrf=(await signed_in(shop)).csrf_token))


async def test_a_websocket_enters_by_the_token_in_its_first_message(services: Services, shop: ShopRef) -> None:
    token, _ = await token_of(shop)

    for name in ("Authorization", "authorization"):
        context = await come_by_socket(services, {"origin": "https://evil.example"}, {name: f"Bearer {token}"})
        assert context.in_shop().shop == shop


async def test_a_websocket_is_not_for_strangers(services: Services, shop: ShopRef) -> None:
    browser = await signed_in(shop)
    await access.sign_out(browser.session.id)

    for headers in ({}, {"origin": HOME}, of(browser)):
        with pytest.raises(NotSignedIn):
            await come_by_socket(services, headers)


async def test_a_websocket_names_its_shop_in_the_first_message(
    services: Services, shop: ShopRef, other_shop: ShopRef
) -> None:
    browser = await signed_in(shop)
    await make.member(other_shop, browser.account)

    chosen = await come_by_socket(services, of(browser), {"Stoa-Shop": type_id("shop", other_shop.id)})
    assert chosen.in_shop().shop == other_shop
    with pytest.raises(UnknownShop):
        await come_by_socket(services, of(browser), {"Stoa-Shop": type_id("shop", new_id())})


@pytest.mark.parametrize("value", [1, None, ["Bearer x"], {}, True])
async def test_odd_values_in_the_first_message_are_no_credentials(services: Services, value: Any) -> None:
    with pytest.raises(NotSignedIn):
        await come_by_socket(services, {}, {"Authorization": value, "Stoa-Shop": value})


async def test_the_contexts_shop_is_open_for_a_block(services: Services, shop: ShopRef) -> None:
    context = await come(services, of(await signed_in(shop)))

    with shop_of(context):
        assert open_schema() == shop.schema
    with pytest.raises(NoShopOpen):
        open_schema()
    with shop_of(await come(services, {})), pytest.raises(NoShopOpen):
        open_schema()


async def test_who_has_signed_out_is_welcome_no_more(services: Services, shop: ShopRef) -> None:
    browser = await signed_in(shop)
    context = await come(services, of(browser))
    assert await still_welcome(context)

    await access.sign_out(browser.session.id)

    assert not await still_welcome(context)


async def test_who_has_left_the_shop_is_welcome_no_more(services: Services, shop: ShopRef) -> None:
    browser = await signed_in(shop)
    await make.member(shop)  # an owner stays
    context = await come(services, of(browser))
    owner = await at_work(shop)
    with open_shop(shop):
        [membership] = [each for each in await access.members_of(owner) if each.account.id == browser.account.id]
        await access.remove_member(owner, membership.id)

    assert not await still_welcome(context)


async def test_whose_role_has_changed_goes_on_with_the_new_rights(services: Services, shop: ShopRef) -> None:
    browser = await signed_in(shop)
    context = await come(services, of(browser))
    assert "catalog:write" in context.in_shop().scopes
    owner = await at_work(shop)
    with open_shop(shop):
        [membership] = [each for each in await access.members_of(owner) if each.account.id == browser.account.id]
        await access.change_role(owner, membership.id, "VIEWER")

    assert await still_welcome(context)
    assert "catalog:write" not in context.in_shop().scopes


async def test_a_stranger_stays_welcome(services: Services) -> None:
    assert await still_welcome(await come(services, {}))
