"""What a merchant can be notified of about reports: what a schedule made, what failed, and that none will be made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stoa.kit.ids import type_id
from stoa.kit.languages import Sentence
from stoa.kit.messaging import Channel
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context
from stoa.tenants.notifying.notices import Facts, Notice, Variable
from stoa.tenants.reporting.events import ReportEnded, ReportSchedulePaused

ENDS: Mapping[str, Sentence] = {
    "DONE": Sentence("it is ready to be fetched"),
    "FAILED": Sentence("it could not be made"),
}


async def _ended(ctx: Context, event: ReportEnded) -> Facts:
    facts = {"report.title": event.title, "report.end": ENDS.get(event.state, event.state)}
    return Facts(facts, type_id("rep", event.report_id))


async def _paused(ctx: Context, event: ReportSchedulePaused) -> Facts:
    return Facts({"schedule.name": event.name}, type_id("rsch", event.schedule_id))


REPORT_ENDED = Notice(
    key="report_ended",
    event=ReportEnded,
    name=Sentence("A scheduled report is ready, or a report failed"),
    title=Sentence("Report: {{ report.title }}"),
    body=Sentence("{{ report.title }}: {{ report.end }}."),
    scope=Scope.ANALYTICS_READ,
    variables=(
        Variable("report.title", Sentence("What the report is called."), Sentence("Sales summary")),
        Variable("report.end", Sentence("How it ended."), ENDS["DONE"]),
    ),
    facts=_ended,
    concerns=lambda event: event.is_scheduled or event.state == "FAILED",
    channels=(Channel.IN_APP,),
)
SCHEDULE_PAUSED = Notice(
    key="report_schedule_paused",
    event=ReportSchedulePaused,
    name=Sentence("Scheduled reports are not made any more"),
    title=Sentence("{{ schedule.name }} is not made any more"),
    body=Sentence(
        "Whoever arranged {{ schedule.name }} does not have the rights for it any more; somebody who has must arrange "
        "it anew."
    ),
    scope=Scope.ANALYTICS_READ,
    variables=(Variable("schedule.name", Sentence("What the schedule is called."), Sentence("Sales of the month")),),
    facts=_paused,
)
NOTICES: Sequence[Notice] = (REPORT_ENDED, SCHEDULE_PAUSED)
