"""Scopes and roles."""

from __future__ import annotations

import pytest

from stoa.kit.errors import InvalidInput
from stoa.kit.ids import new_id
from stoa.tenants.access.errors import BeyondYourRights, UnknownRole, UnknownScope
from stoa.tenants.access.scopes import (
    EVERY_SCOPE,
    SCOPES_OF,
    Role,
    Scope,
    read_role,
    read_scopes,
    require_all,
    scopes_of,
)
from stoa.tenants.context import Actor, Context, MissingScope, ShopRef

SHOP = ShopRef(new_id(), "shop_0123456789abcdef", "Stoa", "EUR", "Europe/Berlin")
PERSON = Actor("account", new_id(), "Zeno")


async def test_every_scope_says_in_both_languages_what_it_opens() -> None:
    for scope in Scope:
        assert scope.words.said_in("en").endswith(".")
        assert any("\u4e00" <= letter <= "\u9fff" for letter in scope.words.said_in("zh"))


async def test_a_scope_is_its_text() -> None:
    assert str(Scope.CATALOG_READ) == "catalog:read"
    assert f"{Scope.CATALOG_READ}" == "catalog:read"
    assert "catalog:read" in EVERY_SCOPE
    assert Scope.CATALOG_READ in frozenset({"catalog:read"})


async def test_roles_hold_less_from_the_owner_down() -> None:
    assert SCOPES_OF[Role.OWNER] == EVERY_SCOPE
    assert EVERY_SCOPE - SCOPES_OF[Role.MANAGER] == {"members:write", "finance:write"}
    assert SCOPES_OF[Role.STAFF] < SCOPES_OF[Role.MANAGER]
    assert SCOPES_OF[Role.VIEWER] < SCOPES_OF[Role.MANAGER]
    assert all(scope.endswith(":read") for scope in SCOPES_OF[Role.VIEWER])


async def test_costs_and_books_are_for_owners_and_managers() -> None:
    for role in (Role.STAFF, Role.VIEWER):
        assert not {"catalog:cost", "finance:read", "tokens:write"} & SCOPES_OF[role]


async def test_an_unknown_role_may_do_nothing() -> None:
    assert scopes_of("owner") == frozenset()
    with pytest.raises(UnknownRole) as refused:
        read_role("owner")
    assert refused.value.path == ("role",)


async def test_scopes_are_read_once_each_in_their_own_order() -> None:
    read = read_scopes(["catalog:write", "catalog:read", "catalog:write"])

    assert read == [Scope.CATALOG_READ, Scope.CATALOG_WRITE]


async def test_an_unknown_scope_is_named_with_its_place() -> None:
    with pytest.raises(UnknownScope) as refused:
        read_scopes(["catalog:read", "catalog:burn"])

    assert refused.value.path == ("scopes", 1)
    assert refused.value.message == "'catalog:burn' is not a scope."


async def test_no_scope_at_all_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least one scope"):
        read_scopes([])


async def test_a_right_one_lacks_is_named() -> None:
    viewer = Context(SHOP, PERSON, scopes_of("VIEWER"))
    viewer.require(Scope.CATALOG_READ)

    with pytest.raises(MissingScope) as refused:
        viewer.require(Scope.CATALOG_WRITE)

    assert refused.value.message == "This needs the scope catalog:write."


async def test_nobody_hands_out_what_they_do_not_hold() -> None:
    staff = Context(SHOP, PERSON, scopes_of("STAFF"))
    require_all(staff, [Scope.CATALOG_READ, Scope.ORDERS_WRITE])

    with pytest.raises(BeyondYourRights) as refused:
        require_all(staff, [Scope.CATALOG_READ, Scope.FINANCE_READ, Scope.CATALOG_COST])

    assert refused.value.params.items() >= {"scopes": "catalog:cost finance:read"}.items()
    require_all(staff.as_system(), EVERY_SCOPE)
