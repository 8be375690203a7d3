"""Tell how far an import is: to whoever started it here, or to those who listen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stoa.tenants import live
from stoa.tenants.context import Context
from stoa.tenants.importing.models import ImportRun

Listener = Callable[[ImportRun], None]


def tell_live(ctx: Context) -> Listener:
    """Tell those who listen to ``import:<uuid>`` at this moment."""
    return lambda run: live.announce(ctx, f"import:{run.id}", progress_of(run))


def progress_of(run: ImportRun) -> dict[str, Any]:
    """How far the run is, for a progress bar."""
    names = ("state", "phase", "lines_read", "lines_refused", "bytes_read", "bytes_total", "products_total")
    counts = ("products_done", "products_created", "products_updated", "products_restored", "issues_total", "percent")
    return {
        "id": str(run.id),
        **{name: getattr(run, name) for name in names + counts},
        "failure": run.failure and str(run.why_failed),
    }
