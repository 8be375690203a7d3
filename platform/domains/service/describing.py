"""What is said of a customer: cleaned and checked before any row is touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypedDict

from stoa.domains.service.models import Customer
from stoa.domains.service.numbers import clean_email, normal_phone
from stoa.kit.checking import Problems
from stoa.kit.errors import InvalidInput
from stoa.kit.languages import LOCALES
from stoa.kit.text import clean_line, clean_text, searchable

MAX_TAGS, MAX_ENTRIES = 50, 50


@dataclass(frozen=True, slots=True)
class CustomerDraft:
    """A customer to be."""

    name: str = ""
    email: str = ""
    phone: str = ""
    locale: str = ""
    note: str = ""
    tags: Sequence[str] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    channel_id: str = ""

    def checked(self) -> dict[str, Any]:
        """The columns, and `channel_id`. Raises `Refusals` with everything that is wrong."""
        return checked(asdict(self))


class CustomerChanges(TypedDict, total=False):
    """Changes to a customer; what is left out stays. In `metadata`, None takes an entry away."""

    name: str
    email: str
    phone: str
    locale: str
    note: str
    tags: Sequence[str]
    metadata: Mapping[str, str | None]


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """What will be stored. Raises `Refusals` with everything that is wrong."""
    problems, values = Problems(), dict(given)
    for name in values:
        values[name] = problems.tried(name, CHECKS[name], values[name])
    problems.refuse()
    return values


def merged_metadata(old: Mapping[str, str], new: Mapping[str, str | None]) -> dict[str, str]:
    both = {key: value for key, value in {**old, **new}.items() if value is not None}
    if len(both) > MAX_ENTRIES:
        raise InvalidInput(
            "{count} entries; {limit} are allowed.", path=["metadata"], count=len(both), limit=MAX_ENTRIES
        )
    return both


def search_text_of(customer: Customer, known_by: Sequence[str]) -> str:
    """What `search` looks through: name, e-mail, phone as written, and whatever they are known by; one a line."""
    return "\n".join(
        searchable(text) for text in dict.fromkeys((customer.name, customer.email, customer.phone, *known_by)) if text
    )


def _phone(text: str) -> str:
    line = clean_line(text, what="telephone number", limit=40, required=False)
    normal_phone(line)
    return line


def _locale(text: str) -> str:
    if text and text not in LOCALES:
        raise InvalidInput("{text!r} is none of {choices}.", text=text[:20], choices=", ".join(LOCALES))
    return text


def clean_tags(tags: Sequence[str]) -> list[str]:
    """Each once, in their order."""
    cleaned = list(dict.fromkeys(clean_line(each, what="tag", limit=60) for each in tags))
    if len(cleaned) > MAX_TAGS:
        raise InvalidInput("{count} tags; {limit} are allowed.", count=len(cleaned), limit=MAX_TAGS)
    return cleaned


def _metadata(entries: Mapping[str, str | None]) -> dict[str, str | None]:
    cleaned = {
        clean_line(key, what="key", limit=60): None if value is None else clean_text(value, what="value", limit=1000)
        for key, value in entries.items()
    }
    merged_metadata({}, cleaned)
    return cleaned


CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "name": lambda text: clean_line(text, what="name", limit=120, required=False),
    "email": clean_email,
    "phone": _phone,
    "locale": _locale,
    "note": lambda text: clean_text(text, what="note", limit=5000),
    "tags": clean_tags,
    "metadata": _metadata,
    "channel_id": lambda text: clean_line(text, what="channel's id", limit=254, required=False),
}
