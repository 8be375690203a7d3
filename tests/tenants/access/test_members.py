"""Members."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from stoa.kit.errors import NotFound
from stoa.kit.ids import new_id
from stoa.tenants.access import (
    change_role,
    create_token,
    identify_session,
    identify_token,
    members_of,
    memberships_of,
    remove_member,
    scopes_of,
)
from stoa.tenants.access.errors import BeyondYourRights, LastOwner, NotSignedIn, UnknownRole
from stoa.tenants.context import Actor, Context, MissingScope, ShopRef
from stoa.tenants.models import Account, ApiToken, Membership, Shop
from tests import make
from tests.tenants.access.people import at_work, member_of, signed_in


async def _place(account: Account, shop: ShopRef) -> UUID:
    return (await Membership.get(account_id=account.id, shop_id=shop.id)).id


async def _roles(shop: ShopRef) -> list[str]:
    return [member.role for member in await Membership.filter(shop_id=shop.id).order_by("id")]


async def test_a_person_s_shops_are_listed_the_oldest_first(shop: ShopRef, other_shop: ShopRef) -> None:
    person = await make.member(shop)
    await make.member(other_shop, person, role="STAFF")
    await make.member(await make.shop())

    places = await memberships_of(person.id)

    assert [(place.shop.ref, place.role) for place in places] == [(shop, "OWNER"), (other_shop, "STAFF")]


async def test_a_dropped_shop_is_no_longer_listed(shop: ShopRef) -> None:
    person = await make.member(shop)

    await Shop.filter(id=shop.id).update(state="DROPPED")

    assert await memberships_of(person.id) == []


async def test_the_people_of_a_shop_are_listed_and_no_others(shop: ShopRef, other_shop: ShopRef) -> None:
    owner, staff = await make.member(shop), await make.member(shop, role="STAFF")
    await make.member(other_shop)

    listed = await members_of(await at_work(shop, role="STAFF", account=staff))

    assert [(member.account.id, member.role) for member in listed] == [(owner.id, "OWNER"), (staff.id, "STAFF")]


async def test_seeing_people_takes_the_scope(shop: ShopRef) -> None:
    with pytest.raises(MissingScope, match="members:read"):
        await members_of(await at_work(shop, role="VIEWER"))


async def test_a_new_role_has_its_rights_at_once(hearing: None, shop: ShopRef) -> None:
    owner, staff = await at_work(shop), await member_of(shop, role="STAFF")
    fresh = await signed_in(staff)
    assert (await identify_session(fresh.secret)).scopes == scopes_of("STAFF")

    changed = await change_role(owner, await _place(staff, shop), "VIEWER")

    assert changed.role == "VIEWER"
    assert (await identify_session(fresh.secret)).scopes == scopes_of("VIEWER")


async def test_changing_roles_takes_the_scope(shop: ShopRef) -> None:
    manager, staff = await at_work(shop, role="MANAGER"), await make.member(shop, role="STAFF")

    with pytest.raises(MissingScope, match="members:write"):
        await change_role(manager, await _place(staff, shop), "VIEWER")
    with pytest.raises(MissingScope, match="members:write"):
        await remove_member(manager, await _place(staff, shop))

    assert await _roles(shop) == ["MANAGER", "STAFF"]


async def test_nobody_raises_or_lowers_people_beyond_their_own_rights(shop: ShopRef) -> None:
    """Whoever may change members, but not everything else, cannot make owners or unmake them."""
    owner, staff = await make.member(shop), await make.member(shop, role="STAFF")
    clerk = Context(shop, Actor("account", new_id(), "Clerk"), scopes_of("STAFF") | {"members:write"})

    for account, role in ((staff, "OWNER"), (owner, "STAFF")):
        with pytest.raises(BeyondYourRights):
            await change_role(clerk, await _place(account, shop), role)
    with pytest.raises(BeyondYourRights):
        await remove_member(clerk, await _place(owner, shop))

    assert await _roles(shop) == ["OWNER", "STAFF"]


async def test_a_role_that_does_not_exist_is_refused(shop: ShopRef) -> None:
    owner, staff = await at_work(shop), await make.member(shop, role="STAFF")

    with pytest.raises(UnknownRole):
        await change_role(owner, await _place(staff, shop), "EMPEROR")

    assert await _roles(shop) == ["OWNER", "STAFF"]


async def test_the_last_owner_stays_owner(shop: ShopRef) -> None:
    person = await make.member(shop)
    owner, place = await at_work(shop, account=person), await _place(person, shop)

    with pytest.raises(LastOwner, match="Stoa Poikile would have no owner"):
        await change_role(owner, place, "MANAGER")
    with pytest.raises(LastOwner):
        await remove_member(owner, place)

    assert await _roles(shop) == ["OWNER"]
    assert (await change_role(owner, place, "OWNER")).role == "OWNER"


async def test_of_two_owners_who_remove_each_other_one_remains(shop: ShopRef) -> None:
    first, second = await make.member(shop), await make.member(shop)
    places = await _place(first, shop), await _place(second, shop)

    answers = await asyncio.gather(
        remove_member(await at_work(shop, account=first), places[1]),
        remove_member(await at_work(shop, account=second), places[0]),
        change_role(await at_work(shop, account=first), places[0], "VIEWER"),
        return_exceptions=True,
    )

    assert (await _roles(shop)).count("OWNER") == 1
    assert [type(answer) for answer in answers].count(LastOwner) >= 1


async def test_a_removed_member_is_out_at_once_and_so_are_their_tokens(hearing: None, shop: ShopRef) -> None:
    owner, person = await at_work(shop), await member_of(shop, role="MANAGER")
    fresh = await signed_in(person)
    made = await create_token(await at_work(shop, role="MANAGER", account=person), name="R", scopes=["catalog:read"])
    assert (await identify_session(fresh.secret)).shop == shop
    assert (await identify_token(made.secret)).shop == shop

    await remove_member(owner, await _place(person, shop))

    identity = await identify_session(fresh.secret)
    assert (identity.shop, identity.scopes) == (None, frozenset())
    with pytest.raises(NotSignedIn):
        await identify_token(made.secret)
    assert (await ApiToken.get(id=made.token.id)).revoked_at is not None


async def test_tokens_of_the_removed_stay_dead_when_they_come_back(shop: ShopRef) -> None:
    owner, person = await at_work(shop), await make.member(shop, role="MANAGER")
    made = await create_token(await at_work(shop, role="MANAGER", account=person), name="R", scopes=["catalog:read"])
    await remove_member(owner, await _place(person, shop))

    await make.member(shop, person, role="MANAGER")

    with pytest.raises(NotSignedIn):
        await identify_token(made.secret)


async def test_a_removed_member_keeps_their_other_shops(shop: ShopRef, other_shop: ShopRef) -> None:
    owner, person = await at_work(shop), await make.member(shop, role="STAFF")
    await make.member(other_shop, person)
    elsewhere = await create_token(await at_work(other_shop, account=person), name="R", scopes=["catalog:read"])

    await remove_member(owner, await _place(person, shop))

    assert [place.shop.ref for place in await memberships_of(person.id)] == [other_shop]
    assert (await identify_token(elsewhere.secret)).shop == other_shop


async def test_anybody_may_leave(shop: ShopRef) -> None:
    await make.member(shop)
    viewer = await make.member(shop, role="VIEWER")

    await remove_member(await at_work(shop, role="VIEWER", account=viewer), await _place(viewer, shop))

    assert await _roles(shop) == ["OWNER"]


async def test_another_shop_s_member_is_not_found_and_stays(shop: ShopRef, other_shop: ShopRef) -> None:
    owner, stranger = await at_work(shop), await make.member(other_shop, role="STAFF")
    place = await _place(stranger, other_shop)

    for membership_id in (place, new_id()):
        with pytest.raises(NotFound, match="no such member"):
            await change_role(owner, membership_id, "VIEWER")
        with pytest.raises(NotFound, match="no such member"):
            await remove_member(owner, membership_id)

    assert await _roles(other_shop) == ["STAFF"]
