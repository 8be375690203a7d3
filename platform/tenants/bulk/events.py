"""What becomes of bulk runs."""

from __future__ import annotations

from uuid import UUID

from stoa.tenants.outbox import event


@event
class BulkRunEnded:
    """A run has come to its end: all of it DONE, or FAILED or CANCELLED with what there was by then."""

    bulk_run_id: UUID
    kind: str
    state: str
    objects_done: int
    lines_failed: int
