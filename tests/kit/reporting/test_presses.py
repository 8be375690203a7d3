"""The presses: documents are written in processes of their own, and what dies takes no other along."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stoa.kit.reporting import Column, Format, Kind, NotWritten, Presses, Rows, Table, TooLong
from tests.kit.reporting.papers import HEAD, children, spooled


@pytest.fixture
def presses() -> Iterator[Presses]:
    made = Presses(2)
    yield made
    made.close()


def table(rows: int, text: str = "A word") -> list[Table | Rows]:
    columns = [Column("Code", Kind.CODE), Column("What"), Column("Amount", Kind.MONEY, is_summed=True)]
    return [Table("t", "Table", columns, is_main=True), Rows([[f"C{i}", text, i] for i in range(rows)])]


def test_writers_are_loaded_by_those_who_write_and_by_nobody_else() -> None:
    """They take some 80 MB, which every process would have that knows the rows of reports, or has them made."""
    look = (
        "import sys, stoa.tenants.reporting.models, stoa.workers.reports.jobs; "
        "print([name for name in ('typst', 'xlsxwriter', 'stoa.kit.reporting.paper') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, check=True).stdout == b"[]\n"


async def test_a_process_serves_one_document_after_the_other(presses: Presses, tmp_path: Path) -> None:
    spool = spooled(tmp_path, HEAD, *table(3))
    written = [await presses.write(spool, tmp_path / f"{each}.{each}", each) for each in Format]

    assert [each.size for each in written] == [each.path.stat().st_size for each in written]
    assert written[0].path.read_bytes().startswith(b"%PDF-")
    assert written[1].path.read_bytes().startswith(b"PK")
    assert written[2].path.read_bytes().startswith(b"\xef\xbb\xbfCode,What,Amount\r\n")
    assert len(presses._idle) == 1


async def test_no_more_processes_are_started_than_may_be_at_work(presses: Presses, tmp_path: Path) -> None:
    spool = spooled(tmp_path, HEAD, *table(3))
    await asyncio.gather(*(presses.write(spool, tmp_path / f"{i}.csv", Format.CSV) for i in range(8)))

    assert 1 <= len(presses._idle) <= 2


async def test_a_process_that_is_killed_fails_its_document_alone_and_is_replaced(
    presses: Presses, tmp_path: Path
) -> None:
    """The document that was being written says so; one beside it, and the next ones, are written."""
    large, small = spooled(tmp_path, HEAD, *table(4000)), spooled(tmp_path, HEAD, *table(3), name="small")
    doomed = asyncio.create_task(presses.write(large, tmp_path / "large.pdf", Format.PDF))
    while not (busy := children()):
        await asyncio.sleep(0.01)
    beside = asyncio.create_task(presses.write(small, tmp_path / "beside.csv", Format.CSV))
    os.kill(busy[0], signal.SIGKILL)

    with pytest.raises(NotWritten, match="was lost"):
        await doomed
    assert (await beside).size > 0
    assert (await presses.write(small, tmp_path / "next.pdf", Format.PDF)).size > 0


async def test_a_document_that_takes_too_long_is_given_up_and_its_process_killed(
    presses: Presses, tmp_path: Path
) -> None:
    spool = spooled(tmp_path, HEAD, *table(4000))
    with pytest.raises(TooLong, match="longer than 0.2 seconds"):
        await presses.write(spool, tmp_path / "large.pdf", Format.PDF, seconds=0.2)

    assert presses._idle == []
    assert children() == []


async def test_what_cannot_be_written_says_why_and_the_process_lives_on(presses: Presses, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x00\x00\x00\x02no")
    with pytest.raises(NotWritten, match="DecodeError|ValidationError|MsgspecError"):
        await presses.write(broken, tmp_path / "x.csv", Format.CSV)

    assert len(presses._idle) == 1


async def test_a_cancelled_document_takes_its_process_along(presses: Presses, tmp_path: Path) -> None:
    task = asyncio.create_task(presses.write(spooled(tmp_path, HEAD, *table(4000)), tmp_path / "x.pdf", Format.PDF))
    while not children():
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert presses._idle == []
    assert children() == []


async def test_no_secret_goes_into_a_press(presses: Presses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOA_SECRET_KEY", "hemlock" * 8)
    await presses.write(spooled(tmp_path, HEAD, *table(1)), tmp_path / "x.csv", Format.CSV)

    [pid] = children()
    assert b"hemlock" not in Path(f"/proc/{pid}/environ").read_bytes()
