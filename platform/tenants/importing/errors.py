"""What importing refuses: files that are not what they seem, and orders that come at the wrong moment."""

from __future__ import annotations

from stoa.kit.errors import Conflict, InvalidInput, NotFound, Refusal
from stoa.kit.tabular.errors import Unreadable


class NoRows(Unreadable):
    """A header and nothing below it."""

    code = "NO_ROWS"


class FileGone(Unreadable):
    """The file was there when the import was asked for, and is not any more."""

    code = "FILE_GONE"


class GaveUp(Unreadable):
    """Attempt after attempt broke off without an answer."""

    code = "GAVE_UP"


class BadMapping(InvalidInput):
    """The mapping cannot say which row is which product."""

    code = "BAD_MAPPING"


class NoSuchImport(NotFound):
    code = "IMPORT_NOT_FOUND"


class ImportRunning(Conflict):
    """Another import of this shop is at work."""

    code = "IMPORT_RUNNING"


class CannotCancel(Refusal):
    """The import has ended, or is being undone."""

    code = "CANNOT_CANCEL"


class CannotUndo(Refusal):
    """Only a finished import that was no dry run can be undone."""

    code = "CANNOT_UNDO"
