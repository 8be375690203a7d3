"""Which products are meant: by their ids, their status, and what `products(where:, search:)` would find.

A filter is kept as it was written, and evaluated when it is used. What it says in SQL the API knows, which stands above
the domains: it leaves a reader here when its schema is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from stoa.domains.catalog.errors import NoSuchProduct
from stoa.domains.catalog.models import Product, ProductStatus
from stoa.kit.errors import InvalidInput
from stoa.tenants.context import Context

MAX_IDS = 1_000


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL about the product called `p`. `scopes`: what one must have the right to see to hear the outcome."""

    sql: str
    values: list[Any]
    scopes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Those for which all of this is true; all products when nothing is said. `where` is as the API's JSON has it."""

    where: Mapping[str, Any] | None = None
    search: str | None = None
    status: ProductStatus | None = None
    product_ids: Sequence[UUID] | None = None

    def __bool__(self) -> bool:
        return (
            bool(self.where or (self.search or "").strip()) or self.status is not None or self.product_ids is not None
        )

    def kept(self) -> dict[str, Any]:
        """As a run keeps it."""
        ids = None if self.product_ids is None else [str(each) for each in self.product_ids]
        status = None if self.status is None else self.status.value
        said = {"where": self.where, "search": self.search, "status": status, "ids": ids}
        return {name: value for name, value in said.items() if value is not None}


EVERYTHING: Final = Chosen()
# JSON of a `where`, a search, and how many parameters the statement has before.
Reader = Callable[[Mapping[str, Any] | None, str | None, int], Condition]
_readers: list[Reader] = []


def read_filters_with(reader: Reader) -> None:
    """From now on filters are read so."""
    _readers[:] = [reader]


def condition_of(kept: Mapping[str, Any], *, before: int) -> Condition:
    """What `Chosen.kept` says. Raises `InvalidInput` of what is no filter (any more)."""
    found = _filtered(kept.get("where"), kept.get("search"), before)
    conditions, values = [found.sql], list(found.values)
    if kept.get("status") is not None:
        values.append(kept["status"])
        conditions.append(f"p.status = ${before + len(values)}")
    if kept.get("ids") is not None:
        values.append([UUID(each) for each in kept["ids"]])
        conditions.append(f"p.id = ANY(${before + len(values)}::uuid[])")
    return Condition(" AND ".join(f"({each})" for each in conditions), values, found.scopes)


def _filtered(where: Mapping[str, Any] | None, search: str | None, before: int) -> Condition:
    if where is None and search is None:
        return Condition("TRUE", [], {})
    [reader] = _readers
    return reader(where, search, before)


async def check_chosen(ctx: Context, chosen: Chosen) -> None:
    """Refuse what cannot be chosen by, or not by this caller: `InvalidInput`, `MissingScope`, `NoSuchProduct`."""
    for scope in condition_of(chosen.kept(), before=0).scopes:
        ctx.require(scope)
    if chosen.product_ids is not None:
        await _check_ids(chosen.product_ids)


async def _check_ids(product_ids: Sequence[UUID]) -> None:
    if len(product_ids) > MAX_IDS:
        raise InvalidInput(
            "{count} products are named; {limit} may be.", path=["ids"], count=len(product_ids), limit=MAX_IDS
        )
    known = set(await Product.filter(id__in=product_ids).values_list("id", flat=True))
    for i, each in enumerate(product_ids):
        if each not in known:
            raise NoSuchProduct("There is no such product.", path=["ids", i])
