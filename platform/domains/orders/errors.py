"""What orders refuse."""

from __future__ import annotations

from stoa.kit.errors import Conflict, InvalidInput, NotFound, Refusal


class NoSuchOrder(NotFound):
    code = "ORDER_NOT_FOUND"


class NoSuchLine(NotFound):
    code = "ORDER_LINE_NOT_FOUND"


class OrderChanged(Conflict):
    """Somebody saved the order after the version that this edit is based on."""

    code = "ORDER_CHANGED"


class NotNow(Refusal):
    """The order's states do not allow it; `params` name the action, and `reason` what is in the way."""

    code = "NOT_NOW"


class OrderDiffers(Conflict):
    """The channel has sent an order of this id before, with other content."""

    code = "ORDER_DIFFERS"


class NotSellable(InvalidInput):
    """The variant is not there to be bought: gone, not on sale, or without a price."""

    code = "NOT_SELLABLE"


class TotalDiffers(InvalidInput):
    """The order does not come to what its channel says."""

    code = "TOTAL_DIFFERS"


class WrongCurrency(InvalidInput):
    code = "WRONG_CURRENCY"
