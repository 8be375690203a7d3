"""The states of parcels and the kinds of delivery, with what they mean."""

from __future__ import annotations

from stoa.domains.orders import models, shipping
from stoa.domains.orders.shipping import papers
from stoa.graphql.enums import shown_enum

ShippingKind = shown_enum(
    models.ShippingKind,
    "What sort of delivery it is.",
    EXPRESS="An express carrier (快递).",
    POST="The post (邮政).",
    PICKUP="The buyer fetches it, with a code (自提).",
    SF="SF Express (顺丰).",
)
ShipmentState = shown_enum(
    models.ShipmentState,
    "How far a parcel is.",
    PACKED="Packed, and still in the house.",
    READY="Waiting for the buyer to fetch it.",
    SHIPPED="Handed to the carrier.",
    IN_TRANSIT="On its way: the carrier has it.",
    EXCEPTION="Held up: somebody should look.",
    DELIVERED="Arrived.",
    LOST="Given up for lost.",
    RETURNED="Come back to the shop.",
    CANCELLED="Unpacked before it left.",
)
FeeBasis = shown_enum(
    shipping.FeeBasis,
    "What delivery is charged by.",
    WEIGHT="Grams.",
    PIECE="Pieces.",
    VOLUME="Cubic centimetres: a whole number in a product's metadata `volume_cm3`, for one piece.",
)
FollowedBy = shown_enum(
    shipping.FollowedBy,
    "Who is asked where parcels are.",
    name="ShipmentFollowedBy",
    NOBODY="Nobody: what is known is entered by hand.",
    KUAIDI100="Kuaidi100 (快递100), with the shop's own keys.",
    SIMULATED="A carrier that does not exist, whose parcels move by the clock: for trying things out.",
)
ShipmentPaper = shown_enum(
    papers.Paper,
    "What goes along with a parcel.",
    name="ShipmentPaper",
    PACKING_LIST="What is in it, for whoever unpacks it: A5, without prices.",
    LABEL="What is stuck on it: 100 by 150 mm.",
)
