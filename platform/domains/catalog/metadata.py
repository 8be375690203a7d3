"""Metadata: what is known of a product besides, each value of the type that the shop has given its attribute."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from stoa.domains.catalog.errors import NoSuchAttribute
from stoa.domains.catalog.models import Attribute, AttributeType
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.text import clean_text

MAX_ENTRIES, MAX_BYTES, TEXT_LIMIT = 100, 16_384, 5_000
_TRUTHS: Final = {"true": True, "false": False}


async def checked_metadata(given: Mapping[str, str | None]) -> dict[str, Any]:
    """By key, the values as they are stored; None where one is to be taken away.

    Values come as text and are read by the type of the shop's attribute of that key, which must be no facet (a facet's
    values are `AttributeValue`s). Raises `NoSuchAttribute` and `InvalidInput`.
    """
    return read_metadata(given, await known_attributes(given)) if given else {}


async def known_attributes(keys: Iterable[str]) -> dict[str, Attribute]:
    """The attributes of these keys that are no facets."""
    found = await Attribute.filter(key__in=Attribute.keys_among(keys), is_facet=False)
    return {each.key: each for each in found}


def read_metadata(given: Mapping[str, str | None], known: Mapping[str, Attribute]) -> dict[str, Any]:
    """The same with attributes in hand."""
    checked: dict[str, Any] = {}
    for i, (key, text) in enumerate(given.items()):
        with blaming("metadata", i):
            if key not in known:
                raise NoSuchAttribute("The shop has no attribute {key} besides its facets.", path=["key"], key=key[:60])
            with blaming("value"):
                checked[key] = None if text is None else read_value(known[key], text)
    return checked


def merged_metadata(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The old with the new over them, within limits. Raises `InvalidInput`."""
    both = {key: value for key, value in {**old, **new}.items() if value is not None}
    if len(both) > MAX_ENTRIES:
        raise InvalidInput(
            "{count} entries; {limit} are allowed.", path=["metadata"], count=len(both), limit=MAX_ENTRIES
        )
    size = len(json.dumps(both, ensure_ascii=False).encode())
    if size > MAX_BYTES:
        raise InvalidInput(
            "The metadata is {size} bytes long; {limit} are allowed.", path=["metadata"], size=size, limit=MAX_BYTES
        )
    return both


def read_value(attribute: Attribute, text: str) -> Any:
    """A value by its attribute's type. Numbers keep their digits, as text."""
    match attribute.type:
        case AttributeType.NUMBER:
            return _number(text)
        case AttributeType.BOOLEAN:
            return _truth(text)
        case AttributeType.DATE:
            return _day(text)
        case AttributeType.CHOICE:
            return _choice(attribute, text)
    return clean_text(text, what="value", limit=TEXT_LIMIT, required=True)


def shown(value: Any) -> str:
    """A stored value as the API writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(text: str) -> str:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise InvalidInput("{text!r} is not a number.", text=text[:60]) from None
    if not number.is_finite() or abs(number) >= Decimal(10) ** 12 or number != round(number, 6):
        raise InvalidInput("{text!r} has more digits than are kept: 12, and 6 behind the point.", text=text[:60])
    return format(number.normalize(), "f")


def _truth(text: str) -> bool:
    if text.strip().lower() not in _TRUTHS:
        raise InvalidInput("{text!r} is neither true nor false.", text=text[:60])
    return _TRUTHS[text.strip().lower()]


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise InvalidInput("{text!r} is not a day; write it like 2026-11-22.", text=text[:60]) from None


def _choice(attribute: Attribute, text: str) -> str:
    choices = [each["value"] for each in attribute.choices]
    if text not in choices:
        raise InvalidInput("{text!r} is none of {choices}.", text=text[:60], choices=", ".join(choices)[:200])
    return text
