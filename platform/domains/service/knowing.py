"""Know a buyer again, by what they are known by: an e-mail, a phone, the id that a channel has for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from stoa.domains.service.events import CustomerCreated
from stoa.domains.service.models import CustomerIdentity, IdentityKind
from stoa.domains.service.numbers import clean_email, normal_phone
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.ids import new_id
from stoa.kit.text import clean_line, searchable
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.outbox import publish

# In the order in which one believes them: a channel's own id before an e-mail before a phone, which families share.
_BELIEVED = (IdentityKind.CHANNEL, IdentityKind.EMAIL, IdentityKind.PHONE)
_FIND = """
SELECT i.kind, i.value, i.customer_id FROM unnest($1::text[], $2::text[]) AS w (kind, value)
JOIN customer_identity i USING (kind, value)
"""
_PRESENT = """
WITH RECURSIVE went (id, at) AS (
  SELECT id, id FROM unnest($1::uuid[]) AS w (id)
  UNION ALL SELECT went.id, c.merged_into_id FROM went JOIN customer c ON c.id = went.at
  WHERE c.merged_into_id IS NOT NULL)
SELECT went.id, went.at FROM went JOIN customer c ON c.id = went.at WHERE c.merged_into_id IS NULL
"""
# Nobody else of this shop creates a customer of the same name of identity until the transaction ends.
ONE_AT_A_TIME = """
SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' customer ' || key, 0))
FROM unnest($1::text[]) AS k (key) ORDER BY key
"""
_CREATE = """
WITH made AS (
  INSERT INTO customer (id, name, email, phone, addresses, search_text, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $7))
INSERT INTO customer_identity (id, customer_id, kind, value, created_at)
SELECT gen_random_uuid(), $1, kind, value, $7 FROM jsonb_to_recordset($8::jsonb) AS w (kind text, value text)
"""
_ADD = """
INSERT INTO customer_identity (id, customer_id, kind, value, created_at)
SELECT gen_random_uuid(), $1, kind, value, $2 FROM jsonb_to_recordset($3::jsonb) AS w (kind text, value text)
ON CONFLICT (kind, value) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys, as a channel tells it. `channel_id` is the channel's own id for them."""

    name: str = ""
    email: str = ""
    phone: str = ""
    channel_id: str = ""
    address: dict[str, Any] = field(default_factory=dict)

    @property
    def identities(self) -> list[dict[str, str]]:
        """What they are known by, in normal form."""
        known = {
            IdentityKind.CHANNEL: self.channel_id,
            IdentityKind.EMAIL: self.email.lower(),
            IdentityKind.PHONE: normal_phone(self.phone),
        }
        return [{"kind": kind.value, "value": known[kind]} for kind in _BELIEVED if known[kind]]


async def known_customer(ctx: Context, buyer: Buyer) -> UUID | None:
    """The customer that the buyer is, made if there is none yet; None for a guest, who is known by nothing.

    To be called in a transaction. When what they are known by leads to several customers, the most believed one counts
    (channel, then e-mail, then phone), and the others stay as they are: merging is somebody's decision.
    """
    wanted = buyer.identities
    if not wanted:
        return None
    found = await _found(wanted)
    if not found:
        await shop_client().execute_query(ONE_AT_A_TIME, [[f"{each['kind']} {each['value']}" for each in wanted]])
        found = await _found(wanted)
    if not found:
        return await _created(ctx, buyer, wanted)
    customer_id = next(found[each["kind"], each["value"]] for each in wanted if (each["kind"], each["value"]) in found)
    if len(found) < len(wanted):
        new = [each for each in wanted if (each["kind"], each["value"]) not in found]
        await shop_client().execute_query(_ADD, [customer_id, now(), as_json(new)])
    return customer_id


async def find_customer(ctx: Context, kind: IdentityKind, text: str) -> UUID | None:
    """Who is known by this, however it is written."""
    row = await CustomerIdentity.get_or_none(kind=kind, value=normal(kind, text))
    return None if row is None else row.customer_id  # type: ignore[attr-defined]


async def present_ids(ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Who each of these customers is by now, after all merging."""
    rows = await shop_client().execute_query_dict(_PRESENT, [list(ids)])
    return {row["id"]: row["at"] for row in rows}


def normal(kind: IdentityKind, text: str) -> str:
    """The form in which identities of this kind are compared. Refuses what is none."""
    match kind:
        case IdentityKind.EMAIL:
            return clean_email(text).lower()
        case IdentityKind.PHONE:
            return normal_phone(text)
    return clean_line(text, what="channel's id", limit=254, required=False)


async def _found(wanted: Sequence[dict[str, str]]) -> dict[tuple[str, str], UUID]:
    rows = await shop_client().execute_query_dict(
        _FIND, [[each["kind"] for each in wanted], [each["value"] for each in wanted]]
    )
    return {(row["kind"], row["value"]): row["customer_id"] for row in rows}


async def _created(ctx: Context, buyer: Buyer, identities: list[dict[str, str]]) -> UUID:
    customer_id = new_id()
    addresses = [{"id": str(new_id()), "is_default": True, **buyer.address}] if buyer.address else []
    text = searchable(" ".join((buyer.name, buyer.email, buyer.phone, buyer.channel_id)))
    values = [customer_id, buyer.name, buyer.email, buyer.phone, as_json(addresses), text, now(), as_json(identities)]
    await shop_client().execute_query(_CREATE, values)
    await publish(ctx, CustomerCreated(customer_id))
    return customer_id
