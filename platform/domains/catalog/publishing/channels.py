"""Channels: where the shop sells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError

from stoa.domains.catalog.errors import ChannelChanged, ChannelTaken, NoSuchChannel
from stoa.domains.catalog.events import ChannelSaved
from stoa.domains.catalog.models import Channel
from stoa.domains.catalog.variants import set_what_differs
from stoa.kit.checking import check_version
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.languages import LOCALES, Sentence
from stoa.kit.text import clean_line, slugify
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction
from stoa.tenants.outbox import publish


@dataclass(frozen=True, slots=True)
class ChannelDraft:
    """What is None stays as it is, or is the usual in a new one. `names`: its name in other languages."""

    code: str | None = None
    name: str | None = None
    names: Mapping[str, str] | None = None
    is_active: bool | None = None
    shows_everything: bool | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """As they are stored. Raises `InvalidInput`."""
        columns: dict[str, Any] = {}
        if self.code is not None:
            columns["code"] = _clean_code(self.code)
        if self.name is not None:
            with blaming("name"):
                columns["name"] = clean_line(self.name, what="name", limit=120)
        if self.names is not None:
            columns["translations"] = _clean_names(self.names)
        plain = {"is_active": self.is_active, "shows_everything": self.shows_everything}
        return columns | {name: value for name, value in plain.items() if value is not None}


async def create_channel(ctx: Context, draft: ChannelDraft) -> Channel:
    """Raises `InvalidInput` and `ChannelTaken`."""
    columns = draft.columns
    for name, word in (("code", Sentence("code")), ("name", Sentence("name"))):
        if name not in columns:
            raise InvalidInput("A channel needs a {name}.", path=[name], name=word)
    async with shop_transaction():
        try:
            channel = await Channel.create(**columns)
        except IntegrityError:
            raise _taken(str(columns["code"])) from None
        await publish(ctx, ChannelSaved(channel.id))
    return channel


async def update_channel(
    ctx: Context, channel_id: UUID, draft: ChannelDraft, *, expected_version: int | None = None
) -> Channel:
    """Save the changes and raise the version.

    Raises `NoSuchChannel`, `ChannelChanged`, `InvalidInput` and `ChannelTaken`.
    """
    columns = draft.columns
    async with shop_transaction():
        channel = await Channel.filter(id=channel_id).select_for_update().get_or_none()
        if channel is None:
            raise NoSuchChannel("There is no such channel.", path=["id"])
        check_version(channel, expected_version, ChannelChanged, channel.name)
        changed = set_what_differs(channel, columns)
        if changed:
            channel.version += 1
            try:
                await channel.save(update_fields=[*changed, "version"])
            except IntegrityError:
                raise _taken(channel.code) from None
            await publish(ctx, ChannelSaved(channel.id))
    return channel


def _clean_code(code: str) -> str:
    with blaming("code"):
        slug = slugify(clean_line(code, what="code", limit=40), limit=40)
        if not slug:
            raise InvalidInput("The code has no letter and no digit in it.")
    return slug


def _clean_names(names: Mapping[str, str]) -> dict[str, dict[str, str]]:
    cleaned: dict[str, dict[str, str]] = {}
    for i, (locale, name) in enumerate(names.items()):
        with blaming("names", i):
            if locale not in LOCALES:
                raise InvalidInput("{locale} is no language of the shop.", path=["locale"], locale=locale)
            cleaned[locale] = {"name": clean_line(name, what="name", limit=120)}
    return cleaned


def _taken(code: str) -> ChannelTaken:
    return ChannelTaken("There is a channel {taken} already.", path=["code"], taken=code)
