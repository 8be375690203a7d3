"""Which fields a selection asks for: fragments opened, @skip and @include answered, equal response keys as one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias, cast

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLResolveInfo,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    SelectionSetNode,
    VariableNode,
    get_directive_values,
    is_abstract_type,
)
from graphql.execution.values import VariableValues
from graphql.type import GraphQLIncludeDirective, GraphQLSkipDirective

Selected: TypeAlias = dict[str, list[FieldNode]]  # by response key


class Selection:
    """Of one operation with its variables."""

    def __init__(self, info: GraphQLResolveInfo[Any]) -> None:
        self.schema = info.schema
        self.fragments = info.fragments
        self.variables = variables_of(info)

    def below(self, kind: GraphQLObjectType, nodes: Iterable[FieldNode]) -> Selected:
        """The fields selected below `nodes` on `kind`."""
        found: Selected = {}
        visited: set[str] = set()
        for node in nodes:
            if node.selection_set:
                self._gather(kind, node.selection_set, found, visited)
        return found

    def _gather(
        self, kind: GraphQLObjectType, selections: SelectionSetNode, found: Selected, visited: set[str]
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
        return is_abstract_type(wider) and self.schema.is_sub_type(wider, kind)

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


def is_constant(node: FieldNode) -> bool:
    """Whether the field's arguments hold no variable, so that they are the same in every call."""
    return not any(_has_variable(argument.value) for argument in node.arguments or ())


def _has_variable(value: Any) -> bool:
    if isinstance(value, ListValueNode):
        return any(_has_variable(each) for each in value.values)
    if isinstance(value, ObjectValueNode):
        return any(_has_variable(each.value) for each in value.fields)
    return isinstance(value, VariableNode)
