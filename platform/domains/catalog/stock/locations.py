"""The places where stock lies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import asyncpg
from tortoise.exceptions import IntegrityError

from stoa.domains.catalog.changing import SAME, Same
from stoa.domains.catalog.errors import LocationChanged, LocationClosed, LocationInUse, LocationTaken, NoSuchLocation
from stoa.domains.catalog.events import LocationCreated, LocationEdited
from stoa.domains.catalog.models import Location, Translations
from stoa.kit.checking import Problems, check_version, locked
from stoa.kit.errors import InvalidInput
from stoa.kit.languages import LOCALES, Sentence, joined
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

NAME_LIMIT = 120
ADDRESS = {
    "recipient": Sentence("recipient"),
    "line1": Sentence("first line of the address"),
    "line2": Sentence("second line of the address"),
    "district": Sentence("district"),
    "city": Sentence("city"),
    "region": Sentence("region"),
    "postal_code": Sentence("postal code"),
    "country": Sentence("country"),
    "phone": Sentence("telephone number"),
}

_IN_THE_WAY = """
SELECT
  (SELECT count(*) FROM stock WHERE location_id = $1
    AND (on_hand, reserved, damaged, held, incoming) <> (0, 0, 0, 0, 0)) AS stock,
  (SELECT count(*) FROM transfer WHERE state = 'IN_TRANSIT' AND $1 IN (origin_id, destination_id)) AS transfers,
  (SELECT count(*) FROM stock_count WHERE state = 'OPEN' AND location_id = $1) AS counts,
  (SELECT count(*) FROM purchase_order WHERE state IN ('DRAFT', 'ORDERED', 'PART_RECEIVED') AND location_id = $1)
    AS purchases
"""


@dataclass(frozen=True, slots=True)
class LocationChanges:
    """What is `SAME` stays. Translations and address are given whole."""

    name: str | Same = SAME
    translations: Translations | Same = SAME
    address: dict[str, Any] | Same = SAME
    position: int | Same = SAME
    is_active: bool | Same = SAME

    def checked(self) -> LocationChanges:
        """The changes as they will be stored. Raises `Refusals` with everything that is wrong."""
        problems = Problems()
        checked = replace(
            self,
            name=_tried(problems, "name", self.name),
            translations=_tried(problems, "translations", self.translations),
            address=_tried(problems, "address", self.address),
        )
        if isinstance(self.position, int) and not -(2**31) <= self.position < 2**31:
            problems.append(InvalidInput("{position} is no position.", path=["position"], position=self.position))
        problems.refuse()
        return checked

    @property
    def columns(self) -> dict[str, Any]:
        named = {name: getattr(self, name) for name in self.__slots__}
        columns = {name: value for name, value in named.items() if value is not SAME}
        return columns | ({"name_key": columns["name"].casefold()} if "name" in columns else {})


def _tried(problems: Problems, name: str, value: Any) -> Any:
    return value if value is SAME else problems.tried(name, _CLEAN[name], value)


def _clean_name(name: str) -> str:
    cleaned = clean_line(name, what="name", limit=NAME_LIMIT)
    clean_line(cleaned.casefold(), what="name in small letters", limit=NAME_LIMIT)
    return cleaned


def _clean_translations(given: Translations) -> Translations:
    unknown = sorted(given.keys() - set(LOCALES))
    if unknown:
        raise InvalidInput(
            "There is no language {unknown!r:.20}; there are {locales}.",
            unknown=unknown[0],
            locales=", ".join(LOCALES),
        )
    return {locale: {"name": _clean_name(texts.get("name", ""))} for locale, texts in given.items()}


def _clean_address(given: dict[str, Any]) -> dict[str, Any]:
    lines = {name: clean_line(given.get(name) or "", what=ADDRESS[name], limit=200, required=False) for name in ADDRESS}
    return {name: line for name, line in lines.items() if line}


_CLEAN: dict[str, Callable[[Any], Any]] = {
    "name": _clean_name,
    "translations": _clean_translations,
    "address": _clean_address,
}


async def location_exists(ctx: Context, location_id: UUID) -> bool:
    """Whether it is one of this shop's."""
    return await Location.exists(id=location_id)


