"""What bulk edits refuse."""

from __future__ import annotations

from stoa.kit.errors import Conflict, InvalidInput, NotFound, Refusal


class NoSuchBulkEdit(NotFound):
    code = "BULK_EDIT_NOT_FOUND"


class TooManyBulkEdits(Conflict):
    """As many bulk edits of this shop as may be are at work."""

    code = "TOO_MANY_BULK_EDITS"


class NothingChosen(InvalidInput):
    """Neither a filter nor a search: all products are meant only by who says so."""

    code = "NOTHING_CHOSEN"


class PriceBelowZero(Refusal):
    code = "PRICE_BELOW_ZERO"


class CannotCancelBulkEdit(Refusal):
    code = "BULK_EDIT_CANNOT_CANCEL"


class CannotUndoBulkEdit(Refusal):
    code = "BULK_EDIT_CANNOT_UNDO"
