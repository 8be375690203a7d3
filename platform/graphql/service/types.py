"""The buyers."""

from __future__ import annotations

from datetime import datetime

from stoa.domains.service import models
from stoa.graphql.enums import shown_enum
from stoa.graphql.paging import Connection, Node
from stoa.graphql.reading.declaring import column, many, stored, to_one
from stoa.tenants.access.scopes import Scope

IdentityKind = shown_enum(
    models.IdentityKind,
    "What somebody is known by.",
    name="CustomerIdentityKind",
    EMAIL="An e-mail address.",
    PHONE="A phone number.",
    CHANNEL="The id that a channel has for them.",
)


@stored(models.Customer, prefix="cust", scope=Scope.CUSTOMERS_READ, search="search_text", order=("-id",))
class Customer(Node):
    """Somebody who buys here."""

    name: str = column("As they call themselves; may be empty.", filter=True, sort=True, searched=True)
    email: str = column("Where they are written to; may be empty.", searched=True)
    phone: str = column("Where they are called; may be empty.", searched=True)
    locale: str = column("The language they read: zh or en; empty when nobody knows.")
    note: str = column("For the shop alone.")
    identities: Connection[CustomerIdentity] = many("What they are known by.", order=("id",))
    merged_into: Customer | None = to_one("The customer that this one turned out to be.", filter=True)
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")
    created_at: datetime = column("When they were first seen.")


@stored(models.CustomerIdentity, prefix="cid", scope=Scope.CUSTOMERS_READ, order=("id",))
class CustomerIdentity(Node):
    """One thing that a customer is known by."""

    kind: IdentityKind = column("What it is.")  # type: ignore[valid-type]
    value: str = column("In its normal form.")
