"""What is refused about suppliers and what is ordered from them."""

from __future__ import annotations

from stoa.kit.errors import Conflict, InvalidInput, NotFound, Taken


class NoSuchSupplier(NotFound):
    code = "SUPPLIER_NOT_FOUND"


class SupplierTaken(Taken):
    code = "SUPPLIER_TAKEN"


class SupplierChanged(Conflict):
    code = "SUPPLIER_CHANGED"


class SupplierInactive(InvalidInput):
    """Nothing is ordered any more from a supplier that was put aside."""

    code = "SUPPLIER_INACTIVE"


class NoSuchPurchase(NotFound):
    code = "PURCHASE_ORDER_NOT_FOUND"


class NoSuchPurchaseLine(NotFound):
    code = "PURCHASE_LINE_NOT_FOUND"


class PurchaseChanged(Conflict):
    """Somebody saved the purchase order after the version that this edit is based on."""

    code = "PURCHASE_ORDER_CHANGED"


class PurchaseStands(InvalidInput):
    """The state of the purchase order does not allow it; `params` name the reason and the state."""

    code = "WRONG_STATE"


class NoSupplierPrice(InvalidInput):
    """A line without a cost takes the supplier's price, and there is none."""

    code = "NO_SUPPLIER_PRICE"


class QuantityUnfit(InvalidInput):
    """Below the supplier's minimum, or no whole packs; `proposed` is the next that is both."""

    code = "QUANTITY_UNFIT"


class OverReceipt(InvalidInput):
    """More came than is outstanding, and nobody said that this is right."""

    code = "OVER_RECEIPT"


class RateNeeded(InvalidInput):
    """Two currencies meet, and nobody said what one is worth in the other."""

    code = "EXCHANGE_RATE_NEEDED"


class WeightUnknown(InvalidInput):
    """Costs cannot be spread by a weight that nobody has entered."""

    code = "WEIGHT_UNKNOWN"
