"""Typesetting: in a process of its own, with data that is never taken for markup, and bars that scanners read."""

from __future__ import annotations

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from stoa.kit.printing import NotPrinted, bars, printed


def scanned(widths: list[int], module: int = 3) -> list[str]:
    picture = Image.new("L", (sum(widths) * module + 60, 120), 255)
    at = 30
    for i, width in enumerate(widths):
        if i % 2 == 0:
            picture.paste(0, (at, 10, at + width * module, 110))
        at += width * module
    return [each.text for each in zxingcpp.read_barcodes(picture)]


@settings(max_examples=25)
@given(st.from_regex(r"[A-Z0-9]{1,4}[0-9]{0,14}[A-Z\-]{0,3}", fullmatch=True))
def test_bars_are_read_as_they_were_written(text: str) -> None:
    assert scanned(bars(text)) == [text]


@pytest.mark.parametrize("text", ["", "装箱", "A\n"])
def test_there_are_no_bars_for_other_letters(text: str) -> None:
    with pytest.raises(ValueError, match="Code 128"):
        bars(text)


async def test_what_people_wrote_is_text_and_nothing_else() -> None:
    template = "#let d = json(bytes(sys.inputs.data))\n#set page(width: 9cm, height: 3cm)\n#d.words"

    plain = await printed(template, {"words": "#panic() *x* 装箱单"}, format="png")

    assert plain[:4] == b"\x89PNG"
    assert (await printed(template, {"words": ""}))[:5] == b"%PDF-"


async def test_what_takes_too_long_is_killed_and_what_is_wrong_is_said() -> None:
    with pytest.raises(NotPrinted, match="longer"):
        await printed("#for i in range(20000) { for j in range(20000) { let k = j } }", {}, seconds=0.5)
    with pytest.raises(NotPrinted, match="typst"):
        await printed("#nothing", {})
