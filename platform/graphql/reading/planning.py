"""From a GraphQL selection to a plan: which rows, which columns of them, in which shape. No SQL and no values yet.

A plan depends on the selection and on the variables its @skip and @include look at, so it is made once for each and
kept with the parsed document. What changes from call to call (first, after, where...) is `paging.PageShape`;
`rendering.py` makes SQL of the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    get_directive_values,
    get_named_type,
)
from graphql.execution.values import VariableValues
from graphql.type import GraphQLIncludeDirective, GraphQLSkipDirective

from stoa.graphql.compiled import response_slot
from stoa.graphql.reading.declaring import (
    TYPES,
    Amount,
    Column,
    Computed,
    Derived,
    FirstOf,
    Key,
    Many,
    StoredType,
    ToOne,
)
from stoa.graphql.reading.decoding import AmountRow, full_page, nodes_page, row_struct
from stoa.graphql.reading.rows import Relation, column_of, relation_of

REQUIRES = "stoa.requires"  # extension of a resolved field: python names of the stored fields it reads from its source


@dataclass(slots=True)
class RowPlan:
    """The values to read of one row, in the order of the JSON array."""

    stored: StoredType
    slots: list[Slot] = field(default_factory=list)
    with_keys: bool = False
    struct: type = object

    def close(self) -> RowPlan:
        """All slots are known: make the struct."""
        kinds = [(slot.attribute, slot.kind) for slot in self.slots]
        if self.with_keys:
            kinds.append(("cursor_keys", list[str]))
        self.struct = row_struct(self.stored.name, kinds or [("nothing", Any)])
        return self


@dataclass(slots=True)
class PagePlan:
    """A connection. `number` tells its values apart from those of the statement's other pages."""

    number: int
    row: RowPlan
    node: FieldNode
    definition: GraphQLField
    order: tuple[str, ...]
    relation: Relation | None
    is_full: bool
    is_counted: bool
    struct: type


@dataclass(slots=True)
class Slot:
    """One value of a row: exactly one of the sources is set."""

    attribute: str
    kind: Any
    column: str | None = None
    amount: tuple[str, str] | None = None
    computed: str | None = None
    one: tuple[RowPlan, Relation, tuple[str, ...]] | None = None
    page: PagePlan | None = None


@dataclass(slots=True)
class Plan:
    """Everything one root field reads. `scopes` maps a right that is needed to the field that needs it."""

    root: RowPlan | PagePlan
    pages: list[PagePlan]
    scopes: dict[str, str]
    decoder: msgspec.json.Decoder[Any]
    is_many: bool = False
    statements: dict[Any, str] = field(default_factory=dict)
    constant_shapes: dict[int, Any] = field(default_factory=dict)


