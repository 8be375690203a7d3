"""What a request may ask for: size of the document, cost of its answer, points a second. All checked in linear time."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from graphql import (
    ASTValidationRule,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    ValidationContext,
    VariableNode,
    get_named_type,
)

from stoa.graphql.errors import TooComplex
from stoa.graphql.reading.declaring import DEFAULT_FIRST, MAX_FIRST, TYPES

MAX_TOKENS = 1_000
MAX_DEPTH = 12
MAX_ALIASES = 15
MAX_DIRECTIVES = 50
MAX_LIST = 250
MAX_COST = 1_000
MAX_BODY = 2**20
MAX_SOCKET_MESSAGE = 2**18
MUTATION_COST = 10
MAX_VARIABLE_DEPTH = 20


class SizeLimits(ASTValidationRule):
    """Depth, aliases, directives and lists of a document. A fragment is measured once, however often it is spread."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.fragments = {d.name.value: d for d in context.document.definitions if isinstance(d, FragmentDefinitionNode)}
        self.measured: dict[str, tuple[int, int, int]] = {}

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        depth, aliases, directives = self._measure(node, frozenset())
        for name, found, limit in (
            ("depth", depth, MAX_DEPTH),
            ("aliases", aliases, MAX_ALIASES),
            ("directives", directives, MAX_DIRECTIVES),
        ):
            if found > limit:
                self._refuse(f"The query's {name} come to {found}; {limit} are allowed.", node)

    def enter_list_value(self, node: ListValueNode, *_: Any) -> None:
        if len(node.values) > MAX_LIST:
            self._refuse(f"A list of {len(node.values)} values; {MAX_LIST} are allowed.", node)

    def _refuse(self, message: str, node: Node) -> None:
        self.report_error(GraphQLError(message, node, extensions={"code": TooComplex.code}))

    def _measure(self, node: Any, stack: frozenset[str]) -> tuple[int, int, int]:
        """Depth in fields, aliases, directives below `node`. Numbers may grow astronomic; Python's do not overflow."""
        depth = aliases = directives = 0
        for child in node.selection_set.selections if node.selection_set else ():
            directives += len(child.directives or ())
            if isinstance(child, FragmentSpreadNode):
                below = self._fragment(child.name.value, stack)
            else:
                below = self._measure(child, stack)
                is_field = isinstance(child, FieldNode) and not child.name.value.startswith("__")
                below = (below[0] + is_field, below[1] + bool(is_field and child.alias), below[2])
                if isinstance(child, FieldNode) and not is_field:
                    below = (0, *below[1:])  # the depth of introspection has a rule of graphql-core's own
            depth = max(depth, below[0])
            aliases, directives = aliases + below[1], directives + below[2]
        return depth, aliases, directives

    def _fragment(self, name: str, stack: frozenset[str]) -> tuple[int, int, int]:
        if name in stack or name not in self.fragments:
            return 0, 0, 0  # another rule reports cycles and unknown names
        if name not in self.measured:
            self.measured[name] = self._measure(self.fragments[name], stack | {name})
        return self.measured[name]


def check_variables(value: Any, depth: int = 0) -> None:
    """Lists in variables are bound like lists in the document."""
    if depth > MAX_VARIABLE_DEPTH:
        raise TooComplex(f"The variables are nested more than {MAX_VARIABLE_DEPTH} deep.")
    if isinstance(value, list):
        if len(value) > MAX_LIST:
            raise TooComplex(f"A list of {len(value)} values; {MAX_LIST} are allowed.")
        for each in value:
            check_variables(each, depth + 1)
    elif isinstance(value, dict):
        for each in value.values():
            check_variables(each, depth + 1)


