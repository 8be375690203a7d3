"""Personal API tokens."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from stoa.kit.clock import set_to
from stoa.kit.errors import InvalidInput, NotFound, Refusal
from stoa.kit.ids import new_id, type_id
from stoa.tenants.access import change_role, create_token, identify_token, revoke_token, sign_out_everywhere, tokens_of
from stoa.tenants.access.errors import BeyondYourRights, NotSignedIn, PeopleOnly, UnknownScope, UnknownShop
from stoa.tenants.access.opaque import hash_of, new_token_secret
from stoa.tenants.context import MissingScope, ShopRef
from stoa.tenants.models import ApiToken, Membership
from tests.tenants.access.people import NOON, at_work, member_of, signed_in

WISH: dict[str, Any] = {"name": "Warehouse robot", "scopes": ["catalog:read", "catalog:write"]}


async def _holds(secret: str) -> bool:
    try:
        await identify_token(secret)
    except NotSignedIn:
        return False
    return True


async def test_a_token_opens_its_shop_with_the_rights_it_was_given(shop: ShopRef) -> None:
    owner = await at_work(shop)

    made = await create_token(owner, **WISH)

    identity = await identify_token(made.secret)
    assert identity.shop == shop
    assert identity.scopes == {"catalog:read", "catalog:write"}
    assert (identity.actor.kind, identity.actor.id, identity.actor.name) == ("token", made.token.id, "Warehouse robot")
    assert (identity.account_id, identity.token_id, identity.session_id) == (owner.actor.id, made.token.id, None)
    assert identity.trusted_documents_only is False


async def test_only_the_hash_and_the_beginning_of_a_secret_are_kept(shop: ShopRef) -> None:
    made = await create_token(await at_work(shop), **WISH)

    kept = (await ApiToken.filter(id=made.token.id).values())[0]
    assert kept["secret_hash"] == hash_of(made.secret)
    assert kept["hint"] == made.secret[:12]
    assert made.secret not in str(kept)


async def test_a_token_may_be_kept_to_trusted_documents(shop: ShopRef) -> None:
    made = await create_token(await at_work(shop), **WISH, trusted_documents_only=True)

    assert (await identify_token(made.secret)).trusted_documents_only is True


async def test_nobody_makes_a_token_that_may_do_more_than_they(shop: ShopRef) -> None:
    manager = await at_work(shop, role="MANAGER")

    with pytest.raises(BeyondYourRights) as refused:
        await create_token(manager, name="Robot", scopes=["catalog:read", "members:write", "finance:write"])

    assert refused.value.params.items() >= {"scopes": "finance:write members:write"}.items()
    assert await tokens_of(manager) == []


async def test_making_and_ending_tokens_takes_the_scope(shop: ShopRef) -> None:
    owner, viewer = await at_work(shop), await at_work(shop, role="VIEWER")
    made = await create_token(owner, **WISH)

    for attempt in (create_token(viewer, name="R", scopes=["catalog:read"]), revoke_token(viewer, made.token.id)):
        with pytest.raises(MissingScope, match="tokens:write"):
            await attempt
    with pytest.raises(MissingScope, match="tokens:read"):
        await tokens_of(viewer)

    assert [token.id for token in await tokens_of(owner)] == [made.token.id]
    assert await _holds(made.secret)


async def test_a_token_makes_no_tokens(shop: ShopRef) -> None:
    """Else whoever finds one keeps the shop after it was revoked."""
    owner = await at_work(shop)
    made = await create_token(owner, name="Admin", scopes=["tokens:read", "tokens:write", "catalog:read"])
    program = (await identify_token(made.secret)).context("a-request")

    with pytest.raises(PeopleOnly):
        await create_token(program, name="Child", scopes=["catalog:read"])
    with pytest.raises(PeopleOnly):
        await create_token(program.as_system(), name="Child", scopes=["catalog:read"])

    assert len(await tokens_of(program)) == 1


@pytest.mark.parametrize(
    ("wish", "path", "refusal"),
    [
        ({"name": ""}, ("name",), InvalidInput),
        ({"name": "x" * 81}, ("name",), InvalidInput),
        ({"scopes": []}, ("scopes",), InvalidInput),
        ({"scopes": ["catalog:*"]}, ("scopes", 0), UnknownScope),
        ({"expires_at": NOON}, ("expires_at",), InvalidInput),
        ({"expires_at": datetime(2030, 1, 1)}, ("expires_at",), InvalidInput),
    ],
)
async def test_what_a_token_cannot_be_is_named(
    shop: ShopRef, wish: dict[str, Any], path: tuple[str | int, ...], refusal: type[Refusal]
) -> None:
    owner = await at_work(shop)

    with set_to(NOON), pytest.raises(refusal) as refused:
        await create_token(owner, **{**WISH, **wish})

    assert refused.value.path == path
    assert await tokens_of(owner) == []


async def test_a_revoked_token_ends_at_once_and_for_good(hearing: None, shop: ShopRef) -> None:
    owner = await at_work(shop)
    made, other = await create_token(owner, **WISH), await create_token(owner, **WISH)
    assert await _holds(made.secret)

    with set_to(NOON):
        await revoke_token(owner, made.token.id)

    assert not await _holds(made.secret)
    assert await _holds(other.secret)
    assert [token.id for token in await tokens_of(owner)] == [other.token.id]
    assert (await revoke_token(owner, made.token.id)).revoked_at == NOON


async def test_another_shop_s_token_is_not_found_and_goes_on(shop: ShopRef, other_shop: ShopRef) -> None:
    mine, theirs = await at_work(shop), await at_work(other_shop)
    made = await create_token(theirs, **WISH)

    for token_id in (made.token.id, new_id()):
        with pytest.raises(NotFound, match="no such token"):
            await revoke_token(mine, token_id)

    assert await tokens_of(mine) == []
    assert await _holds(made.secret)


async def test_a_token_cannot_be_turned_to_another_shop(shop: ShopRef, other_shop: ShopRef) -> None:
    """Not even to another one of its maker's."""
    owner = await at_work(shop)
    await Membership.create(account_id=owner.actor.id, shop_id=other_shop.id, role="OWNER")
    made = await create_token(owner, **WISH)

    for named in (type_id("shop", other_shop.id), type_id("shop", new_id()), "shop_x", ""):
        with pytest.raises(UnknownShop):
            await identify_token(made.secret, named)

    assert (await identify_token(made.secret, type_id("shop", shop.id))).shop == shop


