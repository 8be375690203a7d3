"""Why a file cannot be read to its end."""

from __future__ import annotations

from stoa.kit.errors import Refusal


class Unreadable(Refusal):
    """The file as such is no good: the run ends, and nothing of it stays."""

    code = "UNREADABLE"


class EmptyFile(Unreadable):
    code = "EMPTY_FILE"


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
