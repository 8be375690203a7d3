"""Where customers have things sent: addresses of theirs, one of which is meant unless they say another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from stoa.domains.service.errors import NoSuchAddress
from stoa.domains.service.holding import locked_customer, save
from stoa.domains.service.models import Customer
from stoa.kit.addresses import clean_address
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.ids import new_id
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction

MAX_ADDRESSES = 50


async def add_address(
    ctx: Context, customer_id: UUID, given: Mapping[str, str], *, is_default: bool = False
) -> tuple[Customer, UUID]:
    """The first is the default whatever is said. Raises `NoSuchCustomer`, `AlreadyErased` and `InvalidInput`."""
    address, address_id = _cleaned(given), new_id()
    async with shop_transaction():
        customer = await locked_customer(customer_id)
        if len(customer.addresses) >= MAX_ADDRESSES:
            raise InvalidInput("They have {limit} addresses, the most there can be.", limit=MAX_ADDRESSES)
        added = {"id": str(address_id), "is_default": is_default or not customer.addresses, **address}
        await _set(ctx, customer, [*customer.addresses, added], str(address_id) if is_default else None)
    return customer, address_id


async def update_address(
    ctx: Context, customer_id: UUID, address_id: UUID, given: Mapping[str, str] | None, *, is_default: bool = False
) -> Customer:
    """`given` takes the whole address's place; None leaves it. `is_default` makes it the one that is meant.

    Raises `NoSuchCustomer`, `AlreadyErased`, `NoSuchAddress` and `InvalidInput`.
    """
    address = None if given is None else _cleaned(given)
    async with shop_transaction():
        customer = await locked_customer(customer_id)
        there = _required(customer, address_id)
        if address is not None:
            there = {"id": there["id"], "is_default": there["is_default"], **address}
        changed = [there if each["id"] == there["id"] else each for each in customer.addresses]
        await _set(ctx, customer, changed, there["id"] if is_default else None)
    return customer


async def remove_address(ctx: Context, customer_id: UUID, address_id: UUID) -> Customer:
    """When it was the default, the oldest that is left is. Raises `NoSuchAddress` and as above."""
    async with shop_transaction():
        customer = await locked_customer(customer_id)
        gone = _required(customer, address_id)
        left = [each for each in customer.addresses if each["id"] != gone["id"]]
        await _set(ctx, customer, left, left[0]["id"] if left and gone["is_default"] else None)
    return customer


async def _set(ctx: Context, customer: Customer, addresses: list[dict[str, Any]], default: str | None) -> None:
    if default is not None:
        addresses = [{**each, "is_default": each["id"] == default} for each in addresses]
    if addresses != customer.addresses:
        customer.addresses = addresses
        await save(ctx, customer, ["addresses"])


def _required(customer: Customer, address_id: UUID) -> dict[str, Any]:
    for each in customer.addresses:
        if each["id"] == str(address_id):
            return each
    raise NoSuchAddress("There is no such address.", path=["address_id"])


def _cleaned(given: Mapping[str, str]) -> dict[str, str]:
    with blaming("address"):
        address = clean_address(given)
        if not address:
            raise InvalidInput("The address is empty.")
    return address