class Planner:
    """Makes one plan. Holds what is the same all the way down the selection."""

    def __init__(self, info: GraphQLResolveInfo[Any]) -> None:
        self.schema: GraphQLSchema = info.schema
        self.fragments: dict[str, FragmentDefinitionNode] = info.fragments
        self.variables = variables_of(info)
        self.pages: list[PagePlan] = []
        self.scopes: dict[str, str] = {}

    def plan_one(self, stored: StoredType, nodes: Iterable[FieldNode]) -> Plan:
        row = self.row(stored, nodes)
        return self._finish(row, row.struct | None)

    def plan_many(self, stored: StoredType, nodes: Iterable[FieldNode]) -> Plan:
        row = self.row(stored, nodes)
        plan = self._finish(row, list[tuple[str, row.struct]])  # type: ignore[name-defined]
        plan.is_many = True
        return plan

    def plan_page(self, stored: StoredType, info: GraphQLResolveInfo[Any], order: tuple[str, ...]) -> Plan:
        definition = info.parent_type.fields[info.field_name]
        page = self.page(stored, info.field_nodes, definition, order, None)
        return self._finish(page, page.struct)

    def _finish(self, root: RowPlan | PagePlan, kind: Any) -> Plan:
        return Plan(root, self.pages, self.scopes, msgspec.json.Decoder(kind))

    def row(self, stored: StoredType, nodes: Iterable[FieldNode], *, with_keys: bool = False) -> RowPlan:
        self.scopes.setdefault(stored.scope, stored.name)
        graphql_type = self.schema.type_map[stored.name]
        assert isinstance(graphql_type, GraphQLObjectType)
        plan, seen = RowPlan(stored, with_keys=with_keys), set()
        for key, fields in self._collect(graphql_type, nodes).items():
            name = fields[0].name.value
            if name.startswith("__"):
                continue
            definition = graphql_type.fields[name]
            for python_name in self._stored_names(definition):
                slot = self._slot(stored, python_name, key, fields, definition)
                if slot.attribute not in seen:
                    seen.add(slot.attribute)
                    plan.slots.append(slot)
        return plan.close()

    def _stored_names(self, definition: GraphQLField) -> tuple[str, ...]:
        """A stored field is its own source; a resolved one says which stored fields it reads."""
        if REQUIRES in definition.extensions:
            return tuple(definition.extensions[REQUIRES])
        return (definition.extensions["strawberry-definition"].python_name,)

    def _slot(
        self, stored: StoredType, name: str, key: str, nodes: list[FieldNode], definition: GraphQLField
    ) -> Slot:
        declared = stored.fields[name]
        if declared.scope:
            self.scopes.setdefault(declared.scope, f"{stored.name}.{nodes[0].name.value}")
        match declared:
            case Key():
                return Slot(name, Any, column="id")
            case Column():
                return Slot(name, Any, column=column_of(stored.model, declared.of or name))
            case Amount():
                columns = column_of(stored.model, declared.minor), column_of(stored.model, declared.currency)
                return Slot(name, AmountRow | None, amount=columns)
            case Computed():
                return Slot(name, Any, computed=declared.sql)
            case Derived():
                read = ", ".join(f'{{row}}."{column_of(stored.model, each)}"' for each in declared.of)
                return Slot(name, Any, computed=f"json_build_array({read})")
            case ToOne():
                return self._related(stored, declared.by or name, key, nodes, ())
            case FirstOf():
                return self._related(stored, declared.by, key, nodes, tuple(declared.order))
            case Many():
                relation = relation_of(stored.model, declared.by or name)
                target = stored_type_of(definition)
                page = self.page(target, nodes, definition, tuple(declared.order), relation)
                return Slot(response_slot(key), page.struct, page=page)
        raise TypeError(f"{stored.name}.{name}: {type(declared).__name__} cannot be read from a row")

    def _related(
        self, stored: StoredType, by: str, key: str, nodes: list[FieldNode], order: tuple[str, ...]
    ) -> Slot:
        relation = relation_of(stored.model, by)
        target = next(each for each in TYPES.values() if each.model is relation.model)
        row = self.row(target, nodes)
        return Slot(response_slot(key), row.struct | None, one=(row, relation, order))

    def page(
        self,
        target: StoredType,
        nodes: list[FieldNode],
        definition: GraphQLField,
        order: tuple[str, ...],
        relation: Relation | None,
    ) -> PagePlan:
        graphql_type = get_named_type(definition.type)
        assert isinstance(graphql_type, GraphQLObjectType)
        asked = self._collect(graphql_type, nodes)
        by_name = {fields[0].name.value: fields for fields in asked.values()}
        items = [*self._all(asked, "nodes"), *self._edge_nodes(graphql_type, self._all(asked, "edges"))]
        with_keys = self._wants_cursors(graphql_type, asked)
        is_full = not by_name.keys() <= {"nodes", "__typename"}
        number = len(self.pages)
        # takes its number before the pages inside it do
        page = PagePlan(number, RowPlan(target), nodes[0], definition, order or tuple(target.order), relation, is_full, "count" in by_name, object)
        self.pages.append(page)
        page.row = self.row(target, items, with_keys=with_keys)
        page.struct = full_page(page.row.struct) if is_full else nodes_page(page.row.struct)
        return page

    def _edge_nodes(self, connection: GraphQLObjectType, edges: list[FieldNode]) -> list[FieldNode]:
        edge = get_named_type(connection.fields["edges"].type)
        return self._all(self._collect(edge, edges), "node") if edges else []

    def _wants_cursors(self, connection: GraphQLObjectType, asked: dict[str, list[FieldNode]]) -> bool:
        if self._all(asked, "edges"):
            return True
        info = self._all(asked, "pageInfo")
        page_info = get_named_type(connection.fields["pageInfo"].type)
        names = {nodes[0].name.value for nodes in self._collect(page_info, info).values()} if info else set()
        return bool(names & {"startCursor", "endCursor"})

    def _all(self, asked: dict[str, list[FieldNode]], name: str) -> list[FieldNode]:
        return [node for nodes in asked.values() if nodes[0].name.value == name for node in nodes]

    def _collect(self, kind: GraphQLObjectType, nodes: Iterable[FieldNode]) -> dict[str, list[FieldNode]]:
        """The fields selected below `nodes` on `kind`, by response key, fragments and conditions resolved."""
        found: dict[str, list[FieldNode]] = {}
        visited: set[str] = set()
        for node in nodes:
            if node.selection_set:
                self._gather(kind, node.selection_set, found, visited)
        return found

    def _gather(
        self, kind: GraphQLObjectType, selections: SelectionSetNode, found: dict[str, list[FieldNode]], visited: set[str]
    ) -> None:
        for node in selections.selections:
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or self._fits(kind, node.type_condition.name.value):
                    self._gather(kind, node.selection_set, found, visited)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in visited:
                visited.add(node.name.value)
                fragment = self.fragments[node.name.value]
                if self._fits(kind, fragment.type_condition.name.value):
                    self._gather(kind, fragment.selection_set, found, visited)

    def _fits(self, kind: GraphQLObjectType, condition: str) -> bool:
        if kind.name == condition:
            return True
        wider = self.schema.type_map[condition]
        return isinstance(wider, GraphQLInterfaceType) and self.schema.is_sub_type(wider, kind)

    def _is_included(self, node: Any) -> bool:
        if not node.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        if skip and skip["if"]:
            return False
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return not include or bool(include["if"])


def variables_of(info: GraphQLResolveInfo[Any]) -> VariableValues:
    """The operation's variables as graphql-core's functions want them; Strawberry hands resolvers the bare dict."""
    return VariableValues({}, cast("dict[str, Any]", info.variable_values))


def stored_type_of(definition: GraphQLField) -> StoredType:
    """The stored type a field yields, be it one or a connection of them."""
    named = get_named_type(definition.type)
    if named.name in TYPES:
        return TYPES[named.name]
    assert isinstance(named, GraphQLObjectType), named
    return TYPES[get_named_type(named.fields["nodes"].type).name]
