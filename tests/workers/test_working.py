"""What an attempt at a job leaves in the log."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stoa.kit import log
from stoa.settings import Settings
from stoa.tenants.context import Context
from stoa.workers.running import at_work
from tests.workers import trade
from tests.workers.conftest import Ended, plan
from tests.workers.trade import JOBS, LANES


@pytest.fixture
def heard() -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """The lines about a job, as a process writes them meanwhile."""
    written = io.BytesIO()
    log.configure(form="json", level="INFO", stream=io.TextIOWrapper(written, write_through=True))
    yield lambda job: [line for line in map(json.loads, written.getvalue().splitlines()) if line.get("job") == job]
    log.configure(form="json", level="INFO")


async def test_a_failed_attempt_is_one_line_with_request_shop_and_job(
    ctx: Context, settings: Settings, ended: Ended, heard: Callable[[str], list[dict[str, Any]]]
) -> None:
    async with at_work(settings, jobs=JOBS, lanes=LANES):
        id = await plan(ctx, trade.poisoned, name="the letter")
        await ended(id)

    lines = heard(str(id))
    assert [line["event"] for line in lines] == [
        f"job test.poisoned ({id}) failed and will be tried again",
        f"job test.poisoned ({id}) failed and will be tried again",
        f"job test.poisoned ({id}) failed and is given up",
    ]
    for line in lines:
        assert (line["request_id"], line["shop"], line["level"]) == (ctx.request_id, ctx.shop.schema, "warning")
        assert line["exception"][0]["exc_value"] == "the ink is out"


async def test_a_job_that_is_done_says_nothing(
    ctx: Context, settings: Settings, ended: Ended, heard: Callable[[str], list[dict[str, Any]]]
) -> None:
    async with at_work(settings, jobs=JOBS, lanes=LANES):
        id = await plan(ctx, trade.shelve, name="Lamps")
        await ended(id)

    assert heard(str(id)) == []
