"""Why stock moved, for whoever reads it."""

from __future__ import annotations

from stoa.domains.catalog.stock.reasons import FIRST_STOCK, reason_said
from stoa.kit.languages import reading


def test_our_own_reasons_are_said_in_the_readers_language_and_peoples_are_left_alone() -> None:
    assert (reason_said(FIRST_STOCK.text), reason_said("fell off the shelf")) == ("first stock", "fell off the shelf")
    with reading("zh"):
        assert (reason_said(FIRST_STOCK.text), reason_said("fell off the shelf")) == ("初始库存", "fell off the shelf")
