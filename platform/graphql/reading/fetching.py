"""Run a plan: check the rights, send one statement to the open shop, decode its answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from graphql import GraphQLResolveInfo

from stoa.graphql.context import GraphContext
from stoa.graphql.reading.declaring import StoredType
from stoa.graphql.reading.planning import Plan, Planner, variables_of
from stoa.graphql.reading.rendering import render
from stoa.graphql.reading.shaping import PageShape, is_constant, shape_page
from stoa.tenants.database import shop_client

MAX_STATEMENTS = 64  # SQL texts kept for one selection: as many as clients' filters have forms


async def fetch_page(info: GraphQLResolveInfo[Any], stored: StoredType, order: tuple[str, ...]) -> Any:
    """A page of all the rows of a type."""
    plan = _plan(info, stored, lambda planner: planner.plan_page(stored, info, order))
    return await _run(info, plan, [])


async def fetch_one(info: GraphQLResolveInfo[Any], stored: StoredType, id: UUID) -> Any:
    """One row by its id; None when the open shop has no such row."""
    plan = _plan(info, stored, lambda planner: planner.plan_one(stored, info.field_nodes))
    return await _run(info, plan, [id])


async def fetch_many(info: GraphQLResolveInfo[Any], stored: StoredType, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """Rows of one type by their ids; those the open shop does not have are missing."""
    plan = _plan(info, stored, lambda planner: planner.plan_many(stored, info.field_nodes))
    found = await _run(info, plan, [list(ids)])
    return {UUID(id): row for id, row in found}


def _plan(info: GraphQLResolveInfo[Any], stored: StoredType, make: Callable[[Planner], Plan]) -> Plan:
    """The plan of this field, kept with the parsed document for as long as that is kept."""
    document = info.context.document
    variables = variables_of(info)
    key = (
        stored.name,
        info.return_type,
        tuple([id(node) for node in info.field_nodes]),  # the document keeps its nodes alive
        tuple([variables.coerced.get(name) for name in document.condition_variables]),
    )
    plan = document.plans.get(key)
    if plan is None:
        plan = document.plans[key] = make(Planner(info))
        plan.constant_shapes = {p.number: shape_page(p, variables) for p in plan.pages if is_constant(p)}
    return plan  # type: ignore[no-any-return]


async def _run(info: GraphQLResolveInfo[Any], plan: Plan, values: list[Any]) -> Any:
    context: GraphContext = info.context
    context.in_shop()
    for scope, where in plan.scopes.items():
        context.require(scope, where)
    sql = _statement(plan, info, values)
    context.statements += 1
    async with shop_client().acquire_connection() as connection:
        text = await connection.fetchval(sql, *values)
    return None if text is None else plan.decoder.decode(text)


def _statement(plan: Plan, info: GraphQLResolveInfo[Any], values: list[Any]) -> str:
    """The SQL for this call's arguments; appends their values to `values`, page after page."""
    shapes: list[PageShape] = []
    widths: list[int] = []
    variables = variables_of(info)
    for page in plan.pages:
        shape, of_page = plan.constant_shapes.get(page.number) or shape_page(page, variables)
        shapes.append(shape)
        widths.append(len(of_page))
        values.extend(of_page)
    key = tuple(shapes)
    sql = plan.statements.get(key)
    if sql is None:
        sql = render(plan, shapes, widths)
        if len(plan.statements) < MAX_STATEMENTS:
            plan.statements[key] = sql
    return sql
