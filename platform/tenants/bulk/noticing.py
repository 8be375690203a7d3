"""What a merchant can be notified of about bulk runs: that one has ended."""

from __future__ import annotations

from collections.abc import Mapping

from stoa.kit.ids import type_id
from stoa.kit.languages import Sentence
from stoa.kit.messaging import Channel
from stoa.tenants.access.scopes import Scope
from stoa.tenants.bulk.events import BulkRunEnded
from stoa.tenants.context import Context
from stoa.tenants.notifying.notices import Facts, Notice, Variable

ENDS: Mapping[str, Sentence] = {
    "DONE": Sentence("it is done"),
    "FAILED": Sentence("it failed"),
    "CANCELLED": Sentence("it was cancelled"),
}


async def _ended(ctx: Context, event: BulkRunEnded) -> Facts:
    return Facts(
        {
            "run.end": ENDS.get(event.state, event.state),
            "run.objects": event.objects_done,
            "run.failed": event.lines_failed,
        },
        type_id("bulk", event.bulk_run_id),
    )


BULK_ENDED = Notice(
    key="bulk_ended",
    event=BulkRunEnded,
    name=Sentence("A bulk run has ended"),
    title=Sentence("Bulk run: {{ run.end }}"),
    body=Sentence("{{ run.objects }} objects, {{ run.failed }} lines that failed."),
    scope=Scope.SHOP_READ,
    variables=(
        Variable("run.end", Sentence("How it ended."), ENDS["DONE"]),
        Variable("run.objects", Sentence("How many objects there were."), 12000),
        Variable("run.failed", Sentence("How many lines failed."), 3),
    ),
    facts=_ended,
    channels=(Channel.IN_APP,),
)
