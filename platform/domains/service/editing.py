"""Customers are made and changed; what they are known by follows their e-mail and phone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from stoa.domains.service.describing import CustomerChanges, CustomerDraft, checked, merged_metadata, search_text_of
from stoa.domains.service.errors import NoSuchIdentity
from stoa.domains.service.events import CustomerCreated
from stoa.domains.service.holding import Known, give, locked_customer, require_free, save
from stoa.domains.service.knowing import normal
from stoa.domains.service.models import Customer, CustomerIdentity, IdentityKind
from stoa.kit.checking import locked
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import new_id
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction
from stoa.tenants.outbox import publish

_FOLLOWED = {"email": IdentityKind.EMAIL, "phone": IdentityKind.PHONE, "channel_id": IdentityKind.CHANNEL}


async def create_customer(ctx: Context, draft: CustomerDraft) -> Customer:
    """Raises `Refusals` for what is wrong, and `IdentityTaken` when somebody is known by it already."""
    values = draft.checked()
    if not any(values[name] for name in ("name", *_FOLLOWED)):
        raise InvalidInput("A customer needs a name, an e-mail, a phone or a channel's id.", path=["name"])
    wanted = _known(values)
    values.pop("channel_id")
    customer = Customer(id=new_id(), **values)
    customer.search_text = search_text_of(customer, [value for (_, value), _ in wanted])
    async with shop_transaction():
        await require_free(wanted, None)
        await customer.save(force_create=True)
        await give(customer.id, [known for known, _ in wanted])
        await publish(ctx, CustomerCreated(customer.id))
    return customer


async def update_customer(
    ctx: Context, customer_id: UUID, changes: CustomerChanges, *, expected_version: int | None = None
) -> Customer:
    """Save what is named and raise the version. Nothing named, nothing changed, nothing told.

    A new e-mail or phone is what they are known by from then on, instead of the old. Raises `NoSuchCustomer`,
    `AlreadyErased`, `CustomerChanged`, `IdentityTaken` and `Refusals`.
    """
    values = checked(cast(Mapping[str, Any], changes))
    async with shop_transaction():
        customer = await locked_customer(customer_id, expected_version)
        if "metadata" in values:
            values["metadata"] = merged_metadata(customer.metadata, values["metadata"])
        changed = [name for name, value in values.items() if getattr(customer, name) != value]
        if not changed:
            return customer
        await _follow(customer, {name: values[name] for name in changed if name in _FOLLOWED})
        for name in changed:
            setattr(customer, name, values[name])
        await save(ctx, customer, changed)
    return customer


async def add_identity(ctx: Context, customer_id: UUID, kind: IdentityKind, text: str) -> Customer:
    """Let them be known by one thing more; twice changes nothing. Raises as `update_customer` does."""
    try:
        value = normal(kind, text)
    except InvalidInput as refusal:
        raise refusal.under("value") from None
    if not value:
        raise InvalidInput("It is empty.", path=["value"])
    async with shop_transaction():
        customer = await locked_customer(customer_id)
        await require_free([((kind, value), ["value"])], customer.id)
        if not await CustomerIdentity.filter(customer_id=customer.id, kind=kind, value=value).exists():
            await give(customer.id, [(kind, value)])
            await save(ctx, customer, ["identities"])
    return customer


async def remove_identity(ctx: Context, identity_id: UUID) -> Customer:
    """They are not known by it any more; if it is the e-mail or phone that they are reached by, that goes too.

    Raises `NoSuchIdentity`.
    """
    missing = NoSuchIdentity("There is no such identity.", path=["id"])
    found = await CustomerIdentity.get_or_none(id=identity_id)
    if found is None:
        raise missing
    async with shop_transaction():
        customer = await locked_customer(found.customer_id)  # type: ignore[attr-defined]
        identity = await locked(CustomerIdentity, identity_id, missing)
        await identity.delete()
        changed = ["identities"]
        for name, kind in _FOLLOWED.items():
            if kind is identity.kind and name != "channel_id" and normal(kind, getattr(customer, name)) == found.value:
                setattr(customer, name, "")
                changed.append(name)
        await save(ctx, customer, changed)
    return customer


async def _follow(customer: Customer, values: Mapping[str, str]) -> None:
    """Let what they are known by follow a new e-mail or phone."""
    wanted = _known(values)
    await require_free(wanted, customer.id)
    for name in values:
        kind = _FOLLOWED[name]
        if old := normal(kind, getattr(customer, name)):
            await CustomerIdentity.filter(customer_id=customer.id, kind=kind, value=old).delete()
    await give(customer.id, [known for known, _ in wanted])


def _known(values: Mapping[str, str]) -> list[tuple[Known, list[str]]]:
    """What these columns make known, each with the field to blame."""
    return [
        ((kind, value), [name]) for name, kind in _FOLLOWED.items() if (value := normal(kind, values.get(name, "")))
    ]
