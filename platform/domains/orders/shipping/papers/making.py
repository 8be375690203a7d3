"""Make a paper: gather what stands on it, and have it typeset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date

from stoa.domains.orders.models import Order, Shipment, ShipmentLine, ShippingMethod
from stoa.domains.orders.shipping.errors import NoPapers, NoSuchShipment
from stoa.domains.orders.shipping.leaving_from import sender_of
from stoa.domains.orders.shipping.parcels import name_of
from stoa.kit.languages import Locale, Sentence
from stoa.kit.log import logger
from stoa.kit.printing import NotPrinted, bars, printed
from stoa.tenants.context import Context

log = logger("stoa.orders")
MAX_MODULES = 320  # on 62 mm, a module of 0.19 mm: as fine as the standard wants it at the least
_BABEL = {"en": "en_GB", "zh": "zh_CN"}
WORDS: Mapping[str, Sentence] = {
    "packing_list": Sentence("Packing list"),
    "order": Sentence("Order"),
    "parcel": Sentence("Parcel"),
    "date": Sentence("Date"),
    "to": Sentence("To"),
    "from": Sentence("From"),
    "by": Sentence("Delivery"),
    "number": Sentence("Tracking number"),
    "weight": Sentence("Weight"),
    "code": Sentence("Code"),
    "what": Sentence("What"),
    "pieces": Sentence("Pieces"),
    "total": Sentence("Total"),
    "note": Sentence("Note"),
    "rest": Sentence("Not all of the order is in this parcel: the rest comes separately."),
    "thanks": Sentence("Thank you for your order."),
}


class Paper(StrEnum):
    """Which one."""

    PACKING_LIST = "PACKING_LIST"
    LABEL = "LABEL"


async def paper(
    ctx: Context, shipment_id: UUID, which: Paper, locale: Locale, *, format: Literal["pdf", "png"] = "pdf"
) -> bytes:
    """The paper of a parcel. Raises `NoSuchShipment`, and `NoPapers` when it took too long."""
    data = await _gathered(ctx, shipment_id, locale)
    try:
        return await printed(_template(which), data, format=format)
    except NotPrinted as failure:
        log.error("a paper was not made", shipment_id=str(shipment_id), paper=which.value, why=str(failure))
        raise NoPapers("The paper could not be made; try again later.", path=["id"]) from None


@cache
def _template(which: Paper) -> str:
    return (Path(__file__).parent / f"{which.lower()}.typ").read_text(encoding="utf-8")


async def _gathered(ctx: Context, shipment_id: UUID, locale: Locale) -> dict[str, Any]:
    shipment = await Shipment.get_or_none(id=shipment_id).prefetch_related("location", "method")
    if shipment is None:
        raise NoSuchShipment("There is no such parcel.", path=["id"])
    order = await Order.get(id=shipment.order_id)  # type: ignore[attr-defined]
    parts = await ShipmentLine.filter(shipment_id=shipment.id).prefetch_related("line").order_by("line__position")
    name = name_of(order, shipment)
    number = shipment.tracking_number or ""
    return {
        "locale": locale,
        "words": {word: sentence.said_in(locale) for word, sentence in WORDS.items()},
        "shop": ctx.shop.name,
        "order": str(order.number),
        "parcel": name,
        "date": _day(ctx, shipment, locale),
        "method": _method(shipment.method, shipment.carrier, locale),
        "number": number,
        "bars": _bars(number or name),
        "scanned": number or name,
        "weight": f"{shipment.weight_grams / 1000:.2f} kg" if shipment.weight_grams else "",
        "to": address_lines(order.shipping_address, locale),
        "name": order.shipping_address.get("name", ""),
        "phone": order.shipping_address.get("phone") or order.phone,
        "from": _sender(shipment.location, locale),
        "lines": [_line(each) for each in parts],
        "pieces": sum(each.quantity for each in parts),
        "is_part": await _is_part(order, parts),
        "note": order.buyer_note,
    }


def _line(part: ShipmentLine) -> dict[str, Any]:
    line = part.line
    return {"sku": line.sku, "title": line.title, "variant": line.variant_title, "quantity": part.quantity}


async def _is_part(order: Order, parts: Sequence[ShipmentLine]) -> bool:
    """Whether other things of the order are to be sent besides these."""
    in_it = {part.line_id: part.quantity for part in parts}  # type: ignore[attr-defined]
    lines = [line for line in await order.lines.all() if line.requires_shipping]
    return any(line.quantity - line.cancelled > in_it.get(line.id, 0) for line in lines)


def _day(ctx: Context, shipment: Shipment, locale: Locale) -> str:
    at = shipment.shipped_at or shipment.created_at
    return format_date(at.astimezone(ZoneInfo(ctx.shop.time_zone)).date(), "long", locale=_BABEL[locale])


def _method(method: ShippingMethod | None, carrier: str, locale: Locale) -> str:
    if method is None:
        return carrier
    return str(method.translations.get(locale, {}).get("name") or method.name)


def _bars(text: str) -> list[int]:
    """None for a number that no scanner would read: of letters it does not know, or too fine for the paper."""
    try:
        widths = bars(text)
    except ValueError:
        return []
    return widths if sum(widths) <= MAX_MODULES else []


def address_lines(address: Mapping[str, str], locale: Locale) -> list[str]:
    """As it is written there: from the large to the small in Chinese, the other way round elsewhere."""
    get = address.get
    if locale == "zh":
        region = "".join(get(name, "") for name in ("province", "city", "district"))
        street = "".join(get(name, "") for name in ("line1", "line2"))
        tail = " ".join(filter(None, (get("postcode"), get("country"))))
        return [line for line in (region, street, get("company", ""), tail) if line]
    town = " ".join(filter(None, (get("postcode"), get("city"))))
    area = ", ".join(filter(None, (get("district"), get("province"))))
    lines = (get("company", ""), get("line1", ""), get("line2", ""), town, area, get("country", ""))
    return [line for line in lines if line]


def _sender(location: Any, locale: Locale) -> list[str]:
    sender = sender_of(location, locale)
    lines = [sender.get("name", ""), *address_lines(sender, locale), sender.get("phone", "")]
    return [line for line in lines if line]
