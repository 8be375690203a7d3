"""What is due: one look over the schedules of all shops plans a job for each, and moves it on to its next slot."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.ids import NEW_ID
from stoa.tenants.database import platform_client
from stoa.tenants.models import Shop, ShopState
from stoa.tenants.reporting.calendar import label_of
from stoa.tenants.reporting.models import ReportSchedule
from stoa.tenants.reporting.scheduling import next_slot

JOB: Final = "reports.follow_schedule"
AT_ONCE: Final = 500
# The key names the slot: what is planned twice, by whomever, is done once.
_DUE: Final = """jsonb_to_recordset($1::jsonb) AS due (
  id uuid, shop_schema text, slot text, at timestamptz, next_at timestamptz)"""
_PLAN: Final = f"""
WITH moved AS (
  UPDATE platform.report_schedule s SET last_at = due.at, next_at = due.next_at FROM {_DUE} WHERE s.id = due.id)
INSERT INTO platform.job (id, shop_schema, kind, name, payload, dedupe_key, state, run_at, attempts, failures,
                          max_attempts, priority, is_ready, created_at)
SELECT {NEW_ID}, shop_schema, 'reports', '{JOB}', jsonb_build_object('schedule_id', id, 'at', at, 'slot', slot),
       'schedule ' || id || ' ' || slot, 'QUEUED', now(), 0, 0, 5, 1, true, clock_timestamp()
FROM {_DUE} WHERE slot IS NOT NULL
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
    planned = [_planned(each, shops.get(each.shop_schema), moment) for each in due]
    if planned:
        await platform_client().execute_query(_PLAN, [as_json(planned)])
    return len(due)


def _planned(schedule: ReportSchedule, shop: Shop | None, moment: datetime) -> dict[str, Any]:
    """One row for the statement; a shop that is closed has no slots, but its schedules move on."""
    at, zone = schedule.next_at, "UTC" if shop is None else shop.time_zone
    assert at is not None  # it was due
    slot = None if shop is None else label_of(at, zone)
    later = next_slot(schedule, moment, zone)
    return {"id": schedule.id, "shop_schema": schedule.shop_schema, "slot": slot, "at": at, "next_at": later}
