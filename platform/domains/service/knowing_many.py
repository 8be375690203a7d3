"""Know many buyers at once, as an import brings them; and forget those again that it made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from stoa.domains.service.knowing import Buyer
from stoa.domains.service.models import IdentityKind
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.ids import new_id
from stoa.kit.text import searchable
from stoa.tenants.database import shop_client

_FIND = """
SELECT i.kind, i.value, i.customer_id FROM jsonb_to_recordset($1::jsonb) AS w (kind text, value text)
JOIN customer_identity i USING (kind, value)
"""
_CREATE = """
INSERT INTO customer (id, name, email, phone, addresses, source, external_id, search_text, created_at, updated_at)
SELECT id, name, email, phone, addresses, source, external_id, search_text, $2, $2
FROM jsonb_to_recordset($1::jsonb) AS c (id uuid, name text, email text, phone text, addresses jsonb, source text,
  external_id text, search_text text)
"""
_IDENTIFY = """
INSERT INTO customer_identity (id, customer_id, kind, value, created_at)
SELECT id, customer_id, kind, value, $2
FROM jsonb_to_recordset($1::jsonb) AS i (id uuid, customer_id uuid, kind text, value text)
"""
# Whoever was changed, merged or had another merged into them since is somebody's work, and stays.
_FORGET = """
DELETE FROM customer c WHERE c.id = ANY($1) AND c.version = 1 AND c.merged_into_id IS NULL
  AND NOT EXISTS (SELECT FROM customer other WHERE other.merged_into_id = c.id)
RETURNING c.id
"""
_FORGET_IDENTITIES = "DELETE FROM customer_identity WHERE id = ANY($1) RETURNING id"


@dataclass(slots=True)
class Known:
    """The customer of each buyer (None: a guest), and the ids of what had to be made."""

    customers: list[UUID | None] = field(default_factory=list)
    made: list[UUID] = field(default_factory=list)
    identities: list[UUID] = field(default_factory=list)


async def known_customers(buyers: Sequence[Buyer], source: str) -> Known:
    """As `known_customer` does for one: by the channel's id, else by e-mail; phones, which families share, tell
    nobody. Who is known by neither is a guest. To be called in a transaction; raises `IntegrityError` when somebody
    else makes the same customer at the same moment."""
    wanted = [_identities(buyer) for buyer in buyers]
    known = await _found([each for identities in wanted for each in identities])
    result, rows, identities = Known(), [], []
    for buyer, names in zip(buyers, wanted, strict=True):
        customer_id = next((known[name] for name in names if name in known), None)
        is_new = customer_id is None and bool(names)
        if customer_id is None and names:
            customer_id = new_id()
            rows.append(_row(customer_id, buyer, source))
            result.made.append(customer_id)
        for kind, value in names:
            if (kind, value) not in known and customer_id is not None:
                known[kind, value] = customer_id
                identity_id = new_id()
                identities.append({"id": identity_id, "customer_id": customer_id, "kind": kind, "value": value})
                if not is_new:
                    result.identities.append(identity_id)
        result.customers.append(customer_id)
    if rows:
        await shop_client().execute_query(_CREATE, [as_json(rows), now()])
    if identities:
        await shop_client().execute_query(_IDENTIFY, [as_json(identities), now()])
    return result


async def forget_customers(customer_ids: Sequence[UUID]) -> list[UUID]:
    """Remove customers as long as they are as they were made; gives those that are gone."""
    rows = await shop_client().execute_query_dict(_FORGET, [list(customer_ids)])
    return [row["id"] for row in rows]


async def forget_identities(identity_ids: Sequence[UUID]) -> None:
    """Customers are not known by these any more."""
    await shop_client().execute_query(_FORGET_IDENTITIES, [list(identity_ids)])


def _identities(buyer: Buyer) -> list[tuple[str, str]]:
    names = ((IdentityKind.CHANNEL.value, buyer.channel_id), (IdentityKind.EMAIL.value, buyer.email.lower()))
    return [(kind, value) for kind, value in names if value]


async def _found(wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], UUID]:
    if not wanted:
        return {}
    asked = [{"kind": kind, "value": value} for kind, value in dict.fromkeys(wanted)]
    rows = await shop_client().execute_query_dict(_FIND, [as_json(asked)])
    return {(row["kind"], row["value"]): row["customer_id"] for row in rows}


def _row(id: UUID, buyer: Buyer, source: str) -> dict[str, Any]:
    external_id = buyer.channel_id.removeprefix(f"{source}:") or None
    return {
        "id": id,
        "name": buyer.name,
        "email": buyer.email,
        "phone": buyer.phone,
        "addresses": [{"id": str(new_id()), "is_default": True, **buyer.address}] if buyer.address else [],
        "source": source if external_id else None,
        "external_id": external_id,
        "search_text": searchable(" ".join((buyer.name, buyer.email, buyer.phone, buyer.channel_id))),
    }
