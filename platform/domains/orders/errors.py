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


# Of the order's own machine and its money --------------------------------------------------------------------------


class TooManyPieces(InvalidInput):
    """A line has fewer pieces left than are to be cancelled, given back, packed or sent; `left` says how many."""

    code = "TOO_MANY_PIECES"


class NoSuchPayment(NotFound):
    code = "PAYMENT_NOT_FOUND"


class PaymentDiffers(Conflict):
    """The provider has reported this payment before, for another order or another amount."""

    code = "PAYMENT_DIFFERS"


class PaymentEnded(Refusal):
    """There is nothing of the payment left to be captured, let go or taken back."""

    code = "PAYMENT_ENDED"


class TooMuchMoney(InvalidInput):
    """More than there is to capture or to give back; `left` says how much that is."""

    code = "TOO_MUCH_MONEY"


class NoSuchRefund(NotFound):
    code = "REFUND_NOT_FOUND"


class RefundEnded(Refusal):
    """It has been settled, or has failed."""

    code = "REFUND_ENDED"


# Of saved views ------------------------------------------------------------------------------------------------------


class NoSuchView(NotFound):
    code = "SAVED_VIEW_NOT_FOUND"


class ViewChanged(Conflict):
    code = "SAVED_VIEW_CHANGED"


class TooManyViews(Refusal):
    code = "TOO_MANY_SAVED_VIEWS"
