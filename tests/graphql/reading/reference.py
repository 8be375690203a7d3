"""What GraphQL must answer about a world: graphql-core over the printed schema, with resolvers as naive as can be.

It shares nothing with the planner but the SDL: lists are Python lists, filtered, sorted and cut in Python.
"""

from __future__ import annotations

import base64
import json
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cmp_to_key
from typing import Any
from uuid import UUID

from graphql import GraphQLField, GraphQLObjectType, build_schema, execute_sync, parse, validate

from stoa.kit.money import Money, parse_money
from tests.graphql.reading.worlds import Category, Product, Row, Variant, World

Terms = Sequence[tuple[str, bool]]  # name in cursors, whether it runs downwards

KEYS: dict[str, Callable[[Any], Any]] = {
    "id": lambda row: row.key,
    "title": lambda row: row.title,
    "created_at": lambda row: row.createdAt,
    "updated_at": lambda row: row.updatedAt,
    "position": lambda row: row.position,
    "product_id": lambda row: row.product.key,
    "name_key": lambda row: row.name_key,
}
DEFAULT_ORDERS: dict[str, Terms] = {
    "Query.products": (),
    "Query.variants": (("product_id", False), ("position", False)),
    "Query.categories": (("name_key", False),),
    "Category.children": (),
    "Category.products": (),
    "Product.variants": (("position", False),),
    "Product.images": (("position", False),),
}
LISTS: dict[str, Callable[[Any], Sequence[Row]]] = {
    name: (lambda owner, attribute=name.partition(".")[2]: getattr(owner, attribute)) for name in DEFAULT_ORDERS
}


