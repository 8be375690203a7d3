"""Define attributes: the characteristics that products of this shop can have, and of what type their values are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError

from stoa.domains.catalog.changing import SAME, _Same
from stoa.domains.catalog.errors import AttributeChanged, AttributeInUse, AttributeTaken, NoSuchAttribute
from stoa.domains.catalog.events import AttributeDefined, AttributeDeleted, AttributeEdited
from stoa.domains.catalog.merchandising.translating import NAME_LIMIT, clean_translations
from stoa.domains.catalog.models import Attribute, AttributeType, AttributeValue, Translations
from stoa.domains.catalog.touching import touch_where
from stoa.domains.catalog.variants import set_what_differs
from stoa.kit.checking import Problems, check_version, locked
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

MAX_ATTRIBUTES, MAX_CHOICES, VALUE_LIMIT, UNIT_LIMIT = 200, 500, 200, 20
_IN_USE = "SELECT text, count(*) AS products FROM attribute_value WHERE attribute_id = $1 AND text = ANY($2) GROUP BY 1"
_SEVERAL = """
SELECT count(*) AS products FROM (
  SELECT FROM attribute_value WHERE attribute_id = $1 GROUP BY product_id HAVING count(*) > 1) several
"""
_HAVING = "SELECT product_id FROM attribute_value WHERE attribute_id = $1"


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a CHOICE may have, and what it is called in other languages."""

    value: str
    translations: Translations = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AttributeDraft:
    key: str
    name: str
    type: AttributeType
    translations: Translations = field(default_factory=dict)
    unit: str = ""
    choices: Sequence[Choice] = ()
    is_facet: bool = True
    is_multiple: bool = False
    position: int = 0


@dataclass(frozen=True, slots=True)
class AttributeChanges:
    """Changes to an attribute; what is `SAME` stays."""

    name: str | _Same = SAME
    type: AttributeType | _Same = SAME
    translations: Translations | _Same = SAME
    unit: str | _Same = SAME
    choices: Sequence[Choice] | _Same = SAME
    is_facet: bool | _Same = SAME
    is_multiple: bool | _Same = SAME
    position: int | _Same = SAME


async def define_attribute(ctx: Context, draft: AttributeDraft) -> Attribute:
    """Define an attribute. Raises `Refusals` with everything that is wrong with it, and `AttributeTaken`."""
    columns = _checked(draft)
    if not Attribute.keys_among([draft.key]):
        sentence = "{key!r} is no key; one is made of small letters, digits and _, such as heel_height."
        raise InvalidInput(sentence, path=["key"], key=draft.key[:60])
    _check_choices(draft.type, columns["choices"])
    async with shop_transaction():
        if await Attribute.all().count() >= MAX_ATTRIBUTES:
            raise InvalidInput("A shop has at most {limit} attributes.", limit=MAX_ATTRIBUTES)
        try:
            attribute = await Attribute.create(key=draft.key, **columns)
        except IntegrityError:
            sentence = "There is an attribute with the key {taken} already."
            raise AttributeTaken(sentence, path=["key"], taken=draft.key) from None
        await publish(ctx, AttributeDefined(attribute.id, attribute.key))
    return attribute


async def update_attribute(
    ctx: Context, attribute_id: UUID, changes: AttributeChanges, *, expected_version: int | None = None
) -> Attribute:
    """Save the changes and raise the version.

    Raises `NoSuchAttribute`, `AttributeChanged`, and `AttributeInUse` when values of products would no longer fit:
    another type, a choice less that products have, one value where products have several.
    """
    columns = _checked(changes)
    async with shop_transaction():
        attribute = await _locked(attribute_id)
        check_version(attribute, expected_version, AttributeChanged, attribute.name)
        had = [each["value"] for each in attribute.choices]
        changed = set_what_differs(attribute, columns)
        if changed:
            _check_choices(attribute.type, attribute.choices)
            await _check_values(attribute, changed, had)
            attribute.version += 1
            await attribute.save(update_fields=[*changed, "version"])
            if "choices" in changed:
                await touch_where(_HAVING, attribute_id)
            await publish(ctx, AttributeEdited(attribute.id, tuple(changed)))
    return attribute


