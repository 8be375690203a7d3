"""Operations that go past graphql-core's executor: known resolvers at the top, plain fields below them.

**What it does.** For one product by its id, graphql-core's executor takes longer than PostgreSQL: it builds itself,
collects the fields, wraps resolver and completion into five coroutines and looks for aborts and deferred parts that
are never there. Nearly every operation of this API is of one form: its root fields are the read planner's (or it is
one mutation), their resolvers are coroutine functions, and what is selected below is plain (compiled.py) but for the
rows that a mutation's payload fetches, which are the planner's again. For such an operation a `Shortcut` is made once:
the fields with their resolvers and the compiled functions that complete what these return. Running it is: coerce the
variables, await the resolvers, call the functions.

**Why it is right.** It answers only where there is nothing to report. As soon as anything is out of the ordinary (a
resolver raises, a null where none may be, a user error in a payload) graphql-core's executor runs the operation from
the beginning, with a `_Replay` that hands it what the resolvers have returned or raised already. So no resolver runs
twice, and errors, paths and the spreading of nulls are graphql-core's own.

**What the next person must know.**

* A resolver takes part when its field's `extensions` hold `DIRECT`. It must be a coroutine function, and of `info` it
  may use everything but `is_awaitable` and `async_helpers`. Only `binding.py` and `mutations.py` mark fields.
* A mutation takes part when it is the only one: several run one after the other, which is graphql-core's to do.
* A shortcut is made at the `WARM_UP`th run of an operation, kept with its document, apart for each state of the
  variables that @skip and @include look at. It is `None` for operations that are of another form.
* `tests/graphql/test_shortcut.py` and `test_parity.py` hold its answers against graphql-core's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    MiddlewareManager,
    OperationDefinitionNode,
    OperationType,
    get_nullable_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet, collect_fields
from graphql.execution.values import VariableValues, get_argument_values
from graphql.pyutils import Path
from strawberry.execution import optimized_is_awaitable

from stoa.graphql.compiled import WARM_UP, CompiledExecutor, ValuePlan, Writer

DIRECT: Final = "stoa.direct"
"""The key in a field's `extensions` that says: its resolver may be awaited without graphql-core."""

Outcome: TypeAlias = tuple[Any, Exception | None]
Place: TypeAlias = tuple[str | int, ...]
_is_awaitable: Final[Any] = optimized_is_awaitable


class _LeftToCore(Exception):
    """Something is out of the ordinary."""


@dataclass(frozen=True, slots=True)
class _Field:
    """A field with a resolver of ours. `complete` makes the answer of its value, all but the fields `below`."""

    key: str
    parent: GraphQLObjectType
    definition: GraphQLField
    nodes: list[FieldNode]
    complete: ValuePlan
    below: tuple[_Field, ...]


@dataclass(frozen=True, slots=True)
class Shortcut:
    """The way of one operation. Nothing in it is of any request."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    roots: tuple[_Field, ...]

    async def run(self, variables: VariableValues, context: Any) -> tuple[dict[str, Any], MiddlewareManager | None]:
        """The data; or else what graphql-core's executor must be given to run the operation after all."""
        run = _Run(self, variables, context)
        try:
            return await run.data(), None
        except _LeftToCore:
            return {}, _Replay(run.outcomes)


@dataclass(slots=True)
class Way:
    """What is known of an operation, in one state of the variables that decide what is selected."""

    shortcut: Shortcut | None = None
    met: int = 0

    def meet(self, executor: CompiledExecutor) -> None:
        """Graphql-core is about to run the operation; at the `WARM_UP`th time its shortcut is made, if it has one."""
        self.met += 1
        if self.met == WARM_UP:
            with suppress(GraphQLError):  # variables that nobody can decide by: graphql-core says so
                self.shortcut = _made(executor)


