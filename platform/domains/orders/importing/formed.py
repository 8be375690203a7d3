"""Orders as they will be written: rows of every table that has a part in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from stoa.domains.catalog.offering import Offer
from stoa.domains.orders.channels import RETURNS
from stoa.domains.service import Buyer
from stoa.tenants.context import Actor
from stoa.tenants.importing.issues import Issue

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """What must be known to form orders: where they come from, what the shop has by code, which columns there are."""

    source: str
    currency: str
    offers: Mapping[str, Offer]
    columns: frozenset[str]
    actor: Actor
    moment: datetime


@dataclass(slots=True)
class Formed:
    """One order: its row, and those that hang on it. `key` is what the file calls it, `buyer` whose it is."""

    key: str
    line: int
    order: Row
    buyer: Buyer
    lines: list[Row] = field(default_factory=list)
    transitions: list[Row] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)
    refunds: list[Row] = field(default_factory=list)
    cases: list[Row] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    @property
    def is_return(self) -> bool:
        return bool(self.order["channel"] == RETURNS)

    @property
    def known_as(self) -> tuple[str, str]:
        return self.order["channel"], self.order["external_id"]
