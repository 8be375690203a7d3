"""What a domain offers of its imports: the operations, for one subject."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Generic, TypeVar
from uuid import UUID

from stoa.kit.languages import Sentence
from stoa.kit.tabular.notation import Notation
from stoa.tenants.context import Context
from stoa.tenants.database import Step, shop_transaction
from stoa.tenants.importing import running, starting
from stoa.tenants.importing.models import ImportRun
from stoa.tenants.importing.subjects import Subject
from stoa.tenants.importing.telling import Listener

Options = TypeVar("Options", bound=Notation)


class Imports(Generic[Options]):
    """The imports of a subject, whose files are read as `Options` say. What each raises is said where it is done."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    async def start(
        self,
        ctx: Context,
        upload_id: UUID,
        *,
        source: str,
        mapping: Mapping[str, str],
        options: Options | None = None,
        dry_run: bool = False,
    ) -> ImportRun:
        """Order the import of an uploaded file; see `starting.start_import`."""
        return await starting.start_import(
            ctx, upload_id, self._subject, source=source, mapping=mapping, options=options, dry_run=dry_run
        )

    async def of_path(
        self,
        ctx: Context,
        path: Path,
        *,
        source: str,
        mapping: Mapping[str, str],
        options: Options | None = None,
        dry_run: bool = False,
        listener: Listener | None = None,
    ) -> ImportRun:
        """Import a file of this machine here and now; see `starting.import_path`."""
        return await starting.import_path(
            ctx,
            path,
            self._subject,
            source=source,
            mapping=mapping,
            options=options,
            dry_run=dry_run,
            listener=listener,
        )

    async def run(
        self,
        ctx: Context,
        run_id: UUID,
        *,
        step: Step = shop_transaction,
        finish: Step = shop_transaction,
        listener: Listener | None = None,
    ) -> ImportRun:
        """Do what is left to do of a run; see `running.run_import`."""
        return await running.run_import(ctx, run_id, self._subject, step=step, finish=finish, listener=listener)

    async def cancel(self, ctx: Context, run_id: UUID) -> ImportRun:
        """End an import before its end: nothing of it stays. Cancelling twice changes nothing."""
        return await starting.cancel_import(ctx, run_id, self._subject)

    async def undo(self, ctx: Context, run_id: UUID) -> ImportRun:
        """Put back what an import changed. What somebody changed since stays as it is, and is reported among the run's
        issues. Undoing twice changes nothing."""
        return await starting.undo_import(ctx, run_id, self._subject)

    async def give_up(self, ctx: Context, run_id: UUID, reason: Sentence) -> None:
        """End a run that no attempt brings to its end."""
        await running.give_up_import(ctx, run_id, self._subject, reason)
