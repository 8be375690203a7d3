"""The part of the crawl about delivery."""

from __future__ import annotations

from typing import Any

from stoa.domains.orders.models import Order, OrderLine, Shipment, ShipmentLine, ShipmentState, ShippingMethod
from stoa.tenants.context import Context

PREFIXES = ["smet", "shp", "shpl"]
STRANGERS: dict[str, list[dict[str, Any]]] = {
    "shippingMethodCreate": [{"code": "mine", "name": "Mine", "kind": "PICKUP", "pickupLocationId": "{loc}"}],
    "shippingMethodUpdate": [{"id": "{smet}", "name": "Mine"}, {"id": "{smet}", "pickupLocationId": "[loc]"}],
    "shipmentPack": [
        {"orderId": "{ord}"},
        {"orderId": "{ord}", "lines": [{"lineId": "{line}", "quantity": 1}], "methodId": "{smet}"},
        {"orderId": "{ord}", "locationId": "{loc}"},
    ],
    "shipmentShip": [{"id": "{shp}", "trackingNumber": "MINE"}],
    "shipmentsShip": [
        {"rows": [{"orderId": "{ord}", "trackingNumber": "MINE"}], "policy": "REJECT_EVERYTHING"},
        {"rows": [{"shipmentId": "{shp}", "trackingNumber": "MINE"}], "policy": "REJECT_EVERYTHING"},
    ],
    "shipmentDeliver": [{"id": "{shp}"}],
    "shipmentCancel": [{"id": "{shp}"}],
    "shipmentLost": [{"id": "{shp}"}],
    "shipmentReturned": [{"id": "{shp}"}],
    "pickupHandOver": [{"id": "{shp}", "code": "123456"}],
    "digitalDeliver": [{"orderId": "{ord}"}],
    "shipmentTrack": [{"id": "{shp}"}],
    "shipmentAnnounce": [{"id": "{shp}"}],
}


async def furnish(other: Context, order: Order, secret: str) -> dict[str, Any]:
    """Something in every table, with the secret in it, by prefix."""
    way = await ShippingMethod.create(
        code=secret,
        name=secret,
        kind="EXPRESS",
        carrier=secret,
        profile={"en": {"pros": [secret], "cons": []}},
        settings={"by": "KUAIDI100", "customer": secret, "key": secret},
    )
    parcel = await Shipment.create(
        order=order,
        number=1,
        method=way,
        carrier=secret,
        tracking_number=secret,
        state=ShipmentState.EXCEPTION,
        exception=secret,
        currency=order.currency,
        pickup_code=secret,
        tracking=[{"at": "2026-11-26T00:00:00+00:00", "state": "EXCEPTION", "place": secret, "text": secret}],
    )
    line = await OrderLine.filter(order_id=order.id).first()
    return {
        "smet": way,
        "shp": parcel,
        "shpl": await ShipmentLine.create(shipment=parcel, line=line, quantity=1),
    }