# Running --------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Run:
    """One run of an operation. `outcomes`: what resolvers have returned or raised, by the place of their field."""

    shortcut: Shortcut
    variables: VariableValues
    context: Any
    outcomes: dict[Place, Outcome] = field(default_factory=dict)

    async def data(self) -> dict[str, Any]:
        roots = self.shortcut.roots
        if len(roots) == 1:
            return {roots[0].key: await self._answered(roots[0], None, None)}
        answers = await asyncio.gather(*(self._answered(each, None, None) for each in roots), return_exceptions=True)
        for answer in answers:  # not before all have ended: none may be left at work by itself
            if isinstance(answer, BaseException):
                raise answer
        return {each.key: answer for each, answer in zip(roots, answers, strict=True)}

    async def _answered(self, field: _Field, source: Any, above: Path | None) -> Any:
        path = Path(above, field.key, field.parent.name)
        value = await self._resolved(field, source, path)
        try:
            answer = field.complete(value)
        except Exception:  # noqa: BLE001 (whatever it was, graphql-core meets it again and reports it)
            raise _LeftToCore from None
        for each in field.below if answer is not None else ():
            answer[each.key] = await self._answered(each, value, path)
        return answer

    async def _resolved(self, field: _Field, source: Any, path: Path) -> Any:
        place, resolve = tuple(path.as_list()), field.definition.resolve
        assert resolve is not None
        try:
            value = await resolve(source, self._info(field, path), **self._arguments(field))
        except Exception as error:  # noqa: BLE001 (graphql-core raises it again, at its place)
            self.outcomes[place] = None, error
            raise _LeftToCore from None
        self.outcomes[place] = value, None
        return value

    def _arguments(self, field: _Field) -> dict[str, Any]:
        return get_argument_values(field.definition, field.nodes[0], self.variables) if field.definition.args else {}

    def _info(self, field: _Field, path: Path) -> GraphQLResolveInfo[Any]:
        """As Strawberry's executor makes it: resolvers get the bare dictionary of variables."""
        shortcut, unset = self.shortcut, None
        made: Any = GraphQLResolveInfo(
            field.nodes[0].name.value,
            field.nodes,
            field.definition.type,
            field.parent,
            path,
            shortcut.schema,
            shortcut.fragments,  # type: ignore[arg-type]  # nobody changes them
            None,
            shortcut.operation,
            self.variables.coerced,  # type: ignore[arg-type]
            self.context,
            _is_awaitable,
            unset,
            unset,  # type: ignore[arg-type]
        )
        return made  # type: ignore[no-any-return]


class _Replay(MiddlewareManager):
    """Hands graphql-core the outcomes that are known. It holds no middleware, so plain fields stay compiled."""

    def __init__(self, outcomes: Mapping[Place, Outcome]) -> None:
        super().__init__()
        self.outcomes = outcomes

    def get_field_resolver(self, field_resolver: Callable[..., Any]) -> Callable[..., Any]:
        def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
            known = self.outcomes.get(tuple(info.path.as_list()))
            if known is None:
                return field_resolver(source, info, **arguments)
            value, error = known
            if error is not None:
                raise error
            return value

        return resolve


# Making ---------------------------------------------------------------------------------------------------------------


def _made(executor: CompiledExecutor) -> Shortcut | None:
    """The shortcut of the operation that this executor is to run; None when it is not of the form."""
    schema, operation = executor.schema, executor.operation
    root = schema.get_root_type(operation.operation)
    if root is None or operation.operation is OperationType.SUBSCRIPTION or not executor.error_propagation:
        return None
    selected, deferred, _ = collect_fields(schema, executor.fragments, executor.variable_values, root, operation)
    if deferred or (operation.operation is OperationType.MUTATION and len(selected) != 1):
        return None
    fields = _fields(executor, root, selected, list(selected))
    return None if fields is None else Shortcut(schema, operation, executor.fragment_definitions, fields)


def _fields(
    executor: CompiledExecutor, parent: GraphQLObjectType, selected: GroupedFieldSet, keys: list[str]
) -> tuple[_Field, ...] | None:
    """Those of the selected fields, or None when one of them is not of the form."""
    made = [_field(executor, parent, key, selected[key]) for key in keys]
    return tuple(each for each in made if each is not None) if all(made) else None


def _field(executor: CompiledExecutor, parent: GraphQLObjectType, key: str, details: FieldDetailsList) -> _Field | None:
    definition = parent.fields.get(details[0].node.name.value)
    if definition is None or DIRECT not in definition.extensions:
        return None
    nodes = [each.node for each in details]
    whole = Writer(executor).value_plan(definition.type, details)
    if whole is not None:
        return _Field(key, parent, definition, nodes, whole, ())
    return _field_with_others_below(executor, parent, key, details, definition.type)


def _field_with_others_below(
    executor: CompiledExecutor,
    parent: GraphQLObjectType,
    key: str,
    details: FieldDetailsList,
    type_: GraphQLOutputType,
) -> _Field | None:
    """A field whose object has fields that are not plain, if these are of the form."""
    kind = get_nullable_type(type_)
    if not is_object_type(kind) or kind.is_type_of is not None:
        return None
    selected, deferred, _ = executor.collect_subfields(kind, details)
    plan = None if deferred else Writer(executor).object_plan(kind, selected)
    below = None if plan is None else _fields(executor, kind, selected, list(plan.rest))
    if plan is None or below is None:
        return None
    definition, nodes = parent.fields[details[0].node.name.value], [each.node for each in details]
    return _Field(key, parent, definition, nodes, _completing(plan.head, kind is not type_), below)


def _completing(head: Callable[[Any], dict[str, Any]], is_required: bool) -> ValuePlan:
    return head if is_required else lambda value: None if value is None else head(value)
