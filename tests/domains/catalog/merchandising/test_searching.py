"""Searching: ranked, in Chinese and English, forgiving of typing errors; and counted."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import pytest

from stoa.domains.catalog import merchandising
from stoa.domains.catalog.errors import NoSuchSuggestion
from stoa.domains.catalog.merchandising import Miss, Rank, Reason
from stoa.domains.catalog.merchandising.searching import normal_words
from stoa.domains.catalog.models import Product, SearchLog
from stoa.domains.catalog.naming import refresh_search_text
from stoa.kit import clock
from stoa.kit.errors import InvalidInput
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction
from tests import make


async def product(ctx: Context, title: str, **columns: object) -> Product:
    row = await make.product(ctx, title=title, **columns)  # type: ignore[arg-type]
    async with shop_transaction():
        await refresh_search_text([row.id])
    return row


async def found(ctx: Context, text: str) -> list[tuple[str, Rank]]:
    hits = (await merchandising.search_products(ctx, text, first=100)).hits
    titles = {each.id: each.title for each in await Product.all()}
    return [(titles[each.product_id], each.rank) for each in hits]


async def test_codes_come_first_then_titles_then_the_rest(ctx: Context) -> None:
    """X30: the best come first."""
    elsewhere = await product(ctx, "Kettle", description="Goes with every teapot.")
    await product(ctx, "Blue teapot")
    await product(ctx, "Teapot, large")
    await product(ctx, "Teapot")
    await product(ctx, "Cosy", variants=({"sku": "TEAPOT"},))

    assert await found(ctx, "TEAPOT") == [
        ("Cosy", Rank.CODE),
        ("Teapot", Rank.TITLE_START),
        ("Teapot, large", Rank.TITLE_START),
        ("Blue teapot", Rank.TITLE_WORD),
        ("Kettle", Rank.ELSEWHERE),
    ]
    await merchandising.change_tags(ctx, [elsewhere.id], add=["礼物"])
    assert await found(ctx, "礼物") == [("Kettle", Rank.ELSEWHERE)]


async def test_everything_that_leads_to_a_product_finds_it(ctx: Context) -> None:
    """X30: names, codes, barcodes, tags, attribute values, the description's beginning."""
    cup = await product(
        ctx,
        "青花瓷盖碗",
        description="A lidded bowl of Jingdezhen",
        variants=({"sku": "QH-1", "barcode": "6901234567892"},),
        translations={"en": {"title": "Blue and white gaiwan"}},
    )
    await merchandising.change_tags(ctx, [cup.id], add=["Festival"])
    await merchandising.set_attributes(ctx, [cup.id], {"material": ["porcelain", "瓷"]})
    await product(ctx, "Something else")

    for text in (
        *("青花瓷", "盖碗", "青花瓷盖碗", "QH-1", "qh", "6901234567892", "lidded", "jingdezhen bowl", "gaiwan"),
        *("festival", "porcelain", "瓷", "ＦＥＳＴＩＶＡＬ"),
    ):
        assert [title for title, _ in await found(ctx, text)] == ["青花瓷盖碗"], text
    assert await found(ctx, "6901234567892") == [("青花瓷盖碗", Rank.CODE)]


@pytest.mark.parametrize(
    ("title", "typed"),
    [
        ("Teapot", "teapto"),
        ("Teapot", "tepot"),
        ("Porcelain bowl", "porcelian"),
        ("Porcelain bowl", "porzelain bowl"),
        ("Chandelier", "chandalier"),
        ("青花瓷盖碗", "青花磁盖碗"),
        ("景德镇茶杯", "景得镇茶杯"),
        ("保温杯", "保湿杯"),
    ],
)
async def test_a_typing_error_still_finds_it(ctx: Context, title: str, typed: str) -> None:
    """X30: typo tolerance, in Chinese too: a wrong letter among right ones."""
    for other in ("Wall clock", "Garden hose", "书架", "窗帘"):
        await product(ctx, other)
    await product(ctx, title)

    result = await merchandising.search_products(ctx, typed, first=10)

    assert await found(ctx, typed) == [(title, Rank.ALIKE)]
    assert (result.total, result.is_corrected) == (1, True)


async def test_what_is_found_as_typed_in_number_needs_no_guessing(ctx: Context) -> None:
    for number in range(3):
        await product(ctx, f"Teapot {number}")
    await product(ctx, "Teapto")

    assert [rank for _, rank in await found(ctx, "teapot")] == [Rank.TITLE_START] * 3
    assert [title for title, _ in await found(ctx, "teapto")][0] == "Teapto"
    assert len(await found(ctx, "teapto")) == 4


async def test_pages_follow_each_other_and_meet_nothing_twice(ctx: Context) -> None:
    for number in range(7):
        await product(ctx, f"Cup {'x' * number}")
    whole = [title for title, _ in await found(ctx, "cup")]

    pages, after = list[str](), None
    titles = {each.id: each.title for each in await Product.all()}
    for left in (True, True, True, False):
        page = await merchandising.search_products(ctx, "cup", first=2, after=after)
        assert (page.total, page.has_next) == (7, left)
        pages += [titles[each.product_id] for each in page.hits]
        after = page.hits[-1].cursor
    assert pages == whole


