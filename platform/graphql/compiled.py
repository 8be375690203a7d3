"""Selections of plain fields, compiled to Python functions.

**What it does.** graphql-core completes a response one field at a time: a resolve info, a path, two calls and half a
dozen type checks for every name and every price. For a list of 50 products with their variants that is nearly all the
time of the request, although most of the fields only hand over what is already stored on the source. `CompiledExecutor`
writes a Python function for such a selection and calls it instead:

    { nodes { id title: name variants { stock } } }

    def f1(s):
        if s.__class__ not in met: meet(s)
        return {'stock': v1 if (v1 := s.stock).__class__ is int and -2147483648 <= v1 <= 2147483647 else leaf1(v1)}
    def f2(s):
        if s.__class__ not in met: meet(s)
        return {'id': ..., 'title': ..., 'variants': [f1(i2) for i2 in ...]}

**Which fields are plain.** Two kinds; everything else stays with graphql-core.

* A Strawberry field without resolver, arguments, permissions or extensions: it reads `source.<python_name>`.
* A field whose `extensions[READ]` hold a `PlainRead`. It may have arguments: the read planner has applied them already.
  Its `resolve` must be `plain_resolver(read)` with that same read, for graphql-core must find the value that we find.

A plain field of an object type is compiled with all that is selected below it, unless there is anything in there that
is not plain: an abstract type, a type with `is_type_of`, `@defer`, `@stream`. Then graphql-core runs that one field,
and below it we are asked again. So an async resolver in the middle costs its own time and no more.

**Where it hooks in.** At the two methods of graphql-core's executor through which every list and every object passes:
`complete_list_value` (a list whose items are wholly plain becomes one call) and `execute_fields` (the plain part of an
object becomes one call, the rest goes to `super()`, the order of the response keys is kept).

**Why it is right.** A compiled function answers only where there is nothing to report. Whatever is out of the ordinary
(null in a non-null place, an int too large, a missing attribute, an exception or an awaitable among the values, an
iterable that is no list) raises, and on any exception graphql-core's own algorithm runs on the same source from the
beginning: errors, paths and the spreading of nulls are its own, there is no second implementation of them here. Three
things follow. Reading a source must have no effect and must be repeatable (a property that makes a new coroutine each
time it is read leaves the first one without an await). A plan that always fails is right but slow. And the guards
must never be more generous than graphql-core: `_Unexpected` is how they hand a value back.

**What the next person must know.**

* Middleware (a Strawberry extension with a `resolve` method, and Strawberry's operation directives) has to see every
  field. So there is no compiling at all while there is one. Do not add such an extension.
* Permissions have to be settled before a plan runs. A Strawberry field with `permission_classes` is not plain.
* A plan is made when the selection has been met `WARM_UP` times, list items counted: before that it costs more than it
  saves. Plans belong to an operation of a parsed document: they pay when documents come out of a cache. Documents
  that differ only in their arguments have the same code, and `_code_of` remembers that, for it is most of the cost.
* A plan may depend on nothing but what its key holds. The key is the type, the merged field nodes, and for the whole
  operation the variables that `@include`, `@skip` and `@defer` look at. AST nodes compare by content, too slow for a
  key, and are frozen, so nothing can be hung on them: they go by `id()`. For the operation, `weakref.finalize` clears
  its entry in `_PLANS` when it dies; it keeps its own field nodes alive, and the entry those of the fragments. Nothing
  in a plan may refer to the operation or the document, or neither would ever die.
* What becomes code: attribute names, which must be identifiers, and the `repr` of response keys and type names. No
  value of a request ever does.
* One event loop, no locks: none of this awaits between looking and writing.
* The file leans on graphql-core 3.3 (method names, `FieldDetails`, position contexts) and on Strawberry's
  `_is_default` mark. `tests/graphql/test_compiled.py` holds every answer against graphql-core's, over documents and
  sources at random too. Move either version only when it is green.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from keyword import iskeyword
from sys import float_info
from types import CodeType, GeneratorType
from typing import Any, ClassVar, Final, NoReturn, TypeAlias, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary, finalize

from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLBoolean,
    GraphQLDeferDirective,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLIncludeDirective,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLSkipDirective,
    GraphQLStreamDirective,
    GraphQLString,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Undefined,
    VariableNode,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.execution.incremental.incremental_executor import DeliveryGroupMap
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.execution import optimized_is_awaitable
from strawberry.resolvers import is_default_resolver
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

READ: Final = "stoa.read"
"""The key in a GraphQL field's `extensions` under which its `PlainRead` stands."""

