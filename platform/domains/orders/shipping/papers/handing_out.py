"""Hand out a paper: on a signed address that is good for a while, to whoever has it. It is made when it is fetched."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from stoa.domains.orders.models import Shipment
from stoa.domains.orders.shipping.errors import NoSuchShipment
from stoa.domains.orders.shipping.papers.making import Paper, paper
from stoa.kit.clock import now
from stoa.kit.languages import LOCALES, Locale
from stoa.settings import settings
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context, open_shop
from stoa.tenants.models import Shop, ShopState
from stoa.tenants.uploading import LinkRefused

TIME_TO_FETCH = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class PaperLink:
    """A path (below the API's own address) to GET the paper from, and until when."""

    path: str
    expires_at: datetime


async def paper_link(ctx: Context, shipment_id: UUID, which: Paper, locale: Locale) -> PaperLink:
    """An address for a paper. Names and addresses stand on it: for those alone who may see them.

    Raises `NoSuchShipment`.
    """
    ctx.require(Scope.CUSTOMERS_READ)
    if not await Shipment.exists(id=shipment_id):
        raise NoSuchShipment("There is no such parcel.", path=["id"])
    expires_at = (now() + TIME_TO_FETCH).replace(microsecond=0)
    expires = int(expires_at.timestamp())
    signature = _sign(ctx.shop.id, shipment_id, which, locale, expires)
    query = f"locale={locale}&expires={expires}&signature={signature}"
    return PaperLink(f"/papers/{ctx.shop.id}/{shipment_id}/{which.value}?{query}", expires_at)


async def open_paper(
    shop_id: UUID, shipment_id: UUID, which: Paper, locale: str, *, expires: int, signature: str
) -> bytes:
    """The PDF behind a signed address; the signature is the credential, and no shop need be open.

    Raises `LinkRefused`, `NoSuchShipment` and `NoPapers`.
    """
    expected = _sign(shop_id, shipment_id, which, locale, expires)
    if locale not in LOCALES or not hmac.compare_digest(expected.encode(), signature.encode()):
        raise LinkRefused("This address was not signed by us.")
    if datetime.fromtimestamp(expires, UTC) < now():
        raise LinkRefused("The time to fetch this file is over; ask for the address again.")
    shop = await Shop.get_or_none(id=shop_id, state=ShopState.ACTIVE)
    if shop is None:
        raise NoSuchShipment("There is no such parcel.")
    with open_shop(shop.ref):
        chosen: Locale = "zh" if locale == "zh" else "en"
        return await paper(Context(shop.ref), shipment_id, which, chosen)


def _sign(shop_id: UUID, shipment_id: UUID, which: Paper, locale: str, expires: int) -> str:
    key = settings().secret_key.get_secret_value().encode()
    told = f"paper {shop_id} {shipment_id} {which.value} {locale} {expires}"
    return hmac.new(key, told.encode(), hashlib.sha256).hexdigest()
