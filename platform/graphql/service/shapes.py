"""Parts of customers that are no rows of their own: addresses, consents, what is noted besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from stoa.domains import service
from stoa.graphql.enums import shown_enum
from stoa.graphql.orders.shapes import Address
from stoa.graphql.scalars import Money, shown_money
from stoa.kit.ids import type_id

ConsentWay = shown_enum(
    service.ConsentWay,
    "A way by which somebody can be told something.",
    EMAIL="By e-mail.",
    SMS="By text message.",
    WECHAT="By WeChat.",
)


@strawberry.type(description="Where a customer has things sent.")
class CustomerAddress(Address):
    id: strawberry.ID = strawberry.field(default=strawberry.ID(""), description="For changing it.")
    is_default: bool = strawberry.field(default=False, description="Whether it is meant unless they say another.")


@strawberry.type(description="That somebody agreed to hear from the shop, or does not any more.")
class ConsentEntry:
    granted: bool = strawberry.field(description="Whether they agreed.")
    at: datetime = strawberry.field(description="When they said so.")
    source: str = strawberry.field(description="Where: a word of the shop's.")
    proof: str = strawberry.field(description="What was said or shown; may be empty.")


@strawberry.type(description="What is so now by one way, and what was so before.")
class CustomerConsent(ConsentEntry):
    way: ConsentWay = strawberry.field(description="By which way.")  # type: ignore[valid-type]
    history: list[ConsentEntry] = strawberry.field(description="What was so before, the oldest first; 50 at the most.")


@strawberry.type(description="Something noted of a customer besides.")
class CustomerMetadataEntry:
    key: str = strawberry.field(description="What.")
    value: str = strawberry.field(description="As text.")


def addresses(kept: Sequence[Mapping[str, Any]]) -> list[CustomerAddress]:
    return [CustomerAddress(**{**each, "id": type_id("addr", UUID(each["id"]))}) for each in kept]


def consents(kept: Mapping[str, Any]) -> list[CustomerConsent]:
    return [
        CustomerConsent(
            way=service.ConsentWay(way), history=[_entry(each) for each in now["before"]], **vars(_entry(now))
        )
        for way, now in sorted(kept.items())
    ]


def _entry(kept: Mapping[str, Any]) -> ConsentEntry:
    return ConsentEntry(granted=kept["granted"], at=kept["at"], source=kept["source"], proof=kept["proof"])


def metadata(kept: Mapping[str, str]) -> list[CustomerMetadataEntry]:
    return [CustomerMetadataEntry(key=key, value=value) for key, value in sorted(kept.items())]


def spent(kept: Sequence[Any] | None) -> Money | None:
    return None if kept is None else shown_money(kept[0], kept[1])


def withdrawn(moved: Mapping[str, Any]) -> list[service.ConsentWay]:
    return [service.ConsentWay(way) for way in moved.get("withdrawn", [])]
