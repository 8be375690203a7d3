"""Orders: from every channel to the buyer and back."""

from stoa.domains.orders import shipping
from stoa.domains.orders.drafting import DiscountDraft, LineDraft, OrderDraft
from stoa.domains.orders.placing import Placed, place_order
from stoa.domains.orders.states import ACTIONS, STEPS, Action, Facts, transitions_of

__all__ = [
    "ACTIONS",
    "STEPS",
    "Action",
    "DiscountDraft",
    "Facts",
    "LineDraft",
    "OrderDraft",
    "Placed",
    "place_order",
    "shipping",
    "transitions_of",
]
