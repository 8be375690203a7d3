"""What a merchant can be notified of: a published list. Domains declare it beside their events, workers/notices.py
brings it together, and nothing here knows what an order is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from stoa.kit.languages import Locale, Sentence
from stoa.kit.messaging import Channel
from stoa.kit.money import Money
from stoa.tenants.access.scopes import Role
from stoa.tenants.context import Context
from stoa.tenants.notifying.errors import NoSuchNotice
from stoa.tenants.notifying.templating import Value, Voice


class VariableKind(StrEnum):
    """What a variable holds; by it, values are written as the reader's language has it."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    MONEY = "MONEY"
    MOMENT = "MOMENT"


@dataclass(frozen=True, slots=True)
class Variable:
    """A gap that templates may have. `sample` is what a preview without real data shows."""

    name: str
    words: Sentence
    sample: Value

    @property
    def kind(self) -> VariableKind:
        if isinstance(self.sample, Money):
            return VariableKind.MONEY
        if isinstance(self.sample, datetime):
            return VariableKind.MOMENT
        return VariableKind.NUMBER if isinstance(self.sample, int) else VariableKind.TEXT


@dataclass(frozen=True, slots=True)
class Facts:
    """What one event comes to. `subject` is the id, as people see it, of the thing it is about."""

    values: Mapping[str, Value]
    subject: str = ""


FactsOf = Callable[[Context, Any], Awaitable[Facts | None]]
_ALWAYS: Callable[[Any], bool] = lambda _: True  # noqa: E731


@dataclass(frozen=True, slots=True)
class Notice:
    """One kind of news. `facts` reads what is to be said of an event; None when there is nothing to say any more.

    `concerns` looks at the event alone, before anything is planned: most steps of an order are nobody's news. `scope`
    is what a member must be allowed to see to be told. `title` and `body` are what is said by default; `roles` and
    `channels` who is told, and how, in a shop without rules of its own.
    """

    key: str
    event: type[Any]
    name: Sentence
    title: Sentence
    body: Sentence
    scope: str
    variables: Sequence[Variable]
    facts: FactsOf
    concerns: Callable[[Any], bool] = field(default=_ALWAYS)
    is_urgent: bool = False
    roles: Sequence[Role] = (Role.OWNER, Role.MANAGER)
    channels: Sequence[Channel] = (Channel.IN_APP, Channel.MAIL)

    @property
    def all_variables(self) -> list[Variable]:
        return [*self.variables, *COMMON]

    @property
    def names(self) -> list[str]:
        return [each.name for each in self.all_variables]

    @property
    def samples(self) -> dict[str, Value]:
        return {each.name: each.sample for each in self.all_variables}

    def title_in(self, locale: Locale) -> str:
        return self.title.said_in(locale)

    def body_in(self, locale: Locale) -> str:
        return self.body.said_in(locale)


COMMON: Sequence[Variable] = (
    Variable("shop.name", Sentence("The shop's name."), "Stoa Poikile"),
    Variable("recipient.name", Sentence("Who is told."), "Zeno"),
)
# How an import can end, as people are told.
IMPORT_ENDS: Mapping[str, Sentence] = {
    "DONE": Sentence("it is done"),
    "FAILED": Sentence("it failed, and was undone"),
    "CANCELLED": Sentence("it was cancelled"),
    "UNDONE": Sentence("it was undone"),
}
_notices: dict[str, Notice] = {}
_by_event: dict[type[Any], list[Notice]] = {}


def know(table: Sequence[Notice]) -> None:
    """Make `table` the list of this process; web and worker processes do so at their start."""
    if len({each.key for each in table}) < len(table):
        raise ValueError("Two notices share a key.")
    _notices.clear()
    _by_event.clear()
    for each in table:
        _notices[each.key] = each
        _by_event.setdefault(each.event, []).append(each)


def notices() -> list[Notice]:
    return list(_notices.values())


def notice_of(key: str) -> Notice:
    """Raises `NoSuchNotice`."""
    found = _notices.get(key)
    if found is None:
        raise NoSuchNotice(
            "Nobody is notified of {notice!r}; there are {notices}.",
            path=["notice"],
            notice=key[:40],
            notices=", ".join(sorted(_notices)),
        )
    return found


def concerned_by(event: Any) -> bool:
    """Whether anybody could be told of it."""
    return any(each.concerns(event) for each in _by_event.get(type(event), ()))


def notices_of(event_name: str) -> list[Notice]:
    """Those that hang on events of that name."""
    return [each for each in _notices.values() if each.event.__name__ == event_name]


def voice_of(ctx: Context, locale: Locale, time_zone: str = "") -> Voice:
    return Voice(locale, time_zone or ctx.shop.time_zone)
