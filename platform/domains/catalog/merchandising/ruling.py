"""The rules of a collection: what a product must be like to stand in it, checked, and said in SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from stoa.domains.catalog.errors import NoSuchAttribute, NoSuchCategory
from stoa.domains.catalog.merchandising.tagging import clean_name
from stoa.domains.catalog.merchandising.valuing import read_value
from stoa.domains.catalog.models import Attribute, AttributeType, Category
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.ids import parse_type_id
from stoa.kit.money import parse_money
from stoa.kit.text import clean_line, escape_like, searchable
from stoa.tenants.context import Context

MAX_CONDITIONS = 20


class Match(StrEnum):
    ALL = "ALL"
    ANY = "ANY"


class About(StrEnum):
    TITLE = "TITLE"
    VENDOR = "VENDOR"
    PRICE = "PRICE"
    CATEGORY = "CATEGORY"
    TAG = "TAG"
    ATTRIBUTE = "ATTRIBUTE"
    STOCK = "STOCK"
    CREATED = "CREATED"


class Relation(StrEnum):
    IS = "IS"
    IS_NOT = "IS_NOT"
    CONTAINS = "CONTAINS"
    STARTS_WITH = "STARTS_WITH"
    AT_LEAST = "AT_LEAST"
    AT_MOST = "AT_MOST"


@dataclass(frozen=True, slots=True)
class Condition:
    """One rule. `value` as people write it: an amount for a price, an id for a category, a name for a tag, a number for
    stock (available, at all locations), a moment for when it was created. `key` is the attribute's."""

    about: About
    relation: Relation
    value: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    match: Match
    conditions: Sequence[Condition]

    def as_kept(self) -> dict[str, Any]:
        return {"match": self.match.value, "conditions": [asdict(each) for each in self.conditions]}

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Rules:
        conditions = [
            Condition(About(each["about"]), Relation(each["relation"]), each["value"], each["key"])
            for each in kept["conditions"]
        ]
        return cls(Match(kept["match"]), conditions)


# `p` is the product. {sign} is the comparison, $1 and so on the values, which are renumbered.
_EQUALS = (Relation.IS, Relation.IS_NOT)
_TEXTS = (*_EQUALS, Relation.CONTAINS, Relation.STARTS_WITH)
_ORDERED = (Relation.AT_LEAST, Relation.AT_MOST)
ALLOWED: dict[About, tuple[Relation, ...]] = {
    About.TITLE: _TEXTS,
    About.VENDOR: _TEXTS,
    About.PRICE: _ORDERED,
    About.CATEGORY: _EQUALS,
    About.TAG: _EQUALS,
    About.ATTRIBUTE: (*_EQUALS, *_ORDERED),
    About.STOCK: _ORDERED,
    About.CREATED: _ORDERED,
}
_SUBTREE = """p.category_id IN (WITH RECURSIVE inside AS (
  SELECT id FROM category WHERE id = {0}::uuid
  UNION SELECT c.id FROM category c JOIN inside ON c.parent_id = inside.id) SELECT id FROM inside)"""
_TAGGED = """EXISTS (SELECT FROM product_tag pt JOIN tag t ON t.id = pt.tag_id
  WHERE pt.product_id = p.id AND t.name_key = {0}::text)"""
_PRICED = """EXISTS (SELECT FROM variant v WHERE v.product_id = p.id AND v.currency = {1}::text
  AND v.price_minor {sign} {0}::bigint)"""
_AVAILABLE = """(SELECT coalesce(sum(s.on_hand - s.reserved - s.damaged - s.held), 0) FROM variant v
  JOIN stock s ON s.variant_id = v.id WHERE v.product_id = p.id) {sign} {0}::bigint"""
_VALUED = """EXISTS (SELECT FROM attribute_value v JOIN attribute a ON a.id = v.attribute_id
  WHERE v.product_id = p.id AND a.key = {1}::text AND v.text {sign} {0}::text)"""
_NUMBERED = """EXISTS (SELECT FROM attribute_value v JOIN attribute a ON a.id = v.attribute_id
  WHERE v.product_id = p.id AND a.key = {1}::text AND v.number {sign} ({0}::text)::numeric)"""
# The title is the first line of the search text, behind which the index stands; there case and width do not matter.
_TITLED = "split_part(p.search_text, E'\\n', 1) LIKE {0}::text AND p.search_text LIKE {1}::text"
_SIGNS = {Relation.AT_LEAST: ">=", Relation.AT_MOST: "<="}


