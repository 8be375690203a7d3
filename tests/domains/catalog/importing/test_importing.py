"""Products from tables: what is created, updated, left alone, and what is said of rows that cannot be taken."""

from __future__ import annotations

import gzip

import pytest

from stoa.domains.catalog.models import (
    Category,
    ImportIssue,
    ImportRun,
    ImportState,
    Product,
    ProductStatus,
    Stock,
    Variant,
)
from stoa.tenants.context import Context
from tests import make
from tests.domains.catalog.importing.tables import (
    dump,
    goods,
    gzipped,
    images_of,
    imported,
    issues_of,
    left_over,
    messages_of,
    products,
    table,
    zipped,
)

LAMP = table(("L1", "Lamp", "19.90"))


def counts(run: ImportRun) -> tuple[int, int, int]:
    return run.products_total, run.products_created, run.products_updated


async def test_each_code_is_a_product_with_one_variant(ctx: Context) -> None:
    run = await imported(ctx, table(("85123A", "White heart  holder ", "2.55"), ("85123a", "other case", "3")))

    assert run.state is ImportState.DONE
    assert counts(run) == (2, 2, 0)
    assert (run.lines_read, run.lines_refused, run.percent) == (2, 0, 100)
    assert await goods() == {"85123A": ("White heart holder", 255), "85123a": ("other case", 300)}
    product = await Product.get(external_id="85123A").prefetch_related("variants")
    assert (product.handle, product.source, product.status) == ("white-heart-holder", "test", ProductStatus.ACTIVE)
    assert product.search_text == "white heart holder\nwhite-heart-holder\n85123a"
    assert (await Stock.get(variant_id=product.variants[0].id)).on_hand == 0
    assert await left_over(run) == {"import_row": 0, "import_change": 2}


async def test_the_last_line_wins_cell_by_cell(ctx: Context) -> None:
    run = await imported(ctx, table(("A", "First", "1"), ("A", "Second", "2"), ("A", "", "3"), ("A", " ", "")))

    assert await goods() == {"A": ("Second", 300)}
    assert await issues_of(run) == [(4, "Name", "BLANK_TITLE", ""), (5, "Name", "BLANK_TITLE", " ")]
    assert counts(run) == (1, 1, 0)


async def test_the_last_line_wins_also_over_batches(ctx: Context) -> None:
    rows = [(f"C{i % 7}", f"Title {i}", f"{i + 1}") for i in range(25_000)]
    run = await imported(ctx, table(*rows))

    assert run.lines_read == 25_000
    assert await goods() == {row[0]: (row[1], int(row[2]) * 100) for row in rows[-7:]}


async def test_the_same_file_again_changes_nothing(ctx: Context) -> None:
    content = table(
        ("A", "Lamp", "1", "Light", "5", "https://example.com/a.png"),
        ("A", "Lamp", "2", "Light", "6", "https://example.com/b.png"),
        ("B", "Chair", "3", "Seats", "", ""),
        header=("Code", "Name", "Price", "Shelf", "Stock", "Picture"),
    )
    mapping = {
        "sku": "Code", "title": "Name", "price": "Price", "category": "Shelf", "stock": "Stock", "image": "Picture"
    }  # fmt: skip
    await imported(ctx, content, mapping=mapping)
    before = await dump()

    run = await imported(ctx, content, mapping=mapping)

    assert counts(run) == (2, 0, 0)
    assert await dump() == before
    assert {each.version for each in await products()} == {1}
    assert await left_over(run) == {"import_row": 0, "import_change": 0}


async def test_a_later_file_updates_what_it_speaks_of_and_nothing_else(ctx: Context) -> None:
    await imported(ctx, table(("A", "Lamp", "1"), ("B", "Chair", "2")))
    chair = await Product.get(external_id="B")

    run = await imported(ctx, table(("A", "5"), header=("Code", "Price")), mapping={"sku": "Code", "price": "Price"})

    assert counts(run) == (1, 0, 1)
    assert await goods() == {"A": ("Lamp", 500), "B": ("Chair", 200)}
    lamp = await Product.get(external_id="A")
    assert (lamp.version, lamp.handle) == (2, "lamp")
    assert (await Product.get(external_id="B")).updated_at == chair.updated_at


