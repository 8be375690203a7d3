"""What is refused about stock and the places where it lies."""

from __future__ import annotations

from stoa.kit.errors import Conflict, InvalidInput, NotFound, Refusal, Taken


class StockPromised(InvalidInput):
    """What is reserved, damaged or held would be more than what is on hand."""

    code = "STOCK_PROMISED"


class NoSuchLocation(NotFound):
    code = "LOCATION_NOT_FOUND"


class NoSuchTransfer(NotFound):
    code = "TRANSFER_NOT_FOUND"


class NoSuchCount(NotFound):
    code = "STOCK_COUNT_NOT_FOUND"


class LocationTaken(Taken):
    code = "LOCATION_TAKEN"


class LocationInUse(Refusal):
    """Stock or open work is in the way of closing a location."""

    code = "LOCATION_IN_USE"


class LocationClosed(InvalidInput):
    """Nothing moves at a location that is not active."""

    code = "LOCATION_CLOSED"


class NotEnoughStock(Refusal):
    """A balance would fall below what it may; `left` says how many there are to take."""

    code = "NOT_ENOUGH_STOCK"


class TooMuchStock(InvalidInput):
    """More than a balance can hold."""

    code = "TOO_MUCH_STOCK"


class StockChanged(Conflict):
    """The stock is not what the caller thought it was."""

    code = "STOCK_CHANGED"


class NamedTwice(InvalidInput):
    """Two lines are about the same thing."""

    code = "NAMED_TWICE"


class NotReserved(Refusal):
    """The holder has no such reservation, or it holds less."""

    code = "NOT_RESERVED"


class ReservationDiffers(Conflict):
    """The same request key came with other lines before."""

    code = "RESERVATION_DIFFERS"


class LocationChanged(Conflict):
    code = "LOCATION_CHANGED"


class TransferChanged(Conflict):
    code = "TRANSFER_CHANGED"


class TransferEnded(Refusal):
    """It has been received or cancelled."""

    code = "TRANSFER_ENDED"


class CountChanged(Conflict):
    code = "STOCK_COUNT_CHANGED"


class CountEnded(Refusal):
    """It has been closed or cancelled."""

    code = "STOCK_COUNT_ENDED"


class CountOpen(Conflict):
    """A location is counted once at a time."""

    code = "STOCK_COUNT_OPEN"