USUALLY_EMPTY: Final = "stoa.usually_empty"
"""The key in a list field's `extensions` that says: plan for no items; graphql-core answers whenever there are some."""

IDENTITY_OUTPUT: Final = "stoa.identity_output"
"""The key in a scalar's `extensions` for the one class whose values the scalar's output coercion leaves as they are."""

WARM_UP: Final = 6
"""How many objects graphql-core completes in about the time that it takes to compile their selection."""

MOST_SHAPES: Final = 16
"""How many combinations of its `@include` and `@skip` variables one operation keeps plans for."""

MOST_CLASSES: Final = 64
"""How many classes of sources one plan remembers as ordinary."""


# Declaring plain fields -----------------------------------------------------------------------------------------------


def response_slot(key: str) -> str:
    """The attribute of a source where the value for one response key stands, arguments applied."""
    return f"at_{key}"


@dataclass(frozen=True, slots=True)
class PlainRead:
    """Where a field finds its value on the source, and what turns the stored value into the shown one.

    `attribute` has no meaning when the read is `keyed`. `convert` never sees None; when it is given, it runs before
    the value is completed as the field's type, so for a list it gets the list.
    """

    attribute: str
    keyed: bool = False
    convert: Callable[[Any], Any] | None = None

    def __post_init__(self) -> None:
        if not self.keyed and (not self.attribute.isidentifier() or iskeyword(self.attribute)):
            raise ValueError(f"{self.attribute!r} cannot be the name of an attribute.")

    def slot(self, response_key: str) -> str:
        """The attribute to read for this response key."""
        return response_slot(response_key) if self.keyed else self.attribute


def plain_resolver(read: PlainRead) -> Callable[..., Any]:
    """The resolver with which graphql-core finds what the compiled read finds."""
    convert = read.convert

    def resolve(source: Any, info: GraphQLResolveInfo[Any], **_arguments: Any) -> Any:
        value = getattr(source, read.slot(str(info.path.key)))
        return value if value is None or convert is None else convert(value)

    return resolve


# What compiled functions call -----------------------------------------------------------------------------------------


class _Unexpected(Exception):
    """A value that only graphql-core knows how to answer for."""


ORDINARY: Final = frozenset({str, int, float, bool, datetime, date, time, Decimal, UUID, dict, list, tuple})
"""Classes of leaves that need no closer look."""


def _refuse_unusual(value: object) -> None:
    """Raise for null, errors and awaitables; a generator may be an awaitable, so all of them count as such."""
    unusual = value is None or value is Undefined or isinstance(value, Exception | GeneratorType)
    if unusual or optimized_is_awaitable(value):
        raise _Unexpected


def _meeting(met: set[type]) -> Callable[[object], None]:
    """A function that looks at the first source of each class: the classes it accepts go into `met`."""

    def meet(source: object) -> None:
        _refuse_unusual(source)
        if len(met) >= MOST_CLASSES:
            met.clear()
        met.add(source.__class__)

    return meet


_LISTS: Final = frozenset({list, tuple})
"""Any other iterable may be spent by iterating, and graphql-core might have to start again."""


def _refuse() -> NoReturn:
    raise _Unexpected


