"""Addresses as they are written where the reader is."""

from __future__ import annotations

from collections.abc import Mapping

from stoa.kit.languages import Locale

ADDRESS = "fragment Lines on Address { name company line1 line2 district city province postcode country phone }"


def address_lines(address: Mapping[str, str] | None, locale: Locale) -> list[str]:
    """Name first, then from the large to the small in Chinese, the other way round elsewhere; without what is empty."""
    if address is None:
        return []
    get = address.get
    if locale == "zh":
        region = "".join(get(name) or "" for name in ("province", "city", "district"))
        street = "".join(get(name) or "" for name in ("line1", "line2"))
        place = [region, street, " ".join(filter(None, (get("postcode"), get("country"))))]
    else:
        town = " ".join(filter(None, (get("city"), get("postcode"))))
        area = ", ".join(filter(None, (get("district"), get("province"))))
        place = [get("line1") or "", get("line2") or "", town, ", ".join(filter(None, (area, get("country"))))]
    lines = [get("name") or "", get("company") or "", *place, get("phone") or ""]
    return [line for line in lines if line]
