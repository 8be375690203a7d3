"""People and programs through the API: signing in and out, shops, keys, members, and files on their way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from stoa.app import assemble
from stoa.graphql.executing import Executor
from stoa.graphql.schema import schema
from stoa.graphql.serving import Services
from stoa.kit.ids import new_id, type_id
from stoa.settings import Settings
from stoa.tenants.access.throttling import PER_ACCOUNT
from stoa.tenants.context import ShopRef
from stoa.tenants.models import Account, Membership, Shop
from tests import make
from tests.doors import Caller, browser, code_of, codes_of, opened, program, stranger
from tests.tenants.access.people import PASSWORD, WRONG, member_of, new_email, person

HOME = "https://office.example.com"
ERRORS = "userErrors { __typename code message path ... on ThrottledError { retryAfter } }"
SIGN_IN = f"""
mutation ($input: SessionStartInput!) {{
  sessionStart(input: $input) {{ account {{ name email }} shop {{ name }} csrfToken {ERRORS} }} }}
"""
SIGN_UP = f"""
mutation ($input: AccountOpenInput!) {{
  accountOpen(input: $input) {{ account {{ email }} shop {{ name currency timeZone }} csrfToken {ERRORS} }} }}
"""
SIGN_OUT = f"mutation ($input: SessionEndInput!) {{ sessionEnd(input: $input) {{ ended {ERRORS} }} }}"
OPEN = f"""
mutation ($input: ShopOpenInput!) {{ shopOpen(input: $input) {{ shop {{ id name currency timeZone }} {ERRORS} }} }}
"""
MAKE_TOKEN = f"""
mutation ($input: ApiTokenCreateInput!) {{
  apiTokenCreate(input: $input) {{ token {{ id name hint scopes trustedDocumentsOnly usedAt }} secret {ERRORS} }} }}
"""
REVOKE = f"mutation ($input: ApiTokenRevokeInput!) {{ apiTokenRevoke(input: $input) {{ token {{ id }} {ERRORS} }} }}"
CHANGE_ROLE = f"""
mutation ($input: MemberRoleChangeInput!) {{
  memberRoleChange(input: $input) {{ member {{ id role account {{ email }} }} {ERRORS} }} }}
"""
REMOVE = f"mutation ($input: MemberRemoveInput!) {{ memberRemove(input: $input) {{ member {{ id }} {ERRORS} }} }}"
STAGE = f"mutation ($input: UploadStageInput!) {{ uploadStage(input: $input) {{ uploadId url {ERRORS} }} }}"
TRUST = f"mutation ($input: TrustedDocumentAddInput!) {{ trustedDocumentAdd(input: $input) {{ sha256 {ERRORS} }} }}"
ME = "{ me { account { email } shop { name } scopes memberships { shop { name } role } csrfToken } }"
MEMBERS = "{ members { id role account { email } } }"
TOKENS = "{ apiTokens { id name hint scopes } }"


@pytest.fixture(scope="module")
async def address(settings: Settings, database: None) -> AsyncIterator[str]:
    config = settings.model_copy(update={"public_url": HOME.replace("https", "http"), "allowed_origins": (HOME,)})
    async with opened(assemble(Services(config), Executor(schema(), config))) as address:
        yield address


@pytest.fixture
async def owner_at_work(address: str, shop: ShopRef) -> Caller:
    """The shop's owner in a browser."""
    return await browser(address, shop, origin=HOME)


async def tell(caller: Caller, mutation: str, **input: Any) -> Any:
    """The payload of the document's one mutation."""
    body = (await caller.ask(mutation, variables={"input": input})).json()
    assert "errors" not in body, body
    [payload] = body["data"].values()
    return payload


async def ask(caller: Caller, query: str, **headers: str) -> Any:
    body = (await caller.ask(query, headers=headers)).json()
    assert "errors" not in body, body
    return body["data"]


async def signed_in(address: str, email: str) -> Caller:
    """A browser after its person has typed the password."""
    response = await stranger(address).ask(SIGN_IN, variables={"input": {"email": email, "password": PASSWORD}})
    payload = response.json()["data"]["sessionStart"]
    assert payload["userErrors"] == []
    cookie = response.headers["set-cookie"].partition(";")[0]
    return Caller(address, {"Cookie": cookie, "Stoa-Csrf": payload["csrfToken"], "Origin": HOME})


