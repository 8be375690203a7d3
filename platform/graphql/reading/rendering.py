"""From a plan and the shapes of its pages to ONE SQL statement that answers in JSON.

A row is a JSON array of the selected values, a page a JSON array of its rows and what is to be known of it. Every
page limits its rows in a subquery before anything is computed for them, so work grows with what is shown and not
with what is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from stoa.graphql.reading.declared import StoredType
from stoa.graphql.reading.decoding import COUNT_LIMIT
from stoa.graphql.reading.fragments import ROW, TRUE, Asker, Fragment, all_of, column, template, written
from stoa.graphql.reading.planning import PagePlan, Plan, RowPlan, Slot
from stoa.graphql.reading.rows import Relation, column_of, columns_of, table_of
from stoa.graphql.reading.shaping import PageShape


def render(plan: Plan, shapes: Sequence[PageShape]) -> str:
    """The statement. Its parameters are the ids of `plan_one` and `plan_many`, then the pages' values in turn, then who
    asks, where a type's rows depend on that."""
    if isinstance(plan.root, PagePlan):
        return f"SELECT {_Renderer(shapes, 0, plan.asks).page(plan.root, None)}::text"
    renderer = _Renderer(shapes, 1, plan.asks)
    alias = renderer.alias()
    row, table = renderer.row(plan.root, alias), table_of(plan.root.stored.model)
    only = _and(plan.root.stored, alias, renderer.asked)
    if plan.is_many:
        listed = f"coalesce(json_agg(json_build_array({alias}.id, {row})), '[]'::json)"
        return f"SELECT {listed}::text FROM {table} {alias} WHERE {alias}.id = ANY($1::uuid[]){only}"
    return f"SELECT {row}::text FROM {table} {alias} WHERE {alias}.id = $1{only}"


class _Renderer:
    def __init__(self, shapes: Sequence[PageShape], values_before: int, asks: Sequence[Asker]) -> None:
        self.shapes = shapes
        self.starts = list(accumulate((shape.values for shape in shapes), initial=values_before))
        self.asked = {each: self.starts[-1] + i for i, each in enumerate(asks, start=1)}
        self.aliases = 0

    def alias(self) -> str:
        self.aliases += 1
        return f"t{self.aliases}"

    def row(self, plan: RowPlan, alias: str) -> str:
        values = [self._slot(slot, alias) for slot in plan.slots]
        return f"json_build_array({', '.join(values) or 'null'})"

    def _slot(self, slot: Slot, row: str) -> str:
        if slot.sql is not None:
            return written(slot.sql, row, 0)
        if slot.one is not None:
            return self._one(*slot.one, row)
        assert slot.page is not None
        return self.page(slot.page, row)

    def _one(self, plan: RowPlan, relation: Relation, order: Sequence[str], row: str) -> str:
        alias = self.alias()
        ordering = ", ".join(f'{alias}."{column_of(relation.model, name)}"' for name in order)
        first = f" ORDER BY {ordering} LIMIT 1" if order else ""
        joined = written(relation.join(row, ROW), alias, 0)
        return f"(SELECT {self.row(plan, alias)} FROM {relation.table} {alias} WHERE {joined}{first})"

    def page(self, page: PagePlan, parent: str | None) -> str:
        shape, alias, start = self.shapes[page.number], self.alias(), self.starts[page.number]
        table, columns = table_of(page.target.model), columns_of(page.target.model)
        joined = [page.relation.join(parent, ROW)] if page.relation and parent else []
        conditions = [*joined, page.only, template(page.target.only)]
        found = written(_where([*conditions, shape.where, shape.bounds]), alias, start, self.asked)
        limit = shape.limit + 1 if page.is_full else shape.limit
        ordering = written(shape.ordering.sql(ROW, backward=shape.backward), alias, start)
        rows = f"(SELECT {columns} FROM {table} {alias}{found} ORDER BY {ordering} LIMIT {limit}) {alias}"
        views = [self.row(view, alias) for view in page.views]
        if not page.is_full:
            # nobody turns these rows round later
            forward = written(shape.ordering.sql(ROW, backward=False), alias, start) if shape.backward else ""
            return f"(SELECT json_build_array({_listed(views, forward)}) FROM {rows})"
        counted = written(_where([*conditions, shape.where]), alias, start, self.asked)
        facts = [
            *(str(shape.limit), _bool(shape.backward), _bool(shape.bounded), f"'{shape.ordering.name}'", "count(*)"),
            f"(SELECT count(*) FROM (SELECT FROM {table} {alias}{counted} LIMIT {COUNT_LIMIT + 1}) counted)"
            if page.is_counted
            else "null",
            _listed([_keys(shape, alias)]) if page.with_keys else "null",
            *([_listed(views)] if views else []),
        ]
        return f"(SELECT json_build_array({', '.join(facts)}) FROM {rows})"


def _and(stored: StoredType, alias: str, asked: Mapping[Asker, int]) -> str:
    return "" if stored.only == "TRUE" else f" AND {written(template(stored.only), alias, 0, asked)}"


def _keys(shape: PageShape, alias: str) -> str:
    keys = [written((*column(ROW, term.column), "::text"), alias, 0) for term in shape.ordering.terms]
    return f"json_build_array({', '.join(keys)})"


def _listed(rows: Iterable[str], ordering: str = "") -> str:
    order = f" ORDER BY {ordering}" if ordering else ""
    return ", ".join(f"coalesce(json_agg({row}{order}), '[]'::json)" for row in rows)


def _where(conditions: Iterable[Fragment]) -> Fragment:
    met = all_of(conditions)
    return () if met == TRUE else (" WHERE ", *met)


def _bool(value: bool) -> str:
    return "true" if value else "false"
