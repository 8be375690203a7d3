"""What a merchant can be notified of about orders: each with what can be said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from stoa.domains.orders.aftersales.events import CaseMoved, CaseOpened
from stoa.domains.orders.events import ConfirmationOverdue, OrderPlaced, PaymentReported, RefundCreated
from stoa.domains.orders.importing.events import OrdersImported
from stoa.domains.orders.models import AftersaleCase, CaseKind, CaseState, Order, OrderState, PaymentRowState
from stoa.kit.ids import type_id
from stoa.kit.languages import Sentence
from stoa.kit.messaging import Channel
from stoa.kit.money import Money
from stoa.tenants.access.scopes import Role, Scope
from stoa.tenants.context import Context
from stoa.tenants.notifying.notices import IMPORT_ENDS, Facts, Notice, Variable
from stoa.tenants.notifying.templating import Value

_NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
WHO_SERVE: Final = (Role.OWNER, Role.MANAGER, Role.STAFF)

WISHES: Mapping[str, Sentence] = {
    CaseKind.REFUND_ONLY: Sentence("money back"),
    CaseKind.RETURN_REFUND: Sentence("money back for what is returned"),
    CaseKind.EXCHANGE: Sentence("an exchange"),
    CaseKind.REISSUE: Sentence("the same sent again"),
}
REASONS: Mapping[str, Sentence] = {
    "DAMAGED": Sentence("it came broken"),
    "WRONG_ITEM": Sentence("it is another thing"),
    "NOT_AS_DESCRIBED": Sentence("it is not as it was described"),
    "MISSING": Sentence("some of it was not there"),
    "LOST": Sentence("it never came"),
    "LATE": Sentence("it came too late"),
    "QUALITY": Sentence("it is not good enough"),
    "CHANGED_MIND": Sentence("not wanted any more"),
    "OTHER": Sentence("something else"),
}
NOT_SAID = Sentence("nobody has said")
OF_AN_ORDER: Sequence[Variable] = (
    Variable("order.number", Sentence("The order's number."), "1001"),
    Variable("order.total", Sentence("What the order comes to."), Money(12900, "CNY")),
    Variable("order.channel", Sentence("Where the order came from."), "wechat"),
    Variable("order.buyer", Sentence("The name on the parcel; empty when there is none."), "Zeno"),
    Variable("order.placed_at", Sentence("When it was placed."), _NOON),
    Variable("order.confirm_by", Sentence("Until when it should be confirmed."), _NOON),
)


async def _order(order_id: UUID) -> tuple[Order | None, dict[str, Value]]:
    order = await Order.get_or_none(id=order_id)
    if order is None:
        return None, {}
    return order, {
        "order.number": str(order.number),
        "order.total": Money(order.total_minor, order.currency),
        "order.channel": order.channel,
        "order.buyer": str(order.shipping_address.get("name", "")),
        "order.placed_at": order.placed_at,
        "order.confirm_by": order.confirm_by,
    }


def _facts(order_id: UUID, values: dict[str, Value]) -> Facts:
    return Facts(values, type_id("ord", order_id))


async def _waiting(ctx: Context, event: OrderPlaced | ConfirmationOverdue) -> Facts | None:
    """Of what still waits: nobody is told of what somebody has seen to meanwhile."""
    order, values = await _order(event.order_id)
    return _facts(event.order_id, values) if order is not None and order.state is OrderState.PENDING else None


async def _paid(ctx: Context, event: PaymentReported) -> Facts | None:
    order, values = await _order(event.order_id)
    if order is None:
        return None
    money: dict[str, Value] = {
        "payment.amount": Money(event.captured_minor, event.currency),
        "payment.provider": event.provider,
    }
    return _facts(event.order_id, values | money)


async def _refund(ctx: Context, event: RefundCreated) -> Facts | None:
    order, values = await _order(event.order_id)
    if order is None:
        return None
    refund: dict[str, Value] = {
        "refund.amount": Money(event.amount_minor, event.currency),
        "refund.reason": REASONS.get(event.reason, event.reason) or NOT_SAID,
    }
    return _facts(event.order_id, values | refund)


async def _case(ctx: Context, event: CaseOpened | CaseMoved) -> Facts | None:
    """Of what is still as the event says."""
    case = await AftersaleCase.get_or_none(id=event.case_id)
    order, values = await _order(event.order_id)
    if case is None or order is None or (isinstance(event, CaseMoved) and case.state != event.new):
        return None
    said: dict[str, Value] = {
        "case.number": str(case.number),
        "case.kind": WISHES[case.kind],
        "case.reason": REASONS.get(case.reason, case.reason),
        "case.deadline": case.deadline_at,
    }
    return Facts(values | said, type_id("case", event.case_id))


async def _imported(ctx: Context, event: OrdersImported) -> Facts | None:
    return Facts(
        {
            "import.end": IMPORT_ENDS.get(event.state, event.state),
            "import.orders": event.created,
            "import.customers": event.customers,
        },
        type_id("oimp", event.import_id),
    )


def _is_settled(event: PaymentReported) -> bool:
    return event.state == PaymentRowState.SETTLED and event.captured_minor > 0


def _is_overdue(event: CaseMoved) -> bool:
    return event.new == CaseState.OVERDUE and event.old != event.new


_OF_A_CASE: Sequence[Variable] = (
    *OF_AN_ORDER,
    Variable("case.number", Sentence("The case's number."), "7"),
    Variable("case.kind", Sentence("What the buyer wants."), WISHES[CaseKind.EXCHANGE]),
    Variable("case.reason", Sentence("Why the buyer wants it."), REASONS["DAMAGED"]),
    Variable("case.deadline", Sentence("Until when it should be answered."), _NOON),
)
_ORDER_LINES = Sentence(
    "Order {{ order.number }} over {{ order.total }} came in by {{ order.channel }} on {{ order.placed_at }}.\n\n"
    "Please confirm it until {{ order.confirm_by }}."
)

ORDER_WAITS = Notice(
    key="order_waits",
    event=OrderPlaced,
    name=Sentence("An order waits to be confirmed"),
    title=Sentence("New order {{ order.number }} waits for you: {{ order.total }}"),
    body=_ORDER_LINES,
    scope=Scope.ORDERS_READ,
    variables=OF_AN_ORDER,
    facts=_waiting,
    roles=WHO_SERVE,
)
ORDER_OVERDUE = Notice(
    key="order_overdue",
    event=ConfirmationOverdue,
    name=Sentence("An order has waited too long to be confirmed"),
    title=Sentence("Order {{ order.number }} should have been confirmed by now"),
    body=_ORDER_LINES,
    scope=Scope.ORDERS_READ,
    variables=OF_AN_ORDER,
    facts=_waiting,
    is_urgent=True,
    roles=WHO_SERVE,
)
PAYMENT_RECEIVED = Notice(
    key="payment_received",
    event=PaymentReported,
    name=Sentence("A payment came in"),
    title=Sentence("{{ payment.amount }} received for order {{ order.number }}"),
    body=Sentence("By {{ payment.provider }}, of {{ order.total }} in all."),
    scope=Scope.ORDERS_READ,
    variables=(
        *OF_AN_ORDER,
        Variable("payment.amount", Sentence("What this payment has come to so far."), Money(12900, "CNY")),
        Variable("payment.provider", Sentence("By whom it was paid."), "alipay"),
    ),
    facts=_paid,
    concerns=_is_settled,
    channels=(Channel.IN_APP,),
)
REFUND_ASKED = Notice(
    key="refund_asked",
    event=RefundCreated,
    name=Sentence("Money is to go back to a buyer"),
    title=Sentence("{{ refund.amount }} of order {{ order.number }} is to be refunded"),
    body=Sentence("The order came to {{ order.total }}. Reason: {{ refund.reason }}"),
    scope=Scope.ORDERS_READ,
    variables=(
        *OF_AN_ORDER,
        Variable("refund.amount", Sentence("What is to go back."), Money(4900, "CNY")),
        Variable("refund.reason", Sentence("Why, as far as it was said."), REASONS["DAMAGED"]),
    ),
    facts=_refund,
)
CASE_OPENED = Notice(
    key="aftersale_opened",
    event=CaseOpened,
    name=Sentence("A buyer wants something back, exchanged or sent again"),
    title=Sentence("After-sale case {{ case.number }} for order {{ order.number }}"),
    body=Sentence("{{ case.kind }}, reason: {{ case.reason }}. Please answer it until {{ case.deadline }}."),
    scope=Scope.ORDERS_READ,
    variables=_OF_A_CASE,
    facts=_case,
    roles=WHO_SERVE,
)
CASE_OVERDUE = Notice(
    key="aftersale_overdue",
    event=CaseMoved,
    name=Sentence("A buyer has waited too long for an answer"),
    title=Sentence("After-sale case {{ case.number }} should have been answered by now"),
    body=Sentence("{{ case.kind }} of order {{ order.number }}, reason: {{ case.reason }}."),
    scope=Scope.ORDERS_READ,
    variables=_OF_A_CASE,
    facts=_case,
    concerns=_is_overdue,
    is_urgent=True,
    roles=WHO_SERVE,
)
ORDERS_IMPORTED = Notice(
    key="orders_imported",
    event=OrdersImported,
    name=Sentence("An import of orders has ended"),
    title=Sentence("Import of orders: {{ import.end }}"),
    body=Sentence("{{ import.orders }} orders and {{ import.customers }} customers are new."),
    scope=Scope.ORDERS_READ,
    variables=(
        Variable("import.end", Sentence("How it ended."), IMPORT_ENDS["DONE"]),
        Variable("import.orders", Sentence("How many orders are new."), 250),
        Variable("import.customers", Sentence("How many customers are new."), 190),
    ),
    facts=_imported,
    channels=(Channel.IN_APP,),
)
NOTICES: Sequence[Notice] = (
    ORDER_WAITS,
    ORDER_OVERDUE,
    PAYMENT_RECEIVED,
    REFUND_ASKED,
    CASE_OPENED,
    CASE_OVERDUE,
    ORDERS_IMPORTED,
)