# Signing up, in and out -----------------------------------------------------------------------------------------------


async def test_signing_in_opens_the_shop_and_tells_who_one_is(address: str, shop: ShopRef) -> None:
    account = await member_of(shop, role="MANAGER")

    here = await signed_in(address, account.email.upper())

    me = (await ask(here, ME))["me"]
    assert (me["account"], me["shop"]) == ({"email": account.email}, {"name": shop.name})
    assert me["memberships"] == [{"shop": {"name": shop.name}, "role": "MANAGER"}]
    assert me["csrfToken"] == here.headers["Stoa-Csrf"]
    assert "catalog:write" in me["scopes"]
    assert "members:write" not in me["scopes"]


async def test_a_failed_sign_in_gives_no_cookie_and_does_not_tell_who_has_an_account(address: str) -> None:
    account = await person()

    answers = [
        await stranger(address).ask(SIGN_IN, variables={"input": {"email": email, "password": password}})
        for email, password in ((account.email, WRONG), (new_email(), PASSWORD))
    ]

    for answer in answers:
        assert (answer.status_code, "set-cookie" in answer.headers) == (200, False)
        assert answer.json()["data"]["sessionStart"] == {
            "account": None,
            "shop": None,
            "csrfToken": None,
            "userErrors": [
                {
                    "__typename": "InputError",
                    "code": "SIGN_IN_FAILED",
                    "message": "The e-mail or the password is not right.",
                    "path": ["input"],
                }
            ],
        }


async def test_who_tries_too_often_is_told_how_long_to_wait(address: str) -> None:
    account = await person()
    for _ in range(PER_ACCOUNT.free):
        payload = await tell(stranger(address), SIGN_IN, email=account.email, password=WRONG)
        assert [error["code"] for error in payload["userErrors"]] == ["SIGN_IN_FAILED"]

    wish = {"email": account.email, "password": PASSWORD}
    response = await stranger(address).ask(SIGN_IN, variables={"input": wish})

    [payload] = response.json()["data"].values()
    [error] = payload["userErrors"]
    assert (error["__typename"], error["code"], payload["csrfToken"]) == ("ThrottledError", "THROTTLED", None)
    assert response.headers["retry-after"] == str(error["retryAfter"])
    assert error["retryAfter"] in range(1, int(PER_ACCOUNT.first_wait) + 1)
    assert error["message"] == f"Too many tries. Try again in {error['retryAfter']} seconds."


async def test_what_cannot_be_signed_up_with_is_named_where_it_stands_and_nothing_is_made(address: str) -> None:
    taken = await person()
    good = {
        "email": new_email(),
        "password": PASSWORD,
        "name": "Zeno",
        "shopName": "Stoa",
        "currency": "EUR",
        "timeZone": "Europe/Berlin",
    }
    shops, accounts = await Shop.all().count(), await Account.all().count()

    for change, kind, code, path in (
        ({"email": taken.email.upper()}, "TakenError", "TAKEN", "email"),
        ({"email": "nobody"}, "InputError", "INVALID", "email"),
        ({"password": "short"}, "InputError", "WEAK_PASSWORD", "password"),
        ({"name": " "}, "InputError", "INVALID", "name"),
        ({"shopName": ""}, "InputError", "INVALID", "shopName"),
        ({"currency": "DRACHMA"}, "InputError", "INVALID", "currency"),
        ({"timeZone": "Athens"}, "InputError", "INVALID", "timeZone"),
        ({"locale": "grc"}, "InputError", "INVALID", "locale"),
    ):
        response = await stranger(address).ask(SIGN_UP, variables={"input": good | change})
        payload = response.json()["data"]["accountOpen"]
        [error] = payload["userErrors"]
        assert (error["__typename"], error["code"], error["path"]) == (kind, code, ["input", path])
        assert (payload["account"], payload["shop"], "set-cookie" in response.headers) == (None, None, False)

    assert (await Shop.all().count(), await Account.all().count()) == (shops, accounts)


