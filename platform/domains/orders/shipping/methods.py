"""The ways of delivery that a shop offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from tortoise.exceptions import IntegrityError

from stoa.domains.orders.models import ShippingKind, ShippingMethod
from stoa.domains.orders.shipping.errors import MethodChanged, MethodTaken, NoSuchMethod
from stoa.domains.orders.shipping.events import ShippingMethodSaved
from stoa.domains.orders.shipping.fees import FeeTemplate
from stoa.domains.orders.shipping.following import Following
from stoa.kit.checking import Problems, check_version, locked
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.languages import LOCALES
from stoa.kit.text import clean_line, slugify
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction
from stoa.tenants.outbox import publish

MAX_DAYS, MAX_POINTS = 365, 10


@dataclass(frozen=True, slots=True)
class Told:
    """What the shop tells of a method in one language. What is None stays."""

    name: str | None = None
    pros: Sequence[str] | None = None
    cons: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class MethodDraft:
    """What is None stays as it is, or is the usual in a new one. `told` by language; `name` is the one in general.

    `has_no_promise` takes the promised days away.
    """

    code: str | None = None
    name: str | None = None
    kind: ShippingKind | None = None
    carrier: str | None = None
    told: Mapping[str, Told] | None = None
    fees: FeeTemplate | None = None
    following: Following | None = None
    promised_days: int | None = None
    has_no_promise: bool = False
    pickup_location_id: UUID | None = None
    position: int | None = None
    is_active: bool | None = None

    def columns(self, method: ShippingMethod) -> dict[str, Any]:
        """As they will be stored. Raises `Refusals` for what is wrong."""
        problems, columns = Problems(), {}
        if self.code is not None:
            columns["code"] = problems.tried("code", _clean_code, self.code)
        if self.name is not None:
            columns["name"] = problems.tried("name", clean_line, self.name, what="name", limit=120)
        if self.carrier is not None:
            columns["carrier"] = problems.tried(
                "carrier", clean_line, self.carrier, what="carrier", limit=40, required=False
            )
        if self.told is not None:
            columns |= problems.tried("told", _clean_told, self.told, method)
        if self.fees is not None:
            checked = problems.tried("fees", FeeTemplate.checked, self.fees)
            columns["fees"] = checked.kept()
        if self.following is not None:
            columns["settings"] = problems.tried("following", self.following.over, method.settings or {})
        if self.promised_days is not None and not 0 <= self.promised_days <= MAX_DAYS:
            sentence = "{days} days cannot be promised."
            problems.append(InvalidInput(sentence, path=["promised_days"], days=self.promised_days))
        plain = ("kind", "promised_days", "pickup_location_id", "position", "is_active")
        columns |= {name: getattr(self, name) for name in plain if getattr(self, name) is not None}
        problems.refuse()
        return columns | ({"promised_days": None} if self.has_no_promise else {})


async def create_method(ctx: Context, draft: MethodDraft) -> ShippingMethod:
    """Raises `Refusals` and `MethodTaken`."""
    columns = draft.columns(ShippingMethod())
    for name in ("code", "name", "kind"):
        if name not in columns:
            raise InvalidInput("A way of delivery needs a {name}.", path=[name], name=name)
    async with shop_transaction():
        with _naming(str(columns["code"])):
            method = await ShippingMethod.create(**{"carrier": "", **columns})
        await publish(ctx, ShippingMethodSaved(method.id))
    return method


async def update_method(
    ctx: Context, method_id: UUID, draft: MethodDraft, *, expected_version: int | None = None
) -> ShippingMethod:
    """Save what differs, and raise the version. Nothing changed, nothing announced.

    Raises `NoSuchMethod`, `MethodChanged`, `Refusals` and `MethodTaken`. `is_active=False` takes it out of use: orders
    that have it keep it.
    """
    async with shop_transaction():
        method = await _locked(method_id, expected_version)
        columns = draft.columns(method)
        changed = [name for name, value in columns.items() if getattr(method, name) != value]
        if changed:
            method.update_from_dict({name: columns[name] for name in changed})
            method.version += 1
            with _naming(method.code):
                await method.save(update_fields=[*changed, "version"])
            await publish(ctx, ShippingMethodSaved(method.id))
    return method


async def _locked(method_id: UUID, expected_version: int | None) -> ShippingMethod:
    method = await locked(ShippingMethod, method_id, NoSuchMethod("There is no such way of delivery.", path=["id"]))
    check_version(method, expected_version, MethodChanged, method.name)
    return method


class _naming:  # noqa: N801  # reads like the functions of contextlib
    """Say what the database refuses: a code in use, a location that is not there."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, IntegrityError):
            return
        if isinstance(error.args[0], asyncpg.ForeignKeyViolationError):
            raise InvalidInput("There is no such location.", path=["pickup_location_id"]) from None
        raise MethodTaken("There is a way of delivery {taken} already.", path=["code"], taken=self.code) from None


def _clean_code(code: str) -> str:
    slug = slugify(clean_line(code, what="code", limit=40), limit=40)
    if not slug:
        raise InvalidInput("The code has no letter and no digit in it.")
    return slug


def _clean_told(told: Mapping[str, Told], method: ShippingMethod) -> dict[str, Any]:
    translations, profile = dict(method.translations or {}), dict(method.profile or {})
    for i, (locale, each) in enumerate(told.items()):
        with blaming(i):
            if locale not in LOCALES:
                raise InvalidInput("{locale} is no language of the shop.", path=["locale"], locale=locale)
            if each.name is not None:
                translations[locale] = {"name": clean_line(each.name, what="name", limit=120)}
            points = {name: getattr(each, name) for name in ("pros", "cons") if getattr(each, name) is not None}
            kept = {name: _clean_points(name, given) for name, given in points.items()}
            profile[locale] = {"pros": [], "cons": [], **profile.get(locale, {}), **kept}
    return {"translations": translations, "profile": profile}


def _clean_points(name: str, given: Sequence[str]) -> list[str]:
    if len(given) > MAX_POINTS:
        raise InvalidInput("{count} points; {limit} are allowed.", path=[name], count=len(given), limit=MAX_POINTS)
    with blaming(name):
        return [clean_line(each, what="text", limit=80) for each in given]
