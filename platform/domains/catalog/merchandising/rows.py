"""Operations on several products at once: what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from stoa.domains.catalog.errors import NoSuchProduct
from stoa.domains.catalog.results import RowResult
from stoa.kit.errors import InvalidInput, Refusal
from stoa.tenants.database import shop_client

MAX_PRODUCTS = 250
_LOCK = "SELECT id FROM product WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"


async def lock_products(product_ids: Sequence[UUID]) -> list[UUID]:
    """Those that there are, locked in this transaction, in the order asked for. Raises `InvalidInput`."""
    if not 0 < len(product_ids) <= MAX_PRODUCTS:
        raise InvalidInput(
            "{count} products; 1 to {limit} at a time are allowed.",
            path=["product_ids"],
            limit=MAX_PRODUCTS,
            count=len(product_ids),
        )
    rows = await shop_client().execute_query_dict(_LOCK, [list(product_ids)])
    there = {row["id"] for row in rows}
    return [each for each in dict.fromkeys(product_ids) if each in there]


def results(
    asked: Sequence[UUID], changed: Iterable[UUID], refused: dict[UUID, Refusal], there: Iterable[UUID]
) -> list[RowResult]:
    """One for each product asked for, in that order."""
    known, done, found = set(there), set(changed), list[RowResult]()
    for i, each in enumerate(asked):
        if each not in known:
            missing = NoSuchProduct("There is no such product.", path=["product_ids", i])
            found.append(RowResult(each, [missing]))
        elif each in refused:
            found.append(RowResult(each, [refused[each].under("product_ids", i)]))
        else:
            found.append(RowResult(each, changed=each in done))
    return found
