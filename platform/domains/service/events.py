"""News of the buyers. They name fields and ids, and never what stands in them: the log outlives an erasure."""

from __future__ import annotations

from uuid import UUID

from stoa.tenants.outbox import event


@event
class CustomerCreated:
    customer_id: UUID


@event
class CustomerEdited:
    """`changed` are names of fields; addresses and identities are among them."""

    customer_id: UUID
    changed: tuple[str, ...]


@event
class CustomerConsentChanged:
    """`way` is email, sms or wechat; `source` is a word of the shop's for where it was said."""

    customer_id: UUID
    way: str
    granted: bool
    source: str


@event
class CustomersMerged:
    """Two turned out to be one. `gone_ids`: the one that went, and all that had gone into it before.

    `withdrawn` are the ways for which one had agreed and the other had not: the stricter counts.
    """

    customer_id: UUID
    merge_id: UUID
    gone_ids: tuple[UUID, ...]
    withdrawn: tuple[str, ...]


@event
class MergeUndone:
    """They are two again. `gone_ids` as in `CustomersMerged`."""

    customer_id: UUID
    merge_id: UUID
    gone_ids: tuple[UUID, ...]


@event
class CustomerErased:
    """Nothing is known of them any more. `ids`: theirs, and those of all that had gone into them."""

    customer_id: UUID
    ids: tuple[UUID, ...]
