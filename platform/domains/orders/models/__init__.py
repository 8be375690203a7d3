"""Rows of orders and facts about one row."""

from __future__ import annotations

from stoa.domains.orders.models.aftersales import AftersaleCase, CaseKind, CaseState
from stoa.domains.orders.models.automating import OrderRule, RuleKind, SavedView
from stoa.domains.orders.models.orders import Order, OrderLine, OrderTransition
from stoa.domains.orders.models.paying import Payment, PaymentRowState, Refund, RefundState
from stoa.domains.orders.models.shipping import Shipment, ShipmentLine, ShipmentState, ShippingKind, ShippingMethod
from stoa.domains.orders.models.states import (
    ENDED,
    OPEN,
    AftersaleState,
    FulfilmentState,
    Machine,
    OrderState,
    PaymentState,
)

__all__ = [
    "ENDED",
    "OPEN",
    "AftersaleCase",
    "AftersaleState",
    "CaseKind",
    "CaseState",
    "FulfilmentState",
    "Machine",
    "Order",
    "OrderLine",
    "OrderRule",
    "OrderState",
    "OrderTransition",
    "Payment",
    "PaymentRowState",
    "PaymentState",
    "Refund",
    "RefundState",
    "RuleKind",
    "SavedView",
    "Shipment",
    "ShipmentLine",
    "ShipmentState",
    "ShippingKind",
    "ShippingMethod",
]
