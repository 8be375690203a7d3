"""Queries at random over a world: every argument, aliases that clash where they may, fragments, conditions."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    print_ast,
    value_to_literal,
)

from tests.graphql.reading import worlds
from tests.graphql.reading.reference import DEFAULT_ORDERS, KEYS, cursor_of, order_of
from tests.graphql.reading.worlds import MOMENTS, TITLES, WORDS, World

ROOTS = ("products", "variants", "categories", "product", "variant", "category", "node", "nodes")
TYPES = ("Category", "Product", "Variant", "Image")
NO_PART_OF_WORLDS = {"Variant": {"stock"}}
LOGIC = {"and", "or", "not"}
MOST_ENTRIES = 40  # of one document


@dataclass
class Scope:
    """Fields under one response path: a response key stands for one field there, with one set of arguments."""

    taken: dict[str, tuple[str, str]] = field(default_factory=dict)
    below: dict[str, Scope] = field(default_factory=dict)


def _is_in_worlds(type_name: str, name: str) -> bool:
    """What a world's rows have no notion of (suppliers, say) is not asked of them."""
    row = getattr(worlds, type_name, None)
    if name in NO_PART_OF_WORLDS.get(type_name, ()):
        return False
    return row is None or hasattr(row, name) or name in row.__dataclass_fields__


