"""The reports' part of the crawl: a report and a schedule of another shop, and what would be done to them."""

from __future__ import annotations

from typing import Any

from stoa.kit.reporting import Format
from stoa.tenants.context import Context
from stoa.tenants.reporting.models import Cadence, Report, ReportSchedule, ReportState

PREFIXES = ["rep", "rsch"]
_PLAN = {"name": "Mine", "definition": "sales_summary", "format": "CSV", "cadence": "DAILY", "hour": 7}
_PLAN |= {"parameters": {"span": "YESTERDAY"}}  # type: ignore[dict-item]
_STOCK = _PLAN | {"definition": "inventory", "parameters": {"locationId": "{loc}"}}
STRANGERS: dict[str, list[dict[str, Any]]] = {
    "reportRun": [
        {"definition": "invoice", "format": "PDF", "parameters": {"orderIds": ["{ord}"]}},
        {"definition": "packing_slips", "format": "CSV", "parameters": {"orderIds": ["{ord}"]}, "idempotencyKey": "k"},
        {"definition": "inventory", "format": "CSV", "parameters": {"locationId": "{loc}"}},
    ],
    "reportScheduleCreate": [_STOCK],
    "reportScheduleUpdate": [{"id": "{rsch}", **_PLAN}, {"id": "{rsch}", "expectedVersion": 1, **_PLAN}],
    "reportScheduleDelete": [{"id": "{rsch}"}],
}


async def furnish(other: Context, secret: str) -> dict[str, Any]:
    schedule = await ReportSchedule.create(
        shop_schema=other.shop.schema,
        name=secret,
        definition=secret,
        format=Format.CSV,
        locale="en",
        parameters={"channel": secret},
        cadence=Cadence.DAILY,
        hour=7,
        minute=0,
        recipients=[f"{secret}@shop.example"],
        owner_id=other.actor.id,
        scopes=[],
        failure={"text": secret},
    )
    report = await Report.create(
        shop_schema=other.shop.schema,
        definition=secret,
        format=Format.CSV,
        locale="en",
        parameters={"channel": secret},
        title=secret,
        scopes=[secret],
        actor_kind="account",
        actor_id=other.actor.id,
        actor_name=secret,
        schedule=schedule,
        slot=secret,
        recipients=[f"{secret}@shop.example"],
        state=ReportState.DONE,
        file_name=secret,
        file_key=f"{other.shop.schema}/reports/{secret}",
    )
    return {"rep": report, "rsch": schedule}


async def everything_of(other: Context) -> Any:
    mine = {"shop_schema": other.shop.schema}
    return await Report.filter(**mine).order_by("id").values(), await ReportSchedule.filter(**mine).values()
