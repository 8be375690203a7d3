"""What can be done with after-sale cases."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import strawberry

from stoa.domains.orders import aftersales
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.orders.aftersales.types import AftersaleCase, CaseKind, CaseReason, ContactKind
from stoa.graphql.orders.inputs import OfOneThing, money, optional
from stoa.graphql.reading.declaring import fetched, root
from stoa.graphql.scalars import MoneyInput, read_id
from stoa.kit.errors import blaming
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context


@strawberry.input(description="So many pieces of an order's line.")
class AftersalePiecesInput:
    line_id: strawberry.ID = strawberry.field(description="The order's line.")
    quantity: int = strawberry.field(description="How many.")


@strawberry.input(description="Where a case was talked over.")
class AftersaleContactInput:
    kind: ContactKind = strawberry.field(description="In what.")
    reference: str = strawberry.field(description="Which: its id or number.")


@strawberry.input(description="What a buyer wants.")
class AftersaleOpenInput:
    order_id: strawberry.ID = strawberry.field(description="The order it is about.")
    kind: CaseKind = strawberry.field(description="What the buyer wants.")
    reason: CaseReason = strawberry.field(description="What went wrong.")
    lines: list[AftersalePiecesInput] = strawberry.field(description="Which pieces: none that is in another case.")
    note: str = optional("What the buyer says of it.", "")
    picture_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Uploads of pictures; 9 at the most."
    )
    contact: AftersaleContactInput | None = optional("Where it was talked over.")

    def draft(self) -> aftersales.CaseDraft:
        contact = aftersales.Contact(self.contact.kind, self.contact.reference) if self.contact else None
        return aftersales.CaseDraft(
            kind=self.kind,
            reason=self.reason,
            lines=[aftersales.CasePieces(line, each.quantity) for line, each in _by_line(self.lines)],
            note=self.note,
            picture_ids=_pictures(self.picture_ids),
            contact=contact,
        )


@strawberry.input(description="A case.")
class AftersaleRefInput(OfOneThing):
    pass


@strawberry.input(description="The shop's answer.")
class AftersaleApproveInput(OfOneThing):
    answer: str = optional("What the buyer is told.", "")


@strawberry.input(description="The shop's answer.")
class AftersaleDeclineInput(OfOneThing):
    answer: str = strawberry.field(description="Why not.")


@strawberry.input(description="How the buyer sent it back.")
class AftersaleReturnInput(OfOneThing):
    carrier: str = strawberry.field(description="By whom.")
    tracking: str = optional("The parcel's number.", "")


@strawberry.input(description="What has come back.")
class AftersaleReceiveInput(OfOneThing):
    lines: list[AftersalePiecesInput] | None = optional("How many of which line; null: all of it.")


@strawberry.input(description="What became of a line's pieces.")
class AftersaleInspectedInput:
    line_id: strawberry.ID = strawberry.field(description="The order's line.")
    restocked: int = optional("How many can be sold again.", 0)
    scrapped: int = optional("How many are written off.", 0)
    condition: str = optional("How they were.", "")


@strawberry.input(description="What was found when it was looked at: every piece that came.")
class AftersaleInspectInput(OfOneThing):
    lines: list[AftersaleInspectedInput] = strawberry.field(description="What became of the pieces.")
    location_id: strawberry.ID | None = optional("Where they are put; null: the main location.")


@strawberry.input(description="What is given back.")
class AftersaleReimburseInput(OfOneThing):
    shipping: MoneyInput | None = optional("What of the delivery is given back.")
    extra: MoneyInput | None = optional("What is given beyond what the pieces are worth; below zero: kept back.")


@strawberry.input(description="Something that is sent instead.")
class AftersaleSentInput:
    variant_id: strawberry.ID = strawberry.field(description="What.")
    quantity: int = strawberry.field(description="How many.")
    price: MoneyInput | None = optional("What the buyer pays for one; null: nothing.")


@strawberry.input(description="What is sent anew.")
class AftersaleResendInput(OfOneThing):
    lines: list[AftersaleSentInput] | None = optional("What; null: the same again, for nothing.")

    def sent(self) -> list[aftersales.Sent] | None:
        if self.lines is None:
            return None
        found = []
        for i, each in enumerate(self.lines):
            with blaming("lines", i):
                price = money("price", each.price)
                found.append(aftersales.Sent(read_id("variant_id", each.variant_id, "var"), each.quantity, price))
        return found


@root
class AftersalePayload(Payload):
    """An after-sale case after a mutation."""

    aftersale_case: AftersaleCase | None = fetched("The case as it is now; null when there are errors.")


def _case(input: Any) -> UUID:
    return read_id("id", input.id, "case")


def _by_line(given: list[Any]) -> list[tuple[UUID, Any]]:
    found = []
    for i, each in enumerate(given):
        with blaming("lines", i):
            found.append((read_id("line_id", each.line_id, "line"), each))
    return found


def _pictures(ids: list[strawberry.ID]) -> list[UUID]:
    found = []
    for i, id in enumerate(ids):
        with blaming("picture_ids"):
            found.append(read_id(str(i), id, "upl"))
    return found


def _told(case: Any) -> AftersalePayload:
    return AftersalePayload.of(aftersale_case=case.id)


@shop_mutation(
    Scope.ORDERS_WRITE,
    "Take in that a buyer wants something back, exchanged or sent again. It is to be answered within 48 hours.",
    once=True,
)
async def aftersale_open(ctx: Context, input: AftersaleOpenInput) -> AftersalePayload:
    return _told(await aftersales.open_case(ctx, read_id("order_id", input.order_id, "ord"), input.draft()))


@shop_mutation(Scope.ORDERS_WRITE, "Agree. What is to come back has 7 days to be sent.")
async def aftersale_approve(ctx: Context, input: AftersaleApproveInput) -> AftersalePayload:
    version = input.expected_version
    return _told(await aftersales.approve_case(ctx, _case(input), answer=input.answer, expected_version=version))


@shop_mutation(Scope.ORDERS_WRITE, "Do not agree, and say why.")
async def aftersale_decline(ctx: Context, input: AftersaleDeclineInput) -> AftersalePayload:
    version = input.expected_version
    return _told(await aftersales.decline_case(ctx, _case(input), answer=input.answer, expected_version=version))


@shop_mutation(Scope.ORDERS_WRITE, "The buyer takes it back. Twice changes nothing.")
async def aftersale_cancel(ctx: Context, input: AftersaleRefInput) -> AftersalePayload:
    return _told(await aftersales.cancel_case(ctx, _case(input), expected_version=input.expected_version))


@shop_mutation(Scope.ORDERS_WRITE, "The buyer has sent it back.")
async def aftersale_return(ctx: Context, input: AftersaleReturnInput) -> AftersalePayload:
    return _told(
        await aftersales.send_case_back(
            ctx,
            _case(input),
            carrier=input.carrier,
            tracking=input.tracking,
            expected_version=input.expected_version,
        )
    )


@shop_mutation(Scope.ORDERS_WRITE, "It has come back, all of it or some.", once=True)
async def aftersale_receive(ctx: Context, input: AftersaleReceiveInput) -> AftersalePayload:
    counts = None if input.lines is None else {line: each.quantity for line, each in _by_line(input.lines)}
    return _told(await aftersales.receive_case(ctx, _case(input), counts, expected_version=input.expected_version))


@shop_mutation(
    Scope.ORDERS_WRITE, "It was looked at: what can be sold again goes to stock, the rest is written off.", once=True
)
async def aftersale_inspect(ctx: Context, input: AftersaleInspectInput) -> AftersalePayload:
    found = [
        aftersales.Inspected(line, each.restocked, each.scrapped, each.condition)
        for line, each in _by_line(input.lines)
    ]
    location = None if input.location_id is None else read_id("location_id", input.location_id, "loc")
    return _told(
        await aftersales.inspect_case(
            ctx, _case(input), found, location_id=location, expected_version=input.expected_version
        )
    )


@shop_mutation(
    Scope.ORDERS_WRITE,
    "Give back what was paid for the case's pieces, and with them delivery, or more, or less. Pending until the "
    "provider has answered. Pieces that were not sent yet are called off and their stock is let go, unless less is "
    "given than they are worth.",
    once=True,
)
async def aftersale_reimburse(ctx: Context, input: AftersaleReimburseInput) -> AftersalePayload:
    return _told(
        await aftersales.refund_case(
            ctx,
            _case(input),
            shipping=money("shipping", input.shipping),
            extra=money("extra", input.extra),
            expected_version=input.expected_version,
        )
    )


@shop_mutation(
    Scope.ORDERS_WRITE,
    "Make a new order of what is exchanged or sent again, for nothing or for a difference; its stock is held.",
    once=True,
)
async def aftersale_resend(ctx: Context, input: AftersaleResendInput) -> AftersalePayload:
    return _told(
        await aftersales.send_case_anew(ctx, _case(input), input.sent(), expected_version=input.expected_version)
    )


@shop_mutation(
    Scope.ORDERS_WRITE, "It is over: settled, lost on its way back, or nothing is given for it. Twice changes nothing."
)
async def aftersale_close(ctx: Context, input: AftersaleRefInput) -> AftersalePayload:
    return _told(await aftersales.close_case(ctx, _case(input), expected_version=input.expected_version))


@strawberry.type
class AftersaleMutations:
    """What can be done with after-sale cases."""

    aftersale_open = aftersale_open
    aftersale_approve = aftersale_approve
    aftersale_decline = aftersale_decline
    aftersale_cancel = aftersale_cancel
    aftersale_return = aftersale_return
    aftersale_receive = aftersale_receive
    aftersale_inspect = aftersale_inspect
    aftersale_reimburse = aftersale_reimburse
    aftersale_resend = aftersale_resend
    aftersale_close = aftersale_close
