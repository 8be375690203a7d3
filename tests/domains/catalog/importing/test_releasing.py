"""A file puts on sale what a person could publish, and nothing else: the rest comes in as drafts, and is told of."""

from __future__ import annotations

import pytest

from stoa.domains import catalog
from stoa.domains.catalog.errors import NotReady
from stoa.domains.catalog.importing import run_import, undo_import
from stoa.domains.catalog.models import ImportIssue, Product, ProductStatus
from stoa.kit.languages import Sentence
from stoa.tenants.context import Context
from tests import make
from tests.domains.catalog.importing.tables import imported, issues_of, table

HEADER = ("Code", "Name", "Price", "Shelf", "Picture", "State", "Published")
MAPPING = {
    "sku": "Code",
    "title": "Name",
    "price": "Price",
    "category": "Shelf",
    "image": "Picture",
    "status": "State",
    "published": "Published",
}
PICTURE = "https://img.test/1"


def rows(*cells: tuple[str, ...]) -> bytes:
    return table(*cells, header=HEADER)


async def statuses() -> dict[str, str]:
    return {each.title: each.status.value for each in await Product.all().order_by("title")}


async def test_what_lacks_something_comes_in_as_a_draft_and_the_rest_goes_on(ctx: Context) -> None:
    run = await imported(
        ctx,
        rows(
            ("A", "Amphora", "5", "Cups", PICTURE, "active", ""),
            ("B", "Bowl", "5", "", "", "active", ""),
            ("C", "Cup", "", "Cups", PICTURE, "", "true"),
            ("D", "Dish", "", "", "", "draft", ""),
            ("E", "Ewer", "5", "Cups", "", "active", "false"),
            ("F", "Flask", "5", "", "", "archived", ""),
        ),
        mapping=MAPPING,
    )

    assert (run.products_created, run.lines_refused, run.issue_counts) == (6, 0, {"NOT_READY": 2})
    assert await statuses() == {
        "Amphora": "ACTIVE",
        "Bowl": "DRAFT",
        "Cup": "DRAFT",
        "Dish": "DRAFT",
        "Ewer": "DRAFT",
        "Flask": "ARCHIVED",
    }
    assert await issues_of(run) == [(3, "State", "NOT_READY", "Bowl"), (4, "Published", "NOT_READY", "Cup")]
    said = [Sentence.of(each.message) for each in await ImportIssue.filter(run_id=run.id).order_by("line")]
    assert [str(each) for each in said] == [
        "B cannot go on sale yet and stays off it: it lacks a picture, a category.",
        "C cannot go on sale yet and stays off it: it lacks a price for every variant.",
    ]
    assert said[0].said_in("zh") == "B 尚不能上架，暂不在售：缺少商品图片、商品分类。"
    for title in ("Bowl", "Cup"):  # what a person is told as well
        with pytest.raises(NotReady):
            await catalog.publish_product(ctx, (await Product.get(title=title)).id)


async def test_what_the_shop_has_counts_along_with_what_the_file_brings(ctx: Context) -> None:
    await imported(ctx, rows(("A", "Amphora", "5", "", "", "active", "")), mapping=MAPPING)
    assert await statuses() == {"Amphora": "DRAFT"}

    run = await imported(ctx, rows(("A", "", "", "Cups", "", "active", "")), mapping=MAPPING)
    assert (await statuses(), run.issue_counts["NOT_READY"]) == ({"Amphora": "DRAFT"}, 1)

    run = await imported(ctx, rows(("A", "Amphora", "", "", PICTURE, "active", "")), mapping=MAPPING)
    assert (await statuses(), run.issue_counts) == ({"Amphora": "ACTIVE"}, {})

    await undo_import(ctx, run.id)
    await run_import(ctx, run.id)
    assert await statuses() == {"Amphora": "DRAFT"}


async def test_what_is_on_sale_already_stays_so(ctx: Context) -> None:
    """Nobody takes off sale what lacks something later: the file no more than a person."""
    product = await make.product(ctx, title="Bowl", status=ProductStatus.ACTIVE, source="test", external_id="B")

    run = await imported(ctx, rows(("B", "Bowl", "5", "", "", "active", "")), mapping=MAPPING)

    assert (await Product.get(id=product.id)).status is ProductStatus.ACTIVE
    assert run.issue_counts == {}


async def test_a_dry_run_tells_of_it(ctx: Context) -> None:
    run = await imported(ctx, rows(("B", "Bowl", "5", "", "", "active", "")), mapping=MAPPING, dry_run=True)

    assert (run.issue_counts, await Product.all().count()) == ({"NOT_READY": 1}, 0)


@pytest.mark.parametrize("status", [ProductStatus.DRAFT, ProductStatus.ACTIVE])
async def test_a_file_that_says_nothing_is_taken_as_whoever_starts_it_says(ctx: Context, status: ProductStatus) -> None:
    """Unchecked, also when something is lacking: it is the merchant's word for all of them."""
    mapping = {name: column for name, column in MAPPING.items() if name not in ("status", "published")}

    run = await imported(ctx, rows(("B", "Bowl", "5", "", "", "", "")), mapping=mapping, status=status)

    assert (await statuses(), run.issue_counts) == ({"Bowl": status.value}, {})