class Composer:
    """Composes one document."""

    def __init__(self, schema: GraphQLSchema, world: World, seed: int) -> None:
        self.schema, self.world, self.random = schema, world, Random(seed)
        self.variables: dict[str, Any] = {}
        self.definitions: list[str] = []
        self.fragments: list[str] = []
        self.entries = 0

    def document(self) -> tuple[str, dict[str, Any]]:
        assert self.schema.query_type is not None
        scope = Scope()
        roots = [
            self._field(self.schema.query_type, self.random.choice(ROOTS), scope, 4) for _ in range(self.few(2) + 1)
        ]
        head = f"query Q({', '.join(self.definitions)})" if self.definitions else "query Q"
        return "\n".join([f"{head} {{ {' '.join(roots)} }}", *self.fragments]), self.variables

    def few(self, most: int) -> int:
        return self.random.randrange(most + 1)

    def one_in(self, number: int) -> bool:
        return self.random.randrange(number) == 0

    # Selections -------------------------------------------------------------------------------------------------------

    def _selection(self, kind: GraphQLObjectType, scope: Scope, depth: int) -> str:
        """Of an object type; the braces with it."""
        return "{ " + " ".join(self._entry(kind, scope, depth) for _ in range(self.few(3) + 1)) + " }"

    def _entry(self, kind: GraphQLObjectType, scope: Scope, depth: int) -> str:
        self.entries += 1
        if self.entries > MOST_ENTRIES:
            return "__typename"
        if self.one_in(6):
            on = self.random.choice(
                ["", f"on {kind.name} ", *(["on Node "] if kind.interfaces and self.one_in(2) else [])]
            )
            inner = "{ id __typename }" if on == "on Node " else self._selection(kind, scope, depth)
            return f"... {on}{self._condition()}{inner}"
        if self.one_in(8):
            name = f"F{len(self.fragments)}"
            self.fragments.append("")  # takes its number before those inside
            self.fragments[int(name[1:])] = f"fragment {name} on {kind.name} {self._selection(kind, scope, depth)}"
            return f"...{name}{self._condition()}" + (f" ...{name}" if self.one_in(3) else "")
        shown = {name: each for name, each in kind.fields.items() if _is_in_worlds(kind.name, name)}
        names = [name for name, each in shown.items() if depth > 0 or is_leaf_type(get_named_type(each.type))]
        name = self.random.choice([*names, "__typename"])
        return "__typename" if name == "__typename" else self._field(kind, name, scope, depth)

    def _field(self, kind: GraphQLObjectType, name: str, scope: Scope, depth: int) -> str:
        definition = kind.fields[name]
        key = self._key(name, scope)
        if key not in scope.taken:
            scope.taken[key] = (name, self._arguments(kind, name, definition))
        arguments = scope.taken[key][1]
        shown = name if key == name else f"{key}: {name}"
        return f"{shown}{arguments}{self._condition()}{self._below(definition, scope.below.setdefault(key, Scope()), depth)}"

    def _key(self, name: str, scope: Scope) -> str:
        """Few keys, so that the same one comes to stand for different fields under different paths."""
        keys = [name] if self.one_in(2) else []
        keys += [key for key in "abcdefghijklmnopqrst" if scope.taken.get(key, (name, ""))[0] == name]
        return next(key for key in [*keys, name] if scope.taken.get(key, (name, ""))[0] == name)

    def _below(self, definition: GraphQLField, scope: Scope, depth: int) -> str:
        kind = get_named_type(definition.type)
        if is_leaf_type(kind):
            return ""
        if kind.name == "Node":
            # one type under one path: what two of them call `a` may differ only in what they are, not in their type
            name = next((key for key in scope.below if key in TYPES), self.random.choice(TYPES))
            narrowed = scope.below.setdefault(name, Scope())
            return f" {{ __typename id ... on {name} {self._selection(self._object(name), narrowed, depth - 1)} }}"
        assert isinstance(kind, GraphQLObjectType)
        return " " + self._selection(kind, scope, depth - 1 if kind.name in TYPES else depth)

    def _object(self, name: str) -> GraphQLObjectType:
        kind = self.schema.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        return kind

    def _condition(self) -> str:
        if not self.one_in(7):
            return ""
        name = self.random.choice(["yes", "no"])
        if name not in self.variables:
            self.definitions.append(f"${name}: Boolean!")
            self.variables[name] = name == "yes"
        return f" @{self.random.choice(['include', 'skip'])}(if: ${name}) "

    # Arguments --------------------------------------------------------------------------------------------------------

    def _arguments(self, kind: GraphQLObjectType, name: str, definition: GraphQLField) -> str:
        values = self._values(f"{kind.name}.{name}", definition)
        given = [f"{key}: {self._argument(definition.args[key].type, value)}" for key, value in values.items()]
        return f"({', '.join(given)})" if given else ""

    def _argument(self, kind: GraphQLInputType, value: Any) -> str:
        if self.one_in(3):
            literal = value_to_literal(value, kind)
            assert literal is not None
            return print_ast(literal)
        name = f"v{len(self.variables)}"
        self.definitions.append(f"${name}: {kind}")
        self.variables[name] = value
        return f"${name}"

    def _values(self, full_name: str, definition: GraphQLField) -> dict[str, Any]:
        if "ids" in definition.args:
            return {"ids": [self._id() for _ in range(self.few(4))]}
        if "id" in definition.args:
            return {"id": self._id(definition)}
        if full_name not in DEFAULT_ORDERS:
            return {}
        return self._page(full_name, definition)

    def _id(self, definition: GraphQLField | None = None) -> str:
        of = definition and get_named_type(definition.type).name
        ids = [row.id for row in self.world.rows if of in (None, "Node", type(row).__name__)]
        prefix = {"Product": "prod", "Variant": "var", "Category": "cat"}.get(of or "", "prod")
        return self.random.choice([*ids, f"{prefix}_01h455vb4pex5vsknk084sn02q"])

    def _page(self, full_name: str, definition: GraphQLField) -> dict[str, Any]:
        element = get_named_type(definition.type).name.removesuffix("Connection")
        values: dict[str, Any] = {}
        if self.one_in(2):
            values[self.random.choice(["first", "last"])] = self.random.choice([0, 1, 2, 3, 5, 100])
        if self.one_in(3):
            values["where"] = self._where(f"{element}Where", 3)
        if "search" in definition.args and self.one_in(4):
            values["search"] = " ".join(self.random.choices(WORDS, k=self.few(2) + 1))
        order = None
        if self.one_in(2):
            order = values["orderBy"] = self._order(element)
        rows = [row for row in self.world.rows if type(row).__name__ == element]
        for name in ("after", "before"):
            if rows and self.one_in(3):
                terms = order_of(DEFAULT_ORDERS[full_name], order)
                values[name] = cursor_of(element, self.random.choice(rows), terms)
        return values

    def _order(self, element: str) -> list[dict[str, str]]:
        fields = [name for name in self._input(f"{element}Order")["field"] if name.lower() in KEYS]
        return [
            {"field": self.random.choice(fields), "direction": self.random.choice(["ASC", "DESC"])}
            for _ in range(self.few(2) + 1)
        ]

    def _input(self, name: str) -> dict[str, Any]:
        kind = self.schema.type_map[name]
        assert isinstance(kind, GraphQLInputObjectType)
        enum = get_named_type(kind.fields["field"].type)
        assert isinstance(enum, GraphQLEnumType)
        return {"field": list(enum.values)}

    def _where(self, name: str, depth: int) -> dict[str, Any]:
        kind = self.schema.type_map[name]
        assert isinstance(kind, GraphQLInputObjectType)
        given: dict[str, Any] = {}
        for _ in range(self.few(2)):
            owner = name.removesuffix("Where")
            known = [each for each in kind.fields if each in LOGIC or _is_in_worlds(owner, each)]
            field_name = self.random.choice(known)
            value = self._test(name.removesuffix("Where"), field_name, kind.fields[field_name].type, depth)
            if value is not None:
                given[field_name] = value
        return given

    def _test(self, owner: str, name: str, type_: GraphQLInputType, depth: int) -> Any:
        kind = get_named_type(type_)
        if kind.name.endswith("Where"):
            if depth == 0:
                return None
            if isinstance(getattr(type_, "of_type", type_), GraphQLList) or isinstance(type_, GraphQLList):
                return [self._where(kind.name, depth - 1) for _ in range(self.few(2))]
            if kind.name.endswith("ListWhere"):
                element = f"{kind.name.removesuffix('ListWhere')}Where"
                sides = self.random.choice([["some"], ["none"], ["some", "none"], []])
                return {side: self._where(element, depth - 1) for side in sides}
            return self._where(kind.name, depth - 1)
        assert isinstance(kind, GraphQLInputObjectType)
        names = self.random.sample(list(kind.fields), k=min(len(kind.fields), self.few(2)))
        return {each: self._operand(owner, name, each, kind.fields[each].type) for each in names}

    def _operand(self, owner: str, name: str, operator: str, type_: GraphQLInputType) -> Any:
        if isinstance(type_, GraphQLNonNull):
            return self._operand(owner, name, operator, type_.of_type)
        if isinstance(type_, GraphQLList):
            return [self._operand(owner, name, "eq", type_.of_type) for _ in range(self.few(3))]
        if operator == "isNull":
            return self.random.choice([True, False])
        kind = get_named_type(type_)
        if isinstance(kind, GraphQLEnumType):
            return self.random.choice(list(kind.values))
        match kind.name:
            case "MoneyInput":
                return {
                    "amount": self.random.choice(["0", "5.00", "9.99", "10.0"]),
                    "currency": self.random.choice(["EUR", "CNY"]),
                }
            case "DateTime":
                return self.random.choice(MOMENTS).isoformat()
            case "Boolean":
                return self.random.choice([True, False])
            case "Int":
                return self.few(9)
            case "ID":
                return self._id_of(owner)
        return self._text(owner, name, operator)

    def _id_of(self, owner: str) -> str:
        rows = [row for row in self.world.rows if type(row).__name__ == owner]
        return self.random.choice(rows).id if rows else f"{_PREFIXES[owner]}_01h455vb4pex5vsknk084sn02q"

    def _text(self, owner: str, name: str, operator: str) -> str:
        found = [getattr(row, name) for row in self.world.rows if type(row).__name__ == owner]
        text: str = self.random.choice([each for each in found if each] or TITLES)
        if operator in ("startsWith", "contains"):
            start = 0 if operator == "startsWith" else self.random.randrange(len(text))
            return self.random.choice([text[start : start + 1 + self.few(3)], text.upper()[:2], "%", "_", "\\", ""])
        return text


_PREFIXES = {"Category": "cat", "Product": "prod", "Variant": "var", "Image": "img"}
