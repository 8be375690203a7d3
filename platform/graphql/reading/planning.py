"""From a GraphQL selection to a plan: which rows, which columns of them, in which shape. No SQL and no values yet.

A plan depends on the selection and on the variables its @skip and @include look at, so it is made once for each and
kept with the parsed document. What changes from call to call (first, after, where...) is `shaping.PageShape`;
`rendering.py` makes SQL of the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from graphql import FieldNode, GraphQLField, GraphQLObjectType, GraphQLResolveInfo, get_named_type

from stoa.graphql.compiled import response_slot
from stoa.graphql.reading.declared import (
    TYPES,
    Amount,
    Column,
    Computed,
    Derived,
    FirstOf,
    Key,
    Many,
    RootPage,
    StoredType,
    ToOne,
    type_of_model,
)
from stoa.graphql.reading.decoding import AmountRow, full_page, nodes_page, row_struct
from stoa.graphql.reading.fragments import ROW, TRUE, Asker, Fragment, column, template
from stoa.graphql.reading.rows import Relation, column_of, relation_across, relation_of
from stoa.graphql.reading.selecting import Selected, Selection

REQUIRES = "stoa.requires"  # extension of a resolved field: python names of the stored fields it reads from its source


@dataclass(slots=True)
class RowPlan:
    """The values to read of one row, in the order of the JSON array."""

    stored: StoredType
    slots: list[Slot]
    struct: type


@dataclass(slots=True)
class PagePlan:
    """A connection. `number` tells its values apart from those of the statement's other pages, `path` (response keys
    below the root field) its arguments from theirs. Each view is one place that shows the rows."""

    number: int
    path: tuple[str, ...]
    target: StoredType
    node: FieldNode
    definition: GraphQLField
    order: tuple[str, ...]
    relation: Relation | None
    only: Fragment = TRUE
    views: list[RowPlan] = field(default_factory=list)
    is_full: bool = False
    is_counted: bool = False
    with_keys: bool = False
    struct: type = object


@dataclass(slots=True)
class Slot:
    """One value of a row: exactly one of the sources is set."""

    attribute: str
    kind: Any
    sql: Fragment | None = None
    one: tuple[RowPlan, Relation, tuple[str, ...]] | None = None
    page: PagePlan | None = None


@dataclass(slots=True)
class Plan:
    """Everything one root field reads. `scopes` maps a right that is needed to the field that needs it; `asks`: what
    of whoever asks its rows depend on."""

    root: RowPlan | PagePlan
    pages: list[PagePlan]
    scopes: dict[str, str]
    decoder: msgspec.json.Decoder[Any]
    is_many: bool = False
    asks: tuple[Asker, ...] = ()
    statements: dict[Any, str] = field(default_factory=dict)
    constant_shapes: dict[int, Any] = field(default_factory=dict)


class Planner:
    """Makes one plan. Holds what is the same all the way down the selection."""

    def __init__(self, info: GraphQLResolveInfo[Any]) -> None:
        self.schema = info.schema
        self.selection = Selection(info)
        self.pages: list[PagePlan] = []
        self.scopes: dict[str, str] = {}
        self.asks: list[Asker] = []

    def plan_one(self, stored: StoredType, nodes: Iterable[FieldNode]) -> Plan:
        row = self._row(stored, nodes, ())
        decoder = msgspec.json.Decoder(row.struct | None)
        return Plan(row, self.pages, self.scopes, decoder, asks=tuple(self.asks))

    def plan_many(self, stored: StoredType, nodes: Iterable[FieldNode]) -> Plan:
        row = self._row(stored, nodes, ())
        decoder = msgspec.json.Decoder(list[tuple[str, row.struct]])  # type: ignore[name-defined]
        return Plan(row, self.pages, self.scopes, decoder, is_many=True, asks=tuple(self.asks))

    def plan_page(
        self, stored: StoredType, nodes: list[FieldNode], definition: GraphQLField, declared: RootPage
    ) -> Plan:
        page = self._page(stored, nodes, definition, tuple(declared.order), None, ())
        page.only = template(declared.only)
        return Plan(page, self.pages, self.scopes, msgspec.json.Decoder(page.struct), asks=tuple(self.asks))

    def _ask_for(self, stored: StoredType) -> None:
        """Note what its condition wants to know of whoever asks."""
        new = [part for part in template(stored.only) if isinstance(part, Asker) and part not in self.asks]
        self.asks += dict.fromkeys(new)

    def _row(self, stored: StoredType, nodes: Iterable[FieldNode], path: tuple[str, ...]) -> RowPlan:
        self.scopes.setdefault(stored.scope, stored.name)
        self._ask_for(stored)
        graphql_type = self.schema.type_map[stored.name]
        assert isinstance(graphql_type, GraphQLObjectType)
        slots: dict[str, Slot] = {}
        for key, fields in self.selection.below(graphql_type, nodes).items():
            if fields[0].name.value.startswith("__"):
                continue
            definition = graphql_type.fields[fields[0].name.value]
            for name in _stored_names(definition):
                slot = self._slot(stored, name, fields, definition, (*path, key))
                slots.setdefault(slot.attribute, slot)
        kinds = [(slot.attribute, slot.kind) for slot in slots.values()]
        return RowPlan(stored, list(slots.values()), row_struct(stored.name, kinds))

    def _slot(
        self, stored: StoredType, name: str, nodes: list[FieldNode], definition: GraphQLField, path: tuple[str, ...]
    ) -> Slot:
        declared = stored.fields[name]
        if declared.scope:
            self.scopes.setdefault(declared.scope, f"{stored.name}.{nodes[0].name.value}")
        match declared:
            case Key():
                return Slot(name, Any, sql=column(ROW, "id"))
            case Column():
                return Slot(name, Any, sql=column(ROW, column_of(stored.model, declared.of or name)))
            case Amount():
                return Slot(name, AmountRow | None, sql=_amount_sql(stored, declared))
            case Computed():
                return Slot(name, Any, sql=("(", *template(declared.sql), ")"))
            case Derived():
                return Slot(name, Any, sql=_array_sql(stored, declared.of))
            case ToOne():
                return self._one(relation_of(stored.model, declared.by or name), nodes, path, ())
            case FirstOf():
                return self._one(relation_of(stored.model, declared.by), nodes, path, tuple(declared.order))
            case Many():
                across = declared.across
                relation = relation_across(*across) if across else relation_of(stored.model, declared.by or name)
                page = self._page(stored_type_of(definition), nodes, definition, tuple(declared.order), relation, path)
                page.only = template(declared.only)
                return Slot(response_slot(path[-1]), page.struct, page=page)
        raise TypeError(f"{stored.name}.{name}: {type(declared).__name__} cannot be read from a row")

    def _one(self, relation: Relation, nodes: list[FieldNode], path: tuple[str, ...], order: tuple[str, ...]) -> Slot:
        row = self._row(type_of_model(relation.model), nodes, path)
        return Slot(response_slot(path[-1]), row.struct | None, one=(row, relation, order))

    def _page(
        self,
        target: StoredType,
        nodes: list[FieldNode],
        definition: GraphQLField,
        order: tuple[str, ...],
        relation: Relation | None,
        path: tuple[str, ...],
    ) -> PagePlan:
        page = PagePlan(len(self.pages), path, target, nodes[0], definition, order or tuple(target.order), relation)
        self.pages.append(page)  # before the pages inside it take their numbers
        self.scopes.setdefault(target.scope, target.name)  # to be counted is to be read
        self._ask_for(target)
        connection = get_named_type(definition.type)
        assert isinstance(connection, GraphQLObjectType)
        asked = self.selection.below(connection, nodes)
        shown = {key: self._view(page, below) for key, below in named(asked, "nodes")}
        edges = {key: self._edge(page, connection, below) for key, below in named(asked, "edges")}
        names = {below[0].name.value for below in asked.values()}
        page.is_counted = "count" in names
        page.with_keys = bool(edges) or self._shows_cursors(connection, asked)
        page.is_full = not shown or not names <= {"nodes", "__typename"}
        if page.is_full:
            page.struct = full_page([view.struct for view in page.views], shown, edges)
        else:
            page.struct = nodes_page({key: page.views[number].struct for key, number in shown.items()})
        return page

    def _view(self, page: PagePlan, nodes: list[FieldNode]) -> int:
        """Plan one place that shows the page's rows; its number."""
        page.views.append(self._row(page.target, nodes, page.path))
        return len(page.views) - 1

    def _edge(self, page: PagePlan, connection: GraphQLObjectType, nodes: list[FieldNode]) -> dict[str, int]:
        edge = get_named_type(connection.fields["edges"].type)
        assert isinstance(edge, GraphQLObjectType)
        return {key: self._view(page, below) for key, below in named(self.selection.below(edge, nodes), "node")}

    def _shows_cursors(self, connection: GraphQLObjectType, asked: Selected) -> bool:
        page_info = get_named_type(connection.fields["pageInfo"].type)
        assert isinstance(page_info, GraphQLObjectType)
        for _, below in named(asked, "pageInfo"):
            names = {nodes[0].name.value for nodes in self.selection.below(page_info, below).values()}
            if names & {"startCursor", "endCursor"}:
                return True
        return False


