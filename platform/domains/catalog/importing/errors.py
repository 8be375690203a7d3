"""What importing refuses: files that cannot be read to their end, and orders that come at the wrong moment."""

from __future__ import annotations

from stoa.kit.errors import Conflict, InvalidInput, NotFound, Refusal


class Unreadable(Refusal):
    """The file as such is no good: the run ends, and nothing of it stays."""

    code = "UNREADABLE"


class EmptyFile(Unreadable):
    code = "EMPTY_FILE"


class NoRows(Unreadable):
    """A header and nothing below it."""

    code = "NO_ROWS"


class NotText(Unreadable):
    code = "NOT_TEXT"


class WrongEncoding(Unreadable):
    code = "WRONG_ENCODING"


class BrokenArchive(Unreadable):
    """A gzip or zip that breaks off, or whose checksum is wrong."""

    code = "BROKEN_ARCHIVE"


class UnfitArchive(Unreadable):
    """A zip with none or several tables in it, or of a kind that is not taken."""

    code = "UNFIT_ARCHIVE"


class ArchiveBomb(Unreadable):
    """Far more comes out than such a file may hold."""

    code = "ARCHIVE_BOMB"


class MissingColumn(Unreadable):
    code = "MISSING_COLUMN"


class DoubleColumn(Unreadable):
    code = "DOUBLE_COLUMN"


class CellTooLong(Unreadable):
    code = "CELL_TOO_LONG"


class RowTooLong(Unreadable):
    code = "ROW_TOO_LONG"


class UnclosedQuote(Unreadable):
    code = "UNCLOSED_QUOTE"


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
