"""Run a plan: check the rights, send one statement to the open shop, decode its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from graphql import (
    FieldNode,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    get_named_type,
    get_nullable_type,
    is_list_type,
)
from graphql.execution.values import VariableValues

from stoa.graphql.context import GraphContext
from stoa.graphql.reading.declared import RootPage, StoredType
from stoa.graphql.reading.fragments import VIEWER, Asker
from stoa.graphql.reading.planning import PagePlan, Plan, Planner, RowPlan
from stoa.graphql.reading.rendering import render
from stoa.graphql.reading.selecting import Selection, is_constant, variables_of
from stoa.graphql.reading.shaping import PageShape, Shaped, shape_page
from stoa.tenants.database import shop_client

FETCHED = "stoa.fetched"  # extension of a payload's field: the stored type whose row it reads
MAX_PLANS = 64  # kept for one document: @skip and @include may make many of one selection
MAX_STATEMENTS = 32  # kept for one plan: as many as clients' filters have forms


async def fetch_page(info: GraphQLResolveInfo[Any], stored: StoredType, declared: RootPage) -> Any:
    """A page of the rows of a type."""
    if (
        info.context.in_order_of_ids
    ):  # then the document is one that is read in no other way: its plans are kept with it
        declared = replace(declared, order=("id",))
    definition = info.parent_type.fields[info.field_name]
    plan = _plan(
        info,
        stored,
        info.field_nodes,
        info.return_type,
        lambda planner: planner.plan_page(stored, info.field_nodes, definition, declared),
    )
    return await _run(info, plan, [])


async def fetch_one(info: GraphQLResolveInfo[Any], stored: StoredType, id: UUID) -> Any:
    """One row by its id; None when the open shop has no such row."""
    return await _run(info, _plan_one(info, stored, info.field_nodes, info.return_type), [id])


async def fetch_written(info: GraphQLResolveInfo[Any], stored: StoredType, id: UUID) -> Any:
    """A row that this very request has written: when only its id is asked for, that is known without a statement."""
    plan = _plan_one(info, stored, info.field_nodes, info.return_type)
    if isinstance(plan.root, RowPlan) and all(slot.attribute == "id" for slot in plan.root.slots):
        _require(info.context, plan.scopes)
        return plan.root.struct(*[str(id) for _ in plan.root.slots])
    return await _run(info, plan, [id])


async def fetch_many(info: GraphQLResolveInfo[Any], stored: StoredType, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """Rows of one type by their ids; those the open shop does not have are missing."""
    plan = _plan_many(info, stored, info.field_nodes, info.return_type)
    found = await _run(info, plan, [list(ids)])
    return {UUID(id): row for id, row in found}


def require_rights(info: GraphQLResolveInfo[Any]) -> None:
    """Check the rights that a payload's fetched fields will need, before the mutation does anything."""
    payload = get_named_type(info.return_type)
    assert isinstance(payload, GraphQLObjectType)
    for nodes in Selection(info).below(payload, info.field_nodes).values():
        field = payload.fields.get(nodes[0].name.value)
        if field is not None and FETCHED in field.extensions:
            plan_rows = _plan_many if is_list_type(get_nullable_type(field.type)) else _plan_one
            plan = plan_rows(info, field.extensions[FETCHED], nodes, field.type)
            _require(info.context, plan.scopes)


def _plan_one(
    info: GraphQLResolveInfo[Any], stored: StoredType, nodes: list[FieldNode], type_: GraphQLOutputType
) -> Plan:
    return _plan(info, stored, nodes, type_, lambda planner: planner.plan_one(stored, nodes))


def _plan_many(
    info: GraphQLResolveInfo[Any], stored: StoredType, nodes: list[FieldNode], type_: GraphQLOutputType
) -> Plan:
    return _plan(info, stored, nodes, type_, lambda planner: planner.plan_many(stored, nodes))


def _plan(
    info: GraphQLResolveInfo[Any],
    stored: StoredType,
    nodes: list[FieldNode],
    type_: GraphQLOutputType,
    make: Callable[[Planner], Plan],
) -> Plan:
    """The plan of a field, kept with the parsed document for as long as that is kept."""
    document = info.context.document
    variables = variables_of(info)
    key = (
        stored.name,
        type_,
        tuple([id(node) for node in nodes]),  # the document keeps its nodes alive
        tuple([variables.coerced.get(name) for name in document.condition_variables]),
    )
    plan = document.plans.get(key)
    if plan is None:
        plan = make(Planner(info))
        _keep(document.plans, key, plan, MAX_PLANS)
    return plan  # type: ignore[no-any-return]


async def _run(info: GraphQLResolveInfo[Any], plan: Plan, values: list[Any]) -> Any:
    context: GraphContext = info.context
    context.in_shop()
    _require(context, plan.scopes)
    sql = _statement(plan, info, values)
    context.statements += 1
    async with shop_client().acquire_connection() as connection:
        text = await connection.fetchval(sql, *values)
    return None if text is None else plan.decoder.decode(text)


def _require(context: GraphContext, scopes: Mapping[str, str]) -> None:
    for scope, where in scopes.items():
        context.require(scope, where)


def _statement(plan: Plan, info: GraphQLResolveInfo[Any], values: list[Any]) -> str:
    """The SQL for this call's arguments; appends their values to `values`, page after page, and who asks."""
    shapes: list[PageShape] = []
    variables = variables_of(info)
    for page in plan.pages:
        shaped = plan.constant_shapes.get(page.number) or _shape(plan, page, variables)
        _require(info.context, shaped.scopes)
        shapes.append(shaped.shape)
        values.extend(shaped.values)
    values.extend(_said_of(info.context, each) for each in plan.asks)
    key = tuple(shapes)
    sql: str | None = plan.statements.get(key)
    if sql is None:
        sql = render(plan, shapes)
        _keep(plan.statements, key, sql, MAX_STATEMENTS)
    return sql


def _said_of(context: GraphContext, asked: Asker) -> Any:
    return context.account_id() if asked is VIEWER else sorted(context.in_shop().scopes)


def _shape(plan: Plan, page: PagePlan, variables: VariableValues) -> Shaped:
    shaped = shape_page(page, variables)
    if is_constant(page.node):
        plan.constant_shapes[page.number] = shaped
    return shaped


def _keep(kept: dict[Any, Any], key: Any, value: Any, most: int) -> None:
    """The oldest makes room."""
    if len(kept) >= most:
        del kept[next(iter(kept))]
    kept[key] = value
