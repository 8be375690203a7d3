"""What cannot be done in bulk."""

from __future__ import annotations

from stoa.kit.errors import InvalidInput


class NotForBulk(InvalidInput):
    """The document is valid, but not of the form that bulk runs take."""

    code = "NOT_FOR_BULK"


class InvalidBulkDocument(InvalidInput):
    """The document does not parse, is not valid or is too large."""

    code = "INVALID_DOCUMENT"