class CostModel:
    """Points of an operation before it runs: a stored object 1, a list its length times what one item costs, a mutation
    10, scalars and value objects (money, counts, page infos) nothing."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Any, variables: Any) -> None:
        self.schema, self.fragments, self.variables = schema, fragments, variables
        self.operation = operation
        self.known: dict[tuple[str, str], int] = {}

    def total(self) -> int:
        root = self.schema.get_root_type(self.operation.operation)
        assert root is not None
        return self._below(root, self.operation)

    def _below(self, kind: GraphQLNamedType, node: Any) -> int:
        cost = 0
        for child in node.selection_set.selections if node.selection_set else ():
            if isinstance(child, FieldNode):
                cost += self._field(kind, child)
            elif isinstance(child, InlineFragmentNode):
                condition = child.type_condition
                cost += self._below(self.schema.type_map[condition.name.value] if condition else kind, child)
            else:
                cost += self._spread(child)
        return cost

    def _spread(self, node: FragmentSpreadNode) -> int:
        fragment = self.fragments[node.name.value]
        condition = fragment.type_condition.name.value
        key = (node.name.value, condition)
        if key not in self.known:
            self.known[key] = self._below(self.schema.type_map[condition], fragment)
        return self.known[key]

    def _field(self, kind: GraphQLNamedType, node: FieldNode) -> int:
        name = node.name.value
        if name.startswith("__") or not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            return 0
        definition = kind.fields[name]
        of = get_named_type(definition.type)
        own = MUTATION_COST if kind is self.schema.mutation_type else 0
        if not isinstance(of, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
            return own
        below = self._below(of, node)
        if is_connection(of):
            return own + self._length(definition, node) * max(below, 1)
        return own + below + (1 if of.name in TYPES or of.name == "Node" else 0)

    def _length(self, definition: GraphQLField, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                value = argument.value
                if isinstance(value, IntValueNode):
                    return min(abs(int(value.value)), MAX_FIRST)
                if isinstance(value, VariableNode):
                    given = self.variables.get(value.name.value)
                    if isinstance(given, int):
                        return min(abs(given), MAX_FIRST)
                    return DEFAULT_FIRST if given is None else MAX_FIRST
        return DEFAULT_FIRST


def is_connection(kind: GraphQLNamedType) -> bool:
    return kind.name.endswith("Connection")


def sizing_variables(operation: OperationDefinitionNode, fragments: Any) -> tuple[str, ...]:
    """Names of the variables that hold lengths of lists: the cost hangs on their values."""
    names = [v.variable.name.value for v in operation.variable_definitions or () if _is_int(v.type)]
    return tuple(names)


def _is_int(node: Any) -> bool:
    while hasattr(node, "type"):
        node = node.type
    return bool(node.name.value == "Int")


def counts_as_write(operation: OperationDefinitionNode) -> bool:
    return operation.operation is OperationType.MUTATION


@dataclass(slots=True)
class _Bucket:
    points: float
    at: float


@dataclass(frozen=True, slots=True)
class Spent:
    """What a request costs, and what its credential has left."""

    requested: int
    remaining: int
    restore_rate: float
    retry_after: float = 0.0

    def shown(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "requested": self.requested,
            "remaining": self.remaining,
            "restoreRate": self.restore_rate,
        }
        return shown | ({"retryAfterMs": round(self.retry_after * 1000)} if self.retry_after else {})


class Buckets:
    """A bucket of points for each shop and credential, in this process: a fleet's limit is this times its processes."""

    def __init__(self, capacity: float, per_second: float, kept: int = 50_000) -> None:
        self.capacity, self.per_second, self.kept = capacity, per_second, kept
        self._buckets: OrderedDict[Any, _Bucket] = OrderedDict()

    def spend(self, key: Any, points: int) -> Spent:
        """Take `points`; with too few left nothing is taken and `retry_after` tells the seconds to wait."""
        now = time.monotonic()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(self.capacity, now)
            if len(self._buckets) > self.kept:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
            bucket.points = min(self.capacity, bucket.points + (now - bucket.at) * self.per_second)
            bucket.at = now
        if bucket.points < points:
            return Spent(points, int(bucket.points), self.per_second, (points - bucket.points) / self.per_second)
        bucket.points -= points
        return Spent(points, int(bucket.points), self.per_second)
