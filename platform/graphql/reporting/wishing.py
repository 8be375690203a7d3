"""From what somebody asks for to a report that can be made: parameters checked, spans made days, rights named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from stoa.domains import orders
from stoa.domains.catalog import stock
from stoa.graphql.reporting.defining import Definition, Takes, Wish
from stoa.kit.errors import InvalidInput, NotFound, Refusal, Refusals, blaming
from stoa.kit.ids import parse_type_id
from stoa.kit.languages import Locale
from stoa.kit.reporting import Format
from stoa.kit.reporting.notation import days_said, long_day
from stoa.kit.text import clean_line, slugify
from stoa.tenants.context import Context, ShopRef
from stoa.tenants.reporting.requesting import Wanted

MAX_DAYS: Final = 366 * 3
MAX_ORDERS: Final = 200


class Span(StrEnum):
    """Days that follow from today's."""

    YESTERDAY = "YESTERDAY"
    LAST_7_DAYS = "LAST_7_DAYS"
    LAST_30_DAYS = "LAST_30_DAYS"
    LAST_WEEK = "LAST_WEEK"
    LAST_MONTH = "LAST_MONTH"
    LAST_QUARTER = "LAST_QUARTER"
    LAST_YEAR = "LAST_YEAR"
    THIS_MONTH = "THIS_MONTH"

    def days(self, today: date) -> tuple[date, date]:
        """The first and the last of them."""
        yesterday, first = today - timedelta(days=1), today.replace(day=1)
        match self:
            case Span.YESTERDAY:
                return yesterday, yesterday
            case Span.LAST_7_DAYS:
                return today - timedelta(days=7), yesterday
            case Span.LAST_30_DAYS:
                return today - timedelta(days=30), yesterday
            case Span.LAST_WEEK:
                monday = today - timedelta(days=today.weekday())
                return monday - timedelta(days=7), monday - timedelta(days=1)
            case Span.LAST_MONTH:
                last = first - timedelta(days=1)
                return last.replace(day=1), last
            case Span.LAST_QUARTER:
                quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
                last = quarter - timedelta(days=1)
                return date(last.year, last.month - 2, 1), last
            case Span.LAST_YEAR:
                return date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)
            case Span.THIS_MONTH:
                return first, today


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a report is asked for with; what is not said is None."""

    since: date | None = None
    until: date | None = None
    span: Span | None = None
    channel: str | None = None
    location_id: str | None = None
    order_ids: Sequence[str] = field(default_factory=tuple)

    def kept(self) -> dict[str, Any]:
        """As JSON, without what was not said."""
        days = {name: day.isoformat() for name, day in (("since", self.since), ("until", self.until)) if day}
        others = {"span": self.span, "channel": self.channel, "location_id": self.location_id}
        said = {name: value for name, value in others.items() if value is not None}
        return days | said | ({"order_ids": list(self.order_ids)} if self.order_ids else {})

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Parameters:
        return cls(
            since=date.fromisoformat(kept["since"]) if "since" in kept else None,
            until=date.fromisoformat(kept["until"]) if "until" in kept else None,
            span=Span(kept["span"]) if "span" in kept else None,
            channel=kept.get("channel"),
            location_id=kept.get("location_id"),
            order_ids=tuple(kept.get("order_ids", ())),
        )

    def on(self, today: date) -> Parameters:
        """With the days of its span."""
        if self.span is None:
            return self
        since, until = self.span.days(today)
        return Parameters(since, until, None, self.channel, self.location_id, self.order_ids)


def checked(definition: Definition, asked: Parameters, *, is_scheduled: bool = False) -> Parameters:
    """The parameters, if the report takes them. Raises `Refusals`."""
    given = {
        Takes.PERIOD: asked.since is not None or asked.until is not None or asked.span is not None,
        Takes.CHANNEL: asked.channel is not None,
        Takes.LOCATION: asked.location_id is not None,
        Takes.ORDERS: bool(asked.order_ids),
    }
    wrong: list[Refusal] = [
        InvalidInput("This report takes no {name}.", path=["parameters", PLACES[each]], name=PLACES[each])
        for each, is_given in given.items()
        if is_given and each not in definition.takes
    ]
    wrong += [
        InvalidInput("This report needs {name}.", path=["parameters", PLACES[each]], name=PLACES[each])
        for each, is_needed in definition.takes.items()
        if is_needed and not given[each]
    ]
    wrong += _of_days(asked, is_scheduled=is_scheduled) if given[Takes.PERIOD] else []
    if len(asked.order_ids) > MAX_ORDERS:
        wrong.append(
            InvalidInput("Name {limit} orders at the most.", path=["parameters", "orderIds"], limit=MAX_ORDERS)
        )
    if wrong:
        raise Refusals(wrong)
    return _with_ids_checked(asked)


PLACES: Final = {
    Takes.PERIOD: "since",
    Takes.CHANNEL: "channel",
    Takes.LOCATION: "locationId",
    Takes.ORDERS: "orderIds",
}


def _of_days(asked: Parameters, *, is_scheduled: bool) -> list[Refusal]:
    if is_scheduled and asked.span is None:
        return [InvalidInput("A schedule takes a span, and no days of the calendar.", path=["parameters", "span"])]
    if asked.span is not None:
        both = asked.since is not None or asked.until is not None
        return [InvalidInput("Give days or a span, and not both.", path=["parameters", "span"])] if both else []
    if asked.since is None or asked.until is None:
        return [
            InvalidInput(
                "Give both since and until, or a span.", path=["parameters", "since" if asked.until else "until"]
            )
        ]
    if asked.until < asked.since:
        return [
            InvalidInput(
                "The span from {since} ends before it begins.", path=["parameters", "since"], since=str(asked.since)
            )
        ]
    if (asked.until - asked.since).days >= MAX_DAYS:
        return [InvalidInput("The span is longer than {days} days.", path=["parameters", "since"], days=MAX_DAYS)]
    return []


def _with_ids_checked(asked: Parameters) -> Parameters:
    if asked.location_id is not None:
        with blaming("parameters", "locationId"):
            parse_type_id(asked.location_id, "loc")
    for i, each in enumerate(asked.order_ids):
        with blaming("parameters", "orderIds", i):
            parse_type_id(each, "ord")
    channel = None if asked.channel is None else clean_line(asked.channel, what="channel", limit=40)
    order_ids = tuple(dict.fromkeys(asked.order_ids))
    return Parameters(asked.since, asked.until, asked.span, channel, asked.location_id, order_ids)


async def check_things(ctx: Context, asked: Parameters) -> None:
    """That this shop has what the report is asked about. Raises `NotFound` and `Refusals`."""
    if asked.location_id is not None:
        location_id = parse_type_id(asked.location_id, "loc")
        if not await stock.location_exists(ctx, location_id):
            raise NotFound("There is no such location.", path=["parameters", "locationId"])
    ids = [parse_type_id(each, "ord") for each in asked.order_ids]
    known = await orders.orders_there_are(ctx, ids) if ids else set()
    missing = [i for i, each in enumerate(ids) if each not in known]
    if missing:
        raise Refusals([NotFound("There is no such order.", path=["parameters", "orderIds", i]) for i in missing])


def wanted(
    ctx: Context,
    definition: Definition,
    format: Format,
    locale: Locale,
    asked: Parameters,
    moment: datetime,
    recipients: Sequence[str] = (),
) -> Wanted:
    """What `request_report` takes: the days fixed, its title and the file's name in the language it is made in.

    The rights are those that the report needs, and those of the caller that make it tell more.
    """
    fixed = asked.on(today_of(ctx.shop, moment))
    title = definition.title.said_in(locale)
    said = [title, *([str(fixed.since), str(fixed.until)] if fixed.since else [f"{today_of(ctx.shop, moment)}"])]
    return Wanted(
        definition=definition.name,
        format=format,
        locale=locale,
        parameters=fixed.kept(),
        title=" ".join([title, *_days_said(fixed, locale)]),
        file_name=f"{slugify(' '.join(said))}.{format.lower()}",
        scopes=rights_of(ctx, definition),
        recipients=tuple(recipients),
    )


def rights_of(ctx: Context, definition: Definition) -> list[str]:
    """What the report needs, and what the caller holds of that which makes it tell more."""
    more = [each for each in definition.optional_scopes if each in ctx.scopes or ctx.actor.kind == "system"]
    return [str(each) for each in (*definition.scopes, *more)]


def _days_said(asked: Parameters, locale: Locale) -> list[str]:
    if asked.since is None or asked.until is None:
        return []
    return [days_said(asked.since, asked.until, locale)]


def wish(
    shop: ShopRef, locale: Locale, asked: Parameters, scopes: frozenset[str], *, moment: datetime, made_by: str
) -> Wish:
    """What a layout works with."""
    local = moment.astimezone(ZoneInfo(shop.time_zone))
    return Wish(
        shop=shop,
        locale=locale,
        made_at=f"{long_day(local.date(), locale)} {local:%H:%M}",
        made_by=made_by,
        scopes=scopes,
        since=asked.since,
        until=asked.until,
        channel=asked.channel,
        location_id=asked.location_id,
        order_ids=asked.order_ids,
    )


def today_of(shop: ShopRef, moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(shop.time_zone)).date()