async def test_another_source_has_products_of_its_own(ctx: Context) -> None:
    await imported(ctx, table(("A", "Lamp", "1")), source="shop one")

    run = await imported(
        ctx,
        table(("K1", "Lamp"), header=("Key", "Name")),
        mapping={"product": "Key", "title": "Name"},
        source="shop two",
    )

    assert counts(run) == (1, 1, 0)
    assert [(each.source, each.external_id, each.handle) for each in await products()] == [
        ("shop one", "A", "lamp"),
        ("shop two", "K1", "lamp-2"),
    ]


async def test_a_code_of_another_product_stays_there(ctx: Context) -> None:
    await make.product(ctx, title="Old lamp", variants=[{"sku": "A"}])
    before = await dump()

    run = await imported(ctx, table(("A", "New lamp", "1")))

    assert counts(run) == (1, 0, 0)
    assert run.lines_refused == 1
    assert await issues_of(run) == [(2, "Code", "CODE_TAKEN", "A")]
    assert await messages_of(run) == ["The code A belongs to another product, 'Old lamp'."]
    assert await dump() == before


async def test_rows_with_the_same_key_are_variants_of_one_product(ctx: Context) -> None:
    content = table(
        ("shirt", "S-1", "Shirt", "Small", "10", "3"),
        ("shirt", "S-2", "", "Large", "11", "4"),
        ("", "HAT", "Hat", "", "5", ""),
        ("shirt", "S-1", "Fine shirt", "", "12", ""),
        header=("Group", "Code", "Name", "Size", "Price", "Stock"),
    )
    mapping = {
        "product": "Group", "sku": "Code", "title": "Name", "variant_title": "Size", "price": "Price", "stock": "Stock"
    }  # fmt: skip

    run = await imported(ctx, content, mapping=mapping)

    assert counts(run) == (2, 2, 0)
    shirt = await Product.get(external_id="shirt")
    assert (shirt.title, shirt.search_text) == ("Fine shirt", "fine shirt\nfine-shirt\ns-1\ns-2")
    variants = await Variant.filter(product_id=shirt.id).order_by("position")
    assert [
        (each.sku, each.title, each.price_minor, (await Stock.get(variant_id=each.id)).on_hand) for each in variants
    ] == [
        ("S-1", "Small", 1200, 3),
        ("S-2", "Large", 1100, 4),
    ]
    assert (await Variant.get(sku="HAT")).external_id == "HAT"


async def test_variants_without_codes_go_by_their_titles(ctx: Context) -> None:
    header = ("Handle", "Title", "Option", "Price")
    mapping = {"product": "Handle", "title": "Title", "variant_title": "Option", "price": "Price"}
    await imported(ctx, table(("mug", "Mug", "Red", "4"), ("mug", "", "Blue", "5"), header=header), mapping=mapping)

    run = await imported(ctx, table(("mug", "Mug", "Blue", "6"), header=header), mapping=mapping)

    assert counts(run) == (1, 0, 1)
    variants = await Variant.all().order_by("position")
    assert [(each.title, each.price_minor, each.sku) for each in variants] == [("Red", 400, None), ("Blue", 600, None)]


async def test_a_code_cannot_be_of_two_products(ctx: Context) -> None:
    rows = [
        ("one", "A", "1"),
        ("two", "A", "2"),
        *[("three", f"T{i % 50}", "1") for i in range(10_000)],
        ("four", "A", "3"),
    ]
    run = await imported(
        ctx,
        table(*rows, header=("Group", "Code", "Price")),
        mapping={"product": "Group", "sku": "Code", "price": "Price"},
    )

    assert await issues_of(run) == [
        (3, "Code", "CODE_OF_TWO_PRODUCTS", "A"),
        (10004, "Code", "CODE_OF_TWO_PRODUCTS", "A"),
    ]
    assert run.lines_refused == 2
    assert (await Variant.get(sku="A")).price_minor == 100
    assert {each.external_id for each in await products()} == {"one", "three"}


