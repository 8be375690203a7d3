"""How somebody wants to be told, as it holds: what they have said, and the defaults for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from stoa.kit.messaging import Channel
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.notifying.hours import read_time
from stoa.tenants.notifying.models import Digest, NotificationPreference

EVERYTHING: Final = "*"
# Messages an hour, by one channel, before the rest is gathered: a shop with a rush on must not bury its people.
CAPS: Final[Mapping[Channel, int]] = {
    Channel.MAIL: 20,
    Channel.SMS: 5,
    Channel.WECHAT: 20,
    Channel.QQ: 20,
    Channel.WEBHOOK: 600,
}
DIGEST_AT: Final = time(9)


@dataclass(frozen=True, slots=True)
class Wishes:
    """`switches` is ``{notice or "*": {channel: bool}}``, of which the notice's own counts."""

    zone: ZoneInfo
    switches: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    reached_by: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    caps: Mapping[str, int] = field(default_factory=dict)
    digest_at: time = DIGEST_AT
    quiet: tuple[time, time] | None = None
    urgent_passes: bool = False
    locale: str = ""

    @classmethod
    def of(cls, row: NotificationPreference, shop_zone: str) -> Wishes:
        quiet = (read_time(row.quiet_from), read_time(row.quiet_until)) if row.quiet_from else None
        return cls(
            zone=ZoneInfo(row.time_zone or shop_zone),
            switches=row.switches,
            reached_by=row.reached_by,
            digests=row.digests,
            caps=row.caps,
            digest_at=read_time(row.digest_at),
            quiet=quiet,
            urgent_passes=row.urgent_passes,
            locale=row.locale,
        )

    def wants(self, notice: str, channel: Channel) -> bool:
        general = self.switches.get(EVERYTHING, {}).get(channel, True)
        return self.switches.get(notice, {}).get(channel, general)

    def digest(self, channel: Channel) -> Digest:
        return Digest(self.digests.get(channel, Digest.NONE))

    def cap(self, channel: Channel) -> int:
        return self.caps.get(channel, CAPS[channel])


async def wishes_of(ctx: Context, account_ids: Sequence[UUID]) -> dict[UUID, Wishes]:
    """Of those of them who have said anything."""
    rows = NotificationPreference.filter(shop_schema=ctx.shop.schema, account_id__in=list(account_ids))
    return {row.account_id: Wishes.of(row, ctx.shop.time_zone) for row in await rows.using_db(shop_client())}


def default_wishes(ctx: Context) -> Wishes:
    return Wishes(ZoneInfo(ctx.shop.time_zone))