async def test_signing_out_ends_this_browser_or_all_of_them_and_no_program(address: str, shop: ShopRef) -> None:
    account = await member_of(shop)
    laptop, phone, tablet = [await signed_in(address, account.email) for _ in range(3)]
    made = await tell(laptop, MAKE_TOKEN, name="till", scopes=["catalog:read"])
    till = Caller(address, {"Authorization": f"Bearer {made['secret']}"})

    assert await tell(laptop, SIGN_OUT) == {"ended": 1, "userErrors": []}
    assert [(await ask(each, ME))["me"] is None for each in (laptop, phone, tablet)] == [True, False, False]

    assert await tell(phone, SIGN_OUT, everywhere=True) == {"ended": 2, "userErrors": []}
    assert [(await ask(each, ME))["me"] for each in (laptop, phone, tablet)] == [None, None, None]
    assert (await ask(till, ME))["me"]["account"] == {"email": account.email}


async def test_sessions_are_for_people(address: str, shop: ShopRef) -> None:
    till = await program(address, shop)

    for mutation, input in (
        (SIGN_OUT, {}),
        (OPEN, {"name": "Second", "currency": "EUR", "timeZone": "UTC"}),
        (MAKE_TOKEN, {"name": "heir", "scopes": ["catalog:read"]}),
    ):
        payload = await tell(till, mutation, **input)
        assert [error["code"] for error in payload["userErrors"]] == ["PEOPLE_ONLY"]
    assert (await ask(till, "{ sessions { id } }"))["sessions"] == []


# Shops ----------------------------------------------------------------------------------------------------------------


async def test_one_more_shop_is_opened_and_from_then_on_one_says_which(address: str, shop: ShopRef) -> None:
    here = await signed_in(address, (await member_of(shop)).email)

    payload = await tell(here, OPEN, name=" Second  Porch ", currency="JPY", timeZone="Asia/Tokyo")

    second = payload["shop"]
    assert payload["userErrors"] == []
    assert second | {"id": ""} == {"id": "", "name": "Second Porch", "currency": "JPY", "timeZone": "Asia/Tokyo"}
    assert code_of(await here.ask("{ shop { name } }")) == "SHOP_REQUIRED"
    for id, name in ((second["id"], "Second Porch"), (type_id("shop", shop.id), shop.name)):
        headers = {"Stoa-Shop": id}
        assert (await here.ask("{ shop { name } }", headers=headers)).json()["data"] == {"shop": {"name": name}}


async def test_a_shop_that_cannot_be_is_not_opened(address: str, shop: ShopRef, owner_at_work: Caller) -> None:
    before = await Shop.all().count()

    for change, path in (
        ({"name": "x" * 121}, "name"),
        ({"currency": "eur"}, "currency"),
        ({"timeZone": ""}, "timeZone"),
    ):
        input = {"name": "Second", "currency": "EUR", "timeZone": "UTC"} | change
        [error] = (await tell(owner_at_work, OPEN, **input))["userErrors"]
        assert (error["code"], error["path"]) == ("INVALID", ["input", path])

    assert await Shop.all().count() == before


# Keys for programs ----------------------------------------------------------------------------------------------------


async def test_a_token_does_what_it_was_made_for_until_it_is_revoked(address: str, owner_at_work: Caller) -> None:
    made = await tell(owner_at_work, MAKE_TOKEN, name=" The  till ", scopes=["catalog:read", "shop:read"])
    secret, token = made["secret"], made["token"]
    assert made["userErrors"] == []
    assert token | {"id": ""} == {
        "id": "",
        "name": "The till",
        "hint": secret[:12],
        "scopes": ["shop:read", "catalog:read"],
        "trustedDocumentsOnly": False,
        "usedAt": None,
    }

    till = Caller(address, {"Authorization": f"Bearer {secret}"})
    assert (await ask(till, "{ products { nodes { id } } }")) == {"products": {"nodes": []}}
    assert code_of(await till.ask(TOKENS)) == "PERMISSION_DENIED"
    listed = await owner_at_work.ask(TOKENS)
    assert [each["id"] for each in listed.json()["data"]["apiTokens"]] == [token["id"]]
    assert secret not in listed.text

    assert await tell(owner_at_work, REVOKE, id=token["id"]) == {"token": {"id": token["id"]}, "userErrors": []}
    assert code_of(await till.ask(ME)) == "UNAUTHENTICATED"
    assert (await ask(owner_at_work, TOKENS)) == {"apiTokens": []}