async def test_a_product_has_a_hundred_variants_at_most(ctx: Context) -> None:
    rows = [("shirt", f"S{i}", "1") for i in range(150)]
    run = await imported(
        ctx,
        table(*rows, header=("Group", "Code", "Price")),
        mapping={"product": "Group", "sku": "Code", "price": "Price"},
    )

    assert await Variant.all().count() == 100
    assert [issue[2] for issue in await issues_of(run)] == ["TOO_MANY_VARIANTS"]


async def test_equal_titles_get_handles_of_their_own(ctx: Context) -> None:
    await make.product(ctx, title="Lamp", handle="lamp-2")

    await imported(ctx, table(*[(f"L{i}", "Lamp", "1") for i in range(4)], ("L9", "???!", "1")))

    handles = {each.external_id: each.handle for each in await products()}
    assert [handles[f"L{i}"] for i in range(4)] == ["lamp", "lamp-3", "lamp-4", "lamp-5"]
    assert handles["L9"] == "l9"


async def test_a_thousand_equal_titles_find_room(ctx: Context) -> None:
    run = await imported(ctx, table(*[(f"L{i}", "Lamp", "1") for i in range(1_200)]))

    assert counts(run) == (1_200, 1_200, 0)
    handles = [each.handle for each in await products()]
    assert len(set(handles)) == 1_200
    assert {"lamp", "lamp-2", "lamp-50"} < set(handles)


async def test_handles_of_the_file_are_taken_if_they_are_free(ctx: Context) -> None:
    await make.product(ctx, title="Old", handle="bright-light")
    header, mapping = ("Code", "Name", "Slug"), {"sku": "Code", "title": "Name", "handle": "Slug"}
    rows = [
        ("A", "Lamp", "Bright Light"),
        ("B", "Lamp", "soft-light"),
        ("C", "Soft light", ""),
        ("D", "x", "soft-light"),
    ]

    run = await imported(ctx, table(*rows, header=header), mapping=mapping)

    handles = {each.external_id: each.handle for each in await products()}
    assert handles == {None: "bright-light", "A": "lamp", "B": "soft-light", "C": "soft-light-2", "D": "x"}
    assert await issues_of(run) == [
        (2, "Slug", "HANDLE_TAKEN", "bright-light"),
        (5, "Slug", "HANDLE_TAKEN", "soft-light"),
    ]


async def test_categories_are_found_by_name_or_made(ctx: Context) -> None:
    light = await make.category(ctx, "Light")
    header, mapping = ("Code", "Shelf"), {"sku": "Code", "category": "Shelf"}

    run = await imported(
        ctx, table(("A", "LIGHT"), ("B", "Seats"), ("C", "seats"), ("D", ""), header=header), mapping=mapping
    )

    seats = await Category.get(name="Seats")
    assert {each.external_id: each.category_id for each in await products()} == {
        "A": light.id, "B": seats.id, "C": seats.id, "D": None
    }  # fmt: skip
    assert run.categories_created == [str(seats.id)]
    assert await Category.all().count() == 2


async def test_pictures_are_added_and_none_is_taken_away(ctx: Context) -> None:
    header, mapping = ("Group", "Picture"), {"product": "Group", "image": "Picture"}
    await imported(ctx, table(("A", "https://example.com/1.png"), header=header), mapping=mapping)
    content = table(
        ("A", "https://example.com/2.png"),
        ("A", "https://example.com/1.png"),
        ("A", "javascript:alert(1)"),
        ("A", "https://example.com/2.png"),
        header=header,
    )

    run = await imported(ctx, content, mapping=mapping)

    assert await images_of((await products())[0]) == ["https://example.com/1.png", "https://example.com/2.png"]
    assert await issues_of(run) == [(4, "Picture", "INVALID", "javascript:alert(1)")]
    assert await Variant.all().count() == 1


