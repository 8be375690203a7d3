"""What an operation costs, in points, before it runs. Linear in the document: each fragment is worked out once."""

from __future__ import annotations

from math import ceil
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    VariableNode,
    get_introspection_query,
    get_named_type,
    is_list_type,
    parse,
)

from stoa.graphql.limits import MAX_LIST
from stoa.graphql.reading.declared import TYPES
from stoa.graphql.reading.declaring import DEFAULT_FIRST, MAX_FIRST

MAX_COST = 1_000
MUTATION_COST = 10
INTROSPECTION_COST = 100  # of the query that GraphiQL and code generators send; others in proportion
FRESH_DOCUMENT = 10  # what parsing and validating a document costs, valid or not
LIST_LENGTH = 20  # taken for lists that have no pages

Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType
# How many of each an average type of a schema has.
INTROSPECTED = {"fields": 10, "args": 3, "inputFields": 5, "enumValues": 5, "possibleTypes": 3, "directives": 8}


class Prices:
    """Works out costs against one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.lengths = INTROSPECTED | {"types": len(schema.type_map)}
        self.standard_weight = self._standard_weight()

    def of(
        self,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDefinitionNode],
        variables: dict[str, Any],
    ) -> int:
        """Points of the operation with these variables.

        A stored object costs 1, a page or a list its length times what one item costs, a mutation 10, introspection
        up to 100; scalars and value objects (money, counts, page infos) nothing.
        """
        root = self.schema.get_root_type(operation.operation)
        assert root is not None
        return _Bill(self, operation, fragments, variables).below(root, operation)

    def of_introspection(self, weight: int) -> int:
        return ceil(INTROSPECTION_COST * weight / self.standard_weight)

    def _standard_weight(self) -> int:
        document: DocumentNode = parse(get_introspection_query(input_value_deprecation=True))
        fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
        [asked] = operation.selection_set.selections
        return _Bill(self, operation, fragments, {}).weight(asked)


class _Bill:
    """The cost of one operation."""

    def __init__(
        self,
        prices: Prices,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDefinitionNode],
        variables: dict[str, Any],
    ) -> None:
        self.prices, self.schema, self.fragments = prices, prices.schema, fragments
        self.given = {d.variable.name.value: d.default_value for d in operation.variable_definitions or ()} | variables
        self.known: dict[str, int] = {}
        self.weighed: dict[str, int] = {}

    def below(self, kind: GraphQLNamedType, node: Any) -> int:
        """What is selected of an object of this type."""
        cost = 0
        for child in node.selection_set.selections if node.selection_set else ():
            if isinstance(child, FieldNode):
                cost += self._field(kind, child)
            elif isinstance(child, InlineFragmentNode):
                condition = child.type_condition
                cost += self.below(self.schema.type_map[condition.name.value] if condition else kind, child)
            else:
                cost += self._spread(child)
        return cost

    def _spread(self, node: FragmentSpreadNode) -> int:
        name = node.name.value
        if name not in self.known:
            fragment = self.fragments[name]
            self.known[name] = self.below(self.schema.type_map[fragment.type_condition.name.value], fragment)
        return self.known[name]

    def _field(self, kind: GraphQLNamedType, node: FieldNode) -> int:
        name = node.name.value
        if name in ("__schema", "__type"):
            return self.prices.of_introspection(self.weight(node))
        if name.startswith("__") or not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            return 0
        definition = kind.fields[name]
        own = MUTATION_COST if kind is self.schema.mutation_type else 0
        of = get_named_type(definition.type)
        if not isinstance(of, Composite):
            return own
        each = self.below(of, node) + _worth(of)
        if is_connection(of) or self._is_root(kind):
            each = max(each, 1)
        return own + each * self._length(kind, definition, node)

    def _is_root(self, kind: GraphQLNamedType) -> bool:
        return kind in (self.schema.query_type, self.schema.subscription_type)

    def _length(self, kind: GraphQLNamedType, definition: GraphQLField, node: FieldNode) -> int:
        arguments = {argument.name.value: argument.value for argument in node.arguments or ()}
        if is_connection(get_named_type(definition.type)):
            asked = (self._number(arguments.get(name)) for name in ("last", "first"))
            return next((number for number in asked if number is not None), DEFAULT_FIRST)
        if not is_list_type(_nullable(definition.type)) or kind.name.endswith(("Connection", "Edge")):
            return 1  # pages multiply where they are asked for
        return self._count(arguments["ids"]) if "ids" in arguments else LIST_LENGTH

    def _number(self, value: Any) -> int | None:
        """Of what stands behind `first` or `last`; None for nothing. What is no number is refused later."""
        if isinstance(value, VariableNode):
            value = self.given.get(value.name.value)
        if value is None or isinstance(value, NullValueNode):
            return None
        number = int(value.value) if isinstance(value, IntValueNode) else value
        return min(number, MAX_FIRST) if isinstance(number, int) and number >= 0 else MAX_FIRST

    def _count(self, value: Any) -> int:
        if isinstance(value, VariableNode):
            value = self.given.get(value.name.value)
        return len(value.values) if isinstance(value, ListValueNode) else len(value) if isinstance(value, list) else 1

    def weight(self, node: Any) -> int:
        """About how many objects a piece of introspection makes."""
        below = sum(self._weight_of(child) for child in (node.selection_set.selections if node.selection_set else ()))
        if not isinstance(node, FieldNode):
            return below
        return (1 + below) * self.prices.lengths.get(node.name.value, 1) if node.selection_set else 0

    def _weight_of(self, node: Any) -> int:
        if not isinstance(node, FragmentSpreadNode):
            return self.weight(node)
        name = node.name.value
        if name not in self.weighed:
            self.weighed[name] = self.weight(self.fragments[name])
        return self.weighed[name]


def is_connection(kind: GraphQLNamedType) -> bool:
    return kind.name.endswith("Connection")


def _worth(kind: GraphQLNamedType) -> int:
    return int(kind.name in TYPES or kind.name == "Node")


def _nullable(kind: Any) -> Any:
    return kind.of_type if isinstance(kind, GraphQLNonNull) else kind


def sizes_in(operation: OperationDefinitionNode, variables: dict[str, Any]) -> tuple[int | None, ...]:
    """What the cost depends on of the variables: numbers, and lengths of lists."""
    return tuple([_size(variables.get(d.variable.name.value)) for d in operation.variable_definitions or ()])


def _size(value: Any) -> int | None:
    if isinstance(value, int):
        return min(max(value, -1), MAX_FIRST + 1)
    return min(len(value), MAX_LIST + 1) if isinstance(value, list) else None
