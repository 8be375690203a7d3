"""A customer in hand: found whatever became of their id, locked, saved with what they are known by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from stoa.domains.service.describing import search_text_of
from stoa.domains.service.errors import AlreadyErased, CustomerChanged, IdentityTaken, NoSuchCustomer
from stoa.domains.service.events import CustomerEdited
from stoa.domains.service.knowing import ONE_AT_A_TIME, present_ids
from stoa.domains.service.models import Customer, CustomerIdentity, IdentityKind
from stoa.kit.checking import check_version, locked
from stoa.kit.ids import type_id
from stoa.kit.languages import Sentence
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.outbox import publish

Known = tuple[IdentityKind, str]  # a kind, and a value in normal form


async def locked_customer(customer_id: UUID, expected_version: int | None = None, *, of: str = "id") -> Customer:
    """The customer that the id leads to by now, nobody else's until the transaction ends.

    Raises `NoSuchCustomer`, `AlreadyErased` and `CustomerChanged`.
    """
    missing = NoSuchCustomer("There is no such customer.", path=[of])
    while True:
        at = (await present_ids([customer_id])).get(customer_id)
        if at is None:
            raise missing
        customer = await locked(Customer, at, missing)
        if customer.merged_into_id is None:  # type: ignore[attr-defined]
            break  # and not merged in the moment before the lock
    if customer.erased_at is not None:
        raise AlreadyErased("This customer was erased.", path=[of])
    check_version(customer, expected_version, CustomerChanged, title_of(customer))
    return customer


def title_of(customer: Customer) -> str | Sentence:
    return customer.name or customer.email or customer.phone or Sentence("The customer")


async def known_by(customer: Customer) -> list[str]:
    values: Any = await CustomerIdentity.filter(customer_id=customer.id).order_by("id").values_list("value", flat=True)
    return list(values)


async def save(ctx: Context, customer: Customer, changed: Sequence[str], *news: Any) -> None:
    """Write these columns, raise the version and tell; `identities` among them is no column of the row."""
    customer.search_text = search_text_of(customer, await known_by(customer))
    customer.version += 1
    columns = [name for name in changed if name != "identities"]
    await customer.save(update_fields=[*columns, "search_text", "version", "updated_at"])
    await publish(ctx, *(news or (CustomerEdited(customer.id, tuple(changed)),)))


async def require_free(wanted: Sequence[tuple[Known, Sequence[str]]], customer_id: UUID | None) -> None:
    """Refuse what another customer is known by; nobody else takes it until the transaction ends.

    Each with the path to blame. Raises `IdentityTaken`.
    """
    if not wanted:
        return
    await shop_client().execute_query(ONE_AT_A_TIME, [[f"{kind} {value}" for (kind, value), _ in wanted]])
    for (kind, value), path in wanted:
        held = await CustomerIdentity.filter(kind=kind, value=value).select_related("customer").first()
        if held is not None and held.customer.id != customer_id:
            raise IdentityTaken(
                "{holder} is known by {value} already.",
                path=path,
                holder=title_of(held.customer),
                value=value,
                customer=type_id("cust", held.customer.id),
            )


async def give(customer_id: UUID, wanted: Sequence[Known]) -> None:
    """Let the customer be known by these, which are free or their own."""
    own = {(each.kind, each.value) for each in await CustomerIdentity.filter(customer_id=customer_id)}
    rows = [
        CustomerIdentity(customer_id=customer_id, kind=kind, value=value)
        for kind, value in wanted
        if (kind, value) not in own
    ]
    if rows:
        await CustomerIdentity.bulk_create(rows)