async def test_odd_rows_are_reported_and_set_aside(ctx: Context) -> None:
    content = table(
        ("A", "Lamp", "9.95"),
        ("A", "check", "0.0"),
        ("A", "LAMP damaged", "0"),
        ("B", "", "0.001"),
        ("C", "found by jackie", "0"),
        ("D", "?", "5"),
    )

    run = await imported(ctx, content)

    assert await goods() == {"A": ("Lamp", 995), "B": ("B", None), "C": ("found by jackie", None), "D": ("D", 500)}
    assert await issues_of(run) == [
        (3, "Price", "ZERO_PRICE", "0.0"),
        (4, "Price", "ZERO_PRICE", "0"),
        (5, "Name", "BLANK_TITLE", ""),
        (5, "Price", "UNDER_ONE_UNIT", "0.001"),
        (6, "Price", "ZERO_PRICE", "0"),
        (6, "Name", "DOUBTFUL_TITLE", "found by jackie"),
        (7, "Name", "NOT_A_TITLE", "?"),
    ]
    assert run.issue_counts == {
        "ZERO_PRICE": 3, "BLANK_TITLE": 1, "UNDER_ONE_UNIT": 1, "NOT_A_TITLE": 1, "DOUBTFUL_TITLE": 1
    }  # fmt: skip
    assert (run.lines_refused, run.issues_total) == (0, 7)


async def test_a_note_in_the_place_of_a_title_is_told(ctx: Context) -> None:
    run = await imported(ctx, table(("A", "Red lamp", "9.95"), ("A", "check", "0.0")))

    assert (await issues_of(run))[1] == (3, "Name", "NOTE_FOR_TITLE", "check")
    assert (await messages_of(run))[1] == (
        "This looks like a note and not like the title of 'Red lamp'; it is not taken as one."
    )


async def test_who_gives_goods_away_may_say_so(ctx: Context) -> None:
    run = await imported(ctx, table(("A", "Sample", "0")), zero_price="take")

    assert await goods() == {"A": ("Sample", 0)}
    assert run.issue_counts == {}


@pytest.mark.parametrize(
    ("decimal", "price", "minor"), [(",", "1.234,50", 123450), (".", "1,234.50", 123450), (None, "€ 12.30", 1230)]
)
async def test_prices_are_read_as_declared(ctx: Context, decimal: str | None, price: str, minor: int) -> None:
    await imported(ctx, table(("A", "Lamp", price)), decimal=decimal)

    assert await goods() == {"A": ("Lamp", minor)}


async def test_cells_that_cannot_be_taken_leave_the_rest_of_the_row(ctx: Context) -> None:
    content = table(
        ("A", "Lamp", "12.345", "5"),
        ("B", "x" * 300, "¥5", "1.5"),
        ("C", "Chair", "-1", "-2"),
        ("D", "Table", "cheap", "99999999999"),
        header=("Code", "Name", "Price", "Stock"),
    )

    run = await imported(ctx, content, mapping={"sku": "Code", "title": "Name", "price": "Price", "stock": "Stock"})

    assert await goods() == {"A": ("Lamp", None), "B": ("B", None), "C": ("Chair", None), "D": ("Table", None)}
    assert [(line, column, code) for line, column, code, _ in await issues_of(run)] == [
        (2, "Price", "AMBIGUOUS_NUMBER"),
        (3, "Name", "TOO_LONG"),
        (3, "Price", "WRONG_CURRENCY"),
        (3, "Stock", "TOO_FINE"),
        (4, "Price", "NEGATIVE"),
        (4, "Stock", "NEGATIVE"),
        (5, "Price", "NOT_A_NUMBER"),
        (5, "Stock", "TOO_LARGE"),
    ]
    assert run.lines_refused == 0


