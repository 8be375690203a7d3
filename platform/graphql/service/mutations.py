"""The buyers' part of Mutation."""

from __future__ import annotations

import strawberry

from stoa.domains import service
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.reading.declaring import fetched, root
from stoa.graphql.scalars import read_id
from stoa.graphql.service.inputs import (
    CustomerAddressAddInput,
    CustomerAddressRemoveInput,
    CustomerAddressUpdateInput,
    CustomerConsentSetInput,
    CustomerCreateInput,
    CustomerEraseInput,
    CustomerIdentityAddInput,
    CustomerIdentityRemoveInput,
    CustomerMergeUndoInput,
    CustomersMergeInput,
    CustomerUpdateInput,
    customer,
)
from stoa.graphql.service.types import Customer, CustomerMerge
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context


@root
class CustomerPayload(Payload):
    """A customer after a mutation."""

    customer: Customer | None = fetched("The customer as they are now; null when there are errors.")


@root
class CustomerMergePayload(Payload):
    """Two customers after a mutation."""

    merge: CustomerMerge | None = fetched("The merge; null when there are errors.")


@shop_mutation(
    Scope.CUSTOMERS_WRITE, "Make a customer. Refused when somebody is known by their e-mail or phone.", once=True
)
async def customer_create(ctx: Context, input: CustomerCreateInput) -> CustomerPayload:
    return CustomerPayload.of(customer=(await service.create_customer(ctx, input.draft())).id)


@shop_mutation(
    Scope.CUSTOMERS_WRITE,
    "Change a customer; what is left out stays. What they are known by follows their e-mail and phone.",
)
async def customer_update(ctx: Context, input: CustomerUpdateInput) -> CustomerPayload:
    changed = await service.update_customer(
        ctx, customer("id", input.id), input.changes(), expected_version=input.expected_version
    )
    return CustomerPayload.of(customer=changed.id)


@shop_mutation(Scope.CUSTOMERS_WRITE, "Add an address; the first is the default.", once=True)
async def customer_address_add(ctx: Context, input: CustomerAddressAddInput) -> CustomerPayload:
    changed, _ = await service.add_address(
        ctx, customer("customer_id", input.customer_id), input.address.read(), is_default=input.is_default
    )
    return CustomerPayload.of(customer=changed.id)


@shop_mutation(Scope.CUSTOMERS_WRITE, "Change an address, or make it the default.")
async def customer_address_update(ctx: Context, input: CustomerAddressUpdateInput) -> CustomerPayload:
    changed = await service.update_address(
        ctx,
        customer("customer_id", input.customer_id),
        read_id("address_id", input.address_id, "addr"),
        input.address.read() if input.address else None,
        is_default=input.is_default,
    )
    return CustomerPayload.of(customer=changed.id)


@shop_mutation(Scope.CUSTOMERS_WRITE, "Remove an address; if it was the default, the oldest left becomes it.")
async def customer_address_remove(ctx: Context, input: CustomerAddressRemoveInput) -> CustomerPayload:
    changed = await service.remove_address(
        ctx, customer("customer_id", input.customer_id), read_id("address_id", input.address_id, "addr")
    )
    return CustomerPayload.of(customer=changed.id)


@shop_mutation(
    Scope.CUSTOMERS_WRITE,
    "Note that somebody agrees to hear from the shop by one way, or does not any more. What was so before is kept.",
)
async def customer_consent_set(ctx: Context, input: CustomerConsentSetInput) -> CustomerPayload:
    changed = await service.set_consent(ctx, customer("customer_id", input.customer_id), input.consent())
    return CustomerPayload.of(customer=changed.id)


@shop_mutation(Scope.CUSTOMERS_WRITE, "Let a customer be known by one thing more. Twice changes nothing.")
async def customer_identity_add(ctx: Context, input: CustomerIdentityAddInput) -> CustomerPayload:
    changed = await service.add_identity(ctx, customer("customer_id", input.customer_id), input.kind, input.value)
    return CustomerPayload.of(customer=changed.id)


@shop_mutation(
    Scope.CUSTOMERS_WRITE,
    "Let a customer not be known by it any more; if it is the e-mail or phone they are reached by, that goes too.",
)
async def customer_identity_remove(ctx: Context, input: CustomerIdentityRemoveInput) -> CustomerPayload:
    return CustomerPayload.of(customer=(await service.remove_identity(ctx, read_id("id", input.id, "cid"))).id)


@shop_mutation(
    Scope.CUSTOMERS_WRITE,
    "Make one customer of two: identities, addresses, tags and consents go to the one that stays, where the stricter "
    "consent counts; orders follow in a moment. Ids of the one that goes lead to the one that stays. Can be undone.",
)
async def customers_merge(ctx: Context, input: CustomersMergeInput) -> CustomerMergePayload:
    merge = await service.merge_customers(
        ctx,
        customer("kept_id", input.kept_id),
        customer("gone_id", input.gone_id),
        expected_version=input.expected_version,
    )
    return CustomerMergePayload.of(merge=merge.id)


@shop_mutation(
    Scope.CUSTOMERS_WRITE,
    "Make two customers again of what was merged. Refused when something that the merge brought has been changed "
    "since, for that would be lost.",
)
async def customer_merge_undo(ctx: Context, input: CustomerMergeUndoInput) -> CustomerMergePayload:
    return CustomerMergePayload.of(merge=(await service.undo_merge(ctx, read_id("id", input.id, "cmrg"))).id)


@shop_mutation(
    Scope.CUSTOMERS_WRITE,
    "Forget a customer for good: everything that says who they are goes, also from their orders, in a moment; "
    "amounts stay. Twice changes nothing.",
)
async def customer_erase(ctx: Context, input: CustomerEraseInput) -> CustomerPayload:
    return CustomerPayload.of(customer=(await service.erase_customer(ctx, customer("id", input.id))).id)


@strawberry.type
class ServiceMutations:
    """What can be done with customers."""

    customer_create = customer_create
    customer_update = customer_update
    customer_address_add = customer_address_add
    customer_address_update = customer_address_update
    customer_address_remove = customer_address_remove
    customer_consent_set = customer_consent_set
    customer_identity_add = customer_identity_add
    customer_identity_remove = customer_identity_remove
    customers_merge = customers_merge
    customer_merge_undo = customer_merge_undo
    customer_erase = customer_erase
