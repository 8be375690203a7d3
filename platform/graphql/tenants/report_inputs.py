"""What reports and their schedules are asked for with, and how that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import strawberry

from stoa.graphql.enums import shown_enum
from stoa.graphql.reporting import wishing
from stoa.kit.languages import Locale, reader
from stoa.kit.reporting import Format
from stoa.tenants.access.accounts import read_locale

ReportFormat = shown_enum(
    Format,
    "What a report is written as.",
    name="ReportFormat",
    PDF="For reading and printing: figures, charts and tables.",
    XLSX="A workbook: numbers with formats, sums as formulas, charts of Excel's own.",
    CSV="The main table alone, for programs: UTF-8 with the mark by which Excel knows it.",
)
ReportSpan = shown_enum(
    wishing.Span,
    "Days of the shop's calendar that follow from today's.",
    name="ReportSpan",
    YESTERDAY="The day before.",
    LAST_7_DAYS="The seven days before today.",
    LAST_30_DAYS="The thirty days before today.",
    LAST_WEEK="The last whole week, from Monday on.",
    LAST_MONTH="The last whole month.",
    LAST_QUARTER="The last whole quarter.",
    LAST_YEAR="The last whole year.",
    THIS_MONTH="From the first of the month until today.",
)


@strawberry.input(description="What a report is about. Which of these it takes says its definition.")
class ReportParametersInput:
    since: date | None = strawberry.field(default=None, description="The first day.")
    until: date | None = strawberry.field(default=None, description="The last day.")
    span: ReportSpan | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description="Days that follow from today's, in place of `since` and `until`."
    )
    channel: str | None = strawberry.field(default=None, description="Orders of this channel alone.")
    location_id: strawberry.ID | None = strawberry.field(default=None, description="Stock at this location alone.")
    order_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="These orders; 200 at the most.")

    def read(self) -> wishing.Parameters:
        return wishing.Parameters(
            self.since,
            self.until,
            self.span and wishing.Span(self.span),
            self.channel,
            self.location_id,
            tuple(self.order_ids or ()),
        )


@strawberry.type(description="What a report is about. What it does not say is null.")
class ReportParametersShown:
    since: date | None = strawberry.field(description="The first day.")
    until: date | None = strawberry.field(description="The last day.")
    span: ReportSpan | None = strawberry.field(  # type: ignore[valid-type]
        description="Days that follow from today's."
    )
    channel: str | None = strawberry.field(description="Orders of this channel alone.")
    location_id: strawberry.ID | None = strawberry.field(description="Stock at this location alone.")
    order_ids: list[strawberry.ID] = strawberry.field(description="These orders.")


def shown_parameters(kept: Mapping[str, Any]) -> ReportParametersShown:
    asked = wishing.Parameters.of(kept)
    return ReportParametersShown(
        since=asked.since,
        until=asked.until,
        span=asked.span,
        channel=asked.channel,
        location_id=None if asked.location_id is None else strawberry.ID(asked.location_id),
        order_ids=[strawberry.ID(each) for each in asked.order_ids],
    )


def read_report_locale(text: str | None) -> Locale:
    return reader() if text is None else read_locale(text)