async def test_a_token_that_cannot_be_is_not_made(address: str, shop: ShopRef, owner_at_work: Caller) -> None:
    for change, code, path in (
        ({"name": ""}, "INVALID", ["name"]),
        ({"scopes": ["catalog:read", "catalog:burn"]}, "UNKNOWN_SCOPE", ["scopes", "1"]),
        ({"scopes": []}, "INVALID", ["scopes"]),
        ({"expiresAt": "2001-01-01T00:00:00Z"}, "INVALID", ["expiresAt"]),
    ):
        payload = await tell(owner_at_work, MAKE_TOKEN, **{"name": "till", "scopes": ["catalog:read"]} | change)
        assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [(code, ["input", *path])]
        assert (payload["token"], payload["secret"]) == (None, None)

    assert (await ask(owner_at_work, TOKENS)) == {"apiTokens": []}


async def test_a_registered_document_is_all_that_a_token_in_allow_list_mode_runs(
    address: str, owner_at_work: Caller
) -> None:
    text = "{ products { nodes { title } } } # of the shop window"
    trusted, again = [await tell(owner_at_work, TRUST, body=text) for _ in range(2)]
    assert trusted == again
    assert (len(trusted["sha256"]), trusted["userErrors"]) == (64, [])
    made = await tell(
        owner_at_work, MAKE_TOKEN, name="window", scopes=["catalog:read", "shop:read"], trustedDocumentsOnly=True
    )
    window = Caller(address, {"Authorization": f"Bearer {made['secret']}"})

    by_hash = {"persistedQuery": {"version": 1, "sha256Hash": trusted["sha256"]}}
    assert (await window.ask(extensions=by_hash)).json()["data"] == {"products": {"nodes": []}}
    assert code_of(await window.ask("{ shop { name } }")) == "DOCUMENT_NOT_TRUSTED"

    nonsense = await tell(owner_at_work, TRUST, body="{ products {")
    assert (nonsense["sha256"], [error["path"] for error in nonsense["userErrors"]]) == (None, [["input", "body"]])


# Who works in the shop ------------------------------------------------------------------------------------------------


async def test_a_new_role_counts_at_once(address: str, shop: ShopRef, owner_at_work: Caller) -> None:
    account = await member_of(shop, role="VIEWER")
    clerk = await signed_in(address, account.email)
    shelf = 'mutation { categoryCreate(input: {name: "Lamps"}) { category { name } } }'
    assert code_of(await clerk.ask(shelf)) == "PERMISSION_DENIED"
    [id] = [each["id"] for each in (await ask(owner_at_work, MEMBERS))["members"] if each["role"] == "VIEWER"]

    changed = await tell(owner_at_work, CHANGE_ROLE, id=id, role="MANAGER")

    assert changed == {"member": {"id": id, "role": "MANAGER", "account": {"email": account.email}}, "userErrors": []}
    assert (await ask(clerk, shelf)) == {"categoryCreate": {"category": {"name": "Lamps"}}}
    assert (
        code_of(await clerk.ask(CHANGE_ROLE, variables={"input": {"id": id, "role": "OWNER"}})) == "PERMISSION_DENIED"
    )
    assert (await Membership.get(account_id=account.id)).role == "MANAGER"