class Reference:
    """Answers documents about a world."""

    def __init__(self, sdl: str) -> None:
        self.schema = build_schema(sdl)
        for name in DEFAULT_ORDERS:
            self._list(name)
        for name, kind in (("product", Product), ("variant", Variant), ("category", Category)):
            self._field("Query", name).resolve = lambda world, info, id, kind=kind: find(world, id, kind)
        self._field("Query", "node").resolve = lambda world, info, id: find(world, id, Row)
        self._field("Query", "nodes").resolve = lambda world, info, ids: [find(world, id, Row) for id in ids]
        self.schema.type_map["Node"].resolve_type = lambda row, info, kind: type(row).__name__  # type: ignore[attr-defined]
        self.schema.type_map["DateTime"].serialize = shown_moment  # type: ignore[attr-defined]
        self.schema.type_map["DateTime"].coerce_output_value = shown_moment  # type: ignore[attr-defined]

    def answer(self, world: World, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        document = parse(query)
        assert validate(self.schema, document) == []
        result = execute_sync(self.schema, document, root_value=world, variable_values=variables)
        return {"data": result.data, "errors": [(error.message, error.path) for error in result.errors or ()]}

    def _field(self, type_name: str, name: str) -> GraphQLField:
        kind = self.schema.type_map[type_name]
        assert isinstance(kind, GraphQLObjectType)
        return kind.fields[name]

    def _list(self, full_name: str) -> None:
        type_name, _, name = full_name.partition(".")
        field = self._field(type_name, name)
        element = str(field.type).removesuffix("!").removesuffix("Connection")

        def resolve(owner: Any, info: Any, **arguments: Any) -> dict[str, Any]:
            return page(element, LISTS[full_name](owner), DEFAULT_ORDERS[full_name], arguments)

        field.resolve = resolve


def find(world: World, id: str, kind: type[Row]) -> Row | None:
    return next((row for row in world.rows if row.id == id and isinstance(row, kind)), None)


# Lists ----------------------------------------------------------------------------------------------------------------


def page(element: str, rows: Sequence[Row], default: Terms, arguments: dict[str, Any]) -> dict[str, Any]:
    terms = order_of(default, arguments.get("orderBy"))
    met = [row for row in rows if matches(row, arguments.get("where") or {})]
    met = [row for row in met if is_found(row, arguments.get("search") or "")]
    met.sort(key=cmp_to_key(lambda a, b: compare(a, b, terms)))
    after, before = arguments.get("after"), arguments.get("before")
    within = met
    if after is not None:
        within = [row for row in within if place(row, after, terms) > 0]
    if before is not None:
        within = [row for row in within if place(row, before, terms) < 0]
    first, last = arguments.get("first"), arguments.get("last")
    backward = last is not None
    limit = last if last is not None else 20 if first is None else first
    shown = within[len(within) - min(limit, len(within)) :] if backward else within[:limit]
    more = len(within) > limit
    return {
        "nodes": shown,
        "edges": [{"cursor": cursor_of(element, row, terms), "node": row} for row in shown],
        "pageInfo": {
            "hasNextPage": before is not None if backward else more,
            "hasPreviousPage": more if backward else after is not None,
            "startCursor": cursor_of(element, shown[0], terms) if shown else None,
            "endCursor": cursor_of(element, shown[-1], terms) if shown else None,
        },
        "count": {"value": len(met), "precision": "EXACT"},
    }


def order_of(default: Terms, asked: Sequence[dict[str, str]] | None) -> Terms:
    wanted = [(each["field"].lower(), each["direction"] == "DESC") for each in asked] if asked else list(default)
    terms: list[tuple[str, bool]] = []
    for name, down in wanted:
        if name not in [known for known, _ in terms]:
            terms.append((name, down))
    if "id" not in [known for known, _ in terms]:
        terms.append(("id", bool(terms) and terms[-1][1]))
    return terms


def compare(a: Any, b: Any, terms: Terms) -> int:
    for name, down in terms:
        x, y = KEYS[name](a), KEYS[name](b)
        if x != y:
            return (1 if x > y else -1) * (-1 if down else 1)
    return 0


def place(row: Row, cursor: str, terms: Terms) -> int:
    """Whether the row is behind (1), at (0) or before (-1) the cursor's place."""
    _, keys = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    for (name, down), key in zip(terms, keys, strict=True):
        x, y = KEYS[name](row), read_key(name, key)
        if x != y:
            return (1 if x > y else -1) * (-1 if down else 1)
    return 0


def cursor_of(element: str, row: Row, terms: Terms) -> str:
    said = ",".join(f"{name}{'-' if down else '+'}" for name, down in terms)
    keys = [shown_key(KEYS[name](row)) for name, _ in terms]
    text = json.dumps([f"{element}:{said}", keys], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def shown_key(value: Any) -> str:
    """As PostgreSQL writes it."""
    if isinstance(value, datetime):
        fraction = f".{value.microsecond:06d}" if value.microsecond else ""
        return value.strftime("%Y-%m-%d %H:%M:%S") + fraction + "+00"
    return str(value)


def read_key(name: str, text: str) -> Any:
    if name in ("id", "product_id"):
        return UUID(text)
    if name == "position":
        return int(text)
    return datetime.fromisoformat(text) if name.endswith("_at") else text


def shown_moment(value: datetime) -> str:
    return value.isoformat()


# Conditions -----------------------------------------------------------------------------------------------------------


def matches(row: Any, where: dict[str, Any]) -> bool:
    return all(_holds(row, name, wanted) for name, wanted in where.items())


def _holds(row: Any, name: str, wanted: Any) -> bool:
    if name == "and":
        return all(matches(row, each) for each in wanted)
    if name == "or":
        return any(matches(row, each) for each in wanted)
    if name == "not":
        return not matches(row, wanted)
    value = row.id if name == "id" else getattr(row, name)
    if isinstance(value, Row):
        return matches(value, wanted)
    if isinstance(value, list):
        return _some(value, wanted)
    if name in ("category", "parent", "product"):
        return False  # there is none to meet anything
    return all(_compares(value, operator, operand) for operator, operand in wanted.items())


def _some(rows: list[Any], wanted: dict[str, Any]) -> bool:
    some = "some" not in wanted or any(matches(row, wanted["some"]) for row in rows)
    none = "none" not in wanted or not any(matches(row, wanted["none"]) for row in rows)
    return some and none


def _compares(value: Any, operator: str, operand: Any) -> bool:
    if operator == "isNull":
        return (value is None) == operand
    if value is None:
        return False
    if isinstance(operand, str) and isinstance(value, datetime):
        operand = datetime.fromisoformat(operand)
    if isinstance(value, Money):
        money = parse_money(operand["amount"], operand["currency"])
        if money.currency != value.currency:
            return False
        value, operand = value.minor, money.minor
    match operator:
        case "eq":
            return bool(value == operand)
        case "in":
            return value in operand
        case "gt":
            return bool(value > operand)
        case "gte":
            return bool(value >= operand)
        case "lt":
            return bool(value < operand)
        case "lte":
            return bool(value <= operand)
        case "startsWith":
            return bool(value.startswith(operand))
        case "contains":
            return operand.lower() in value.lower()
    raise AssertionError(operator)


def is_found(row: Any, search: str) -> bool:
    if not search.split():
        return True
    lines = [row.title, row.handle, *(variant.sku for variant in row.variants if variant.sku)]
    return all(any(folded(word) in folded(line) for line in lines) for word in search.split())


def folded(text: str) -> str:
    """Without case, width and accents."""
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return unicodedata.normalize("NFKC", bare.casefold())
