"""Supplying: who sells to the shop, at what price, what was ordered there, and what has come of it."""

from stoa.domains.catalog.supplying.closing import cancel_purchase, close_purchase
from stoa.domains.catalog.supplying.drafting import LineDraft, PurchaseChanges, PurchaseDraft
from stoa.domains.catalog.supplying.landing import CostDraft
from stoa.domains.catalog.supplying.ordering import create_purchase, place_purchase, update_purchase
from stoa.domains.catalog.supplying.pricing import PriceDraft, set_supplier_prices
from stoa.domains.catalog.supplying.receiving import Delivery, ReceivedDraft, receive_purchase
from stoa.domains.catalog.supplying.states import PurchaseAction, Reason, Transition, transitions_of
from stoa.domains.catalog.supplying.suppliers import (
    SupplierChanges,
    SupplierDraft,
    create_supplier,
    deactivate_supplier,
    update_supplier,
)

__all__ = [
    "CostDraft",
    "Delivery",
    "LineDraft",
    "PriceDraft",
    "PurchaseAction",
    "PurchaseChanges",
    "PurchaseDraft",
    "Reason",
    "ReceivedDraft",
    "SupplierChanges",
    "SupplierDraft",
    "Transition",
    "cancel_purchase",
    "close_purchase",
    "create_purchase",
    "create_supplier",
    "deactivate_supplier",
    "place_purchase",
    "receive_purchase",
    "set_supplier_prices",
    "transitions_of",
    "update_purchase",
    "update_supplier",
]