async def test_rows_that_cannot_be_taken_at_all_are_refused_with_their_line(ctx: Context) -> None:
    content = (
        b"Code,Name,Price\nA,Lamp,1\nB,Chair\nC,Table,1,2\n,Nothing,1\n" + b"k" * 121 + b",Long,1\n"
        b'E,"x"y,1\nF,Z\0ero,1\n\n,,\nG,Good,1,\n'
    )

    run = await imported(ctx, content)

    assert await goods() == {"A": ("Lamp", 100), "G": ("Good", 100)}
    assert [(line, column, code) for line, column, code, _ in await issues_of(run)] == [
        (3, "", "UNEVEN_ROW"),
        (4, "", "UNEVEN_ROW"),
        (5, "Code", "NO_KEY"),
        (6, "Code", "KEY_TOO_LONG"),
        (7, "", "BAD_QUOTES"),
        (8, "", "NUL_BYTE"),
    ]
    assert run.lines_refused == 6
    assert (await messages_of(run))[:2] == [
        "The row has 2 cells; the header has 3.",
        "The row has 4 cells; the header has 3.",
    ]


async def test_ten_thousand_issues_are_kept_and_all_are_counted(ctx: Context) -> None:
    run = await imported(ctx, table(("A", "Lamp", "1"), *[("", "Nothing", "1")] * 12_000))

    assert run.issue_counts == {"NO_KEY": 12_000}
    assert run.lines_refused == 12_000
    assert await ImportIssue.filter(run_id=run.id).count() == 10_000
    assert (await issues_of(run))[-1][0] == 10_002


@pytest.mark.parametrize("pack", [bytes, gzipped, lambda content: zipped(("goods.csv", content))])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
async def test_files_come_as_they_are(ctx: Context, pack, encoding: str, delimiter: str) -> None:  # type: ignore[no-untyped-def]
    text = table(("A1", "白色心形灯饰", "12.50"), ("A2", "红色茶杯", "3"), delimiter=delimiter).decode()

    run = await imported(ctx, pack(text.encode(encoding)))

    assert run.failure is None
    assert await goods() == {"A1": ("白色心形灯饰", 1250), "A2": ("红色茶杯", 300)}
    assert (await Product.get(external_id="A1")).handle == "白色心形灯饰"