async def checked_rules(ctx: Context, rules: Rules) -> Rules:
    """The rules as they are kept. Raises `InvalidInput`, `NoSuchCategory`, `NoSuchAttribute` that blame a condition."""
    if not 0 < len(rules.conditions) <= MAX_CONDITIONS:
        raise InvalidInput(
            "{count} conditions; 1 to {limit} are allowed.",
            path=["conditions"],
            limit=MAX_CONDITIONS,
            count=len(rules.conditions),
        )
    kept = []
    for i, each in enumerate(rules.conditions):
        with blaming("conditions", i):
            kept.append(await _checked(ctx, each))
    return Rules(rules.match, kept)


async def _checked(ctx: Context, condition: Condition) -> Condition:
    about, relation = condition.about, condition.relation
    if relation not in ALLOWED[about]:
        allowed = ", ".join(ALLOWED[about])
        raise InvalidInput(
            "{about} knows {allowed}, but not {relation}.",
            path=["relation"],
            about=about,
            allowed=allowed,
            relation=relation,
        )
    if about is About.ATTRIBUTE:
        return await _checked_attribute(condition)
    with blaming("value"):
        value = clean_line(condition.value, what="value", limit=255)
        if about is About.CATEGORY:
            category_id = parse_type_id(value, "cat")
            if not await Category.exists(id=category_id):
                raise NoSuchCategory("There is no such category.")
            return Condition(about, relation, str(category_id))
        return Condition(about, relation, _READ[about](ctx, value))


async def _checked_attribute(condition: Condition) -> Condition:
    attribute = await Attribute.get_or_none(key__in=Attribute.keys_among([condition.key]))
    if attribute is None:
        raise NoSuchAttribute("There is no attribute with the key {key!r}.", path=["key"], key=condition.key[:60])
    if condition.relation in _ORDERED and attribute.type not in (AttributeType.NUMBER, AttributeType.DATE):
        raise InvalidInput("{name} is neither a number nor a date.", path=["relation"], name=attribute.name)
    with blaming("value"):
        text, _ = read_value(attribute, condition.value)
    return Condition(condition.about, condition.relation, text, attribute.key)


def _amount(ctx: Context, value: str) -> str:
    return parse_money(value, ctx.shop.currency).amount


def _whole(ctx: Context, value: str) -> str:
    if not value.removeprefix("-").isdecimal() or len(value) > 12:
        raise InvalidInput("{value!r} is not a whole number.", value=value[:60])
    return str(int(value))


def _moment(ctx: Context, value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidInput("{value!r} is not a moment; write it like 2026-11-22T00:00:00Z.", value=value[:60])
    return moment.isoformat()


_READ: dict[About, Callable[[Context, str], str]] = {
    About.TITLE: lambda ctx, value: value,
    About.VENDOR: lambda ctx, value: value,
    About.TAG: lambda ctx, value: clean_name(value)[1],
    About.PRICE: _amount,
    About.STOCK: _whole,
    About.CREATED: _moment,
}


def rules_sql(ctx: Context, rules: Rules, types: dict[str, AttributeType], values: list[Any]) -> str:
    """What the rules say about the product `p`; appends to `values` the parameters that it has."""
    word = " AND " if rules.match is Match.ALL else " OR "
    return "(" + word.join(_condition_sql(ctx, each, types, values) for each in rules.conditions) + ")"


def _condition_sql(ctx: Context, condition: Condition, types: dict[str, AttributeType], values: list[Any]) -> str:
    template, parameters = _said(ctx, condition, types)
    numbers = []
    for each in parameters:
        values.append(each)
        numbers.append(f"${len(values)}")
    said = template.format(*numbers, sign=_SIGNS.get(condition.relation, "="))
    return f"({said}) IS NOT TRUE" if condition.relation is Relation.IS_NOT else f"({said})"


def _said(ctx: Context, condition: Condition, types: dict[str, AttributeType]) -> tuple[str, list[Any]]:
    value = condition.value
    match condition.about:
        case About.TITLE:
            pattern = _pattern(condition.relation, searchable(value))
            return _TITLED, [pattern, f"%{escape_like(searchable(value))}%"]
        case About.VENDOR:
            return "lower(p.vendor) LIKE {0}::text", [_pattern(condition.relation, value.lower())]
        case About.PRICE:
            return _PRICED, [parse_money(value, ctx.shop.currency).minor, ctx.shop.currency]
        case About.CATEGORY:
            return _SUBTREE, [UUID(value)]
        case About.TAG:
            return _TAGGED, [value]
        case About.ATTRIBUTE:
            is_number = types.get(condition.key) is AttributeType.NUMBER and condition.relation in _ORDERED
            return (_NUMBERED if is_number else _VALUED), [value, condition.key]
        case About.STOCK:
            return _AVAILABLE, [int(value)]
        case About.CREATED:
            return "p.created_at {sign} {0}::timestamptz", [datetime.fromisoformat(value)]


def _pattern(relation: Relation, text: str) -> str:
    before = "%" if relation is Relation.CONTAINS else ""
    after = "" if relation in _EQUALS else "%"
    return before + escape_like(text) + after
