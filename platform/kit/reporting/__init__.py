"""Reports as files: a document told block by block, written as PDF, XLSX or CSV in processes of their own.

`documents` says what a document is made of, `spooling` puts it into a file on the way, `press` is the process that
reads it and writes PDF (`paper`, `charts`), XLSX (`workbook`) or CSV (`lines`), `presses` are those processes together.
The writers are loaded in those processes alone: they take some 80 MB.
No file here knows a shop or a domain.
"""

from stoa.kit.reporting.documents import (
    MOST_ROWS,
    Balance,
    Block,
    Chart,
    Column,
    Fact,
    Figure,
    Figures,
    Format,
    Head,
    Kind,
    Part,
    Rows,
    Series,
    Shape,
    Table,
    Text,
)
from stoa.kit.reporting.presses import NotWritten, Presses, TooLong, Written
from stoa.kit.reporting.spooling import Spool

__all__ = [
    "MOST_ROWS",
    "Balance",
    "Block",
    "Chart",
    "Column",
    "Fact",
    "Figure",
    "Figures",
    "Format",
    "Head",
    "Kind",
    "NotWritten",
    "Part",
    "Presses",
    "Rows",
    "Series",
    "Shape",
    "Spool",
    "Table",
    "Text",
    "TooLong",
    "Written",
]
