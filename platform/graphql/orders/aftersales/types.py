"""After-sale cases: what went wrong, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.types import Info

from stoa.domains.orders import aftersales, models
from stoa.graphql.context import GraphContext
from stoa.graphql.enums import shown_enum
from stoa.graphql.orders.types import Order
from stoa.graphql.paging import Connection, Node
from stoa.graphql.reading.declaring import amount, column, computed, derived, one_of, page_of, root, stored, to_one
from stoa.graphql.scalars import BigInt, Money, read_id
from stoa.kit.ids import type_id
from stoa.settings import settings
from stoa.tenants.access.scopes import Scope

CaseKind = shown_enum(
    models.CaseKind,
    "What the buyer wants.",
    name="AftersaleKind",
    REFUND_ONLY="Money back, and the thing stays.",
    RETURN_REFUND="To send it back for money.",
    EXCHANGE="To send it back for another.",
    REISSUE="To get it again.",
)
CaseState = shown_enum(
    models.CaseState,
    "How far a case is.",
    name="AftersaleCaseState",
    REQUESTED="Waiting for an answer: 48 hours.",
    OVERDUE="Nobody answered in time.",
    APPROVED="The shop agrees.",
    DECLINED="The shop does not agree.",
    AWAITING_RETURN="The buyer is to send it back: 7 days.",
    IN_TRANSIT="On its way back.",
    RECEIVED="It has come back.",
    INSPECTED="It was looked at.",
    REFUNDED="Money was given back.",
    EXCHANGED="A new order was made.",
    CLOSED="It is over.",
    CANCELLED="The buyer does not want it any more.",
)
CaseReason = shown_enum(
    aftersales.CaseReason,
    "What went wrong.",
    name="AftersaleReason",
    DAMAGED="It came broken.",
    WRONG_ITEM="It is another thing.",
    NOT_AS_DESCRIBED="It is not as it was described.",
    MISSING="Some of it was not there.",
    LOST="It never came.",
    LATE="It came too late.",
    QUALITY="It is not good enough.",
    CHANGED_MIND="They do not want it any more.",
    OTHER="Something else: see the note.",
)
ContactKind = shown_enum(
    aftersales.ContactKind,
    "Where a case was talked over.",
    name="AftersaleContactKind",
    CONVERSATION="In a conversation online.",
    CALL="In a call.",
)
CaseAction = shown_enum(
    aftersales.CaseAction,
    "What can be done with a case.",
    name="AftersaleAction",
    APPROVE="Agree.",
    DECLINE="Do not agree.",
    CANCEL="The buyer takes it back.",
    SEND_BACK="The buyer has sent it.",
    RECEIVE="It has come.",
    INSPECT="Put it back to stock, or write it off.",
    REFUND="Give money back.",
    SEND_ANEW="Send it, or something else, anew.",
    CLOSE="End it.",
    MISS_ANSWER="Nobody answers in time: the clock does it.",
    LAPSE="Nobody goes on with it in time: the clock does it.",
)


@strawberry.type(description="So many pieces of an order's line in a case.")
class AftersaleLine:
    line_id: strawberry.ID = strawberry.field(description="The order's line.")
    quantity: int = strawberry.field(description="How many it is about.")
    received: int = strawberry.field(description="How many have come back.")
    restocked: int = strawberry.field(description="How many of them can be sold again.")
    scrapped: int = strawberry.field(description="How many were written off.")
    condition: str = strawberry.field(description="How they were; may be empty.")
    called_off: int = strawberry.field(
        description="How many had not been sent when it was refunded, and are not sent any more.", default=0
    )


@strawberry.type(description="Where a case was talked over.")
class AftersaleContact:
    kind: ContactKind = strawberry.field(description="In what.")  # type: ignore[valid-type]
    reference: str = strawberry.field(description="Which: its id or number.")


@strawberry.type(description="Something that can be done with a case, or the reason why not.")
class AftersaleTransitionOffer:
    action: CaseAction = strawberry.field(description="What.")  # type: ignore[valid-type]
    is_available: bool = strawberry.field(description="Whether it can be done now.")
    to: CaseState = strawberry.field(description="The state after it.")  # type: ignore[valid-type]
    effect: str = strawberry.field(description="What it does, in the reader's language.")
    reason_code: str | None = strawberry.field(description="Why it cannot be done now, for programs.")
    reason: str | None = strawberry.field(description="Why it cannot be done now, in the reader's language.")


def _lines(kept: Sequence[Mapping[str, Any]]) -> list[AftersaleLine]:
    return [AftersaleLine(**{**each, "line_id": type_id("line", UUID(each["line_id"]))}) for each in kept]


def _contact(kept: Mapping[str, str]) -> AftersaleContact | None:
    return AftersaleContact(kind=aftersales.ContactKind(kept["kind"]), reference=kept["reference"]) if kept else None


def _offers(kind: str, state: str) -> list[AftersaleTransitionOffer]:
    return [
        AftersaleTransitionOffer(
            action=each.action,
            is_available=each.is_available,
            to=each.to,
            effect=each.effect.said(),
            reason_code=each.reason.code if each.reason else None,
            reason=each.reason.words.said() if each.reason else None,
        )
        for each in aftersales.case_transitions_of(models.CaseKind(kind), models.CaseState(state))
    ]


@stored(models.AftersaleCase, prefix="case", scope=Scope.ORDERS_READ, order=("-id",))
class AftersaleCase(Node):
    """Something that a buyer wants back, exchanged or sent again."""

    number: BigInt = column("Counts up in the shop.", filter=True)
    order: Order = to_one("The order it is about.", filter=True)
    kind: CaseKind = column("What the buyer wants.")  # type: ignore[valid-type]
    state: CaseState = column("How far it is.", filter=True)  # type: ignore[valid-type]
    available_transitions: list[AftersaleTransitionOffer] = derived(
        ("kind", "state"), _offers, "What can be done with it now, and why the rest cannot."
    )
    reason: CaseReason = column("What went wrong.", convert=aftersales.CaseReason)  # type: ignore[valid-type]
    note: str = column("What the buyer says of it.")
    answer: str = column("What the shop answers; may be empty.")
    picture_count: int = computed("jsonb_array_length({row}.pictures)", "How many pictures the buyer sent.")
    lines: list[AftersaleLine] = column("What it is about.", convert=_lines)
    refund: Money | None = amount("refund_minor", "What was given back for it.")
    contact: AftersaleContact | None = column("Where it was talked over.", convert=_contact)
    return_carrier: str = column("By whom the buyer sent it back; may be empty.")
    return_tracking: str = column("The parcel's number; may be empty.")
    sent_order: Order | None = to_one("The order that was made of it.")
    deadline_at: datetime | None = column("When the clock moves it on, if nobody does.")
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")
    created_at: datetime = column("When it came in.")
    ended_at: datetime | None = column("When it was over.")


@strawberry.type(description="A picture that the buyer sent, as WebP, on addresses that are good for 15 minutes.")
class AftersalePicture:
    small_url: str = strawberry.field(description="240 pixels at the most on its long side.")
    medium_url: str = strawberry.field(description="800 pixels at the most.")
    large_url: str = strawberry.field(description="1,600 pixels at the most.")
    expires_at: datetime = strawberry.field(description="Until when they may be fetched.")


def _picture(link: aftersales.PictureLink) -> AftersalePicture:
    urls = {f"{size.lower()}_url": settings().public_url + path for size, path in link.paths.items()}
    return AftersalePicture(expires_at=link.expires_at, **urls)


@root
class AftersaleLists:
    """What can be asked of after-sale cases."""

    aftersale_case: AftersaleCase | None = one_of("One after-sale case by its id.")
    aftersale_cases: Connection[AftersaleCase] = page_of(
        "The shop's after-sale cases, newest first; those that nobody answered in time are `OVERDUE`."
    )


@strawberry.type
class AftersaleQueries(AftersaleLists):
    """What can be asked of after-sale cases."""

    @strawberry.field(
        description="Fresh addresses of the pictures that came with a case, in their order. "
        f"Needs the scope `{Scope.ORDERS_READ}`."
    )
    async def aftersale_pictures(
        self,
        info: Info[GraphContext, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="The case's id.")],
    ) -> list[AftersalePicture]:
        ctx = info.context.require(Scope.ORDERS_READ, "aftersalePictures")
        return [_picture(each) for each in await aftersales.picture_links(ctx, read_id("id", id, "case"))]