async def test_signs_mean_themselves(ctx: Context) -> None:
    await product(ctx, "100% cotton (organic) [new] a_b\\c")
    await product(ctx, "1000 cotton")

    for text in ("100%", "(organic)", "[new]", "a_b\\c", "b\\"):
        assert [title for title, _ in await found(ctx, text)][:1] == ["100% cotton (organic) [new] a_b\\c"], text
    assert [rank for _, rank in await found(ctx, "a%c")] in ([], [Rank.ALIKE])


async def test_what_cannot_be_searched_is_refused(ctx: Context) -> None:
    for text, first, after, path in (
        ("", 1, None, "text"),
        ("x" * 201, 1, None, "text"),
        ("a b c d e f g h i", 1, None, "text"),
        ("a", 0, None, "first"),
        ("a", 101, None, "first"),
        ("a", 1, "nonsense", "after"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await merchandising.search_products(ctx, text, first=first, after=after)
        assert refused.value.path == (path,)
    assert await SearchLog.all().count() == 0


async def test_every_search_is_counted_and_no_further_page(ctx: Context) -> None:
    for number in range(3):
        await product(ctx, f"Cup {number}")
    with clock.set_to(datetime(2026, 11, 22, 23, 30, tzinfo=UTC)):  # the 23rd in Berlin
        page = await merchandising.search_products(ctx, "  CUP ", first=1)
        await merchandising.search_products(ctx, "cup", first=1, after=page.hits[-1].cursor)
        await asyncio.gather(*(merchandising.search_products(ctx, "ｃｕｐ", first=1) for _ in range(10)))
        await merchandising.search_products(ctx, "龙井", first=1)

    rows = await SearchLog.all().order_by("words").values_list("day", "words", "searches", "found")
    day = date(2026, 11, 23)
    assert list(rows) == [(day, "cup", 11, 3), (day, "龙井", 1, 0)]


def test_the_same_search_is_written_in_one_way() -> None:
    assert normal_words(" Blue\u3000CUP ") == normal_words("blue cup") == "blue cup"


async def test_misses_are_listed_most_searched_for_first(ctx: Context) -> None:
    """P12: what buyers look for and do not find."""
    for day, words, searches, count in (
        (date(2026, 11, 1), "龙井", 5, 0),
        (date(2026, 11, 20), "龙井", 2, 0),
        (date(2026, 11, 20), "oolong", 6, 0),
        (date(2026, 11, 19), "cup", 9, 0),
        (date(2026, 11, 20), "cup", 1, 4),
        (date(2026, 11, 20), "mug", 1, 1),
        (date(2026, 9, 1), "vase", 50, 0),
    ):
        await SearchLog.create(day=day, words=words, searches=searches, found=count)

    with clock.set_to(datetime(2026, 11, 22, 12, tzinfo=UTC)):
        assert await merchandising.search_misses(ctx) == [
            Miss("龙井", 7, 0, date(2026, 11, 20)),
            Miss("oolong", 6, 0, date(2026, 11, 20)),
        ]
        found_little = await merchandising.search_misses(ctx, at_most=1, days=5)
        assert [each.words for each in found_little] == ["oolong", "龙井", "mug"]


async def test_tags_are_suggested_for_what_was_sought_in_vain(ctx: Context) -> None:
    """P12: adjust tags from search habits; taking the suggestion makes the next search succeed."""
    far_down = "A cup. " * 40 + "Fits every Advent calendar."
    calendar = await product(ctx, "Small cup", description=far_down)
    gaiwan = await product(ctx, "青花瓷盖碗")
    for text, times in (("advent calendar", 4), ("青花磁盖碗", 3), ("nothing at all", 5), ("rare", 2)):
        for _ in range(times):
            await merchandising.search_products(ctx, text, first=5)

    assert [
        (each.tag, each.searches, each.reason, each.product_ids) for each in await merchandising.suggest_tags(ctx)
    ] == [
        ("advent calendar", 4, Reason.DESCRIBED, [calendar.id]),
        ("青花磁盖碗", 3, Reason.SPELLED_ALIKE, [gaiwan.id]),
    ]
    [row] = await merchandising.accept_suggestion(ctx, "Advent Calendar", [calendar.id])
    assert row.changed
    assert await found(ctx, "advent calendar") == [("Small cup", Rank.ELSEWHERE)]
    assert [each.tag for each in await merchandising.suggest_tags(ctx)] == ["青花磁盖碗"]


async def test_a_suggestion_that_nobody_made_is_refused(ctx: Context) -> None:
    row = await product(ctx, "Cup")

    with pytest.raises(NoSuchSuggestion):
        await merchandising.accept_suggestion(ctx, "vase", [row.id])


async def test_another_shops_products_and_searches_are_not_found(ctx: Context, other_ctx: Context) -> None:
    with open_shop(other_ctx.shop):
        await product(other_ctx, "Teapot")
        await merchandising.search_products(other_ctx, "vase", first=1)

    assert await found(ctx, "teapot") == []
    assert [each.words for each in await merchandising.search_misses(ctx)] == ["teapot"]
