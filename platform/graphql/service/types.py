"""The buyers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from stoa.domains.orders import spending
from stoa.domains.service import models
from stoa.domains.service.consenting import ACCEPTS
from stoa.graphql.enums import shown_enum
from stoa.graphql.paging import Connection, Node
from stoa.graphql.reading.declaring import column, computed, many, stored, to_one
from stoa.graphql.scalars import Money
from stoa.graphql.service import shapes
from stoa.graphql.service.shapes import ConsentWay, CustomerAddress, CustomerConsent, CustomerMetadataEntry
from stoa.tenants.access.scopes import Scope

IdentityKind = shown_enum(
    models.IdentityKind,
    "What somebody is known by.",
    name="CustomerIdentityKind",
    EMAIL="An e-mail address.",
    PHONE="A phone number.",
    CHANNEL="The id that a channel has for them.",
)


def _accepts(way: str, says: str) -> bool:
    sql = ACCEPTS.format(way=way)
    found: bool = computed(f"coalesce({sql}, false)", says, filter=sql)
    return found


@stored(models.Customer, prefix="cust", scope=Scope.CUSTOMERS_READ, search="search_text", order=("-id",))
class Customer(Node):
    """Somebody who buys here."""

    name: str = column("As they call themselves; may be empty.", filter=True, sort=True, searched=True)
    email: str = column("Where they are written to; may be empty.", searched=True)
    phone: str = column("Where they are called; may be empty.", searched=True)
    locale: str = column("The language they read: zh or en; empty when nobody knows.")
    note: str = column("For the shop alone.")
    tags: list[str] = column("The shop's marks on them.", filter=True)
    addresses: list[CustomerAddress] = column("Where they have things sent.", convert=shapes.addresses)
    consents: list[CustomerConsent] = column(
        "What they agreed to hear, or did not, by way; what nobody has said is not there.", convert=shapes.consents
    )
    accepts_email: bool = _accepts("email", "Whether they agreed to hear by e-mail.")
    accepts_sms: bool = _accepts("sms", "Whether they agreed to hear by text message.")
    accepts_wechat: bool = _accepts("wechat", "Whether they agreed to hear by WeChat.")
    metadata: list[CustomerMetadataEntry] = column("What is noted besides.", convert=shapes.metadata)
    identities: Connection[CustomerIdentity] = many("What they are known by.", order=("id",), filter=True)
    orders: Connection[Annotated[Order, strawberry.lazy("stoa.graphql.orders.types")]] = many(  # type: ignore[name-defined]  # noqa: F821
        "What they bought, the newest first; cancelled orders too.", order=("-id",)
    )
    has_orders: bool = computed(
        spending.ANY,
        "Whether they bought anything: drafts, cancelled, expired and rejected orders do not count.",
        filter=spending.ANY,
        scope=Scope.ORDERS_READ,
    )
    orders_count: int = computed(
        spending.COUNT,
        "How many orders they placed: drafts, cancelled, expired and rejected ones do not count.",
        scope=Scope.ORDERS_READ,
    )
    spent: Money | None = computed(
        spending.SPENT,
        "What they paid for those orders, less what they were given back, also by returns whose order is not known: "
        "below zero, when that is more. Null when there are neither.",
        convert=shapes.spent,
        scope=Scope.ORDERS_READ,
    )
    first_order_at: datetime | None = computed(
        spending.FIRST_AT, "When they placed the first of those.", scope=Scope.ORDERS_READ
    )
    last_order_at: datetime | None = computed(
        spending.LAST_AT, "When they placed the last of those.", scope=Scope.ORDERS_READ
    )
    merged_into: Customer | None = to_one("The customer that this one turned out to be.", filter=True)
    merges: Connection[CustomerMerge] = many("Who turned out to be this one, the newest first.", order=("-id",))
    erased_at: datetime | None = column("When everything that said who they are was taken out.")
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")
    created_at: datetime = column("When they were first seen.")


@stored(models.CustomerIdentity, prefix="cid", scope=Scope.CUSTOMERS_READ, order=("id",))
class CustomerIdentity(Node):
    """One thing that a customer is known by."""

    kind: IdentityKind = column("What it is.", filter=True)  # type: ignore[valid-type]
    value: str = column(
        "In its normal form: e-mails in small letters, phones as digits with their leading +.", filter=True
    )


@stored(models.CustomerMerge, prefix="cmrg", scope=Scope.CUSTOMERS_READ, order=("-id",))
class CustomerMerge(Node):
    """Two customers who were found to be one."""

    kept: Customer = to_one("The one that stayed.")
    gone: Customer = to_one("The one that went into it.")
    withdrawn: list[ConsentWay] = column(
        "The ways for which one of them had agreed and the other had not: the stricter counts.",
        of="moved",
        convert=shapes.withdrawn,
    )
    merged_at: datetime = column("When.")
    undone_at: datetime | None = column("When they became two again.")
