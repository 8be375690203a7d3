"""Importing: products from a table that a merchant brings, with dry run, progress, cancelling and undoing."""

from stoa.domains.catalog.importing.errors import Unreadable
from stoa.domains.catalog.importing.inspecting import Inspection, inspect_file
from stoa.domains.catalog.importing.issues import Issue
from stoa.domains.catalog.importing.options import Field, Options, read_options
from stoa.domains.catalog.importing.running import Superseded, give_up_import, progress_of, run_import
from stoa.domains.catalog.importing.starting import cancel_import, has_ended, import_path, start_import, undo_import
from stoa.domains.catalog.models import FileFormat, ImportRun

__all__ = [
    "Field",
    "FileFormat",
    "ImportRun",
    "Inspection",
    "Issue",
    "Options",
    "Superseded",
    "Unreadable",
    "cancel_import",
    "give_up_import",
    "has_ended",
    "import_path",
    "inspect_file",
    "progress_of",
    "read_options",
    "run_import",
    "start_import",
    "undo_import",
]