async def test_who_is_removed_is_out_at_once_and_the_last_owner_stays(
    address: str, shop: ShopRef, owner_at_work: Caller
) -> None:
    account = await member_of(shop, role="STAFF")
    clerk = await signed_in(address, account.email)
    members = {each["role"]: each["id"] for each in (await ask(owner_at_work, MEMBERS))["members"]}
    assert members.keys() == {"OWNER", "STAFF"}

    assert await tell(owner_at_work, REMOVE, id=members["STAFF"]) == {"member": None, "userErrors": []}
    [error] = (await tell(owner_at_work, REMOVE, id=members["OWNER"]))["userErrors"]
    [unknown] = (await tell(owner_at_work, REMOVE, id=members["STAFF"]))["userErrors"]

    assert (error["code"], unknown["__typename"]) == ("LAST_OWNER", "NotFoundError")
    assert codes_of((await clerk.ask("{ shop { name } }")).json()) == ["SHOP_REQUIRED"]
    assert [each["role"] for each in (await ask(owner_at_work, MEMBERS))["members"]] == ["OWNER"]


async def test_anybody_may_leave_by_themselves(address: str, shop: ShopRef, owner_at_work: Caller) -> None:
    account = await member_of(shop, role="VIEWER")
    clerk = await signed_in(address, account.email)
    members = {each["role"]: each["id"] for each in (await ask(owner_at_work, MEMBERS))["members"]}

    assert code_of(await clerk.ask(REMOVE, variables={"input": {"id": members["OWNER"]}})) == "PERMISSION_DENIED"
    assert (await tell(clerk, REMOVE, id=members["VIEWER"]))["userErrors"] == []

    assert [each["role"] for each in (await ask(owner_at_work, MEMBERS))["members"]] == ["OWNER"]


# Files ----------------------------------------------------------------------------------------------------------------


async def test_a_file_is_announced_and_sent_where_one_is_told(address: str, owner_at_work: Caller) -> None:
    staged = await tell(owner_at_work, STAGE, fileName="goods.csv", contentType="text/csv", size=5)
    assert staged["userErrors"] == []
    assert staged["uploadId"].startswith("upl_")

    async with httpx.AsyncClient(base_url=address) as nobody:
        assert (await nobody.put(staged["url"], content=b"sku\r\n")).status_code == 201

    for change, code, path in (
        ({"size": 0}, "INVALID", "size"),
        ({"size": 2**31 - 1}, "TOO_LARGE", "size"),
        ({"contentType": "text"}, "INVALID", "contentType"),
    ):
        input = {"fileName": "goods.csv", "contentType": "text/csv", "size": 5} | change
        [error] = (await tell(owner_at_work, STAGE, **input))["userErrors"]
        assert (error["code"], error["path"]) == (code, ["input", path])


# Reading ---------------------------------------------------------------------------------------------------------------


async def test_a_person_sees_their_sessions_and_a_token_only_its_shop(
    address: str, shop: ShopRef, other_shop: ShopRef, owner: asyncpg.Connection
) -> None:
    account = await member_of(shop)
    await make.member(other_shop, account, role="VIEWER")
    first, second = [await signed_in(address, account.email) for _ in range(2)]
    chosen = {"Stoa-Shop": type_id("shop", shop.id)}
    made = await tell(
        Caller(address, first.headers | chosen), MAKE_TOKEN, name="till", scopes=["catalog:read", "shop:read"]
    )
    till = Caller(address, {"Authorization": f"Bearer {made['secret']}"})

    sessions = (await ask(second, "{ sessions { id address isCurrent } }"))["sessions"]
    assert [(each["address"], each["isCurrent"]) for each in sessions] == [("127.0.0.1", True), ("127.0.0.1", False)]
    assert len({each["id"] for each in sessions}) == 2

    mine, its = (await ask(second, ME))["me"], (await ask(till, ME))["me"]
    assert (mine["shop"], [each["role"] for each in mine["memberships"]]) == (None, ["OWNER", "VIEWER"])
    assert its == {
        "account": {"email": account.email},
        "shop": {"name": shop.name},
        "scopes": ["catalog:read", "shop:read"],
        "memberships": [{"shop": {"name": shop.name}, "role": "OWNER"}],
        "csrfToken": None,
    }
    assert code_of(await till.ask(ME, headers={"Stoa-Shop": type_id("shop", other_shop.id)})) == "UNKNOWN_SHOP"
    assert code_of(await second.ask(ME, headers={"Stoa-Shop": type_id("shop", new_id())})) == "UNKNOWN_SHOP"
