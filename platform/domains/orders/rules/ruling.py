"""The conditions of a rule: what an order must be like to meet it, checked, and said in SQL.

The same SQL is asked of one order when it comes in and of all the past ones when a rule is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from stoa.domains.catalog import belonging
from stoa.domains.orders.models import PaymentState
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.ids import type_id
from stoa.kit.money import parse_money
from stoa.kit.text import clean_line, escape_like
from stoa.tenants.context import Context

MAX_CONDITIONS = 20


class About(StrEnum):
    CHANNEL = "CHANNEL"
    TOTAL = "TOTAL"
    PIECES = "PIECES"
    SKU = "SKU"
    PRODUCT_TAG = "PRODUCT_TAG"
    CATEGORY = "CATEGORY"
    COUNTRY = "COUNTRY"
    PROVINCE = "PROVINCE"
    CUSTOMER = "CUSTOMER"
    EARLIER_ORDERS = "EARLIER_ORDERS"
    BUYER_NOTE = "BUYER_NOTE"
    PAYMENT_STATE = "PAYMENT_STATE"
    SHIPPING_METHOD = "SHIPPING_METHOD"
    HOUR = "HOUR"
    DAY = "DAY"
    CHECK = "CHECK"
    ORDER_TAG = "ORDER_TAG"
    GOODS = "GOODS"


class Relation(StrEnum):
    IS = "IS"
    IS_NOT = "IS_NOT"
    CONTAINS = "CONTAINS"
    STARTS_WITH = "STARTS_WITH"
    AT_LEAST = "AT_LEAST"
    AT_MOST = "AT_MOST"


DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
CUSTOMERS = ("GUEST", "NEW", "KNOWN")
GOODS = ("DIGITAL", "PHYSICAL", "MIXED")


@dataclass(frozen=True, slots=True)
class Condition:
    """`value` as people write it: an amount, a number, a code, a name, an id of a category, a word of a list."""

    about: About
    relation: Relation
    value: str

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Condition:
        return cls(About(kept["about"]), Relation(kept["relation"]), kept["value"])

    def as_kept(self) -> dict[str, Any]:
        return asdict(self)


_EQUALS = (Relation.IS, Relation.IS_NOT)
_TEXTS = (*_EQUALS, Relation.CONTAINS, Relation.STARTS_WITH)
_ORDERED = (Relation.AT_LEAST, Relation.AT_MOST)
ALLOWED: dict[About, tuple[Relation, ...]] = {
    About.CHANNEL: _EQUALS,
    About.TOTAL: _ORDERED,
    About.PIECES: _ORDERED,
    About.SKU: (*_EQUALS, Relation.STARTS_WITH),
    About.PRODUCT_TAG: _EQUALS,
    About.CATEGORY: _EQUALS,
    About.COUNTRY: _EQUALS,
    About.PROVINCE: _TEXTS,
    About.CUSTOMER: _EQUALS,
    About.EARLIER_ORDERS: _ORDERED,
    About.BUYER_NOTE: (Relation.CONTAINS,),
    About.PAYMENT_STATE: _EQUALS,
    About.SHIPPING_METHOD: _EQUALS,
    About.HOUR: _ORDERED,
    About.DAY: _EQUALS,
    About.CHECK: _EQUALS,
    About.ORDER_TAG: _EQUALS,
    About.GOODS: _EQUALS,
}
# `o` is the order. {value} is the condition's value, {sign} its comparison, {zone} the shop's time zone.
_SOME_LINE = "EXISTS (SELECT FROM order_line l WHERE l.order_id = o.id AND {met})"
_LOCAL = "(o.placed_at AT TIME ZONE {zone}::text)"
# An earlier one of the same customer, whatever became of it.
_EARLIER = """FROM sales_order e WHERE e.customer_id = o.customer_id AND e.id <> o.id
  AND (e.placed_at, e.id) < (o.placed_at, o.id)"""
_SQL: dict[About, str] = {
    About.CHANNEL: "o.channel = {value}::text",
    About.TOTAL: "o.total_minor {sign} {value}::bigint",
    About.PIECES: "(SELECT coalesce(sum(l.quantity - l.cancelled), 0) FROM order_line l WHERE l.order_id = o.id)"
    " {sign} {value}::bigint",
    About.SKU: _SOME_LINE.replace("{met}", "l.sku LIKE {value}::text"),
    About.PRODUCT_TAG: _SOME_LINE.replace("{met}", belonging.TAGGED.replace("{variant}", "l.variant_id")),
    About.CATEGORY: _SOME_LINE.replace("{met}", belonging.IN_CATEGORY.replace("{variant}", "l.variant_id")),
    About.COUNTRY: "o.shipping_address ->> 'country' = {value}::text",
    About.PROVINCE: "lower(o.shipping_address ->> 'province') LIKE {value}::text",
    About.CUSTOMER: f"""CASE WHEN o.customer_id IS NULL THEN 'GUEST' WHEN EXISTS (SELECT {_EARLIER}) THEN 'KNOWN'
  ELSE 'NEW' END = {{value}}::text""",
    About.EARLIER_ORDERS: f"(SELECT count(*) {_EARLIER}) {{sign}} {{value}}::bigint",
    About.BUYER_NOTE: "lower(o.buyer_note) LIKE {value}::text",
    About.PAYMENT_STATE: "o.payment_state = {value}::text",
    About.SHIPPING_METHOD: "EXISTS (SELECT FROM shipping_method m WHERE m.id = o.shipping_method_id"
    " AND m.code = {value}::text)",
    About.HOUR: f"extract(hour FROM {_LOCAL}) {{sign}} {{value}}::int",
    About.DAY: f"extract(isodow FROM {_LOCAL}) = {{value}}::int",
    About.CHECK: "o.checks @> jsonb_build_array(jsonb_build_object('code', {value}::text))",
    About.ORDER_TAG: "o.tags ? {value}::text",
    About.GOODS: """(SELECT CASE WHEN bool_and(l.requires_shipping) THEN 'PHYSICAL'
  WHEN bool_or(l.requires_shipping) THEN 'MIXED' ELSE 'DIGITAL' END
  FROM order_line l WHERE l.order_id = o.id) = {value}::text""",
}
_SIGNS = {Relation.AT_LEAST: ">=", Relation.AT_MOST: "<="}


def shown_value(about: About, value: str) -> str:
    """The value as people wrote it."""
    return type_id("cat", UUID(value)) if about is About.CATEGORY else value


async def checked_conditions(ctx: Context, conditions: Sequence[Condition]) -> list[Condition]:
    """As they are kept; none means every order. Raises `InvalidInput`, `NoSuchCategory` that blame a condition."""
    if len(conditions) > MAX_CONDITIONS:
        sentence = "{count} conditions; {limit} are allowed."
        raise InvalidInput(sentence, path=["conditions"], count=len(conditions), limit=MAX_CONDITIONS)
    kept = []
    for i, each in enumerate(conditions):
        with blaming("conditions", i):
            kept.append(await _checked(ctx, each))
    return kept


async def _checked(ctx: Context, condition: Condition) -> Condition:
    about, relation = condition.about, condition.relation
    if relation not in ALLOWED[about]:
        raise InvalidInput(
            "{about} knows {allowed}, but not {relation}.",
            path=["relation"],
            about=about,
            allowed=", ".join(ALLOWED[about]),
            relation=relation,
        )
    with blaming("value"):
        value = clean_line(condition.value, what="value", limit=200)
        if about is About.CATEGORY:
            return Condition(about, relation, str(await belonging.category_named(value)))
        return Condition(about, relation, _READ.get(about, _as_is)(ctx, value))


def _as_is(ctx: Context, value: str) -> str:
    return value


def _amount(ctx: Context, value: str) -> str:
    return parse_money(value, ctx.shop.currency).amount


def _whole(ctx: Context, value: str) -> str:
    if not (value.isascii() and value.isdecimal()) or len(value) > 12:
        raise InvalidInput("{value!r} is not a whole number.", value=value[:60])
    return str(int(value))


def _hour(ctx: Context, value: str) -> str:
    hour = _whole(ctx, value)
    if int(hour) > 23:
        raise InvalidInput("{value!r} is not an hour of the day, from 0 to 23.", value=value[:60])
    return hour


def _word_of(words: Sequence[str]) -> Callable[[Context, str], str]:
    def read(ctx: Context, value: str) -> str:
        if value.upper() not in words:
            raise InvalidInput("{value!r} is none of {words}.", value=value[:60], words=", ".join(words))
        return value.upper()

    return read


_READ: dict[About, Callable[[Context, str], str]] = {
    About.TOTAL: _amount,
    About.PIECES: _whole,
    About.EARLIER_ORDERS: _whole,
    About.PRODUCT_TAG: lambda ctx, value: belonging.tag_key(value),
    About.COUNTRY: lambda ctx, value: value.upper(),
    About.CUSTOMER: _word_of(CUSTOMERS),
    About.PAYMENT_STATE: _word_of(tuple(PaymentState)),
    About.HOUR: _hour,
    About.DAY: _word_of(DAYS),
    About.GOODS: _word_of(GOODS),
}


def conditions_sql(ctx: Context, conditions: Sequence[Condition], values: list[Any]) -> str:
    """What they say, all of them, about the order `o`; appends to `values` the parameters that it has."""
    return " AND ".join(_condition_sql(ctx, each, values) for each in conditions) or "TRUE"


def _condition_sql(ctx: Context, condition: Condition, values: list[Any]) -> str:
    template = _SQL[condition.about]
    named = {"value": _numbered(_parameter(ctx, condition), values), "sign": _SIGNS.get(condition.relation, "=")}
    if "{zone}" in template:
        named["zone"] = _numbered(ctx.shop.time_zone, values)
    said = template.format(**named)
    return f"(({said}) IS NOT TRUE)" if condition.relation is Relation.IS_NOT else f"(({said}) IS TRUE)"


def _numbered(value: Any, values: list[Any]) -> str:
    values.append(value)
    return f"${len(values)}"


def _parameter(ctx: Context, condition: Condition) -> Any:
    value = condition.value
    match condition.about:
        case About.TOTAL:
            return parse_money(value, ctx.shop.currency).minor
        case About.PIECES | About.EARLIER_ORDERS | About.HOUR:
            return int(value)
        case About.DAY:
            return DAYS.index(value) + 1
        case About.CATEGORY:
            return UUID(value)
        case About.SKU:
            return _pattern(condition.relation, value)
        case About.PROVINCE | About.BUYER_NOTE:
            return _pattern(condition.relation, value.lower())
    return value


def _pattern(relation: Relation, text: str) -> str:
    before = "%" if relation is Relation.CONTAINS else ""
    after = "" if relation in _EQUALS else "%"
    return before + escape_like(text) + after
