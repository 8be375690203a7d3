"""What delivery refuses."""

from __future__ import annotations

from stoa.kit.errors import Conflict, InvalidInput, NotFound, Refusal, Taken


class NoSuchMethod(NotFound):
    code = "SHIPPING_METHOD_NOT_FOUND"


class NoSuchShipment(NotFound):
    code = "SHIPMENT_NOT_FOUND"


class MethodChanged(Conflict):
    """Somebody saved the method after the version that this edit is based on."""

    code = "SHIPPING_METHOD_CHANGED"


class ShipmentChanged(Conflict):
    code = "SHIPMENT_CHANGED"


class MethodTaken(Taken):
    code = "SHIPPING_METHOD_TAKEN"


class MethodCannot(InvalidInput):
    """The method does not deliver this there; `reason` says why, for programs."""

    code = "NOT_DELIVERED"


class NothingToPack(Refusal):
    code = "NOTHING_TO_PACK"


class WrongShipmentState(Refusal):
    """The parcel is not where this could be done with it."""

    code = "WRONG_SHIPMENT_STATE"


class NumberTaken(Taken):
    """Another parcel goes under this number of the carrier."""

    code = "TRACKING_NUMBER_TAKEN"


class WrongCode(Refusal):
    """Not the code of this parcel."""

    code = "WRONG_PICKUP_CODE"


class CarrierSilent(Refusal):
    """The carrier did not answer, or not in a way that can be read; it may be asked again."""

    code = "CARRIER_SILENT"


class CarrierRefused(Refusal):
    """The carrier answered that it will not."""

    code = "CARRIER_REFUSED"


class SenderUnknown(Refusal):
    """The place that the parcel leaves has no address or no telephone number."""

    code = "SENDER_UNKNOWN"


class NotFollowed(Refusal):
    """Nobody is set up to be asked where parcels of this method are, or their keys cannot be read."""

    code = "NOT_FOLLOWED"


class NoPapers(Refusal):
    """The paper could not be made in time."""

    code = "PAPER_NOT_MADE"
