"""Importing: orders from a file that a merchant brings, as history, with dry run, progress, cancelling and undoing."""

from stoa.domains.orders.importing.inspecting import Inspection, inspect_file
from stoa.domains.orders.importing.options import Field, Options, read_options
from stoa.domains.orders.importing.orders import (
    cancel_import,
    give_up_import,
    import_path,
    run_import,
    start_import,
    undo_import,
)
from stoa.tenants.importing.models import ImportRun
from stoa.tenants.importing.running import Superseded, progress_of
from stoa.tenants.importing.starting import has_ended

__all__ = [
    "Field",
    "ImportRun",
    "Inspection",
    "Options",
    "Superseded",
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
