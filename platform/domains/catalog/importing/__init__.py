"""Importing: products from a table that a merchant brings, with dry run, progress, cancelling and undoing."""

from stoa.domains.catalog.importing.inspecting import Inspection, inspect_file
from stoa.domains.catalog.importing.options import Field, Options, read_options
from stoa.domains.catalog.importing.products import (
    cancel_import,
    give_up_import,
    import_path,
    run_import,
    start_import,
    undo_import,
)
from stoa.domains.catalog.models import FileFormat, ImportRun
from stoa.kit.tabular.errors import Unreadable
from stoa.tenants.importing.issues import Issue
from stoa.tenants.importing.running import Superseded, progress_of
from stoa.tenants.importing.starting import has_ended

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
