"""What a report is: its query, what it takes, and how the answer is laid out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from stoa.kit.languages import Locale, Sentence
from stoa.kit.reporting import Block, Fact, Head
from stoa.kit.reporting.notation import days_said
from stoa.tenants.context import ShopRef


class Takes(StrEnum):
    """A parameter of a report."""

    PERIOD = "PERIOD"
    CHANNEL = "CHANNEL"
    LOCATION = "LOCATION"
    ORDERS = "ORDERS"


@dataclass(frozen=True, slots=True)
class Wish:
    """A report that somebody wants, its parameters checked. `scopes` are those that its query may use."""

    shop: ShopRef
    locale: Locale
    made_at: str
    made_by: str
    scopes: frozenset[str] = frozenset()
    since: date | None = None
    until: date | None = None
    channel: str | None = None
    location_id: str | None = None
    order_ids: Sequence[str] = ()

    def say(self, words: Sentence, **values: str | int | Sentence) -> str:
        return (words.filled(**values) if values else words).said_in(self.locale)

    @property
    def period(self) -> tuple[date, date]:
        assert self.since is not None
        assert self.until is not None
        return self.since, self.until

    @property
    def before(self) -> tuple[date, date]:
        """As many days right before the period; of whole months, as many months."""
        since, until = self.period
        last = since - timedelta(days=1)
        if since.day == 1 and (until + timedelta(days=1)).day == 1:
            months = (until.year - since.year) * 12 + until.month - since.month + 1
            number = since.year * 12 + since.month - 1 - months
            return date(number // 12, number % 12 + 1, 1), last
        return since - (until - since) - timedelta(days=1), last

    @property
    def period_said(self) -> str:
        """As a title has it: October 2026, or from day to day."""
        return days_said(*self.period, self.locale)


class Layout:
    """How one report's answers become blocks: the first answer opens it, each page of its list goes on."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish

    @property
    def subtitle(self) -> str:
        return self.wish.period_said if self.wish.since is not None else ""

    @property
    def facts(self) -> list[Fact]:
        return []

    def opening(self, data: Mapping[str, Any]) -> Iterable[Block]:
        """What stands before the list; `data` is the first answer."""
        return ()

    def page(self, nodes: Sequence[Mapping[str, Any]]) -> Iterable[Block]:
        """Some of the list."""
        return ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A report. `takes` says of each parameter whether it must be given.

    `query` is sent as often as there are pages of the connection that `pages` names (a field of Query, with `$after`
    for its cursor); once when it names none. `scopes` are what it cannot do without.

    `inside` names the connection that each thing on a page has in turn. Of a thing whose connection is longer than what
    came with it, `rest` asks for the others: `node(id: $id)`, and the connection with `$after`.
    """

    name: str
    title: Sentence
    about: Sentence
    scopes: Sequence[str]
    query: str
    variables: Callable[[Wish], dict[str, Any]]
    layout: type[Layout]
    takes: Mapping[Takes, bool] = field(default_factory=dict)
    pages: str | None = None
    inside: str | None = None
    rest: str = ""
    note: Sentence | None = None
    optional_scopes: Sequence[str] = ()

    def head(self, wish: Wish, layout: Layout, words: Mapping[str, Sentence]) -> Head:
        """The head of the document."""
        said = {name: wish.say(each) for name, each in words.items() if name != "made"}
        said["made"] = wish.say(words["made"], at=wish.made_at, by=wish.made_by)
        return Head(
            title=wish.say(self.title),
            subtitle=layout.subtitle,
            shop=wish.shop.name,
            locale=wish.locale,
            currency=wish.shop.currency,
            facts=layout.facts,
            words=said,
            note="" if self.note is None else wish.say(self.note),
        )