async def create_location(ctx: Context, changes: LocationChanges) -> Location:
    """Open a place for stock. Raises `Refusals` for what is wrong with the input, and `LocationTaken`."""
    changes = changes.checked()
    if changes.name is SAME:
        raise InvalidInput("A location needs a name.", path=["name"])
    async with shop_transaction():
        try:
            location = await Location.create(**changes.columns)
        except IntegrityError:
            raise _taken(str(changes.name)) from None
        await publish(ctx, LocationCreated(location.id))
    return location


async def update_location(
    ctx: Context, location_id: UUID, changes: LocationChanges, *, expected_version: int | None = None
) -> Location:
    """Save the changes and raise the version. Nothing changed, nothing announced.

    Raises `NoSuchLocation`, `LocationChanged`, `LocationTaken`, and `LocationInUse` when it is to be closed and stock
    or open work is in the way.
    """
    changes = changes.checked()
    async with shop_transaction():
        location = await _locked(location_id, expected_version)
        if changes.is_active is False and location.is_active:
            await _check_closing(location)
        changed = [name for name, value in changes.columns.items() if getattr(location, name) != value]
        if changed:
            location.update_from_dict(changes.columns)
            await _save(location, changed)
            await publish(ctx, LocationEdited(location.id, tuple(each for each in changed if each != "name_key")))
    return location


async def set_main_location(ctx: Context, location_id: UUID) -> Location:
    """Make it the one that is meant where none is named. Twice changes nothing.

    Raises `NoSuchLocation`, and `LocationClosed` when it is not active.
    """
    async with shop_transaction():
        # all of them: two who choose another main one at the same time do so one after the other
        await Location.all().order_by("id").select_for_update()
        location = await _locked(location_id, None)
        if not location.is_active:
            raise LocationClosed("{name} is not active.", path=["id"], name=location.name)
        if not location.is_main:
            await Location.filter(is_main=True).update(is_main=False)
            location.is_main = True
            await _save(location, ["is_main"])
            await publish(ctx, LocationEdited(location.id, ("is_main",)))
    return location


async def _locked(location_id: UUID, expected_version: int | None) -> Location:
    location = await locked(Location, location_id, NoSuchLocation("There is no such location.", path=["id"]))
    check_version(location, expected_version, LocationChanged, location.name)
    return location


async def _check_closing(location: Location) -> None:
    # whoever moves stock there has ended before this, or is refused by the trigger of the movements afterwards
    await shop_client().execute_query("SELECT FROM stock WHERE location_id = $1 ORDER BY id FOR UPDATE", [location.id])
    [found] = await shop_client().execute_query_dict(_IN_THE_WAY, [location.id])
    parts = [Sentence("it is the main location")] if location.is_main else []
    for name, words in (
        ("stock", Sentence("{n} variants have stock there")),
        ("transfers", Sentence("{n} transfers are under way")),
        ("counts", Sentence("{n} counts are open")),
        ("purchases", Sentence("{n} purchase orders are to arrive there")),
    ):
        parts += [words.filled(n=found[name])] if found[name] else []
    if parts:
        raise LocationInUse(
            "{name} cannot be closed: {reasons}.",
            path=["is_active"],
            name=location.name,
            reasons=joined(parts),
            **{name: count for name, count in found.items() if count},
        )


async def _save(location: Location, changed: list[str]) -> None:
    location.version += 1
    try:
        await location.save(update_fields=[*changed, "version"])
    except IntegrityError as error:
        if isinstance(error.args[0], asyncpg.UniqueViolationError):
            raise _taken(location.name) from None
        raise


def _taken(name: str) -> LocationTaken:
    return LocationTaken("There is a location named {taken} already.", path=["name"], taken=name)
