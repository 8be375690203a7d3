"""From a request's JSON to coerced variables: a function for each input type, made once.

graphql-core walks the types anew for every value, and walks the values once more to see how deep they are: for a
product with three variants that takes longer than reading the request. These functions accept the ordinary: values
of just the right class, nothing unknown, nothing missing. At anything else they raise `Unusual`, and the caller
lets graphql-core coerce from the beginning: it may accept the value all the same (5.0 for an Int, one thing for a
list of them), and if not, it says what is wrong. `tests/graphql/test_coercing.py` holds them against it.

Variables are within bounds already (`limits.check_variables`), so nothing here counts or measures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NoReturn

from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    GraphQLBoolean,
    GraphQLError,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
    is_required_input_field,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities.coerce_input_value import coerce_default_value

Coercer = Callable[[Any], Any]


class Unusual(Exception):
    """What only graphql-core can decide about."""


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str
    signature: GraphQLVariableSignature
    coerce: Coercer
    may_be_left_out: bool


Coercion = Sequence[_Variable]
"""How an operation's variables are coerced."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    shown_as: str
    coerce: Coercer
    default: Any
    is_required: bool


class Coercers:
    """The functions for one schema's input types."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._objects: dict[str, Coercer] = {}

    def coercion_of(self, operation: OperationDefinitionNode) -> Coercion | None:
        """For an operation that is valid; None when one of its variables is graphql-core's business."""
        found = []
        for definition in operation.variable_definitions or ():
            signature = get_variable_signature(self.schema, definition)
            if isinstance(signature, GraphQLError) or definition.default_value is not None:
                return None
            coerce, can_be_null = self._of(signature.type), not isinstance(signature.type, GraphQLNonNull)
            found.append(_Variable(signature.name, signature, coerce, can_be_null))
        return found

    def _of(self, type_: GraphQLInputType) -> Coercer:
        if isinstance(type_, GraphQLNonNull):
            return self._something(type_.of_type)
        something = self._something(type_)
        return lambda value: None if value is None else something(value)

    def _something(self, type_: Any) -> Coercer:
        """For a value that is not null; raises for null."""
        if isinstance(type_, GraphQLList):
            return _list_coercer(self._of(type_.of_type))
        if isinstance(type_, GraphQLInputObjectType):
            return self._object(type_)
        return _leaf_coercer(type_)

    def _object(self, type_: GraphQLInputObjectType) -> Coercer:
        known = self._objects.get(type_.name)
        if known is None:
            fields: list[_Field] = []
            is_ordinary = not type_.is_one_of and type_.out_type is GraphQLInputObjectType.out_type
            known = partial(_coerce_object, fields) if is_ordinary else _refuse
            self._objects[type_.name] = known  # known before its fields are: an input may hold itself
            fields += [self._field(name, field) for name, field in type_.fields.items()]
        return known

    def _field(self, name: str, field: GraphQLInputField) -> _Field:
        default, is_required = coerce_default_value(field), is_required_input_field(field)
        return _Field(name, field.out_name or name, self._of(field.type), default, is_required)


def coerced(coercion: Coercion, given: Mapping[str, Any]) -> VariableValues:
    """The variables as graphql-core coerces them. Raises `Unusual`, or whatever else a value makes of its coercer."""
    sources: dict[str, VariableValueSource] = {}
    values: dict[str, Any] = {}
    for each in coercion:
        if each.name in given:
            value = given[each.name]
            values[each.name] = each.coerce(value)
            sources[each.name] = VariableValueSource(each.signature, value)
        elif each.may_be_left_out:
            sources[each.name] = VariableValueSource(each.signature)
        else:
            raise Unusual
    return VariableValues(sources, values)


def _coerce_object(fields: Sequence[_Field], value: Any) -> dict[str, Any]:
    if value.__class__ is not dict:
        raise Unusual
    made, met = {}, 0
    for field in fields:
        if field.name in value:
            met += 1
            made[field.shown_as] = field.coerce(value[field.name])
        elif field.is_required:
            raise Unusual
        elif field.default is not Undefined:
            made[field.shown_as] = field.default
    if met != len(value):
        raise Unusual
    return made


def _list_coercer(coerce: Coercer) -> Coercer:
    return lambda value: [coerce(item) for item in value] if value.__class__ is list else _refuse(value)


def _leaf_coercer(type_: GraphQLLeafType) -> Coercer:
    quick = next((function for own, function in _QUICK if own.coerce_input_value == type_.coerce_input_value), None)
    coerce = type_.coerce_input_value

    def thorough(value: Any) -> Any:
        made = _refuse(value) if value is None else coerce(value)
        return _refuse(value) if made is Undefined else made

    return quick or thorough


def _refuse(value: Any) -> NoReturn:
    raise Unusual


# By the function that coerces, not by the type's name: whoever replaces the function replaces its meaning.
_QUICK: Final[tuple[tuple[Any, Coercer], ...]] = (
    (GraphQLString, lambda value: value if value.__class__ is str else _refuse(value)),
    (GraphQLID, lambda value: value if value.__class__ is str else _refuse(value)),
    (GraphQLBoolean, lambda value: value if value.__class__ is bool else _refuse(value)),
    (
        GraphQLInt,
        lambda value: (
            value if value.__class__ is int and GRAPHQL_MIN_INT <= value <= GRAPHQL_MAX_INT else _refuse(value)
        ),
    ),
)