async def delete_attribute(ctx: Context, attribute_id: UUID, *, with_values: bool = False) -> None:
    """Take an attribute away. Raises `NoSuchAttribute`, and `AttributeInUse` unless its values may go with it."""
    async with shop_transaction():
        attribute = await _locked(attribute_id)
        values = await AttributeValue.filter(attribute_id=attribute_id).count()
        if values and not with_values:
            raise AttributeInUse(
                "Products have {values} values of {name}; say that they may go with it.",
                path=["id"],
                values=values,
                name=attribute.name,
            )
        await touch_where(_HAVING, attribute_id, leaving=True)
        await attribute.delete()
        await publish(ctx, AttributeDeleted(attribute_id, attribute.key, values))


def _checked(given: AttributeDraft | AttributeChanges) -> dict[str, Any]:
    """The columns as they will be stored. Raises `Refusals` with everything that is wrong."""
    problems, columns = Problems(), dict[str, Any]()
    named = {name: value for name in AttributeChanges.__slots__ if (value := getattr(given, name)) is not SAME}
    for name, value in named.items():
        match name:
            case "name":
                columns[name] = problems.tried(name, clean_line, value, what="name", limit=NAME_LIMIT)
            case "unit":
                columns[name] = problems.tried(name, clean_line, value, what="unit", limit=UNIT_LIMIT, required=False)
            case "translations":
                columns[name] = problems.tried(name, clean_translations, value)
            case "choices":
                columns[name] = problems.tried(name, _clean_choices, value)
            case _:
                columns[name] = value
    problems.refuse()
    return columns


def _clean_choices(choices: Sequence[Choice]) -> list[dict[str, Any]]:
    if len(choices) > MAX_CHOICES:
        raise InvalidInput("{count} choices; {limit} are allowed.", limit=MAX_CHOICES, count=len(choices))
    cleaned: list[dict[str, Any]] = []
    seen: set[str] = set()
    for i, each in enumerate(choices):
        with blaming(i):
            with blaming("value"):
                value = clean_line(each.value, what="value", limit=VALUE_LIMIT)
                if value.casefold() in seen:
                    raise InvalidInput("The choice {value} is named twice.", value=value)
            with blaming("translations"):
                cleaned.append({"value": value, "translations": clean_translations(each.translations)})
            seen.add(value.casefold())
    return cleaned


def _check_choices(type: AttributeType, choices: Sequence[dict[str, Any]]) -> None:
    if bool(choices) != (type is AttributeType.CHOICE):
        sentence = "A CHOICE needs choices." if type is AttributeType.CHOICE else "A {type} has no choices."
        raise InvalidInput(sentence, path=["choices"], type=type)


async def _check_values(attribute: Attribute, changed: list[str], had: Sequence[str]) -> None:
    """Whether what products have fits the attribute as it is to be."""
    if "type" in changed and (values := await AttributeValue.filter(attribute_id=attribute.id).count()):
        sentence = "Products have {values} values of {name}: its type cannot change any more."
        raise AttributeInUse(sentence, path=["type"], values=values, name=attribute.name)
    if "choices" in changed:
        await _check_removed(attribute, had)
    if "is_multiple" in changed and not attribute.is_multiple:
        [several] = await shop_client().execute_query_dict(_SEVERAL, [attribute.id])
        if several["products"]:
            sentence, products = "{products} products have several values of {name}.", several["products"]
            raise AttributeInUse(sentence, path=["is_multiple"], products=products, name=attribute.name)


async def _check_removed(attribute: Attribute, had: Sequence[str]) -> None:
    gone = set(had) - {each["value"] for each in attribute.choices}
    rows = await shop_client().execute_query_dict(_IN_USE, [attribute.id, sorted(gone)]) if gone else []
    if rows:
        row = min(rows, key=lambda row: str(row["text"]))
        raise AttributeInUse(
            "{products} products are {choice}: this choice cannot be taken away.",
            path=["choices"],
            choice=row["text"],
            products=row["products"],
        )


async def _locked(attribute_id: UUID) -> Attribute:
    return await locked(Attribute, attribute_id, NoSuchAttribute("There is no such attribute.", path=["id"]))
