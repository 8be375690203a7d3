"""Give products values of attributes: checked by type, kept in one normal form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from stoa.domains.catalog.errors import NoSuchAttribute, WrongValue
from stoa.domains.catalog.events import FieldChange, ProductAttributesSet
from stoa.domains.catalog.merchandising.attributes import VALUE_LIMIT
from stoa.domains.catalog.merchandising.rows import lock_products, results
from stoa.domains.catalog.models import Attribute, AttributeType
from stoa.domains.catalog.recalling import bounded, named_together
from stoa.domains.catalog.results import RowResult
from stoa.domains.catalog.touching import touch_all
from stoa.kit.encoding import as_json
from stoa.kit.errors import InvalidInput, Refusal, Refusals, blaming
from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

MAX_VALUES = 50  # of one attribute on one product
LARGEST = Decimal(10) ** 12
WORDS = {"true": "true", "yes": "true", "1": "true", "是": "true", "有": "true"}
WORDS |= {"false": "false", "no": "false", "0": "false", "否": "false", "无": "false"}
Value = tuple[str, Decimal | None]
_HELD = (
    "SELECT product_id, attribute_id, text FROM attribute_value WHERE product_id = ANY($1) AND attribute_id = ANY($2)"
)
_REMOVE = """
DELETE FROM attribute_value v USING jsonb_to_recordset($1::jsonb) AS old (product_id uuid, attribute_id uuid)
WHERE v.product_id = old.product_id AND v.attribute_id = old.attribute_id
"""
_INSERT = """
INSERT INTO attribute_value (id, product_id, attribute_id, text, number)
SELECT id, product_id, attribute_id, text, number
FROM jsonb_to_recordset($1::jsonb) AS new (id uuid, product_id uuid, attribute_id uuid, text text, number numeric)
"""


async def set_attributes(
    ctx: Context, product_ids: Sequence[UUID], values: Mapping[str, Sequence[str]]
) -> list[RowResult]:
    """Give the products these values of the attributes with these keys, in place of those they had; none takes them
    away. The same for all of them, in as many statements for one as for 250.

    Raises `NoSuchAttribute`, `WrongValue` and `InvalidInput` for values that no product could have.
    """
    async with shop_transaction():
        wanted = await checked_values(values)
        there = await lock_products(product_ids)
        changed = await _write(there, wanted)
        await touch_all(list(changed))
        await publish(ctx, *(_news(id, changes) for id, changes in changed.items()))
    return results(product_ids, changed, {}, there)


async def checked_values(values: Mapping[str, Sequence[str]]) -> dict[UUID, tuple[str, list[Value]]]:
    """By attribute: its key, and the values in their normal form. Raises `Refusals` with everything that is wrong."""
    return _checked(await _attributes(values), values) if values else {}


async def _attributes(values: Mapping[str, Sequence[str]]) -> dict[str, Attribute]:
    """Locked against being changed meanwhile, and not against others who give values."""
    statement = "SELECT * FROM attribute WHERE key = ANY($1) ORDER BY id FOR KEY SHARE"
    keys = Attribute.keys_among(values)
    await shop_client().execute_query(statement, [keys])
    return {each.key: each for each in await Attribute.filter(key__in=keys)}


def _checked(
    attributes: Mapping[str, Attribute], values: Mapping[str, Sequence[str]]
) -> dict[UUID, tuple[str, list[Value]]]:
    """By attribute. Raises `Refusals` with everything that is wrong."""
    problems, wanted = list[Refusal](), dict[UUID, tuple[str, list[Value]]]()
    for i, (key, texts) in enumerate(values.items()):
        attribute = attributes.get(key)
        try:
            if attribute is None:
                raise NoSuchAttribute("There is no attribute with the key {key!r}.", path=["key"], key=key[:60])
            with blaming("values"):
                wanted[attribute.id] = (key, read_values(attribute, texts))
        except Refusal as refusal:
            problems.append(refusal.under("values", i))
    if problems:
        raise Refusals(problems)
    return wanted


def read_values(attribute: Attribute, texts: Sequence[str]) -> list[Value]:
    """The values in their normal form, each once. Raises `WrongValue` and `InvalidInput`."""
    most = MAX_VALUES if attribute.is_multiple else 1
    if len(texts) > most:
        raise WrongValue(
            "{count} values of {name}; a product has at most {limit}.",
            limit=most,
            count=len(texts),
            name=attribute.name,
        )
    found: dict[str, Value] = {}
    for i, text in enumerate(texts):
        with blaming(i):
            value = read_value(attribute, text)
            found[value[0]] = value
    return list(found.values())


def read_value(attribute: Attribute, text: str) -> Value:
    """One value in its normal form, and as a number if it is one. Raises `WrongValue` and `InvalidInput`."""
    line = clean_line(text, what="value", limit=VALUE_LIMIT)
    match attribute.type:
        case AttributeType.NUMBER:
            return _number(attribute, line)
        case AttributeType.BOOLEAN:
            return _word(attribute, line), None
        case AttributeType.DATE:
            return _date(attribute, line), None
        case AttributeType.CHOICE:
            return _choice(attribute, line), None
        case AttributeType.TEXT:
            return line, None


def _number(attribute: Attribute, line: str) -> Value:
    try:
        number = Decimal(line)
    except InvalidOperation:
        raise _wrong(attribute, line, Sentence("a number such as 12.5")) from None
    if not number.is_finite() or abs(number) >= LARGEST or number != round(number, 6):
        raise _wrong(attribute, line, Sentence("a number below a trillion with at most 6 decimals"))
    plain = format(number.normalize(), "f")
    return ("0" if number == 0 else plain), number


def _word(attribute: Attribute, line: str) -> str:
    word = WORDS.get(line.casefold())
    if word is None:
        raise _wrong(attribute, line, Sentence("true or false"))
    return word


def _date(attribute: Attribute, line: str) -> str:
    try:
        return date.fromisoformat(line).isoformat()
    except ValueError:
        raise _wrong(attribute, line, Sentence("a date such as 2026-11-22")) from None


def _choice(attribute: Attribute, line: str) -> str:
    """By its value or its name in any language, upper and lower case alike."""
    key = line.casefold()
    for choice in attribute.choices:
        names = [choice["value"], *(each.get("name", "") for each in choice["translations"].values())]
        if key in {name.casefold() for name in names}:
            return str(choice["value"])
    offered = ", ".join(each["value"] for each in attribute.choices[:10])
    more = ", ..." if len(attribute.choices) > 10 else ""
    raise _wrong(attribute, line, Sentence("one of {offered}{more}", {"offered": offered, "more": more}))


def _wrong(attribute: Attribute, line: str, needed: Sentence) -> InvalidInput:
    return WrongValue(
        "{name} cannot be {line!r}: it must be {needed}.", needed=needed, name=attribute.name, line=line[:60]
    )


def _news(product_id: UUID, changes: Sequence[tuple[str, set[str], list[Value]]]) -> ProductAttributesSet:
    told = [
        FieldChange(f"attributes.{key}", named_together(sorted(before)), named_together([text for text, _ in after]))
        for key, before, after in changes
    ]
    return ProductAttributesSet(product_id, tuple(key for key, _, _ in changes), bounded(told))


async def _write(
    product_ids: Sequence[UUID], wanted: Mapping[UUID, tuple[str, list[Value]]]
) -> dict[UUID, list[tuple[str, set[str], list[Value]]]]:
    """Only what differs; tells which products changed in which keys, from what to what."""
    rows = await shop_client().execute_query_dict(_HELD, [list(product_ids), list(wanted)])
    held: dict[tuple[UUID, UUID], set[str]] = defaultdict(set)
    for row in rows:
        held[row["product_id"], row["attribute_id"]].add(row["text"])
    changed = defaultdict[UUID, list[tuple[str, set[str], list[Value]]]](list)
    old, new = list[dict[str, Any]](), list[dict[str, Any]]()
    for product_id in product_ids:
        for attribute_id, (key, values) in wanted.items():
            if held[product_id, attribute_id] != {text for text, _ in values}:
                changed[product_id].append((key, held[product_id, attribute_id], values))
                pair = {"product_id": product_id, "attribute_id": attribute_id}
                old.append(pair)
                new += [pair | {"id": new_id(), "text": text, "number": number} for text, number in values]
    if old:
        await shop_client().execute_query(_REMOVE, [as_json(old)])
        await shop_client().execute_query(_INSERT, [as_json(new)])
    return changed
