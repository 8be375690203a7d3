"""Random documents and sources for any schema, and the comparison of an executor with graphql-core's own."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from inspect import isawaitable
from random import Random
from typing import Any, ClassVar
from uuid import UUID

from graphql import (
    DocumentNode,
    Executor,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    Undefined,
    execute,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
    parse,
    print_ast,
    validate,
    value_to_literal,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path
from hypothesis import strategies as st
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from stoa.graphql.compiled import READ, CompiledExecutor, response_slot

# Comparing ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Document:
    """A query and the values of its variables."""

    text: str
    variables: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What a client would see; `data` as text, so that the order of keys and 1, 1.0 and true make a difference."""

    data: str
    errors: tuple[str, ...] = ()


class EagerExecutor(CompiledExecutor):
    """Compiles at the first meeting, and notes the fields that are left to graphql-core."""

    warm_up: ClassVar[int] = 1
    left_to_core: ClassVar[list[str]] = []

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: FieldDetailsList,
        path: Path,
        position_context: Any,
    ) -> Any:
        """Note the field: graphql-core calls this once for each that it runs itself."""
        EagerExecutor.left_to_core.append(f"{parent_type}.{field_details_list[0].node.name.value}")
        return super().execute_field(parent_type, source, field_details_list, path, position_context)


async def answer(
    schema: GraphQLSchema,
    document: DocumentNode,
    executor: type[Executor[Any]],
    root: object,
    *,
    variables: Mapping[str, Any] | None = None,
    context: object = None,
) -> Answer:
    """Execute a parsed document with this executor."""
    result = execute(
        schema,
        document,
        root_value=root,
        context_value=context,
        variable_values=dict(variables or {}),
        executor_class=executor,
        is_awaitable=optimized_is_awaitable,
    )
    if isawaitable(result):
        result = await result
    errors = tuple(json.dumps(error.formatted) for error in result.errors or ())
    return Answer(_without_addresses(repr(result.data)), tuple(map(_without_addresses, errors)))


def _without_addresses(text: str) -> str:
    """The text without the places in memory that the representation of an object may name."""
    return re.sub(r"(?i) at 0x[0-9a-f]+", "", text)


async def same_answer(
    schema: GraphQLSchema,
    document: Document | DocumentNode,
    make_root: Callable[[], object],
    *,
    variables: Mapping[str, Any] | None = None,
    make_context: Callable[[], object] = lambda: None,
) -> tuple[Answer, list[str]]:
    """Require graphql-core's answer of the compiled executor, with a new plan and with a known one.

    Each execution gets a root and a context of its own: a source may hold what can be read only once. Returns the
    answer and the fields that graphql-core had to run although the plan was known.
    """
    if isinstance(document, Document):
        variables = document.variables
        document = parse(document.text)

    async def answered(executor: type[Executor[Any]]) -> Answer:
        return await answer(schema, document, executor, make_root(), variables=variables, context=make_context())

    expected = await answered(StrawberryGraphQLCoreExecutionContext)
    assert await answered(EagerExecutor) == expected
    EagerExecutor.left_to_core.clear()
    assert await answered(EagerExecutor) == expected
    return expected, list(EagerExecutor.left_to_core)


# Random documents -----------------------------------------------------------------------------------------------------

KNOWN_INPUTS: Mapping[str, st.SearchStrategy[Any]] = {
    "Int": st.integers(0, 9),
    "Float": st.floats(-9, 9),
    "String": st.sampled_from(["", "tea", "茶"]),
    "Boolean": st.booleans(),
    "ID": st.sampled_from(["1", "prod_1"]),
}


def field_of(response_key: str) -> str:
    """The field behind a response key of a random document."""
    return response_key.rpartition("__")[2]


def random_documents(
    schema: GraphQLSchema, *, inputs: Mapping[str, st.SearchStrategy[Any]] | None = None, depth: int = 4
) -> st.SearchStrategy[Document]:
    """Valid queries over any schema: aliases, fragments, directives, variables, arguments, merged fields.

    `inputs` has values as JSON would bring them for custom scalars (and overrides for known ones); an argument of any
    other custom scalar is left out, or its field if it is required.
    """
    known = {**KNOWN_INPUTS, **(inputs or {})}

    @st.composite
    def documents(draw: st.DrawFn) -> Document:
        document = _Composer(draw, schema, known).document(depth)
        assert validate(schema, parse(document.text)) == [], document.text
        return document

    return documents()


