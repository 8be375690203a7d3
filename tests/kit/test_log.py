"""Lines in the log: JSON, one an event, with what they are about, and without what must not be told."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import orjson
import pytest

from stoa.kit.log import _about, about

PROGRAM = """
import asyncio, logging
from stoa.kit import log

log.configure(form="{form}", level="{level}")
ours, theirs = log.logger("stoa.http"), logging.getLogger("stoa.access")
{body}
"""


def lines_of(body: str, *, form: str = "json", level: str = "INFO") -> list[str]:
    """What a process of its own writes to standard error; logging is set up once in a process."""
    program = PROGRAM.format(form=form, level=level, body=body)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == ""
    return done.stderr.splitlines()


def events_of(body: str, **options: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in lines_of(body, **options)]


def test_a_line_is_json_with_its_time_level_and_logger() -> None:
    [line] = events_of('ours.info("request", status=200, path="/graphql")')

    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "request", "level": "info", "logger": "stoa.http", "status": 200, "path": "/graphql"}


def test_the_standard_librarys_lines_look_the_same() -> None:
    [line] = events_of('theirs.warning("slow query", extra={"milliseconds": 312})')

    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "slow query", "level": "warning", "logger": "stoa.access", "milliseconds": 312}


def test_lines_tell_what_they_are_about() -> None:
    lines = events_of(
        """
with log.about(request_id="r-1"):
    ours.info("a")
    with log.about(shop="shop_x"):
        theirs.info("b")
    ours.info("c")
theirs.info("d")
"""
    )

    told = [(line["event"], line.get("request_id"), line.get("shop")) for line in lines]
    assert told == [("a", "r-1", None), ("b", "r-1", "shop_x"), ("c", "r-1", None), ("d", None, None)]


def test_tasks_and_calls_that_begin_in_a_block_tell_the_same() -> None:
    lines = events_of(
        """
async def late(name):
    await asyncio.sleep(0.01)
    ours.info(name)

async def main():
    with log.about(request_id="r-1"):
        one = asyncio.create_task(late("task"))
        asyncio.get_running_loop().call_soon(theirs.info, "call")
    with log.about(request_id="r-2"):
        await late("other")
    await one

asyncio.run(main())
"""
    )

    assert {(line["event"], line["request_id"]) for line in lines} == {
        ("task", "r-1"),
        ("call", "r-1"),
        ("other", "r-2"),
    }


FAILING = """
def sign_in(password):
    raise RuntimeError("the database is away")

with log.about(request_id="r-1", shop="shop_x"):
    try:
        sign_in("correct " + "horse")
    except RuntimeError as error:
        ours.error("a resolver failed", exc_info=error, path=["sessionStart"])
        {again}
"""


@pytest.mark.parametrize("again", ["ours.exception('again')", "theirs.exception('again')"])
def test_a_traceback_is_told_without_the_values_of_variables(again: str) -> None:
    for line in events_of(FAILING.format(again=again)):
        assert (line["level"], line["request_id"], line["shop"]) == ("error", "r-1", "shop_x")
        [exception] = line["exception"]
        assert (exception["exc_type"], exception["exc_value"]) == ("RuntimeError", "the database is away")
        assert [frame["name"] for frame in exception["frames"]] == ["<module>", "sign_in"]
        assert "correct horse" not in str(line)
    for line in lines_of(FAILING.format(again=again), form="console"):
        assert "correct horse" not in line


def test_lines_below_the_level_are_not_written() -> None:
    body = 'ours.info("a"); theirs.info("b"); ours.warning("c"); theirs.error("d")'

    assert [line["event"] for line in events_of(body, level="WARNING")] == ["c", "d"]
    assert [line["event"] for line in events_of(body, level="ERROR")] == ["d"]


def test_a_logger_in_use_follows_when_logging_is_set_up_anew() -> None:
    """`stoa up` sets it up twice, and what a test listens to must not hang on which test came before."""
    lines = lines_of(
        """
ours.info("a")
log.configure(form="json", level="WARNING")
ours.info("b")
log.configure(form="console", level="INFO")
ours.info("c")
log.configure(form="json", level="INFO", stream=open("/dev/null", "w"))
ours.info("d")
"""
    )

    assert [line.startswith("{") for line in lines] == [True, False]
    assert '"a"' in lines[0]
    assert "c" in lines[1].split()


def test_chatty_libraries_are_heard_when_something_is_wrong() -> None:
    body = 'logging.getLogger("uvicorn.access").info("a"); logging.getLogger("arq.worker").warning("b")'

    assert [line["event"] for line in events_of(body, level="DEBUG")] == ["b"]


def test_odd_values_are_written_all_the_same() -> None:
    body = 'ours.info("a", when=__import__("decimal").Decimal("1.5"), who={1: object}, text="\\U0001f600 \\u9e21")'

    [line] = events_of(body)
    assert (line["when"], line["text"]) == ("1.5", "😀 鸡")


def test_the_console_is_for_people() -> None:
    [line] = lines_of('ours.info("request", status=200)', form="console")

    assert "request" in line
    assert "status=200" in line
    assert not line.startswith("{")


async def test_what_lines_are_about_belongs_to_a_task() -> None:
    async def task(name: str) -> str:
        with about(request_id=name):
            await asyncio.sleep(0)
            return _about.get()["request_id"]

    assert await asyncio.gather(task("a"), task("b")) == ["a", "b"]
