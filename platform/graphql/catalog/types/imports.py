"""Imports as GraphQL shows them."""

from __future__ import annotations

from datetime import datetime

from stoa.domains.catalog import models
from stoa.graphql.enums import shown_enum
from stoa.graphql.paging import Connection, Node
from stoa.graphql.reading.declaring import column, derived, many, stored
from stoa.graphql.saying import said_now
from stoa.graphql.scalars import BigInt
from stoa.tenants.access.scopes import Scope

ImportState = shown_enum(
    models.ImportState,
    "How far an import is.",
    name="ProductImportState",
    QUEUED="Waiting for its turn.",
    RUNNING="At work.",
    UNDOING="Putting back what it changed.",
    DONE="Ended well.",
    FAILED="Given up; nothing it did was left behind.",
    CANCELLED="Ended by somebody; nothing it did was left behind.",
    UNDONE="Put back after it had ended.",
)
ImportPhase = shown_enum(
    models.ImportPhase,
    "What an import does.",
    name="ProductImportPhase",
    READING="Reads the file; nothing else is touched.",
    WRITING="Writes what the file is about.",
)
# Imports of other things stand in the same tables: they are shown by types of their own.
OF_PRODUCTS = "(SELECT r.subject FROM import_run r WHERE r.id = {row}.run_id) = 'products'"
PERCENT_OF = ("state", "phase", "bytes_read", "bytes_total", "products_done", "products_total")


@stored(models.ImportIssue, prefix="iss", scope=Scope.CATALOG_READ, only=OF_PRODUCTS)
class ImportIssue(Node):
    """A row of an imported file that was not taken as it stood."""

    line: BigInt = column("The line of the file, from 1.")
    code: str = column("What is wrong, for programs.", filter=True)
    message: str = derived(("message",), said_now, "What is wrong, in words, in the reader's language.")
    value: str = column("What the file says there, shortened.")
    refused: bool = column("Whether the row was not taken at all.")
    column: str = column("The column's header.", of="column_name")  # last: it hides the function in this body


@stored(models.ImportRun, prefix="imp", scope=Scope.CATALOG_READ, only="{row}.subject = 'products'")
class ProductImport(Node):
    """A file on its way into the catalog: how far it is, and what came of it."""

    file_name: str = column("The name of the file.")
    source: str = column("Where its products come from; with their key there it finds them again.")
    dry_run: bool = column("Whether it only reports what it would do.")
    state: ImportState = column("How far it is.", filter=True)  # type: ignore[valid-type]
    phase: ImportPhase = column("Reading the file, or writing the products.")  # type: ignore[valid-type]
    percent: int = derived(PERCENT_OF, models.percent_done, "Of the work in hand, 0 to 100.")
    failure: str | None = derived(
        ("failure",), said_now, "Why it failed, in the reader's language; nothing it did was left behind."
    )
    bytes_total: BigInt = column("Size of the file.")
    bytes_read: BigInt = column("How much of it has been read.")
    lines_read: BigInt = column("Lines read, the header not counted.")
    lines_refused: BigInt = column("Lines that were not taken at all.")
    issues_total: int = derived(("issue_counts",), models.total_of, "Oddities met; the first 10,000 can be read.")
    products_total: int = column("Products in the file; known once it has been read.")
    products_done: int = column("Products written, compared or put back so far.")
    products_created: int = column("Products made (or that would be, in a dry run).")
    products_updated: int = column("Products changed (or that would be, in a dry run).")
    products_restored: int = column("Products put back by undoing.")
    issues: Connection[ImportIssue] = many("What was not taken as it stood.", order=("line",))
    created_at: datetime = column("When it was asked for.")
    started_at: datetime | None = column("When it began.")
    finished_at: datetime | None = column("When it ended.")
