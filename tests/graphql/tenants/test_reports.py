"""Reports through the API: what there is, asking, watching, fetching, schedules; and sales as figures and series."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from stoa.domains.orders.models import Order
from stoa.kit import clock
from stoa.kit.ids import new_id, type_id
from stoa.kit.languages import reading
from stoa.tenants.access.scopes import Scope
from stoa.tenants.models import Job
from stoa.tenants.reporting.models import Report, ReportSchedule
from tests import make
from tests.graphql.asking import Ask, statements_sent

ERRORS = "userErrors { code message path }"
RUN = f"""mutation ($input: ReportRunInput!) {{ reportRun(input: $input) {{ report {{
  id definition title format locale state failure scopes requestedBy recipients fileName size rows expiresAt
  parameters {{ since until span channel locationId orderIds }} job {{ id kind state percent }} schedule {{ id }}
}} {ERRORS} }} }}"""
CREATE = f"""mutation ($input: ReportScheduleCreateInput!) {{ reportScheduleCreate(input: $input) {{ reportSchedule {{
  id name definition format locale cadence hour minute weekday day recipients ownerId isPaused nextAt lastAt failure
  version parameters {{ span channel }} }} {ERRORS} }} }}"""
UPDATE = CREATE.replace("Create", "Update")
SALES = """query ($since: Date!, $until: Date!, $interval: SalesInterval! = DAY) {
  sales(since: $since, until: $until) { since until currency customers ordersElsewhere
    totals { orders gross { amount minor } discounts { minor } net { minor } total { amount } average { amount } }
    series(metrics: [TOTAL, ORDERS], interval: $interval) { metric currency points } units(interval: $interval)
    channels { channel sums { orders total { minor } } } products(first: 5) { sku units sold { minor } } } }"""
DAYS = {"since": "2026-10-01", "until": "2026-10-31"}


async def run(ask: Ask, **input: Any) -> Any:
    told = {"definition": "sales_summary", "format": "PDF", "parameters": DAYS} | input
    return (await ask.data(RUN, input=told))["reportRun"]


async def test_what_can_be_asked_for_is_told_in_the_readers_language(ask: Ask) -> None:
    query = "{ reportDefinitions { name title scopes optionalScopes isAllowed parameters { name isRequired } } }"
    with reading("zh"):
        found = (await ask.without(Scope.CUSTOMERS_READ).data(query))["reportDefinitions"]

    assert [each["name"] for each in found] == [
        "sales_summary",
        "order_list",
        "inventory",
        "packing_slips",
        "invoice",
    ]
    assert (found[0]["title"], found[0]["scopes"], found[0]["isAllowed"]) == ("销售汇总", ["analytics:read"], True)
    assert found[1]["parameters"] == [
        {"name": "PERIOD", "isRequired": True},
        {"name": "CHANNEL", "isRequired": False},
    ]
    assert found[2]["optionalScopes"] == ["catalog:cost"]
    assert found[4]["isAllowed"] is False


async def test_a_report_is_asked_for_and_its_job_watched(ask: Ask) -> None:
    answer = await run(ask, locale="zh")

    report = answer["report"]
    assert answer["userErrors"] == []
    assert report["title"] == "销售汇总 2026年10月"
    assert report["fileName"] == "销售汇总-2026-10-01-2026-10-31.pdf"
    assert (report["state"], report["size"], report["rows"], report["failure"]) == ("QUEUED", None, None, None)
    assert report["parameters"] == {
        **DAYS,
        "span": None,
        "channel": None,
        "locationId": None,
        "orderIds": [],
    }
    assert {key: report["job"][key] for key in ("kind", "state", "percent")} == {
        "kind": "reports",
        "state": "QUEUED",
        "percent": None,
    }
    assert report["scopes"] == ["analytics:read"]
    listed = (await ask.data("{ reports(first: 5) { nodes { id title job { state } } count { value } } }"))["reports"]
    assert ask.statements == 1
    assert listed["nodes"] == [{"id": report["id"], "title": report["title"], "job": {"state": "QUEUED"}}]


async def test_a_span_is_made_days_when_it_is_asked_for(ask: Ask) -> None:
    with clock.set_to(datetime(2026, 11, 30, 23, 30, tzinfo=UTC)):  # it is December in Berlin
        report = (await run(ask, parameters={"span": "LAST_MONTH"}))["report"]

    assert report["parameters"]["since"] == "2026-11-01"
    assert report["parameters"]["until"] == "2026-11-30"


@pytest.mark.parametrize(
    ("input", "code", "path"),
    [
        ({"definition": "no_such"}, "INVALID", ["input", "definition"]),
        ({"parameters": {}}, "INVALID", ["input", "parameters", "since"]),
        ({"parameters": {"since": "2026-10-01"}}, "INVALID", ["input", "parameters", "until"]),
        ({"parameters": {"since": "2026-10-02", "until": "2026-10-01"}}, "INVALID", ["input", "parameters", "since"]),
        ({"parameters": {"since": "2016-10-02", "until": "2026-10-01"}}, "INVALID", ["input", "parameters", "since"]),
        ({"parameters": DAYS | {"span": "YESTERDAY"}}, "INVALID", ["input", "parameters", "span"]),
        ({"parameters": DAYS | {"locationId": "loc_x"}}, "INVALID", ["input", "parameters", "locationId"]),
        ({"definition": "invoice", "parameters": {}}, "INVALID", ["input", "parameters", "orderIds"]),
        ({"locale": "fr"}, "INVALID", ["input", "locale"]),
        ({"recipients": ["nobody"]}, "INVALID", ["input", "recipients", "0"]),
    ],
)
async def test_what_cannot_be_made_is_refused_where_it_stands(
    ask: Ask, input: dict[str, Any], code: str, path: list[str]
) -> None:
    answer = await run(ask, **input)

    [error] = answer["userErrors"]
    assert (error["code"], error["path"]) == (code, path)
    assert answer["report"] is None
    assert await Report.filter(shop_schema=ask.ctx.shop.schema).count() == 0


async def test_the_same_key_asks_once(ask: Ask) -> None:
    first, second = await run(ask, idempotencyKey="k"), await run(ask, idempotencyKey="k")

    assert first == second
    assert await Report.filter(shop_schema=ask.ctx.shop.schema).count() == 1
    assert await Job.filter(shop_schema=ask.ctx.shop.schema).count() == 1


async def test_without_the_scope_of_the_definition_nothing_is_asked_for(ask: Ask) -> None:
    answer = await ask.without(Scope.ANALYTICS_READ).error(
        RUN, input={"definition": "sales_summary", "format": "CSV", "parameters": DAYS}
    )

    assert answer["code"] == "PERMISSION_DENIED"
    assert await Report.filter(shop_schema=ask.ctx.shop.schema).count() == 0


async def test_a_link_is_given_when_there_is_a_file(ask: Ask) -> None:
    query = "query ($id: ID!) { reportLink(id: $id) { url expiresAt } }"
    report = (await run(ask))["report"]
    assert (await ask.error(query, id=report["id"]))["code"] == "REPORT_NOT_READY"
    assert (await ask.error(query, id=type_id("rep", new_id())))["code"] == "REPORT_NOT_FOUND"
    key = f"{ask.ctx.shop.schema}/reports/x"
    await Report.filter(shop_schema=ask.ctx.shop.schema).update(state="DONE", file_key=key)

    link = (await ask.data(query, id=report["id"]))["reportLink"]
    assert f"/downloads/{ask.ctx.shop.id}/{report['id']}?expires=" in link["url"]
    assert (await ask.without(Scope.ANALYTICS_READ).error(query, id=report["id"]))["code"] == "PERMISSION_DENIED"


async def schedule(ask: Ask, **input: Any) -> Any:
    told = {
        "name": "Every month",
        "definition": "sales_summary",
        "format": "PDF",
        "cadence": "MONTHLY",
        "hour": 6,
        "minute": 30,
        "day": 1,
        "parameters": {"span": "LAST_MONTH"},
    }
    with clock.set_to(datetime(2026, 11, 26, 12, tzinfo=UTC)):
        return (await ask.data(CREATE, input=told | input))["reportScheduleCreate"]


async def test_a_schedule_is_arranged_changed_and_deleted(ask: Ask) -> None:
    made = (await schedule(ask, recipients=["books@accountant.example"]))["reportSchedule"]

    assert made["nextAt"] == "2026-12-01T05:30:00+00:00"
    assert (made["ownerId"], made["version"], made["isPaused"]) == (type_id("acct", ask.ctx.actor.id), 1, False)
    assert made["recipients"] == ["books@accountant.example"]
    update = {
        "id": made["id"],
        "expectedVersion": 1,
        "name": "Paused",
        "definition": "inventory",
        "format": "CSV",
        "cadence": "DAILY",
        "hour": 5,
        "isPaused": True,
    }
    changed = (await ask.data(UPDATE, input=update))["reportScheduleUpdate"]["reportSchedule"]
    assert (changed["name"], changed["nextAt"], changed["isPaused"], changed["version"]) == ("Paused", None, True, 2)
    again = (await ask.data(UPDATE, input=update))["reportScheduleUpdate"]
    assert [(each["code"], each["path"]) for each in again["userErrors"]] == [
        ("SCHEDULE_CHANGED", ["input", "expectedVersion"])
    ]
    delete = f"mutation ($id: ID!) {{ reportScheduleDelete(input: {{id: $id}}) {{ deletedId {ERRORS} }} }}"
    assert (await ask.data(delete, id=made["id"]))["reportScheduleDelete"] == {
        "deletedId": made["id"],
        "userErrors": [],
    }
    assert (await ask.data("{ reportSchedules { nodes { id } } }"))["reportSchedules"]["nodes"] == []


@pytest.mark.parametrize(
    ("input", "path"),
    [
        ({"parameters": DAYS}, ["input", "parameters", "span"]),
        ({"hour": 24}, ["input", "hour"]),
        ({"day": 0}, ["input", "day"]),
        ({"name": ""}, ["input"]),
    ],
)
async def test_a_schedule_that_cannot_be_is_refused(ask: Ask, input: dict[str, Any], path: list[str]) -> None:
    answer = await schedule(ask, **input)

    [error] = answer["userErrors"]
    assert error["path"][: len(path)] == path
    assert await ReportSchedule.filter(shop_schema=ask.ctx.shop.schema).count() == 0


async def test_sales_are_figures_with_series_in_three_statements(ask: Ask) -> None:
    """X20: arrays, never an object for each point."""
    cup = await make.sold(ask.ctx, price_minor=1250, on_hand=50, sku="CUP")
    for many in (1, 2):
        order = await make.order(ask.ctx, [(cup, many)])
        await Order.filter(id=order.id).update(placed_at=datetime(2026, 10, many, 12, tzinfo=UTC))

    async with statements_sent(ask.ctx) as sent:
        found = (await ask.data(SALES, since="2026-10-01", until="2026-10-03"))["sales"]

    assert len(sent) == 3  # the figures; pieces; products
    assert found["totals"] == {
        "orders": 2,
        "gross": {"amount": "37.50", "minor": 3750},
        "discounts": {"minor": 0},
        "net": {"minor": 3750},
        "total": {"amount": "37.50"},
        "average": {"amount": "18.75"},
    }
    assert found["series"] == [
        {
            "metric": "TOTAL",
            "currency": "EUR",
            "points": [["2026-10-01", 1250], ["2026-10-02", 2500], ["2026-10-03", 0]],
        },
        {"metric": "ORDERS", "currency": None, "points": [["2026-10-01", 1], ["2026-10-02", 1], ["2026-10-03", 0]]},
    ]
    assert found["units"] == [["2026-10-01", 1], ["2026-10-02", 2], ["2026-10-03", 0]]
    assert found["channels"] == [{"channel": "manual", "sums": {"orders": 2, "total": {"minor": 3750}}}]
    assert found["products"] == [{"sku": "CUP", "units": 3, "sold": {"minor": 3750}}]
    monthly = (await ask.data(SALES, since="2026-09-30", until="2026-10-03", interval="MONTH"))["sales"]
    assert monthly["series"][0]["points"] == [["2026-09-01", 0], ["2026-10-01", 3750]]


async def test_sales_need_their_scope_and_days_that_are_days(ask: Ask) -> None:
    denied = await ask.without(Scope.ANALYTICS_READ).error(SALES, since="2026-10-01", until="2026-10-02")
    assert denied["code"] == "PERMISSION_DENIED"
    wrong = await ask.error(SALES, since="yesterday", until="2026-10-02")
    assert "not a day; write it like 2026-11-22" in wrong["message"]
    backwards = await ask.error(SALES, since="2026-10-02", until="2026-10-01")
    assert backwards["code"] == "INVALID"
