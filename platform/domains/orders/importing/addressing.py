"""Who bought, and where it goes, as a file tells it."""

from __future__ import annotations

from contextlib import suppress

from stoa.domains.orders.importing.countries import country_code
from stoa.domains.orders.importing.gathering import FileOrder
from stoa.domains.orders.importing.options import Field
from stoa.domains.service import Buyer, normal_phone
from stoa.kit.addresses import LIMITS, Address
from stoa.kit.errors import InvalidInput

PARTS = ("name", "company", "line1", "line2", "city", "postcode", "province", "phone")


def buyer_of(order: FileOrder, source: str) -> Buyer:
    """By the id that the source has for them, or their e-mail; who has neither is a guest."""
    customer = order.text(Field.CUSTOMER)
    names = (order.text(name) for name in (Field.NAME, Field.BILLING_NAME, Field.SHIPPING_NAME))
    shipping, billing, _ = addresses_of(order)
    return Buyer(
        name=next((name for name in names if name), "")[:120],
        email=order.text(Field.EMAIL),
        phone=_phone(order.text(Field.PHONE)),
        channel_id=f"{source}:{customer}" if customer else "",
        address=next((each for each in (billing, shipping) if each.get("line1")), {}),
    )


def addresses_of(order: FileOrder) -> tuple[Address, Address, str]:
    """Where it goes, who pays, and a country that is none."""
    shipping, unknown = _address(order, "shipping")
    billing, other = _address(order, "billing")
    country = order.text(Field.COUNTRY)
    if country and "country" not in shipping:
        code = country_code(country)
        if code:
            shipping["country"] = code
        else:
            unknown = unknown or country
    return shipping, billing, unknown or other


def _address(order: FileOrder, kind: str) -> tuple[Address, str]:
    said = {part: str(order.fields.get(f"{kind}_{part}") or "")[: LIMITS[part]] for part in PARTS}
    address: Address = {part: text for part, text in said.items() if text}
    country = str(order.fields.get(f"{kind}_country") or "")
    code = country_code(country) if country else None
    return (address | {"country": code}, "") if code else (address, country)


def _phone(text: str) -> str:
    with suppress(InvalidInput):
        return normal_phone(text)
    return ""
