"""From a plan and the shapes of its pages to ONE SQL statement that answers in JSON.

A row is a JSON array of the selected values, a page a JSON array of its rows and what is to be known of it. Every
page limits its rows in a subquery before anything is computed for them, so work grows with what is shown and not
with what is stored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from stoa.graphql.reading.decoding import COUNT_LIMIT
from stoa.graphql.reading.planning import PagePlan, Plan, RowPlan, Slot
from stoa.graphql.reading.rows import Relation, table_of
from stoa.graphql.reading.shaping import ROW, PageShape

_MARKER = re.compile(r"\$\((\d+)\.(\d+)\)")


def render(plan: Plan, shapes: Sequence[PageShape], widths: Sequence[int]) -> str:
    """The statement. `widths` tells how many values each page has: they are passed page after page."""
    renderer = _Renderer(shapes)
    if isinstance(plan.root, PagePlan):
        sql = f"SELECT {renderer.page(plan.root, None)}::text"
    else:
        alias = renderer.alias()
        table = table_of(plan.root.stored.model)
        row = renderer.row(plan.root, alias)
        if plan.is_many:
            listed = f"coalesce(json_agg(json_build_array({alias}.id, {row})), '[]'::json)"
            sql = f'SELECT {listed}::text FROM "{table}" {alias} WHERE {alias}.id = ANY($1::uuid[])'
        else:
            sql = f'SELECT {row}::text FROM "{table}" {alias} WHERE {alias}.id = $1'
        return _numbered(sql, [1, *widths], first_page=1)
    return _numbered(sql, widths, first_page=0)


class _Renderer:
    def __init__(self, shapes: Sequence[PageShape]) -> None:
        self.shapes = shapes
        self.aliases = 0

    def alias(self) -> str:
        self.aliases += 1
        return f"t{self.aliases}"

    def row(self, plan: RowPlan, alias: str, keys: Sequence[str] = ()) -> str:
        values = [self.slot(slot, alias) for slot in plan.slots]
        if plan.with_keys:
            values.append(f"json_build_array({', '.join(f'{key}::text' for key in keys)})")
        return f"json_build_array({', '.join(values) or 'null'})"

    def slot(self, slot: Slot, row: str) -> str:
        if slot.column is not None:
            return f'{row}."{slot.column}"'
        if slot.amount is not None:
            minor, currency = (f'{row}."{name}"' for name in slot.amount)
            return f"CASE WHEN {minor} IS NOT NULL THEN json_build_array({minor}, {currency}) END"
        if slot.computed is not None:
            return f"({slot.computed.format(row=row)})"
        if slot.one is not None:
            return self.one(*slot.one, row)
        assert slot.page is not None
        return self.page(slot.page, row)

    def one(self, plan: RowPlan, relation: Relation, order: Sequence[str], row: str) -> str:
        alias = self.alias()
        ordering = ", ".join(f'{alias}."{name}"' for name in order)
        first = f" ORDER BY {ordering} LIMIT 1" if order else ""
        return (
            f'(SELECT {self.row(plan, alias)} FROM "{relation.table}" {alias} '
            f"WHERE {relation.join(row, alias)}{first})"
        )

    def page(self, page: PagePlan, parent: str | None) -> str:
        shape, alias = self.shapes[page.number], self.alias()
        table = table_of(page.row.stored.model)
        conditions = [page.relation.join(parent, alias)] if page.relation and parent else []
        if shape.where:
            conditions.append(shape.where.replace(ROW, alias))
        bounded = [*conditions, *([shape.bounds.replace(ROW, alias)] if shape.bounds else [])]
        limit = shape.limit + 1 if page.is_full else shape.limit
        rows = (
            f'SELECT * FROM "{table}" {alias}{_where(bounded)} '
            f"ORDER BY {shape.ordering.replace(ROW, alias)} LIMIT {limit}"
        )
        keys = [key.replace(ROW, alias) for key in shape.keys]
        listed = f"coalesce(json_agg({self.row(page.row, alias, keys)}), '[]'::json)"
        if not page.is_full:
            return f"(SELECT json_build_array({listed}) FROM ({rows}) {alias})"
        counted = self._count(table, conditions, alias) if page.is_counted else "null"
        facts = f"{shape.limit}, {_bool(shape.backward)}, {_bool(shape.bounded)}, '{shape.order}', {counted}"
        return f"(SELECT json_build_array({facts}, {listed}) FROM ({rows}) {alias})"

    def _count(self, table: str, conditions: Sequence[str], alias: str) -> str:
        inner = f'SELECT FROM "{table}" {alias}{_where(conditions)} LIMIT {COUNT_LIMIT + 1}'
        return f"(SELECT count(*) FROM ({inner}) counted)"


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _bool(value: bool) -> str:
    return "true" if value else "false"


def _numbered(sql: str, widths: Sequence[int], *, first_page: int) -> str:
    """Replace the markers $(page.n) by PostgreSQL's $1, $2...: values are passed page after page."""
    starts = [0]
    for width in widths:
        starts.append(starts[-1] + width)
    return _MARKER.sub(lambda found: f"${starts[int(found[1]) + first_page] + int(found[2])}", sql)
