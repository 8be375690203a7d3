"""The states of orders, with what they mean."""

from __future__ import annotations

from stoa.domains import orders
from stoa.domains.orders import models
from stoa.graphql.enums import shown_enum

OrderState = shown_enum(
    models.OrderState,
    "How far an order is.",
    DRAFT="Somebody is still at it.",
    PENDING="Placed; waiting to be confirmed.",
    CONFIRMED="Confirmed; to be shipped.",
    COMPLETED="Delivered, paid and settled.",
    CANCELLED="Called off.",
    EXPIRED="Not paid in time.",
    REJECTED="Not accepted by the shop.",
)
PaymentState = shown_enum(
    models.PaymentState,
    "How far an order is paid. Follows from what was authorised, captured and given back.",
    UNPAID="Nothing has been paid.",
    AUTHORIZED="Money is set aside, and not taken yet.",
    PART_PAID="Some of it has been paid.",
    PAID="All of it has been paid.",
    PART_REFUNDED="Some of what was paid has been given back.",
    REFUNDED="All that was paid has been given back.",
    VOIDED="What was set aside has been let go.",
    CHARGED_BACK="The buyer's bank has taken the money back.",
)
FulfilmentState = shown_enum(
    models.FulfilmentState,
    "How far an order's goods are. Follows from how many pieces went and arrived.",
    UNFULFILLED="Nothing has been done yet.",
    ALLOCATED="Its stock is set aside.",
    PICKING="It is being fetched from the shelves.",
    PACKED="It is packed.",
    PART_SHIPPED="Some of it is on its way.",
    SHIPPED="All of it is on its way.",
    PART_DELIVERED="Some of it has arrived.",
    DELIVERED="All of it has arrived.",
    LOST="It was lost on its way.",
    CANCELLED="Nothing of it is to be sent any more.",
)
AftersaleState = shown_enum(
    models.AftersaleState,
    "Whether after-sale cases are open.",
    NONE="There never was one.",
    OPEN="One is open.",
    OVERDUE="One is open, and nobody answered it in time.",
    CLOSED="All have ended.",
)
Machine = shown_enum(
    models.Machine,
    "The machines of states that run beside each other in an order.",
    name="OrderMachine",
    ORDER="The order itself.",
    PAYMENT="Its payment.",
    FULFILMENT="Its goods.",
    AFTERSALE="Its after-sale cases.",
)
Action = shown_enum(
    orders.Action,
    "What can be done with an order.",
    name="OrderAction",
    CONFIRM="Accept it.",
    REJECT="Do not accept it.",
    CANCEL="Call it off.",
    CANCEL_PIECES="Call off some of what has not been sent.",
    EXPIRE="Let it go because nobody paid.",
    COMPLETE="Settle it.",
    EDIT="Change what was ordered.",
    HOLD="Keep it from going on.",
    RESUME="Let it go on.",
    PAY="Record a payment.",
    REFUND="Give money back.",
    SHIP="Send some of it.",
    OPEN_CASE="Open an after-sale case.",
)
