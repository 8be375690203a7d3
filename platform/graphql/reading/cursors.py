"""Cursors: a place in a list, opaque to clients."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import msgspec

from stoa.kit.errors import InvalidInput

# The text of each value of the order at that place, null for none.
Keys = list[str | None]
_decoder = msgspec.json.Decoder(tuple[str, Keys])


def encode_cursor(order: str, keys: Sequence[str | None]) -> str:
    """The order it belongs to, and the values of the row it stands at."""
    return base64.urlsafe_b64encode(msgspec.json.encode([order, keys])).decode().rstrip("=")


def decode_cursor(cursor: str, order: str, width: int) -> Keys:
    """The values behind a cursor. Refuses one that is damaged, or was made for another list or another order."""
    try:
        made_for, keys = _decoder.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, msgspec.MsgspecError):
        raise not_a_cursor() from None
    if made_for != order:
        raise InvalidInput("This cursor belongs to another list, or to this one in another order.")
    if len(keys) != width:
        raise not_a_cursor()
    return keys


def not_a_cursor() -> InvalidInput:
    return InvalidInput("This is not a cursor of this API.")
