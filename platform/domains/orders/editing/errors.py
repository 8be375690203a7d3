"""What editing an order refuses, besides `NotNow`."""

from __future__ import annotations

from stoa.kit.errors import InvalidInput, Refusal


class TooFewPieces(InvalidInput):
    """Fewer than what was cancelled or given back of the line already; `least` says how many must stay."""

    code = "TOO_FEW_PIECES"


class NothingLeft(Refusal):
    """The edit would leave nothing on the order: it can be cancelled instead."""

    code = "NOTHING_LEFT"