GOOD_ROWS = b"".join(b"C%05d,Good %d,1\n" % (i, i) for i in range(25_000))
HEAD = b"Code,Name,Price\n"


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (
            HEAD + GOOD_ROWS + b"X,caf\xe9,1\n",
            "WRONG_ENCODING",
            f"Line 25002, byte {len(HEAD + GOOD_ROWS) + 5:,}: e9 2c 31 0a is not UTF-8",
        ),
        (HEAD + "茶,茶,1\n".encode() + GOOD_ROWS + b"X,caf\xe9,1\n", "WRONG_ENCODING", "Line 25003, byte"),
        (gzipped(HEAD + GOOD_ROWS)[:-5000], "BROKEN_ARCHIVE", "The gzip file is broken after"),
        (zipped(("a.csv", HEAD + GOOD_ROWS))[:-5000], "BROKEN_ARCHIVE", "The zip file is broken: its end is missing."),
        (gzip.compress(HEAD + GOOD_ROWS + b"\n" * 2**26), "ARCHIVE_BOMB", "come out of this gzip file"),
        (HEAD + GOOD_ROWS + b"B," + b"x" * 10_000_000 + b",1\n", "CELL_TOO_LONG", "Line 25002, column Name: the cell"),
        (HEAD + GOOD_ROWS + b'B,"open,1\n', "UNCLOSED_QUOTE", "opened in the row of line 25002"),
        (b"Code,Title,Price\nA,B,1\n", "MISSING_COLUMN", "no column 'Name'; the file has: Code, Title, Price."),
        (b"Code,Name,Name,Price\nA,B,C,1\n", "DOUBLE_COLUMN", "There are 2 columns 'Name': Code, Name, Name, Price."),
        (HEAD, "NO_ROWS", "a header and no row below it"),
        (HEAD + b"\n\n", "NO_ROWS", "a header and no row below it"),
        (b"\n\n", "EMPTY_FILE", "not even a header"),
        (LAMP.decode().encode("utf-16-le"), "NOT_TEXT", "If it is UTF-16, say so"),
        (zipped(("a.csv", LAMP), ("b.csv", LAMP)), "UNFIT_ARCHIVE", "must hold one table"),
        (zipped(("[Content_Types].xml", b""), ("xl/workbook.xml", b"")), "UNFIT_ARCHIVE", "save it as CSV"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isupper() else "",
)
@pytest.mark.parametrize("dry_run", [True, False])
async def test_a_bad_file_is_refused_in_words_and_leaves_nothing(
    ctx: Context, content: bytes, code: str, message: str, dry_run: bool
) -> None:
    await make.product(ctx, title="Old lamp")
    before = await dump()

    run = await imported(ctx, content, dry_run=dry_run)

    assert (run.state, run.failure_code) == (ImportState.FAILED, code)
    assert message in str(run.why_failed)
    assert run.finished_at is not None
    assert await dump() == before
    assert await left_over(run) == {"import_row": 0, "import_change": 0}


async def test_a_dry_run_tells_everything_and_writes_nothing(ctx: Context) -> None:
    await imported(ctx, table(("A", "Lamp", "1"), ("B", "Chair", "2")))
    before = await dump()
    content = table(
        ("A", "Lamp", "3", "Light"), ("B", "Chair", "2", ""), ("C", "Table", "cheap", "New"),
        header=("Code", "Name", "Price", "Shelf"),
    )  # fmt: skip
    mapping = {"sku": "Code", "title": "Name", "price": "Price", "category": "Shelf"}

    dry = await imported(ctx, content, mapping=mapping, dry_run=True)
    assert dry.state is ImportState.DONE
    assert await dump() == before
    assert await left_over(dry) == {"import_row": 0, "import_change": 0}

    real = await imported(ctx, content, mapping=mapping)
    assert counts(dry) == counts(real) == (3, 1, 1)
    assert await issues_of(dry) == await issues_of(real) == [(4, "Price", "NOT_A_NUMBER", "cheap")]


async def test_the_new_products_are_in_the_order_of_the_file(ctx: Context) -> None:
    await imported(ctx, table(*[(f"K{(i * 7919) % 1300:04}", "x", "1") for i in range(1_300)]))

    assert [each.external_id for each in await products()] == [f"K{(i * 7919) % 1300:04}" for i in range(1_300)]


async def test_the_status_of_new_products_may_be_said(ctx: Context) -> None:
    await imported(ctx, table(("A", "Lamp", "1")), status=ProductStatus.DRAFT)
    await imported(ctx, table(("A", "Lamp", "2")), status=ProductStatus.ACTIVE)

    assert [each.status for each in await products()] == [ProductStatus.DRAFT]


async def test_a_variant_made_by_hand_is_found_by_its_code(ctx: Context) -> None:
    await imported(ctx, table(("A", "Lamp", "1")))
    lamp = (await products())[0]
    await make.variant(ctx, lamp, sku="A2", position=1)
    header, mapping = ("Group", "Code", "Price"), {"product": "Group", "sku": "Code", "price": "Price"}

    run = await imported(ctx, table(("A", "A2", "7"), header=header), mapping=mapping)

    assert counts(run) == (1, 0, 1)
    assert [(each.sku, each.price_minor) for each in await Variant.all().order_by("position")] == [
        ("A", 100),
        ("A2", 700),
    ]
