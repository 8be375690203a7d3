"""What is exported is imported back equal, whatever the shop holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from stoa.domains.catalog.exporting import FileFormat
from stoa.domains.catalog.importing import run_import, undo_import
from stoa.domains.catalog.models import ImportState
from stoa.kit.tabular.cells import (
    harmless,
    harmless_code,
    joined_path,
    joined_tags,
    plain,
    plain_code,
    split_path,
    split_tags,
)
from stoa.kit.text import clean_line
from stoa.tenants.context import Context, open_shop
from tests.domains.catalog.exporting.shops import ODD, emptied, exported, goods, stocked, taken_back
from tests.domains.catalog.importing.test_shopify import ALL, EXPORT, dump, taken

TEXTS = ODD | st.text(max_size=20)
NAMES = TEXTS.map(lambda text: clean_line(text, what="name", limit=200, required=False)).filter(bool)


@pytest.mark.parametrize("format", list(FileFormat))
@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(given_goods=goods())
async def test_export_import_export_is_equal(
    ctx: Context, other_ctx: Context, format: FileFormat, given_goods: dict[str, Any]
) -> None:
    """X7, complaint 17: a file that went through a spreadsheet's form says what it said."""
    given_goods["is_plain"] = format is FileFormat.SHOPIFY
    await emptied()
    await stocked(ctx, given_goods)
    before = await dump(ALL)
    first = await exported(ctx, format)

    if given_goods["products"]:
        run = await taken_back(ctx, first)
        assert await dump(ALL) == before
        assert (run.state, run.products_created, run.products_updated) == (ImportState.DONE, 0, 0), run.failure
    assert await exported(ctx, format) == first

    with open_shop(other_ctx.shop):
        await emptied()
        if given_goods["products"]:
            run = await taken_back(other_ctx, first)
            created = len(given_goods["products"])
            assert (run.state, run.products_created, run.issue_counts) == (ImportState.DONE, created, {}), run.failure
        assert await exported(other_ctx, format) == first


@pytest.mark.parametrize("format", list(FileFormat))
async def test_shopifys_file_comes_out_as_it_went_in(ctx: Context, other_ctx: Context, format: FileFormat) -> None:
    await taken(ctx, EXPORT)
    first = await exported(ctx, format)

    with open_shop(other_ctx.shop):
        run = await taken_back(other_ctx, first, source="shopify")

        assert (run.products_created, run.issue_counts) == (7, {})
        assert await exported(other_ctx, format) == first


@given(TEXTS)
def test_a_harmless_cell_says_the_same(text: str) -> None:
    assert plain(harmless(text)) == text
    assert plain_code(harmless_code(text)) == text
    for cell in (harmless(text), harmless_code(text)):
        assert cell[:1] not in "=+-@\t\r" or not cell or cell.lstrip("-").replace(".", "", 1).isdigit()


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_names_in_one_cell_are_told_apart(names: list[str]) -> None:
    assert split_tags(joined_tags(names)) == names
    assert split_path(joined_path(names)) == names


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("-5", "-5"),
        ("-5.50", "-5.50"),
        ("0012", "0012"),
        ("1E5", "'1E5"),
        ("'0012", "''0012"),
        ("it's", "it's"),
        ("'tis", "'tis"),
        ("", ""),
    ],
)
def test_formulas_are_no_formulas_any_more(text: str, cell: str) -> None:
    assert harmless(text) == cell
    assert plain(cell) == text


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(mine=goods(), theirs=goods(), format=st.sampled_from(FileFormat))
async def test_undoing_any_import_puts_everything_back(
    ctx: Context, other_ctx: Context, mine: dict[str, Any], theirs: dict[str, Any], format: FileFormat
) -> None:
    """Complaint 17: whatever the file held and the shop had, undoing leaves the shop as it was."""
    for i, one in enumerate(theirs["products"]):  # some of theirs are ours as well
        if i < len(mine["products"]) and i % 2 == 0:
            one["handle"] = mine["products"][i]["handle"]
    with open_shop(other_ctx.shop):
        await emptied()
        await stocked(other_ctx, theirs)
        content = await exported(other_ctx, format)
    await emptied()
    await stocked(ctx, mine)
    before = await dump(ALL)
    if not theirs["products"]:
        return

    run = await taken_back(ctx, content)
    assert run.state is ImportState.DONE, run.failure
    await undo_import(ctx, run.id)
    run = await run_import(ctx, run.id)

    assert (run.state, run.products_restored) == (ImportState.UNDONE, run.products_created + run.products_updated)
    assert await dump(ALL) == before
