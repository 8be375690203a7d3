"""What is due: one look over the schedules of all shops plans a job for each, and moves it on to its next slot."""

from __future__ import annotations

from typing import Final

from stoa.kit.clock import now
from stoa.kit.ids import NEW_ID
from stoa.tenants.database import platform_client
from stoa.tenants.models import Shop, ShopState
from stoa.tenants.reporting.calendar import label_of
from stoa.tenants.reporting.models import ReportSchedule
from stoa.tenants.reporting.scheduling import next_slot

JOB: Final = "reports.follow_schedule"
AT_ONCE: Final = 500
# The key names the slot: what is planned twice, by whomever, is done once.
_PLAN: Final = f"""
INSERT INTO platform.job (id, shop_schema, kind, name, payload, dedupe_key, state, run_at, attempts, failures,
                          max_attempts, priority, is_ready, created_at)
SELECT {NEW_ID}, $1, 'reports', '{JOB}', jsonb_build_object('schedule_id', $2::uuid, 'at', $3::timestamptz,
         'slot', $4::text),
       'schedule ' || $2::uuid || ' ' || $4::text, 'QUEUED', now(), 0, 0, 5, 1, true, clock_timestamp()
ON CONFLICT DO NOTHING
"""


async def plan_due() -> int:
    """Of slots that passed while nobody worked, the last planned one is made up for. In the open transaction of the
    platform; how many."""
    moment = now()
    due = (
        await ReportSchedule.filter(next_at__lte=moment)
        .order_by("next_at")
        .limit(AT_ONCE)
        .select_for_update(skip_locked=True)
    )
    shops = {
        each.schema_name: each
        for each in await Shop.filter(schema_name__in={each.shop_schema for each in due}, state=ShopState.ACTIVE)
    }
    for schedule in due:
        shop, slot = shops.get(schedule.shop_schema), schedule.next_at
        if shop is not None and slot is not None:
            label = label_of(slot, shop.time_zone)
            await platform_client().execute_query(_PLAN, [schedule.shop_schema, schedule.id, slot, label])
        zone = shop.time_zone if shop is not None else "UTC"
        schedule.last_at, schedule.next_at = slot, next_slot(schedule, moment, zone)
        await schedule.save(update_fields=["last_at", "next_at"])
    return len(due)
