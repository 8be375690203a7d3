"""The form of a bulk query: lists in lists, each of whose nodes becomes a line; and the documents by which it is read.

A client's query says which fields are wanted of which lists. Reading it takes others: the first page of the root list
and the one behind a cursor, with so many of each list inside; and, for a list that is longer than that, its pages by
the id of the thing it belongs to. They are made here, once, from the client's document with all its fragments opened
and its @skip and @include answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    parse_type,
)
from graphql.type import TypeNameMetaFieldDef

from stoa.graphql.bulk.errors import NotForBulk
from stoa.graphql.costing import is_connection
from stoa.graphql.documents import Document
from stoa.graphql.reading.declared import ROOTS, RootPage
from stoa.graphql.reading.selecting import Selected, Selection

MAX_LISTS = 5
MAX_DEPTH = 3  # of lists in lists, the root one counted
PAGING = frozenset(("first", "last", "after", "before"))
OF_A_LIST = frozenset(("nodes", "edges", "__typename"))
AFTER, ID = "bulkAfter", "bulkId"  # variables of ours


@dataclass(slots=True)
class List:
    """A list whose nodes become lines. `path` leads to it from the node it belongs to, by response keys."""

    path: tuple[str, ...]
    names: tuple[str, ...]  # the same by the names of the fields
    arguments: tuple[ArgumentNode, ...]
    kind: GraphQLObjectType
    place: str  # the path, as lines tell it
    fields: list[FieldNode] = field(default_factory=list)
    inside: list[List] = field(default_factory=list)
    size: int = 0  # nodes of a page, set when the form has been priced

    def resize(self, sizes: Sequence[int]) -> None:
        """How many come at once: the first of the numbers for this list, the second for those inside, and so on."""
        self.size = sizes[0]
        for each in self.inside:
            each.resize(sizes[1:])


@dataclass(frozen=True, slots=True)
class Form:
    """A bulk query: its root list, and the variables that the client defined."""

    root: List
    definitions: tuple[VariableDefinitionNode, ...]

    def pages(self, first: int | None = None) -> Document:
        """``{ root(first: n, after: $bulkAfter) { nodes { ... } pageInfo { ... } } }``"""
        root = _listed(self.root, after=True, first=first)
        return _document([root], self.definitions, {AFTER: "String"})

    def count(self) -> Document:
        """How many the root list has, as far as that is counted."""
        inner = [_field("count", [_field("value"), _field("precision")])]
        root = _field(self.root.names[-1], inner, alias=self.root.path[-1], arguments=self.root.arguments)
        return _document([root], self.definitions, {})

    def rest(self, owner: List, inside: List) -> Document:
        """All pages of a list inside of a thing, by the id of that thing."""
        wanted = _listed(inside, after=True)
        for key, name in reversed(list(zip(inside.path[:-1], inside.names[:-1], strict=True))):
            wanted = _field(name, [wanted], alias=key)
        on = InlineFragmentNode(
            type_condition=NamedTypeNode(name=NameNode(value=owner.kind.name)),
            selection_set=SelectionSetNode(selections=(wanted,)),
            directives=(),
        )
        id = ArgumentNode(name=NameNode(value="id"), value=VariableNode(name=NameNode(value=ID)))
        node = _field("node", [on], arguments=(id,))
        return _document([node], self.definitions, {AFTER: "String", ID: "ID!"})


def form_of(schema: GraphQLSchema, document: Document, operation: OperationDefinitionNode, info: Any) -> Form:
    """Read the form off a valid document. Raises `NotForBulk`, with what is in the way."""
    if operation.operation is not OperationType.QUERY:
        raise NotForBulk("A bulk query is a query, not a {kind}.", kind=operation.operation.value)
    return _Reader(schema, operation, info).form()


class _Reader:
    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode, info: Any) -> None:
        self.schema, self.operation, self.selection, self.lists = schema, operation, Selection(info), 0

    def form(self) -> Form:
        query = self.schema.query_type
        assert query is not None
        asked = self.selection.below(query, [self.operation])  # type: ignore[list-item]  # it has a selection set too
        names = [nodes[0].name.value for nodes in asked.values()]
        if len(asked) != 1 or not is_connection(get_named_type(_definition(query, names[0]).type)):
            raise NotForBulk(
                "A bulk query asks for one list at its root, and for nothing else; this one: {names}.",
                names=", ".join(names)[:200],
            )
        [(key, nodes)] = asked.items()
        definition = query.fields[names[0]]
        if not isinstance(ROOTS.get(_root_of(definition)), RootPage):
            raise NotForBulk("{name} cannot be read in bulk.", name=names[0])
        root = self._list(definition, nodes, (key,), (names[0],), depth=1)
        if any(each.name.value == "orderBy" for each in root.arguments):
            raise NotForBulk("A bulk query is read in the order of ids: leave out orderBy of {name}.", name=names[0])
        return Form(root, tuple(self.operation.variable_definitions or ()))

    def _list(
        self,
        definition: GraphQLField,
        nodes: Sequence[FieldNode],
        path: tuple[str, ...],
        names: tuple[str, ...],
        *,
        depth: int,
    ) -> List:
        name, arguments = names[-1], tuple(nodes[0].arguments or ())
        self._check(name, arguments, depth)
        connection = get_named_type(definition.type)
        assert isinstance(connection, GraphQLObjectType)
        asked = self.selection.below(connection, nodes)
        kind, shown = self._shown(name, connection, asked)
        made = List(path, names, arguments, kind, ".".join(path))
        made.fields = self._fields(made, kind, shown, (), depth, is_line=True)
        if made.inside:
            _with_id(made)
        return made

    def _check(self, name: str, arguments: Sequence[ArgumentNode], depth: int) -> None:
        self.lists += 1
        if self.lists > MAX_LISTS:
            raise NotForBulk("A bulk query has {limit} lists at the most.", limit=MAX_LISTS)
        if depth > MAX_DEPTH:
            raise NotForBulk(
                "Lists stand in lists {limit} deep at the most; {name} is deeper.", limit=MAX_DEPTH, name=name
            )
        for each in arguments:
            if each.name.value in PAGING:
                raise NotForBulk(
                    "A bulk query reads all of a list: leave out {argument} of {name}.",
                    argument=each.name.value,
                    name=name,
                )

    def _shown(
        self, name: str, connection: GraphQLObjectType, asked: Selected
    ) -> tuple[GraphQLObjectType, list[FieldNode]]:
        """The type of the nodes, and the places where they are selected: ``nodes`` or ``edges { node }``."""
        found = [nodes for nodes in asked.values() if nodes[0].name.value in ("nodes", "edges")]
        others = [nodes[0].name.value for nodes in asked.values() if nodes[0].name.value not in OF_A_LIST]
        kind = get_named_type(connection.fields["nodes"].type)
        assert isinstance(kind, GraphQLObjectType)
        if others:
            raise NotForBulk("Lines are made of nodes alone: leave out {field} of {name}.", field=others[0], name=name)
        if len(found) != 1:
            raise NotForBulk("Ask {name} for nodes or for edges, once.", name=name)
        [shown] = found
        if shown[0].name.value == "nodes":
            return kind, shown
        edge = get_named_type(connection.fields["edges"].type)
        assert isinstance(edge, GraphQLObjectType)
        below = self.selection.below(edge, shown)
        if [nodes[0].name.value for nodes in below.values()] != ["node"]:
            raise NotForBulk("Lines are made of nodes alone: ask the edges of {name} for node, once.", name=name)
        [inner] = below.values()
        return kind, inner

    def _fields(
        self,
        line: List,
        kind: GraphQLObjectType,
        nodes: Iterable[FieldNode],
        path: tuple[tuple[str, str], ...],
        depth: int,
        *,
        is_line: bool = False,
        is_many: bool = False,
    ) -> list[FieldNode]:
        """What a line shows, without the lists in it: these become lists of their own."""
        shown = []
        for key, fields in self.selection.below(kind, nodes).items():
            name = fields[0].name.value
            definition = _definition(kind, name)
            of = get_named_type(definition.type)
            here = (*path, (key, name))
            if is_connection(of):
                self._inside(line, definition, fields, here, depth, is_many=is_many)
            elif is_leaf_type(of):
                shown.append(_again(fields[0], key, None))
            elif is_abstract_type(of):
                raise NotForBulk("{name} may be of several types, which bulk queries do not read.", name=name)
            else:
                assert isinstance(of, GraphQLObjectType)
                many = is_many or is_list_type(get_nullable_type(definition.type))
                below = self._fields(line, of, fields, here, depth, is_many=many)
                if below:
                    shown.append(_again(fields[0], key, below))
        return shown

    def _inside(
        self,
        line: List,
        definition: GraphQLField,
        nodes: Sequence[FieldNode],
        path: tuple[tuple[str, str], ...],
        depth: int,
        *,
        is_many: bool,
    ) -> None:
        if is_many:
            raise NotForBulk("{name} stands in a list without pages: ask for it elsewhere.", name=path[-1][1])
        keys, names = tuple(key for key, _ in path), tuple(name for _, name in path)
        line.inside.append(self._list(definition, nodes, keys, names, depth=depth + 1))


def _with_id(made: List) -> None:
    """Lines that others belong to have their id."""
    for each in made.fields:
        if (each.alias or each.name).value == "id":
            if each.name.value != "id":
                raise NotForBulk("{name} is called id, which is taken by what lines belong to.", name=each.name.value)
            return
    made.fields.insert(0, _field("id"))


def _listed(wanted: List, *, after: bool, first: int | None = None) -> FieldNode:
    """The list with its pages; those inside of it with their nodes alone, as many as may come at once."""
    number = IntValueNode(value=str(wanted.size if first is None else first))
    arguments = [*wanted.arguments, ArgumentNode(name=NameNode(value="first"), value=number)]
    if after:
        arguments.append(ArgumentNode(name=NameNode(value="after"), value=VariableNode(name=NameNode(value=AFTER))))
    selected = [_field("nodes", _line(wanted))]
    if after:
        selected.append(_field("pageInfo", [_field("hasNextPage"), _field("endCursor")]))
    return _field(wanted.names[-1], selected, alias=wanted.path[-1], arguments=tuple(arguments))


def _line(wanted: List) -> list[FieldNode]:
    """The fields of a line, and the lists inside at their places."""
    fields = list(wanted.fields)
    for each in wanted.inside:
        _put(fields, each.path[:-1], each.names[:-1], _listed(each, after=False))
    return fields


def _put(fields: list[FieldNode], keys: tuple[str, ...], names: tuple[str, ...], made: FieldNode) -> None:
    if not keys:
        fields.append(made)
        return
    for position, each in enumerate(fields):
        if (each.alias or each.name).value == keys[0]:
            below: list[Any] = list(each.selection_set.selections) if each.selection_set else []
            _put(below, keys[1:], names[1:], made)
            fields[position] = _again(each, keys[0], below)
            return
    below = []
    _put(below, keys[1:], names[1:], made)
    fields.append(_field(names[0], below, alias=keys[0]))


def _definition(kind: GraphQLObjectType, name: str) -> GraphQLField:
    field: GraphQLField = kind.fields.get(name, TypeNameMetaFieldDef)
    return field


def _root_of(definition: GraphQLField) -> tuple[str, str]:
    declared = definition.extensions["strawberry-definition"]
    return declared.origin.__name__, declared.python_name


def _field(
    name: str,
    below: Sequence[FieldNode | InlineFragmentNode] | None = None,
    *,
    alias: str | None = None,
    arguments: Sequence[ArgumentNode] = (),
) -> FieldNode:
    return FieldNode(
        name=NameNode(value=name),
        alias=None if alias is None or alias == name else NameNode(value=alias),
        arguments=tuple(arguments),
        directives=(),
        selection_set=None if below is None else SelectionSetNode(selections=tuple(below)),
    )


def _again(node: FieldNode, key: str, below: Sequence[FieldNode] | None) -> FieldNode:
    """The field with its arguments, without directives: they have been answered."""
    return _field(node.name.value, below, alias=key, arguments=node.arguments or ())


def _document(
    fields: Sequence[FieldNode], definitions: Sequence[VariableDefinitionNode], ours: Mapping[str, str]
) -> Document:
    """One operation, with the client's variables and those of ours: ``{"bulkId": "ID!"}``."""
    added = [
        VariableDefinitionNode(
            variable=VariableNode(name=NameNode(value=name)), type=parse_type(kind), default_value=None, directives=()
        )
        for name, kind in ours.items()
    ]
    operation = OperationDefinitionNode(
        operation=OperationType.QUERY,
        name=None,
        variable_definitions=(*definitions, *added),
        directives=(),
        selection_set=SelectionSetNode(selections=tuple(fields)),
    )
    return Document(DocumentNode(definitions=(operation,)), {"": operation}, {}, ())