def _leaf(coerce: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What graphql-core does with a leaf, short of reporting errors."""

    def complete(value: Any) -> Any:
        if value.__class__ not in ORDINARY:
            _refuse_unusual(value)
        coerced = coerce(value)
        if coerced.__class__ not in ORDINARY:
            _refuse_unusual(coerced)
        return coerced

    return complete


# Writing the code -----------------------------------------------------------------------------------------------------


class _NotPlain(Exception):
    """The selection holds something that only graphql-core may run."""


class _Unknown(_NotPlain):
    """A field that the type does not have, which is for validation to say."""


# By the function that coerces, not by the type's name: whoever replaces the function replaces its meaning.
_QUICK_TESTS: Final = (
    (GraphQLString.coerce_output_value, "{first}.__class__ is str"),
    (GraphQLID.coerce_output_value, "{first}.__class__ is str"),
    (GraphQLBoolean.coerce_output_value, "{first}.__class__ is bool"),
    (
        GraphQLInt.coerce_output_value,
        f"{{first}}.__class__ is int and {GRAPHQL_MIN_INT} <= {{name}} <= {GRAPHQL_MAX_INT}",
    ),
    # nan is in no range
    (
        GraphQLFloat.coerce_output_value,
        f"{{first}}.__class__ is float and -{float_info.max} <= {{name}} <= {float_info.max}",
    ),
)

_ENUM_NAMES: Final[WeakKeyDictionary[GraphQLEnumType, dict[Any, str]]] = WeakKeyDictionary()


def _enum_names(enum: GraphQLEnumType) -> dict[Any, str]:
    """Every value that the enum is known to accept, stored ones and Python members alike, with its GraphQL name."""
    names = _ENUM_NAMES.get(enum)
    if names is None:
        names = _ENUM_NAMES[enum] = {}
        stored = [value.value for value in enum.values.values()]
        for value in (*stored, *getattr(enum, "wrapped_cls", ())):
            if value is not None and value is not Undefined:
                with suppress(Exception):  # it will be refused, or hashed in vain, again when it is met
                    names[value] = enum.coerce_output_value(value)
    return names


def _read_of(field: GraphQLField) -> PlainRead:
    read = field.extensions.get(READ)
    return read if isinstance(read, PlainRead) else _strawberry_read(field)


def _strawberry_read(field: GraphQLField) -> PlainRead:
    """The read of a Strawberry field that nobody has given anything to do beyond it."""
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    # the mark on the resolver is no substitute for `is_basic_field`: fields with permissions bear it too
    if not isinstance(definition, StrawberryField) or not definition.is_basic_field:
        raise _NotPlain
    if definition.default_resolver is not getattr or not _is_untouched(field.resolve):
        raise _NotPlain
    return PlainRead(definition.python_name)


def _is_untouched(resolve: Callable[..., Any] | None) -> bool:
    """Whether this is still Strawberry's own resolver; `functools.wraps` copies its mark to whatever wraps it."""
    return resolve is not None and is_default_resolver(resolve) and not hasattr(resolve, "__wrapped__")


def _is_incremental(details: FieldDetailsList) -> bool:
    """Whether any part of the field may be delivered later than the rest."""
    return any(
        detail.defer_usage is not None
        or any(directive.name.value == GraphQLStreamDirective.name for directive in detail.node.directives or ())
        for detail in details
    )


@dataclass(frozen=True, slots=True)
class ObjectPlan:
    """The plain part of an object as a function, and the response keys that remain for graphql-core.

    The function puts None for these, so that each has its place in the answer.
    """

    head: Callable[[Any], dict[str, Any]]
    rest: tuple[str, ...]


ValuePlan: TypeAlias = Callable[[Any], Any]
_FunctionKey: TypeAlias = tuple[GraphQLObjectType, tuple[int, ...]]


@lru_cache(maxsize=256)
def _code_of(text: str) -> CodeType:
    """What Python makes of the text, most of the cost of a plan; documents that differ in their arguments share it."""
    return compile(text, "<compiled selection>", "exec")


class Writer:
    """Writes the functions for one selection.

    They become inner functions of one outer function that takes all they call as parameters, so they find one another
    and their helpers in their closures. As globals they would sit in a cycle with the dictionary of those globals, and
    an evicted document would have to wait for the garbage collector.
    """

    def __init__(self, executor: CompiledExecutor) -> None:
        self._collect = executor.collect_subfields
        met: set[type] = set()
        self._given: dict[str, Any] = {"met": met, "meet": _meeting(met), "lists": _LISTS, "refuse": _refuse}
        self._functions: list[str] = []
        self._known: dict[_FunctionKey, str | None] = {}
        self._leaves: dict[GraphQLLeafType, str] = {}
        self._count = 0

    def value_plan(self, type_: GraphQLOutputType, details: FieldDetailsList) -> ValuePlan | None:
        """A function that completes the whole value of a field, or None when something in it is not plain."""
        if _is_incremental(details):
            return None
        try:
            completed = self._completed(type_, "s", details)
        except _NotPlain:
            return None
        self._functions.append(f"    def plan(s):\n        return {completed}")
        function: ValuePlan = self._built("plan")
        return function

    def object_plan(self, type_: GraphQLObjectType, selected: GroupedFieldSet) -> ObjectPlan | None:
        """A function for whatever is plain in the selection, or None when nothing is."""
        entries, rest = [], []
        for key, details in selected.items():
            try:
                entries.append(self._entry(type_, key, details))
            except _Unknown:
                return None  # graphql-core leaves it out of the answer, and would leave our None in
            except _NotPlain:
                entries.append(f"{key!r}: None")
                rest.append(key)
        if len(rest) == len(selected):
            return None
        self._define("head", entries)
        return ObjectPlan(self._built("head"), tuple(rest))

    def _built(self, name: str) -> Any:
        """Run the code and take one of its functions."""
        code = "\n".join((f"def build({', '.join(self._given)}):", *self._functions, f"    return {name}"))
        namespace: dict[str, Any] = {}
        exec(_code_of(code), namespace)  # noqa: S102 (what may become code: see the top of the file)
        return namespace.pop("build")(**self._given)

    def _define(self, name: str, entries: list[str]) -> None:
        self._functions.append(
            f"    def {name}(s):\n        if s.__class__ not in met: meet(s)\n        return {{{', '.join(entries)}}}"
        )

    def _fresh(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    def _give(self, prefix: str, value: Any) -> str:
        """A name by which the code can refer to this object."""
        name = self._fresh(prefix)
        self._given[name] = value
        return name

    def _named(self, value: str) -> tuple[str, str]:
        """The expression as it must be written first, and the name that stands for it from there on."""
        if value.isidentifier():
            return value, value
        name = self._fresh("v")
        return f"({name} := {value})", name

    def _entry(self, type_: GraphQLObjectType, key: str, details: FieldDetailsList) -> str:
        """One entry of the dictionary that answers for an object."""
        if _is_incremental(details):
            raise _NotPlain
        name = details[0].node.name.value
        if name == "__typename":
            return f"{key!r}: {type_.name!r}"
        field = type_.fields.get(name)
        if field is None:
            raise _Unknown
        value = self._read(_read_of(field), key)
        if USUALLY_EMPTY in field.extensions:
            return f"{key!r}: {self._empty(value)}"
        return f"{key!r}: {self._completed(field.type, value, details)}"

    def _empty(self, value: str) -> str:
        first, name = self._named(value)
        return f"([] if {first}.__class__ in lists and not {name} else refuse())"

    def _read(self, read: PlainRead, key: str) -> str:
        slot = read.slot(key)
        if not slot.isidentifier():  # the parser sees to it; but what is written here will be run
            raise _NotPlain
        stored = f"s.{slot}"
        if read.convert is None:
            return stored
        first, name = self._named(stored)
        return f"(None if {first} is None else {self._give('convert', read.convert)}({name}))"

    def _completed(self, type_: GraphQLOutputType, value: str, details: FieldDetailsList) -> str:
        """An expression that completes the given one, which it evaluates once."""
        if isinstance(type_, GraphQLNonNull):
            return self._something(type_.of_type, value, details)
        first, name = self._named(value)
        return f"(None if {first} is None else {self._something(type_, name, details)})"

    def _something(self, type_: GraphQLOutputType, value: str, details: FieldDetailsList) -> str:
        """An expression that completes the given one and raises when that is null."""
        if isinstance(type_, GraphQLScalarType):
            return self._scalar(type_, value)
        if isinstance(type_, GraphQLEnumType):
            return self._enum(type_, value)
        if isinstance(type_, GraphQLList):
            return self._list(type_, value, details)
        if isinstance(type_, GraphQLObjectType):
            return f"{self._function(type_, details)}({value})"
        raise _NotPlain

    def _scalar(self, type_: GraphQLScalarType, value: str) -> str:
        test = self._quick_test(type_)
        if test is None:
            return f"{self._leaf(type_)}({value})"
        first, name = self._named(value)
        return f"({name} if {test.format(first=first, name=name)} else {self._leaf(type_)}({name}))"

    def _quick_test(self, type_: GraphQLScalarType) -> str | None:
        own = type_.extensions.get(IDENTITY_OUTPUT)
        if own is not None:
            return f"{{first}}.__class__ is {self._give('class', own)}"
        return next((test for coerce, test in _QUICK_TESTS if coerce is type_.coerce_output_value), None)

    def _enum(self, type_: GraphQLEnumType, value: str) -> str:
        names = self._give("names", _enum_names(type_))
        first, name = self._named(value)
        return f"({names}.get({first}) or {self._leaf(type_)}({name}))"

    def _leaf(self, type_: GraphQLLeafType) -> str:
        if type_ not in self._leaves:
            self._leaves[type_] = self._give("leaf", _leaf(type_.coerce_output_value))
        return self._leaves[type_]

    def _list(self, type_: GraphQLList[GraphQLOutputType], value: str, details: FieldDetailsList) -> str:
        first, name = self._named(value)
        # an item has a name already: naming things within a comprehension would make slow cells of them
        item = self._fresh("i")
        completed = self._completed(type_.of_type, item, details)
        return f"([{completed} for {item} in {name}] if {first}.__class__ in lists else refuse())"

    def _function(self, type_: GraphQLObjectType, details: FieldDetailsList) -> str:
        """The name of the function that answers for an object of this type.

        The same nodes have the same function: fragments within fragments would grow the code without measure else.
        """
        key = (type_, tuple(map(id, _nodes(details))))
        if key not in self._known:
            self._known[key] = name = self._fresh("f")
            try:
                self._define(name, self._entries(type_, details))
            except (_NotPlain, RecursionError):
                self._known[key] = None
        known = self._known[key]
        if known is None:
            raise _NotPlain
        return known

    def _entries(self, type_: GraphQLObjectType, details: FieldDetailsList) -> list[str]:
        selected, deferred, _ = self._collect(type_, details)
        if type_.is_type_of is not None or deferred:
            raise _NotPlain
        return [self._entry(type_, key, below) for key, below in selected.items()]


# Keeping the plans ----------------------------------------------------------------------------------------------------

_Selected: TypeAlias = FieldDetailsList | GroupedFieldSet


def _nodes(selected: _Selected) -> Iterator[FieldNode]:
    lists = selected.values() if isinstance(selected, dict) else (selected,)
    return (detail.node for details in lists for detail in details)


@dataclass(slots=True)
class _Selection:
    """One merged selection of an operation, and its plan from the time that it has been met often enough."""

    plan: Any = None
    met: int = 0
    is_settled: bool = False

    def is_due(self, weight: int, warm_up: int) -> bool:
        """Whether this meeting is the one at which the plan is to be made."""
        if self.is_settled:
            return False
        self.met += weight
        self.is_settled = self.met >= warm_up
        return self.is_settled


_Shape: TypeAlias = dict[tuple[Any, ...], _Selection]


class _OperationPlans:
    """All plans of one operation, apart for each state of the variables that decide what is selected."""

    def __init__(self, executor: CompiledExecutor) -> None:
        self._schema: GraphQLSchema = executor.schema
        self._fragments: dict[str, FragmentDefinitionNode] = executor.fragment_definitions
        self._switches = tuple(sorted(_switches(executor.operation, self._fragments)))
        self._shapes: dict[tuple[bool, ...], _Shape] = {}

    def belong_to(self, executor: CompiledExecutor) -> bool:
        """Whether the operation still means what it meant: documents can share it, and schemas documents.

        Fragments go by identity, for it is by keeping these very nodes alive that we can go by their ids.
        """
        fragments = executor.fragment_definitions
        return (
            self._schema is executor.schema
            and self._fragments.keys() == fragments.keys()
            and all(fragments[name] is fragment for name, fragment in self._fragments.items())
        )

    def shape(self, variables: dict[str, Any]) -> _Shape:
        """The plans for these variables; the oldest of too many shapes goes."""
        switched = tuple(variables.get(name) is not False for name in self._switches)
        shape = self._shapes.get(switched)
        if shape is None:
            if len(self._shapes) >= MOST_SHAPES:
                del self._shapes[next(iter(self._shapes))]
            shape = self._shapes[switched] = {}
        return shape


_PLANS: Final[dict[int, _OperationPlans]] = {}


def _plans_of(executor: CompiledExecutor) -> _OperationPlans:
    operation = executor.operation
    plans = _PLANS.get(id(operation))
    if plans is None:
        finalize(operation, _PLANS.pop, id(operation), None).atexit = False
    if plans is None or not plans.belong_to(executor):
        plans = _PLANS[id(operation)] = _OperationPlans(executor)
    return plans


_SWITCHING: Final = frozenset({GraphQLIncludeDirective.name, GraphQLSkipDirective.name, GraphQLDeferDirective.name})


def _switches(operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> set[str]:
    """The variables on which it depends which fields are selected."""
    names: set[str] = set()
    waiting: list[SelectionSetNode] = [operation.selection_set, *(each.selection_set for each in fragments.values())]
    while waiting:
        for selection in waiting.pop().selections:
            for directive in selection.directives or ():
                if directive.name.value in _SWITCHING:
                    names.update(_variables(argument.value for argument in directive.arguments or ()))
            if isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set is not None:
                waiting.append(selection.selection_set)
    return names


def _variables(values: Iterator[Any]) -> Iterator[str]:
    return (value.name.value for value in values if isinstance(value, VariableNode))


# Running them ---------------------------------------------------------------------------------------------------------

_Completed = TypeVar("_Completed")


def _attempted(plan: Callable[[Any], _Completed], source: Any) -> _Completed | None:
    """What the plan makes of the source, or None: whatever the trouble was, graphql-core meets it again and reports it.

    Not an `except` around graphql-core: its errors would have ours for their context.
    """
    try:
        return plan(source)
    except Exception:  # noqa: BLE001 (nothing is lost: graphql-core begins again)
        return None


async def _merged(results: dict[str, Any], delegated: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    return results | await delegated


class CompiledExecutor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor, except that compiled functions answer for plain selections."""

    warm_up: ClassVar[int] = WARM_UP

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        middleware = self.middleware_manager
        self._may_compile = not (middleware is not None and middleware.middlewares) and not any(
            # the arguments of a fragment could switch fields, and no key holds them
            fragment.variable_definitions
            for fragment in self.fragment_definitions.values()
        )
        # With what the id is of, so that no other can take it while this execution lasts.
        self._at_hand: dict[tuple[GraphQLOutputType, int], tuple[_Selected, _Selection]] = {}
        self._shape: _Shape | None = None

    def complete_list_value(
        self,
        return_type: GraphQLList[GraphQLOutputType],
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: DeliveryGroupMap | None,
    ) -> AwaitableOrValue[list[Any]]:
        """Complete a list by its plan, or else as graphql-core does."""
        if self._may_compile and position_context is None:
            plan = self._list_plan(return_type, field_details_list, result)
            completed: list[Any] | None = None if plan is None else _attempted(plan, result)
            if completed is not None:
                return completed
        return super().complete_list_value(return_type, field_details_list, info, path, result, position_context)

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: DeliveryGroupMap | None,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """Answer for an object by its plan as far as that goes; the root (no path) is all resolvers."""
        execute = super().execute_fields
        plan = results = None
        if self._may_compile and path is not None and position_context is None:
            plan = self._object_plan(parent_type, grouped_field_set)
        if plan is not None:
            results = _attempted(plan.head, source_value)
        if plan is None or results is None:
            return execute(parent_type, source_value, path, grouped_field_set, position_context)
        if not plan.rest:
            return results
        rest = {key: grouped_field_set[key] for key in plan.rest}
        delegated = execute(parent_type, source_value, path, rest, position_context)
        return results | delegated if isinstance(delegated, dict) else _merged(results, delegated)

    def _list_plan(
        self, type_: GraphQLList[GraphQLOutputType], details: FieldDetailsList, items: Any
    ) -> ValuePlan | None:
        selection = self._selection(type_, details)
        if selection.is_due(len(items) if items.__class__ is list else 1, self.warm_up):
            selection.plan = Writer(self).value_plan(type_, details)
        plan: ValuePlan | None = selection.plan
        return plan

    def _object_plan(self, type_: GraphQLObjectType, selected: GroupedFieldSet) -> ObjectPlan | None:
        selection = self._selection(type_, selected)
        if selection.is_due(1, self.warm_up):
            selection.plan = Writer(self).object_plan(type_, selected)
        plan: ObjectPlan | None = selection.plan
        return plan

    def _selection(self, type_: GraphQLOutputType, selected: _Selected) -> _Selection:
        """What is known of a selection, by the list or dictionary that graphql-core keeps for it in this execution."""
        key = (type_, id(selected))
        at_hand = self._at_hand.get(key)
        if at_hand is None:
            at_hand = self._at_hand[key] = (selected, self._looked_up(type_, _nodes(selected)))
        return at_hand[1]

    def _looked_up(self, type_: GraphQLOutputType, nodes: Iterator[FieldNode]) -> _Selection:
        if self._shape is None:
            self._shape = _plans_of(self).shape(self.variable_values.coerced)
        return self._shape.setdefault((type_, *map(id, nodes)), _Selection())
