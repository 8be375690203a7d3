"""Lines are taken one at a time, by their numbers, however the file is cut into chunks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from stoa.kit.ids import new_id
from stoa.tenants.bulk import lines_of
from stoa.tenants.bulk.taking import MAX_LINE, count_lines
from stoa.tenants.context import Context, open_shop
from stoa.tenants.uploading import shop_files


async def kept(ctx: Context, text: bytes) -> str:
    files = shop_files(ctx.shop)
    key = files.key("uploads", new_id().hex)

    async def body() -> AsyncIterator[bytes]:
        yield text

    await files.put(key, body())
    return key


async def taken(ctx: Context, text: bytes, after: int = 0) -> list[tuple[int, bytes | None]]:
    key = await kept(ctx, text)
    found = [(line.number, line.text) async for line in lines_of(ctx, key, after=after)]
    assert after or await count_lines(ctx, key) == len(found)
    return found


async def test_lines_have_numbers_and_blank_ones_count_without_being_taken(ctx: Context) -> None:
    text = b"\xef\xbb\xbfone\n\n  \nfour\r\n\tfive\nsix"

    assert await taken(ctx, text) == [(1, b"one"), (4, b"four\r"), (5, b"\tfive"), (6, b"six")]
    assert await taken(ctx, text, after=4) == [(5, b"\tfive"), (6, b"six")]
    assert await taken(ctx, text, after=6) == []
    assert await taken(ctx, b"\n\n") == []


@pytest.mark.parametrize("length", [MAX_LINE + 1, 5 * MAX_LINE])
async def test_a_line_that_is_too_long_is_told_and_the_next_is_taken(ctx: Context, length: int) -> None:
    text = b"one\n" + b"x" * length + b"\nthree\n" + b"y" * length

    assert await taken(ctx, text) == [(1, b"one"), (2, None), (3, b"three"), (4, None)]


async def test_the_longest_line_is_taken(ctx: Context) -> None:
    line = b"x" * MAX_LINE

    assert await taken(ctx, line + b"\n" + line) == [(1, line), (2, line)]


@given(st.lists(st.binary(max_size=60).filter(lambda line: b"\n" not in line), max_size=40), st.integers(0, 300_000))
@given_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
async def test_lines_are_those_of_the_file(ctx: Context, lines: list[bytes], padding: int) -> None:
    """Also where a chunk ends inside of one."""
    text = b"\n".join([b"x" * padding, *lines])

    with open_shop(ctx.shop):
        found = await taken(ctx, text)

    expected = [
        line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line for number, line in enumerate(text.split(b"\n"), 1)
    ]
    assert found == [(number, line) for number, line in enumerate(expected, 1) if line.strip()]