def named(asked: Selected, name: str) -> list[tuple[str, list[FieldNode]]]:
    """What was asked of one field, by response key."""
    return [(key, nodes) for key, nodes in asked.items() if nodes[0].name.value == name]


def _stored_names(definition: GraphQLField) -> tuple[str, ...]:
    """A stored field is its own source; a resolved one says which stored fields it reads."""
    if REQUIRES in definition.extensions:
        return tuple(definition.extensions[REQUIRES])
    return (definition.extensions["strawberry-definition"].python_name,)


def _amount_sql(stored: StoredType, declared: Amount) -> Fragment:
    minor = column(ROW, column_of(stored.model, declared.minor))
    currency = column(ROW, column_of(stored.model, declared.currency))
    return ("CASE WHEN ", *minor, " IS NOT NULL THEN json_build_array(", *minor, ", ", *currency, ") END")


def _array_sql(stored: StoredType, names: Iterable[str]) -> Fragment:
    parts = [(*column(ROW, column_of(stored.model, name)), ", ") for name in names]
    return ("json_build_array(", *[piece for part in parts for piece in part][:-1], ")")


def stored_type_of(definition: GraphQLField) -> StoredType:
    """The stored type a field yields, be it one or a connection of them."""
    found = get_named_type(definition.type)
    if found.name in TYPES:
        return TYPES[found.name]
    assert isinstance(found, GraphQLObjectType), found
    return TYPES[get_named_type(found.fields["nodes"].type).name]
