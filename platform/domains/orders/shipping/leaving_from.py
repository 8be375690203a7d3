"""Whom a parcel comes from: the place that it leaves, as an address."""

from __future__ import annotations

from typing import Any

from stoa.kit.addresses import Address
from stoa.kit.languages import Locale


def sender_of(location: Any, locale: Locale) -> Address:
    """A location's address has other names for its parts; nothing of no location."""
    if location is None:
        return {}
    kept = location.address
    renamed = {"province": kept.get("region", ""), "postcode": kept.get("postal_code", "")}
    name = kept.get("recipient") or location.translations.get(locale, {}).get("name") or location.name
    parts = {name: kept.get(name, "") for name in ("line1", "line2", "district", "city", "country", "phone")}
    return {part: text for part, text in {"name": name, **parts, **renamed}.items() if text}
