"""Reasons of movements that Stoa gives itself. They are kept in English, as people's own are kept in their words."""

from __future__ import annotations

from typing import Final

from stoa.kit.languages import Sentence

FIRST_STOCK: Final = Sentence("first stock")
PRODUCT_EDITED: Final = Sentence("product edited")
IMPORT_UNDONE: Final = Sentence("import undone")
EXPIRED: Final = Sentence("expired")
ASIDE_NO_MORE: Final = Sentence("set aside no more")
_OURS: Final = {each.text: each for each in (FIRST_STOCK, PRODUCT_EDITED, IMPORT_UNDONE, EXPIRED, ASIDE_NO_MORE)}


def reason_said(reason: str) -> str:
    """One of ours in the reader's language; what somebody wrote as it is."""
    return _OURS[reason].said() if reason in _OURS else reason
