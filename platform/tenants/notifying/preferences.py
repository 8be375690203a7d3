"""What a person has said about how this shop may tell them things. Everybody changes their own alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from stoa.kit.checking import Problems, check_version
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.kit.languages import Sentence
from stoa.kit.messaging import Channel
from stoa.tenants.access.accounts import read_locale
from stoa.tenants.access.opening import read_time_zone
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.notifying.addressing import checked_address
from stoa.tenants.notifying.errors import PreferencesChanged
from stoa.tenants.notifying.hours import read_time
from stoa.tenants.notifying.inbox import person_of
from stoa.tenants.notifying.models import Digest, NotificationPreference
from stoa.tenants.notifying.notices import notice_of
from stoa.tenants.notifying.wishes import EVERYTHING

HIGHEST_CAP: Final = 1_000
YOURS = Sentence("What you prefer")
_MAKE: Final = """
INSERT INTO platform.notification_preference (id, shop_schema, account_id, switches, reached_by, digests, caps,
  digest_at, quiet_from, quiet_until, urgent_passes, time_zone, locale, version, updated_at)
SELECT gen_random_uuid(), $1, $2, '{}', '{}', '{}', '{}', '09:00', '', '', false, '', '', 1, $3
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Switch:
    """One kind of news (None: all that has no switch of its own), by one channel: wanted, or not."""

    notice: str | None
    channel: Channel
    is_on: bool


async def preferences_of(ctx: Context, account_id: UUID) -> NotificationPreference | None:
    """What the person has said; None when nothing."""
    rows = NotificationPreference.filter(shop_schema=ctx.shop.schema, account_id=account_id)
    return await rows.using_db(shop_client()).get_or_none()


async def prefer(
    ctx: Context, changes: Mapping[str, Any], *, expected_version: int | None = None
) -> NotificationPreference:
    """Save what is named in `changes`: the caller's own wishes, whole lists at a time. `switches` are `Switch`es, the
    other lists pairs of a channel and what goes for it.

    Raises `Refusals` with all that is wrong, `NoSuchNotice`, `PreferencesChanged`, `NotOneOfUs`.
    """
    person = await person_of(ctx)
    columns = _checked(changes)
    async with shop_transaction():
        await shop_client().execute_query(_MAKE, [ctx.shop.schema, person, now()])
        mine = NotificationPreference.filter(shop_schema=ctx.shop.schema, account_id=person).using_db(shop_client())
        row = await mine.select_for_update().get()
        check_version(row, expected_version, PreferencesChanged, YOURS)
        if any(getattr(row, name) != value for name, value in columns.items()):
            row.update_from_dict({**columns, "version": row.version + 1, "updated_at": now()})
            await row.save(using_db=shop_client(), update_fields=[*columns, "version", "updated_at"])
    return row


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """The columns as they are kept. Raises `Refusals`."""
    problems, columns = Problems(), dict(given)
    for name, check in _LISTS.items():
        if name in columns:
            columns[name] = check(columns[name], problems)
    for name in ("digest_at", "quiet_from", "quiet_until"):
        if name in columns:
            columns[name] = problems.tried(name, _time, columns[name], name == "digest_at")
    if columns.get("locale"):
        problems.tried((), read_locale, columns["locale"])
    if columns.get("time_zone"):
        problems.tried((), read_time_zone, columns["time_zone"])
    if bool(columns.get("quiet_from")) != bool(columns.get("quiet_until")):
        problems.append(InvalidInput("Quiet hours begin and end: say both, or neither.", path=["quiet_from"]))
    problems.refuse()
    return columns


def _switches(given: Sequence[Switch], problems: Problems) -> dict[str, dict[str, bool]]:
    switches: dict[str, dict[str, bool]] = {}
    for i, each in enumerate(given):
        notice = each.notice or EVERYTHING
        if each.notice:
            problems.tried(("switches", i), notice_of, notice)
        switches.setdefault(notice, {})[each.channel.value] = each.is_on
    return switches


def _reached_by(given: Sequence[tuple[Channel, str]], problems: Problems) -> dict[str, str]:
    return {
        channel.value: problems.tried(("reached_by", i, "to"), _address, to, channel)
        for i, (channel, to) in enumerate(given)
    }


def _caps(given: Sequence[tuple[Channel, int]], problems: Problems) -> dict[str, int]:
    return {channel.value: problems.tried(("caps", i, "an_hour"), _cap, cap) for i, (channel, cap) in enumerate(given)}


def _digests(given: Sequence[tuple[Channel, Digest]], problems: Problems) -> dict[str, str]:
    for i, (channel, _) in enumerate(given):
        if channel is Channel.IN_APP:
            problems.append(InvalidInput("In the app nothing is gathered.", path=["digests", i, "channel"]))
    return {channel.value: digest.value for channel, digest in given}


_LISTS: Mapping[str, Callable[[Any, Problems], dict[str, Any]]] = {
    "switches": _switches,
    "reached_by": _reached_by,
    "caps": _caps,
    "digests": _digests,
}


def _address(text: str, channel: Channel) -> str:
    if channel is Channel.MAIL:  # another one would be nobody's who has proven it
        raise InvalidInput("Mail goes to the address of your account.")
    return checked_address(channel, text)


def _cap(cap: int) -> int:
    if not 1 <= cap <= HIGHEST_CAP:
        raise InvalidInput("{count} an hour; 1 to {limit} are allowed.", count=cap, limit=HIGHEST_CAP)
    return cap


def _time(text: str, is_required: bool) -> str:
    if not text and not is_required:
        return ""
    try:
        return read_time(text).strftime("%H:%M")
    except ValueError:
        raise InvalidInput("{text!r} is no time of day; write it like 22:30.", text=text[:20]) from None
