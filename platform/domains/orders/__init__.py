"""Orders: from every channel to the buyer and back."""

from stoa.domains.orders import editing, rules, shipping
from stoa.domains.orders.channels import require_theirs
from stoa.domains.orders.checks import Check, Severity, is_blocked, words_of
from stoa.domains.orders.confirming import Confirmed, confirm_order, confirm_orders
from stoa.domains.orders.drafting import DiscountDraft, LineDraft, OrderDraft
from stoa.domains.orders.ending import cancel_order, complete_order, expire_order, reject_order
from stoa.domains.orders.finding import orders_there_are
from stoa.domains.orders.guarding import Facts
from stoa.domains.orders.holding import hold_order, resume_order
from stoa.domains.orders.paying import capture_payment, charge_back, void_payment
from stoa.domains.orders.placing import Placed, place_order
from stoa.domains.orders.recording import PaymentReport, Reported, record_payment
from stoa.domains.orders.refunding import (
    Pieces,
    RefundDraft,
    RefundPreview,
    preview_refund,
    refund,
)
from stoa.domains.orders.retrying import retry_refund
from stoa.domains.orders.settling import fail_refund, settle_refund
from stoa.domains.orders.states import ACTIONS, STEPS, Action, transitions_of

__all__ = [
    "ACTIONS",
    "STEPS",
    "Action",
    "Check",
    "Confirmed",
    "DiscountDraft",
    "Facts",
    "LineDraft",
    "OrderDraft",
    "PaymentReport",
    "Pieces",
    "Placed",
    "RefundDraft",
    "RefundPreview",
    "Reported",
    "Severity",
    "cancel_order",
    "capture_payment",
    "charge_back",
    "complete_order",
    "confirm_order",
    "confirm_orders",
    "editing",
    "expire_order",
    "fail_refund",
    "hold_order",
    "is_blocked",
    "orders_there_are",
    "place_order",
    "preview_refund",
    "record_payment",
    "refund",
    "reject_order",
    "require_theirs",
    "resume_order",
    "retry_refund",
    "rules",
    "settle_refund",
    "shipping",
    "transitions_of",
    "void_payment",
    "words_of",
]
