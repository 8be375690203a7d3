"""What Kuaidi100 pushes: the signature with the method's salt is the credential, and no shop need be open."""

from __future__ import annotations

from uuid import UUID

from stoa.domains.orders.models import Shipment, ShippingMethod
from stoa.domains.orders.shipping.errors import NoSuchMethod
from stoa.domains.orders.shipping.following import keys_of
from stoa.domains.orders.shipping.kuaidi100 import pushed
from stoa.domains.orders.shipping.tracking import apply_whereabouts
from stoa.settings import settings
from stoa.tenants.context import Context, ShopRef, open_shop
from stoa.tenants.models import Shop


def push_url(shop: ShopRef, method_id: UUID) -> str:
    """Where Kuaidi100 is to push what it knows of this method's parcels."""
    return f"{settings().public_url}/carriers/kuaidi100/{shop.id}/{method_id}"


async def take_push(shop_id: UUID, method_id: UUID, param: str, signature: str) -> bool:
    """Keep what was pushed of a parcel; False when no parcel of this method goes under that number.

    Raises `NoSuchMethod`, and `InvalidInput` when it is not signed with the method's salt, or cannot be read.
    """
    shop = await Shop.active(shop_id)
    if shop is None:
        raise NoSuchMethod("There is no such way of delivery.")
    with open_shop(shop):
        method = await ShippingMethod.get_or_none(id=method_id)
        if method is None:
            raise NoSuchMethod("There is no such way of delivery.")
        push = pushed(param, signature, keys_of(method.settings).salt)
        named = await Shipment.filter(tracking_number=push.number.upper(), method_id=method_id).order_by("id")
        parcel = next((each for each in named if each.carrier.lower() in push.carriers), None)
        if parcel is None:
            return False
        await apply_whereabouts(Context(shop), parcel.id, push.whereabouts)
    return True
