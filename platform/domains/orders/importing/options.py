"""What a merchant says about a file of orders: which column holds what, and how times and numbers are written in it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from stoa.kit.errors import InvalidInput
from stoa.kit.tabular.notation import Notation, read_notation
from stoa.tenants.importing.errors import BadMapping

DateOrder = Literal["day", "month"]


class Field(StrEnum):
    """What a column may hold. Rows with the same ORDER are one order.

    The fields of a line stand in every row. Those of the order may stand in every row or in its first one alone, as
    Shopify writes them: the first that says something counts.
    """

    ORDER = "order"
    TIME = "time"
    SKU = "sku"
    TITLE = "title"
    QUANTITY = "quantity"
    PRICE = "price"
    LINE_DISCOUNT = "line_discount"
    LINE_FULFILMENT = "line_fulfilment"
    REQUIRES_SHIPPING = "requires_shipping"
    CUSTOMER = "customer"
    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"
    COUNTRY = "country"
    CURRENCY = "currency"
    SUBTOTAL = "subtotal"
    DISCOUNT = "discount"
    DISCOUNT_CODE = "discount_code"
    SHIPPING = "shipping"
    TAX = "tax"
    TOTAL = "total"
    REFUNDED = "refunded"
    OUTSTANDING = "outstanding"
    FINANCIAL_STATUS = "financial_status"
    FULFILMENT_STATUS = "fulfilment_status"
    PAID_AT = "paid_at"
    FULFILLED_AT = "fulfilled_at"
    CANCELLED_AT = "cancelled_at"
    PAYMENT_METHOD = "payment_method"
    PAYMENT_REFERENCE = "payment_reference"
    SHIPPING_METHOD = "shipping_method"
    NOTE = "note"
    TAGS = "tags"
    CHANNEL_ID = "channel_id"
    SHIPPING_NAME = "shipping_name"
    SHIPPING_COMPANY = "shipping_company"
    SHIPPING_LINE1 = "shipping_line1"
    SHIPPING_LINE2 = "shipping_line2"
    SHIPPING_CITY = "shipping_city"
    SHIPPING_POSTCODE = "shipping_postcode"
    SHIPPING_PROVINCE = "shipping_province"
    SHIPPING_COUNTRY = "shipping_country"
    SHIPPING_PHONE = "shipping_phone"
    BILLING_NAME = "billing_name"
    BILLING_COMPANY = "billing_company"
    BILLING_LINE1 = "billing_line1"
    BILLING_LINE2 = "billing_line2"
    BILLING_CITY = "billing_city"
    BILLING_POSTCODE = "billing_postcode"
    BILLING_PROVINCE = "billing_province"
    BILLING_COUNTRY = "billing_country"
    BILLING_PHONE = "billing_phone"


class Options(Notation, frozen=True, omit_defaults=True):
    """How a file of orders is to be read.

    `time_zone`: of times that name none; the shop's when not said. `date_order`: whether 03/04/2024 begins with the day
    or the month; never guessed.
    """

    time_zone: str | None = None
    date_order: DateOrder | None = None


def check_mapping(mapping: Mapping[str, str]) -> dict[str, str]:
    """The mapping with its headers trimmed, blank ones left out. Every line needs a time, a quantity and a price."""
    unknown = sorted(set(mapping) - set(Field))
    if unknown:
        raise BadMapping(
            "{unknown!r} is not a field; there are {fields}.",
            path=["mapping"],
            unknown=unknown[0][:60],
            fields=", ".join(Field),
        )
    checked = {str(field): header.strip() for field, header in mapping.items() if header.strip()}
    for field in (Field.TIME, Field.QUANTITY, Field.PRICE):
        if field not in checked:
            raise BadMapping("Say which column holds the {field}.", path=["mapping"], field=field)
    if Field.SKU not in checked and Field.TITLE not in checked:
        raise BadMapping("Say which column holds the sku or the title of what was bought.", path=["mapping"])
    return checked


def read_options(**given: object) -> Options:
    """Options as somebody wrote them; what is None is as if it were not said. Raises `InvalidInput`."""
    date_order, time_zone = given.get("date_order"), given.get("time_zone")
    if date_order is not None and date_order not in get_args(DateOrder):
        raise InvalidInput(
            "{said!r} is no {name}; there are {allowed}.",
            path=["options", "date_order"],
            said=str(date_order)[:20],
            name="date_order",
            allowed=", ".join(map(repr, get_args(DateOrder))),
        )
    if time_zone is not None and time_zone not in available_timezones():
        raise InvalidInput(
            "{said!r} is no time zone (IANA, e.g. Europe/London).",
            path=["options", "time_zone"],
            said=str(time_zone)[:40],
        )
    return read_notation(Options, given)


def zone_of(options: Options, shops_own: str) -> ZoneInfo:
    return ZoneInfo(options.time_zone or shops_own)
