"""A customer wants to be forgotten: who they were goes, what was bought stays in the books."""

from __future__ import annotations

from uuid import UUID

from stoa.domains.service.errors import NoSuchCustomer
from stoa.domains.service.events import CustomerErased
from stoa.domains.service.knowing import present_ids
from stoa.domains.service.merging import went_into
from stoa.domains.service.models import Customer
from stoa.kit.checking import locked
from stoa.kit.clock import now
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

_ERASE = """
WITH known AS (DELETE FROM customer_identity WHERE customer_id = ANY($1::uuid[])),
merges AS (UPDATE customer_merge SET moved = '{}'::jsonb WHERE kept_id = ANY($1::uuid[]) OR gone_id = ANY($1::uuid[]))
UPDATE customer SET name = '', email = '', phone = '', locale = '', note = '', tags = '[]', addresses = '[]',
  consents = '{}', metadata = '{}', source = NULL, external_id = NULL, search_text = '', erased_at = $2,
  version = version + 1, updated_at = $2
WHERE id = ANY($1::uuid[])
"""


async def erase_customer(ctx: Context, customer_id: UUID) -> Customer:
    """Forget who they are, and all that had been merged into them; for good. Twice changes nothing.

    The personal part of their orders follows by `CustomerErased`; amounts stay. Raises `NoSuchCustomer`.
    """
    missing = NoSuchCustomer("There is no such customer.", path=["id"])
    async with shop_transaction():
        at = (await present_ids([customer_id])).get(customer_id)
        if at is None:
            raise missing
        customer = await locked(Customer, at, missing)
        if customer.erased_at is not None:
            return customer
        ids = await went_into(customer.id)
        await shop_client().execute_query(_ERASE, [ids, now()])
        await publish(ctx, CustomerErased(customer.id, tuple(ids)))
    return await Customer.get(id=customer.id)
