"""Delivery: ways and what they cost, parcels from packing to the door, and how the ways compare."""

from stoa.domains.orders.shipping.arriving import deliver_parcel, lose_parcel, take_parcel_back
from stoa.domains.orders.shipping.bulk import ShipResult, ShipRow, ship_many
from stoa.domains.orders.shipping.comparing import Compared, compare_methods
from stoa.domains.orders.shipping.fees import FeeBasis, FeeTemplate, Tariff, Zone
from stoa.domains.orders.shipping.fetching import hand_over
from stoa.domains.orders.shipping.following import FollowedBy, Following, followed_by
from stoa.domains.orders.shipping.methods import MethodDraft, Told, create_method, update_method
from stoa.domains.orders.shipping.packing import PackDraft, cancel_parcel, pack_order, unpack_cancelled
from stoa.domains.orders.shipping.quoting import Quote, Wanted, delivery_charge, quotes_for_order, shipping_quotes
from stoa.domains.orders.shipping.regions import Region
from stoa.domains.orders.shipping.sending import ShipDraft, deliver_digital, ship_parcel
from stoa.domains.orders.shipping.tracking import (
    announce_parcel,
    apply_whereabouts,
    flag_late,
    parcels_to_follow,
    track_parcel,
)

__all__ = [
    "Compared",
    "FeeBasis",
    "FeeTemplate",
    "FollowedBy",
    "Following",
    "MethodDraft",
    "PackDraft",
    "Quote",
    "Region",
    "ShipDraft",
    "ShipResult",
    "ShipRow",
    "Tariff",
    "Told",
    "Wanted",
    "Zone",
    "announce_parcel",
    "apply_whereabouts",
    "cancel_parcel",
    "compare_methods",
    "create_method",
    "deliver_digital",
    "deliver_parcel",
    "delivery_charge",
    "flag_late",
    "followed_by",
    "hand_over",
    "lose_parcel",
    "pack_order",
    "parcels_to_follow",
    "quotes_for_order",
    "ship_many",
    "ship_parcel",
    "shipping_quotes",
    "take_parcel_back",
    "track_parcel",
    "unpack_cancelled",
    "update_method",
]
