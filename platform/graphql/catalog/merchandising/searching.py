"""Searching products, and what was searched for in vain."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import strawberry
from strawberry.types import Info

from stoa.domains.catalog import merchandising
from stoa.domains.catalog.merchandising.searching import MAX_FOUND
from stoa.graphql.catalog.merchandising.tags import Days
from stoa.graphql.catalog.types import Product
from stoa.graphql.context import GraphContext
from stoa.graphql.enums import shown_enum
from stoa.graphql.paging import Count, CountPrecision, PageInfo
from stoa.graphql.reading.declared import TYPES
from stoa.graphql.reading.fetching import fetch_many
from stoa.kit.ids import type_id
from stoa.tenants.access.scopes import Scope

SearchRank = shown_enum(
    merchandising.Rank,
    "Why a product was found; listed best first.",
    name="ProductSearchRank",
    CODE="A code, a barcode or the handle is what was typed.",
    TITLE_START="Its title begins with it.",
    TITLE_WORD="A word of its title begins with it.",
    ELSEWHERE="Every word occurs somewhere: in title, codes, tags, attributes or the description's beginning.",
    ALIKE="Something is spelled alike.",
)


@strawberry.type(description="A product that was found, and why.")
class ProductHit:
    product_id: strawberry.ID = strawberry.field(description="The product; `nodes` has it in the same place.")
    rank: SearchRank = strawberry.field(description="Why.")  # type: ignore[valid-type]
    cursor: str = strawberry.field(description="Its place among all that were found; for `after`.")


@strawberry.type(description="A page of what a search found, best first.")
class ProductSearch:
    found: strawberry.Private[merchandising.Found]
    continued: strawberry.Private[bool]

    @strawberry.field(description="The products.")
    async def nodes(self, info: Info[GraphContext, None]) -> list[Product]:
        ids = [hit.product_id for hit in self.found.hits]
        rows = await fetch_many(info._raw_info, TYPES["Product"], ids)
        return [rows[id] for id in ids if id in rows]

    @strawberry.field(description="Why each was found.")
    def hits(self) -> list[ProductHit]:
        return [
            ProductHit(product_id=strawberry.ID(type_id("prod", hit.product_id)), rank=hit.rank, cursor=hit.cursor)
            for hit in self.found.hits
        ]

    @strawberry.field(description="Where this page stands.")
    def page_info(self) -> PageInfo:
        hits = self.found.hits
        return PageInfo(
            has_next_page=self.found.has_next,
            has_previous_page=self.continued,
            start_cursor=hits[0].cursor if hits else None,
            end_cursor=hits[-1].cursor if hits else None,
        )

    @strawberry.field(description=f"How many were found; no more than {MAX_FOUND:,} are ranked.")
    def count(self) -> Count:
        exact = self.found.total < MAX_FOUND
        return Count(value=self.found.total, precision=CountPrecision.EXACT if exact else CountPrecision.AT_LEAST)

    @strawberry.field(description="Whether some of them are only spelled alike, for too few are as typed.")
    def is_corrected(self) -> bool:
        return self.found.is_corrected


@strawberry.type(description="Words that were searched for and found little.")
class SearchMiss:
    words: str = strawberry.field(description="The words, upper and lower case and width alike.")
    searches: int = strawberry.field(description="How often in those days.")
    found: int = strawberry.field(description="How many products the last such search found as typed.")
    last_day: str = strawberry.field(description="The last day of such a search, in the shop's time zone: 2026-11-22.")


@strawberry.type
class SearchQueries:
    """Looking for products."""

    @strawberry.field(
        description="Products by what people type, Chinese or English, best first: an exact code, then titles that "
        "begin with it, then words of titles, then anywhere (tags, attributes, the description's beginning). When "
        "fewer than three are found so, those follow that are spelled alike. Every search (not every page) is counted "
        f"for `searchMisses`. Needs the scope `{Scope.CATALOG_READ}`."
    )
    async def product_search(
        self,
        info: Info[GraphContext, None],
        text: Annotated[str, strawberry.argument(description="What was typed: 8 words, 200 characters at the most.")],
        first: Annotated[int, strawberry.argument(description="How many; 100 at the most.")] = 20,
        after: Annotated[str | None, strawberry.argument(description="Begin behind this cursor.")] = None,
    ) -> ProductSearch:
        ctx = info.context.require(Scope.CATALOG_READ, "productSearch")
        found = await merchandising.search_products(ctx, text, first=first, after=after)
        return ProductSearch(found=found, continued=after is not None)

    @strawberry.field(
        description="What was searched for and found nothing, or little, most searched first. "
        f"Needs the scope `{Scope.CATALOG_READ}`."
    )
    async def search_misses(
        self,
        info: Info[GraphContext, None],
        days: Days = 30,
        at_most: Annotated[int, strawberry.argument(description="So many found count as little.")] = 0,
        first: Annotated[int, strawberry.argument(description="How many to list; 100 at the most.")] = 50,
    ) -> list[SearchMiss]:
        ctx = info.context.require(Scope.CATALOG_READ, "searchMisses")
        found = await merchandising.search_misses(ctx, days=days, at_most=at_most, first=first)
        return [
            SearchMiss(words=each.words, searches=each.searches, found=each.found, last_day=_day(each.last_day))
            for each in found
        ]


def _day(day: date) -> str:
    return day.isoformat()