class _Composer:
    """Composes one document.

    So that fields merge and never conflict, a response key always stands for the same field: a field with arguments
    gets a new alias each time, and a field whose type differs between parent types gets the parent's name before it.
    """

    def __init__(self, draw: st.DrawFn, schema: GraphQLSchema, inputs: Mapping[str, st.SearchStrategy[Any]]) -> None:
        self._draw = draw
        self._schema = schema
        self._inputs = inputs
        self._definitions: dict[str, str] = {}
        self._values: dict[str, Any] = {}
        self._fragments: list[tuple[str, str, str]] = []
        self._ambiguous = _ambiguous_fields(schema)
        self._count = 0

    def document(self, depth: int) -> Document:
        """The whole of it."""
        assert self._schema.query_type is not None
        selection = self._selection(self._schema.query_type, depth)
        variables = ", ".join(f"${name}: {type_}" for name, type_ in self._definitions.items())
        head = f"query Random({variables})" if variables else "query Random"
        fragments = (f"fragment {name} on {type_} {selected}" for name, type_, selected in self._fragments)
        return Document("\n".join((f"{head} {selection}", *fragments)), self._values)

    def _one_in(self, number: int) -> bool:
        return self._draw(st.integers(1, number)) == number

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _selection(self, type_: GraphQLNamedType, depth: int) -> str:
        entries = [self._entry(type_, depth) for _ in range(self._draw(st.integers(1, 5)))]
        return "{ " + " ".join(entries) + " }"

    def _entry(self, type_: GraphQLNamedType, depth: int) -> str:
        if depth > 0 and self._one_in(5):
            return self._inline_fragment(type_, depth)
        if depth > 0 and self._one_in(6):
            return self._fragment_spread(type_, depth)
        offered = self._offered(type_, depth)
        if not offered or self._one_in(8):
            return f"__typename{self._directives()}"
        name = self._draw(st.sampled_from(offered))
        return self._field(type_, name, depth)

    def _offered(self, type_: GraphQLNamedType, depth: int) -> list[str]:
        """The fields that can be asked for here. The order makes a shrunk document prefer leaves."""
        if not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            return []
        possible = {
            name: each
            for name, each in type_.fields.items()
            if all(self._can_make(arg.type) for arg in each.args.values() if is_required_argument(arg))
        }
        leaves = [name for name, each in possible.items() if is_leaf_type(get_named_type(each.type))]
        return leaves + ([name for name in possible if name not in leaves] if depth > 0 else [])

    def _field(self, type_: GraphQLNamedType, name: str, depth: int) -> str:
        assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
        definition = type_.fields[name]
        arguments = self._arguments(definition)
        key = f"{type_.name}__{name}" if name in self._ambiguous else name
        if arguments:
            key = f"x{self._next()}__{name}"
        elif self._one_in(4):
            key = f"{self._draw(st.sampled_from('ab'))}__{key}"
        alias = "" if key == name else f"{key}: "
        below = get_named_type(definition.type)
        selected = f" {self._selection(below, depth - 1)}" if is_composite_type(below) else ""
        return f"{alias}{name}{arguments}{self._directives()}{selected}"

    def _inline_fragment(self, type_: GraphQLNamedType, depth: int) -> str:
        if self._one_in(3):
            return f"...{self._directives()} {self._selection(type_, depth - 1)}"
        narrowed = self._draw(st.sampled_from(self._overlapping(type_)))
        return f"... on {narrowed.name}{self._directives()} {self._selection(narrowed, depth - 1)}"

    def _fragment_spread(self, type_: GraphQLNamedType, depth: int) -> str:
        fitting = {each.name for each in self._overlapping(type_)}
        known = [name for name, on, _ in self._fragments if on in fitting]
        if known and not self._one_in(3):
            return f"...{self._draw(st.sampled_from(known))}{self._directives()}"
        narrowed = self._draw(st.sampled_from(self._overlapping(type_)))
        selected = self._selection(narrowed, depth - 1)
        name = f"F{self._next()}"
        self._fragments.append((name, narrowed.name, selected))
        return f"...{name}{self._directives()}"

    def _overlapping(self, type_: GraphQLNamedType) -> list[GraphQLNamedType]:
        """The types that a fragment may be on here."""
        if is_abstract_type(type_):
            return [type_, *self._schema.get_possible_types(type_)]
        above = [each for each in self._schema.type_map.values() if is_abstract_type(each)]
        return [type_, *(each for each in above if self._schema.is_sub_type(each, type_))]  # type: ignore[arg-type]

    def _directives(self) -> str:
        if not self._one_in(5):
            return ""
        return f" @{self._draw(st.sampled_from(['include', 'skip']))}(if: {self._condition()})"

    def _condition(self) -> str:
        if self._one_in(3):
            return self._draw(st.sampled_from(["true", "false"]))
        name = self._draw(st.sampled_from(["v1", "v2", "v3"]))
        if name not in self._definitions:
            self._definitions[name] = "Boolean!"
            self._values[name] = self._draw(st.booleans())
        return f"${name}"

    def _arguments(self, definition: GraphQLField) -> str:
        given = [
            f"{name}: {self._argument(argument.type)}"
            for name, argument in definition.args.items()
            if is_required_argument(argument) or (self._can_make(argument.type) and self._draw(st.booleans()))
        ]
        return f"({', '.join(given)})" if given else ""

    def _argument(self, type_: GraphQLInputType) -> str:
        value = self._value(type_)
        if self._draw(st.booleans()):
            literal = value_to_literal(value, type_)
            if literal is not None:
                return print_ast(literal)
        name = f"a{self._next()}"
        self._definitions[name] = str(type_)
        self._values[name] = value
        return f"${name}"

    def _can_make(self, type_: GraphQLInputType, above: tuple[str, ...] = ()) -> bool:
        named = get_named_type(type_)
        if isinstance(named, GraphQLScalarType):
            return named.name in self._inputs
        if not isinstance(named, GraphQLInputObjectType):
            return True
        if named.name in above:
            return False
        needed = [each for each in named.fields.values() if named.is_one_of or is_required_input_field(each)]
        return all(self._can_make(each.type, (*above, named.name)) for each in needed)

    def _value(self, type_: GraphQLInputType, depth: int = 2) -> Any:
        if isinstance(type_, GraphQLNonNull):
            return self._value(type_.of_type, depth)
        if isinstance(type_, GraphQLList):
            return [self._value(type_.of_type, depth - 1) for _ in range(self._draw(st.integers(0, 2)))]
        if isinstance(type_, GraphQLEnumType):
            return self._draw(st.sampled_from(sorted(type_.values)))
        if isinstance(type_, GraphQLInputObjectType):
            return self._object(type_, depth)
        return self._draw(self._inputs[type_.name])

    def _object(self, type_: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        if type_.is_one_of:
            name = self._draw(st.sampled_from(sorted(type_.fields)))
            return {name: self._value(type_.fields[name].type, depth - 1)}
        return {
            name: self._value(each.type, depth - 1)
            for name, each in type_.fields.items()
            if is_required_input_field(each) or (depth > 0 and self._can_make(each.type) and self._draw(st.booleans()))
        }


def _ambiguous_fields(schema: GraphQLSchema) -> set[str]:
    """The names of fields that have another type in another parent."""
    types: dict[str, set[str]] = {}
    for parent in schema.type_map.values():
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            for name, each in parent.fields.items():
                types.setdefault(name, set()).add(str(each.type))
    return {name for name, known in types.items() if len(known) > 1}


# Random sources -------------------------------------------------------------------------------------------------------


class Later:
    """An awaitable that no one minds never being awaited."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __await__(self) -> Iterator[Any]:
        yield from asyncio.sleep(0).__await__()
        if isinstance(self._value, Exception):
            raise self._value
        return self._value


LEAVES: Mapping[str, tuple[Any, ...]] = {
    "String": ("", "tea", "茶"),
    "ID": ("prod_1", "2"),
    "Int": (0, 7, -(2**31), 2**31 - 1),
    "Float": (0.0, -1.5, 1e300),
    "Boolean": (True, False),
    "DateTime": (datetime(2026, 1, 2, 3, 4, tzinfo=UTC),),
    "Date": (date(2026, 1, 2),),
    "Time": (time(3, 4),),
    "Decimal": (Decimal("12.50"),),
    "UUID": (UUID(int=7),),
    "JSON": ({"a": [1, None]}, [], "text", 7),
}

WRONG: tuple[Callable[[], Any], ...] = (
    lambda: None,
    lambda: ValueError("boom"),
    lambda: Later(None),
    lambda: Later("later"),
    lambda: Later(ValueError("late boom")),
    lambda: Undefined,
    lambda: 2**40,
    lambda: True,
    lambda: 1.5,
    lambda: float("nan"),
    lambda: float("inf"),
    lambda: "text",
    lambda: b"bytes",
    lambda: {"a": 1},
    list,
    lambda: (None, "text"),
    lambda: {1},
    lambda: (each for each in ("spent", "once")),
    object,
    lambda: object,
)


@dataclass(frozen=True)
class World:
    """Of what sources are made, and how often wrongly: one value in `wrong_in`, none when that is 0."""

    schema: GraphQLSchema
    wrong_in: int = 0
    leaves: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def root(self, seed: int) -> object:
        """A root value for queries."""
        assert self.schema.query_type is not None
        return RandomSource(self, self.schema.query_type, str(seed))


class RandomSource:
    """An object of a GraphQL type whose attributes are invented when they are read: one seed, one object.

    One value in `wrong_in` is not what the schema promises; none, when it is 0.
    """

    def __init__(self, world: World, type_: GraphQLObjectType, seed: str) -> None:
        self._invention = (world, type_, seed)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        world, type_, seed = self._invention
        inventor = _Inventor(world, Random(f"{seed}.{name}"))
        if world.wrong_in and inventor.one_in(world.wrong_in * 4):
            raise AttributeError(name)
        self.__dict__[name] = value = inventor.value(_field_read_by(type_, name).type)
        return value


def _field_read_by(type_: GraphQLObjectType, attribute: str) -> GraphQLField:
    for name, each in type_.fields.items():
        read = each.extensions.get(READ)
        definition = each.extensions.get("strawberry-definition")
        if read is not None and read.keyed:
            if field_of(attribute.removeprefix(response_slot(""))) == name:
                return each
        elif attribute == (read.attribute if read is not None else definition.python_name):
            return each
    raise AttributeError(attribute)


class _Inventor:
    """Values for the output types of a schema."""

    def __init__(self, world: World, random: Random) -> None:
        self._world = world
        self._random = random

    def one_in(self, number: int) -> bool:
        """Whether a rare thing happens now."""
        return self._random.randrange(number) == 0

    def value(self, type_: GraphQLOutputType) -> Any:
        """A value, or null where it may be; now and then something that it must not be."""
        if self._world.wrong_in and self.one_in(self._world.wrong_in):
            return self._random.choice(WRONG)()
        if isinstance(type_, GraphQLNonNull):
            return self._something(type_.of_type)
        return None if self.one_in(4) else self._something(type_)

    def _something(self, type_: GraphQLOutputType) -> Any:
        if isinstance(type_, GraphQLList):
            items = [self.value(type_.of_type) for _ in range(self._random.randrange(4))]
            return tuple(items) if self.one_in(5) else items
        if isinstance(type_, GraphQLEnumType):
            stored = [each.value for each in type_.values.values()]
            return self._random.choice([*stored, *getattr(type_, "wrapped_cls", ())])
        if isinstance(type_, GraphQLScalarType):
            return self._random.choice({**LEAVES, **self._world.leaves}[type_.name])
        if is_abstract_type(type_):
            type_ = self._random.choice(self._world.schema.get_possible_types(type_))
        assert isinstance(type_, GraphQLObjectType)
        return self._source(type_)

    def _source(self, type_: GraphQLObjectType) -> RandomSource:
        """An object; graphql-core may look at its Python class, so it is an instance of the type's own."""
        definition = type_.extensions.get("strawberry-definition")
        bases = (RandomSource,) if definition is None else (RandomSource, definition.origin)
        kind = type(f"Random{type_.name}", bases, {})
        source: RandomSource = kind(self._world, type_, str(self._random.random()))
        return source
