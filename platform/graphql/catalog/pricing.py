"""Prices over time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from stoa.domains.catalog import models
from stoa.graphql.enums import shown_enum
from stoa.graphql.paging import Node
from stoa.graphql.reading.declaring import column, computed, stored
from stoa.graphql.reading.decoding import AmountRow
from stoa.graphql.scalars import Money
from stoa.tenants.access.scopes import Scope

PriceKind = shown_enum(
    models.PriceKind,
    "Which price of a variant.",
    SALE="What it is sold for.",
    LIST="What it is said to be worth.",
    COST="What the shop pays for it.",
)
_AMOUNT = "SELECT json_build_array({row}.minor, {row}.currency) WHERE {row}.minor IS NOT NULL AND {row}.kind "


def amount_of(pair: Any) -> AmountRow:
    minor, currency = pair
    return AmountRow(minor, currency)


@stored(models.PriceChange, prefix="prc", scope=Scope.CATALOG_READ)
class PriceChange(Node):
    """A price as it was from that moment on."""

    kind: PriceKind = column("Which price it is.", filter=True)  # type: ignore[valid-type]
    price: Money | None = computed(
        _AMOUNT + "<> 'COST'", "The sale or list price; null when it was taken away, and of costs.", convert=amount_of
    )
    cost: Money | None = computed(
        _AMOUNT + "= 'COST'",
        "The cost; null when it was taken away, and of other prices.",
        convert=amount_of,
        scope=Scope.CATALOG_COST,
    )
    since: datetime = column("When it began.", filter=True)
