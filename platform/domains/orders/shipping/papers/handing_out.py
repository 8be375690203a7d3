"""Hand out a paper: on a signed address that is good for a while, to whoever has it. It is made when it is fetched."""

from __future__ import annotations

from uuid import UUID

from stoa.domains.orders.models import Shipment
from stoa.domains.orders.shipping.errors import NoSuchShipment
from stoa.domains.orders.shipping.papers.making import Paper, paper
from stoa.kit.languages import Locale
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context, open_shop
from stoa.tenants.linking import Link, check_link, signed_link
from stoa.tenants.models import Shop, ShopState


async def paper_link(ctx: Context, shipment_id: UUID, which: Paper, locale: Locale) -> Link:
    """An address for a paper. Names and addresses stand on it: for those alone who may see them.

    Raises `NoSuchShipment`.
    """
    ctx.require(Scope.CUSTOMERS_READ)
    if not await Shipment.exists(id=shipment_id):
        raise NoSuchShipment("There is no such parcel.", path=["id"])
    return signed_link(_path(ctx.shop.id, shipment_id, which, locale))


async def open_paper(
    shop_id: UUID, shipment_id: UUID, which: Paper, locale: str, *, expires: int, signature: str
) -> bytes:
    """The PDF behind a signed address; the signature is the credential, and no shop need be open.

    Raises `LinkRefused`, `NoSuchShipment` and `NoPapers`.
    """
    check_link(_path(shop_id, shipment_id, which, locale), expires, signature)
    shop = await Shop.get_or_none(id=shop_id, state=ShopState.ACTIVE)
    if shop is None:
        raise NoSuchShipment("There is no such parcel.")
    with open_shop(shop.ref):
        chosen: Locale = "zh" if locale == "zh" else "en"
        return await paper(Context(shop.ref), shipment_id, which, chosen)


def _path(shop_id: UUID, shipment_id: UUID, which: Paper, locale: str) -> str:
    return f"/papers/{shop_id}/{shipment_id}/{which.value}?locale={locale}"
