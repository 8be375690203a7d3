"""Who sells to the shop: made, changed, put aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError

from stoa.domains.catalog.changing import SAME, _Same
from stoa.domains.catalog.errors import NoSuchSupplier, SupplierChanged, SupplierTaken
from stoa.domains.catalog.events import SupplierCreated, SupplierEdited
from stoa.domains.catalog.models import Supplier
from stoa.domains.catalog.variants import set_what_differs
from stoa.kit.checking import Problems, check_version, locked
from stoa.kit.errors import InvalidInput
from stoa.kit.money import exponent_of
from stoa.kit.text import clean_line, clean_text, searchable
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction
from stoa.tenants.outbox import publish

NAME_LIMIT, MAX_LEAD_DAYS = 120, 730


@dataclass(frozen=True, slots=True)
class SupplierDraft:
    """A supplier to be; without a `currency` they are paid in the shop's."""

    name: str
    currency: str | None = None
    email: str = ""
    phone: str = ""
    note: str = ""
    lead_days: int | None = None


@dataclass(frozen=True, slots=True)
class SupplierChanges:
    """Changes to a supplier; what is `SAME` stays."""

    name: str | _Same = SAME
    currency: str | _Same = SAME
    email: str | _Same = SAME
    phone: str | _Same = SAME
    note: str | _Same = SAME
    lead_days: int | _Same | None = SAME
    is_active: bool | _Same = SAME

    @property
    def named(self) -> dict[str, Any]:
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if value is not SAME}


async def create_supplier(ctx: Context, draft: SupplierDraft) -> Supplier:
    """Names are unique in a shop, upper and lower case alike. Raises `Refusals` and `SupplierTaken`."""
    values = _checked(asdict(draft) | {"currency": draft.currency or ctx.shop.currency})
    supplier = Supplier(**values, search_text=_search_text(values))
    async with shop_transaction():
        try:
            await supplier.save(force_create=True)
        except IntegrityError:
            raise _taken(supplier) from None
        await publish(ctx, SupplierCreated(supplier.id))
    return supplier


async def update_supplier(
    ctx: Context, supplier_id: UUID, changes: SupplierChanges, *, expected_version: int | None = None
) -> Supplier:
    """Save the changes and raise the version. Nothing named, nothing changed, nothing announced.

    Raises `NoSuchSupplier`, `SupplierChanged`, `SupplierTaken` and `Refusals`.
    """
    values = _checked(changes.named)
    async with shop_transaction():
        supplier = await locked_supplier(supplier_id)
        check_version(supplier, expected_version, SupplierChanged, supplier.name)
        changed = set_what_differs(supplier, values)
        if changed:
            await _save(supplier, changed)
            said = tuple(name for name in changed if name != "name_key")
            await publish(ctx, SupplierEdited(supplier.id, said))
    return supplier


async def deactivate_supplier(ctx: Context, supplier_id: UUID) -> Supplier:
    """Nothing can be ordered there any more; what is on its way still comes. Twice changes nothing."""
    return await update_supplier(ctx, supplier_id, SupplierChanges(is_active=False))


async def locked_supplier(supplier_id: UUID, *path: str) -> Supplier:
    """The supplier, whose prices nobody else sets meanwhile. Raises `NoSuchSupplier`."""
    missing = NoSuchSupplier("There is no such supplier.", path=path or ("id",))
    return await locked(Supplier, supplier_id, missing, no_key=True)


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """What will be stored, with the key of the name. Raises `Refusals` with everything that is wrong."""
    problems, checked = Problems(), dict(values)
    for name, check in CHECKS.items():
        if name in checked:
            checked[name] = problems.tried(name, check, checked[name])
    problems.refuse()
    if "name" in checked:
        checked["name_key"] = checked["name"].casefold()[:NAME_LIMIT]
    return checked


def _email(text: str) -> str:
    email = clean_line(text, what="e-mail", limit=254, required=False)
    if email and ("@" not in email[1:-1] or " " in email):
        raise InvalidInput("{email!r} is not an e-mail address.", email=email[:60])
    return email


def _currency(code: str) -> str:
    exponent_of(code)
    return code


def _lead_days(days: int | None) -> int | None:
    if days is not None and not 0 <= days <= MAX_LEAD_DAYS:
        raise InvalidInput("{days} days; 0 to {limit} are allowed.", limit=MAX_LEAD_DAYS, days=days)
    return days


CHECKS: Mapping[str, Any] = {
    "name": lambda text: clean_line(text, what="name", limit=NAME_LIMIT),
    "currency": _currency,
    "email": _email,
    "phone": lambda text: clean_line(text, what="telephone number", limit=40, required=False),
    "note": lambda text: clean_text(text, what="note", limit=5000),
    "lead_days": _lead_days,
}


async def _save(supplier: Supplier, changed: list[str]) -> None:
    supplier.version += 1
    supplier.search_text = _search_text({name: getattr(supplier, name) for name in ("name", "email", "phone")})
    try:
        await supplier.save(update_fields=[*changed, "search_text", "version"])
    except IntegrityError:
        raise _taken(supplier) from None


def _search_text(values: Mapping[str, Any]) -> str:
    """What `search` looks through: name, e-mail and telephone number, one a line."""
    return "\n".join(searchable(values[name]) for name in ("name", "email", "phone"))


def _taken(supplier: Supplier) -> SupplierTaken:
    return SupplierTaken("There is a supplier named {taken} already.", path=["name"], taken=supplier.name)
