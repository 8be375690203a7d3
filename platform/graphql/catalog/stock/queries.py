"""Stock's part of Query."""

from __future__ import annotations

import strawberry
from strawberry.types import Info

from stoa.domains.catalog import stock
from stoa.graphql.catalog.stock.types import Location, StockCount, StockLevel, StockMovement, StockTransfer
from stoa.graphql.context import GraphContext
from stoa.graphql.paging import Connection
from stoa.graphql.reading.declaring import one_of, page_of, root
from stoa.graphql.scalars import BigInt
from stoa.kit.ids import type_id
from stoa.tenants.access import Scope


@root
class StockQueries:
    """What can be asked of stock."""

    location: Location | None = one_of("One location by its id.")
    locations: Connection[Location] = page_of("The shop's locations, by name.", order=("name_key",))
    stock_level: StockLevel | None = one_of("One stock level by its id.")
    stock_levels: Connection[StockLevel] = page_of("How many there are of what and where; `isLow` finds what is low.")
    stock_movements: Connection[StockMovement] = page_of("What has moved, newest first.", order=("-id",))
    stock_transfer: StockTransfer | None = one_of("One transfer by its id.")
    stock_transfers: Connection[StockTransfer] = page_of("The shop's transfers, newest first.", order=("-id",))
    stock_count: StockCount | None = one_of("One stock-take by its id.")
    stock_counts: Connection[StockCount] = page_of("The shop's stock-takes, newest first.", order=("-id",))


@strawberry.type(description="A balance that is not what it should be.")
class IntegrityBreach:
    stock_level_id: strawberry.ID = strawberry.field(description="Of which stock.")
    variant_id: strawberry.ID = strawberry.field(description="Of what.")
    location_id: strawberry.ID = strawberry.field(description="Where.")
    rule: str = strawberry.field(
        description="LEDGER: not the sum of its movements. RESERVATIONS: not what the open reservations hold. "
        "IDENTITY: the balances do not fit together. ALARM: said to be low and is not, or the other way round."
    )
    balance: str = strawberry.field(description="Which balance.")
    found: BigInt = strawberry.field(description="What it is.")
    should_be: BigInt = strawberry.field(description="What it should be.")


@strawberry.type(description="Whether the books are right: every balance against what made it, at one moment.")
class IntegrityReport:
    is_sound: bool = strawberry.field(description="Nothing is wrong.")
    stock_levels: BigInt = strawberry.field(description="How many were looked at.")
    movements: BigInt = strawberry.field(description="How many movements were added up.")
    breaches_total: BigInt = strawberry.field(description="How many balances are wrong.")
    breaches: list[IntegrityBreach] = strawberry.field(description="The first 100 of them.")


def _shown(breach: stock.Breach) -> IntegrityBreach:
    return IntegrityBreach(
        stock_level_id=strawberry.ID(type_id("stk", breach.stock_id)),
        variant_id=strawberry.ID(type_id("var", breach.variant_id)),
        location_id=strawberry.ID(type_id("loc", breach.location_id)),
        rule=breach.rule,
        balance=breach.balance,
        found=BigInt(breach.found),
        should_be=BigInt(breach.should_be),
    )


@strawberry.type
class IntegrityQueries:
    """The proof of the books."""

    @strawberry.field(
        description="Prove that every balance is the sum of its movements, that what is reserved is what the open "
        f"reservations hold, and that the balances fit together. Needs the scope `{Scope.CATALOG_READ}`."
    )
    async def integrity_report(self, info: Info[GraphContext, None]) -> IntegrityReport:
        report = await stock.integrity_report(info.context.require(Scope.CATALOG_READ, "integrityReport"))
        return IntegrityReport(
            is_sound=report.is_sound,
            stock_levels=BigInt(report.rows),
            movements=BigInt(report.movements),
            breaches_total=BigInt(report.breaches_total),
            breaches=[_shown(each) for each in report.breaches],
        )
