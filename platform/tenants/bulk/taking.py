"""Take the lines of an uploaded file one after the other, and keep what was answered to each."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from stoa.kit.files import Files
from stoa.tenants.bulk.errors import NoSuchLines
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.shop_models import Upload
from stoa.tenants.uploading import shop_files

MAX_LINE = 2**20  # bytes, as a request's body
LOOKED_AT = 64 * 1024  # bytes by which a file is judged
BOM = b"\xef\xbb\xbf"
OTHER_KINDS = re.compile(rb"\xff\xfe|\xfe\xff|\x1f\x8b|PK\x03\x04|\x28\xb5\x2f\xfd|BZh")  # UTF-16, and packed files
AT_ONCE = 500
ANSWERED = """
INSERT INTO platform.bulk_line (run_id, line, shop_schema, answer, is_failed)
VALUES ($1, $2, current_setting('role'), $3, $4)
"""
LAST = "SELECT max(line) AS line FROM platform.bulk_line WHERE run_id = $1"
TALLY = """
SELECT count(*) AS lines, count(*) FILTER (WHERE is_failed) AS failed FROM platform.bulk_line WHERE run_id = $1
"""
ANSWERS = """
SELECT line, answer FROM platform.bulk_line WHERE run_id = $1 AND line > $2 ORDER BY line LIMIT $3
"""
FORGET = "DELETE FROM platform.bulk_line WHERE run_id = $1"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file by its number, the first being 1. `text` is None for one that is too long."""

    number: int
    text: bytes | None


async def check_file(ctx: Context, upload: Upload) -> None:
    """Refuse what cannot be a file of JSON lines, by its beginning. Raises `NoSuchLines`."""
    start = await _start(shop_files(ctx.shop), str(upload.file_key))
    if OTHER_KINDS.match(start) or b"\0" in start:
        raise NoSuchLines("{file_name} is not text in UTF-8.", path=["uploadId"], file_name=upload.file_name)
    lines = [line for line in start.removeprefix(BOM).splitlines() if line.strip()][:20]
    if not lines:
        raise NoSuchLines("{file_name} has no lines.", path=["uploadId"], file_name=upload.file_name)
    if not any(line.lstrip().startswith(b"{") for line in lines):
        raise NoSuchLines(
            "{file_name} is not a file of JSON lines: each line must be an object with the mutation's variables.",
            path=["uploadId"],
            file_name=upload.file_name,
        )


async def _start(files: Files, key: str) -> bytes:
    start = b""
    async for chunk in files.stream(key):
        start += chunk
        if len(start) >= LOOKED_AT:
            break
    return start[:LOOKED_AT]


async def lines_of(ctx: Context, file_key: str, *, after: int = 0) -> AsyncGenerator[Line, None]:
    """The lines with something on them behind line number `after`; one line at a time is in memory."""
    number, rest, is_too_long = 0, b"", False
    async for chunk in shop_files(ctx.shop).stream(file_key):
        *ended, last = chunk.split(b"\n")
        for text in ended:
            number += 1
            line, rest = _line(number, rest + text, is_too_long), b""
            is_too_long = False
            if line is not None and number > after:
                yield line
        rest += last
        if len(rest) > MAX_LINE:
            is_too_long, rest = True, rest[:1]
    line = _line(number + 1, rest, is_too_long)
    if line is not None and line.number > after:
        yield line


async def count_lines(ctx: Context, file_key: str) -> int:
    """How many lines have something on them."""
    number = 0
    async for _ in lines_of(ctx, file_key):
        number += 1
    return number


def _line(number: int, text: bytes, is_too_long: bool) -> Line | None:
    if is_too_long or len(text) > MAX_LINE:
        return Line(number, None)
    text = text.removeprefix(BOM) if number == 1 else text
    return Line(number, text) if text.strip() else None


async def next_line(run_id: UUID) -> int:
    """Behind which line it is to be gone on: all up to it have been answered."""
    rows = await shop_client().execute_query_dict(LAST, [run_id])
    return int(rows[0]["line"] or 0)


async def answered(run_id: UUID, number: int, answer: bytes, *, is_failed: bool) -> None:
    """Keep the answer to a line, in the transaction of what was done for it: so it is done once."""
    await shop_client().execute_query(ANSWERED, [run_id, number, answer.decode(), is_failed])


async def answers_of(run_id: UUID) -> AsyncIterator[bytes]:
    """The answers in the order of the lines, as JSON lines."""
    rows, after = await _answers(run_id, 0), 0
    while rows:
        yield b"".join(row["answer"].encode() + b"\n" for row in rows)
        after = rows[-1]["line"]
        rows = await _answers(run_id, after)


async def _answers(run_id: UUID, after: int) -> list[dict[str, Any]]:
    return list(await shop_client().execute_query_dict(ANSWERS, [run_id, after, AT_ONCE]))


async def tally(run_id: UUID) -> tuple[int, int, int]:
    """How many lines have an answer, how many of these failed, and again how many were done."""
    rows = await shop_client().execute_query_dict(TALLY, [run_id])
    return rows[0]["lines"], rows[0]["failed"], rows[0]["lines"]


async def forget_answers(run_id: UUID) -> None:
    """They are in the file."""
    await shop_client().execute_query(FORGET, [run_id])