async def test_an_expired_token_no_longer_holds(hearing: None, shop: ShopRef) -> None:
    with set_to(NOON):
        made = await create_token(await at_work(shop), **WISH, expires_at=NOON + timedelta(seconds=2))
    with set_to(NOON + timedelta(seconds=1)):
        assert await _holds(made.secret)
    with set_to(NOON + timedelta(seconds=2)):
        assert not await _holds(made.secret)


async def test_a_token_does_no_more_than_its_maker_still_may(hearing: None, shop: ShopRef) -> None:
    owner = await at_work(shop)
    made = await create_token(owner, **WISH)
    assert (await identify_token(made.secret)).scopes == {"catalog:read", "catalog:write"}

    membership = await Membership.get(account_id=owner.actor.id)
    await change_role(await at_work(shop), membership.id, "VIEWER")

    assert (await identify_token(made.secret)).scopes == {"catalog:read"}


async def test_signing_out_everywhere_leaves_programs_at_work(database: None, shop: ShopRef) -> None:
    account = await member_of(shop)
    await signed_in(account)
    made = await create_token(await at_work(shop, account=account), **WISH)

    assert await sign_out_everywhere(account.id) == 1

    assert await _holds(made.secret)


async def test_use_is_written_down_once_a_minute(shop: ShopRef) -> None:
    with set_to(NOON):
        made = await create_token(await at_work(shop), **WISH)
    assert (await ApiToken.get(id=made.token.id)).used_at is None

    for seconds, noted in [(0, 0), (59, 0), (60, 60), (121, 121)]:
        with set_to(NOON + timedelta(seconds=seconds)):
            assert await _holds(made.secret)
        assert (await ApiToken.get(id=made.token.id)).used_at == NOON + timedelta(seconds=noted)


@pytest.mark.parametrize("secret", ["", "stoa_pat_", "x" * 43, "Bearer", "stoa_pat_" + "0" * 49])
async def test_what_is_no_token_is_refused(database: None, secret: str) -> None:
    with pytest.raises(NotSignedIn):
        await identify_token(secret)


async def test_a_token_that_was_never_made_is_refused(database: None) -> None:
    with pytest.raises(NotSignedIn):
        await identify_token(new_token_secret())
