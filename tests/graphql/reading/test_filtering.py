"""What may stand in the arguments of a list: hostile text does no harm, and what is wrong is said, and where."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoa.graphql.reading.cursors import encode_cursor
from stoa.kit.ids import new_id, type_id
from tests import make
from tests.graphql.asking import Ask, statements_sent

HOSTILE = [
    "'",
    "''; DROP TABLE product; --",
    '"',
    '"; SELECT 1',
    "$1",
    "$1::text",
    "{row}",
    "{word}",
    "{}",
    "{0}",
    "%s",
    "%",
    "_",
    "%_%",
    "\\",
    "\\\\%",
    "\\'",
    "E'\\x41'",
    "/*",
    "--",
    ";",
    "\n",
    "\t\r\n",
    "\x01\x02",
    "😀",
    "茶杯",
    "ﬀ",
    "a\u0301",
    "\u202e",
    "\u2028",
    "NULL",
    "x" * 199,
]
UNREADABLE = ["\0", "a\0b", "\ud800", "\udfff茶"]
OF_TEXT = [
    {"title": {"eq": "?"}},
    {"title": {"in": ["a", "?"]}},
    {"title": {"startsWith": "?"}},
    {"title": {"contains": "?"}},
    {"handle": {"contains": "?"}},
    {"source": {"eq": "?"}},
    {"category": {"name": {"contains": "?"}}},
    {"variants": {"some": {"sku": {"startsWith": "?"}}}},
    {"variants": {"none": {"title": {"contains": "?"}}}},
    {"or": [{"title": {"eq": "?"}}, {"not": {"handle": {"eq": "?"}}}]},
]
LIST = "query ($where: ProductWhere, $search: String) { products(where: $where, search: $search) { nodes { title } } }"


def filled(where: Any, text: str) -> Any:
    if isinstance(where, dict):
        return {name: filled(each, text) for name, each in where.items()}
    if isinstance(where, list):
        return [filled(each, text) for each in where]
    return text if where == "?" else where


async def titles(ask: Ask, **arguments: Any) -> list[str]:
    return [each["title"] for each in (await ask.data(LIST, **arguments))["products"]["nodes"]]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_only_text(ask: Ask, text: str) -> None:
    """Also as part of what is stored: it finds itself, and nothing else."""
    stored = " ".join(text.split()) or "blank"
    await make.product(ask.ctx, title=f"a {text} z", handle="h1")
    await make.product(ask.ctx, title="Tea", handle="h2")

    for where in OF_TEXT:
        async with statements_sent(ask.ctx) as sent:
            await ask.data(LIST, where=filled(where, text))
        assert len(sent) == 1
        assert "DROP" not in sent[0].sql and text[:60] * 2 not in sent[0].sql
    assert await titles(ask, where={"title": {"eq": f"a {text} z"}}) == ([f"a {text} z"] if text != "a\u0301" else [])
    assert await titles(ask, where={"title": {"startsWith": "a "}}) == [f"a {text} z"]
    assert "Tea" in await titles(ask, where={"not": {"title": {"contains": text}}}) or not text.strip("\\%_")
    assert set(await titles(ask, search=stored)) <= {f"a {text} z", "Tea"}
    assert (await ask.data("{ products { count { value } } }"))["products"]["count"]["value"] == 2


@pytest.mark.parametrize("text", ["%", "_", "\\", "100%", "s_x", "a\\b", "%_\\"])
async def test_the_signs_of_like_mean_themselves(ask: Ask, text: str) -> None:
    await make.product(ask.ctx, title=f"with {text} in it")
    await make.product(ask.ctx, title="without: abcsxx 1000")

    assert await titles(ask, where={"title": {"contains": text}}) == [f"with {text} in it"]
    assert await titles(ask, search=text) == [f"with {text} in it"]
    assert await titles(ask, where={"title": {"startsWith": f"with {text}"}}) == [f"with {text} in it"]


@pytest.mark.parametrize("text", UNREADABLE)
@pytest.mark.parametrize("where", OF_TEXT)
async def test_what_is_no_text_is_refused_where_it_stands(ask: Ask, where: dict[str, Any], text: str) -> None:
    """A NUL does not come so far (see limits.py); the planner would not send it either."""
    async with statements_sent(ask.ctx) as sent:
        answer = await ask.run(LIST, {"where": filled(where, text)})

    [(message, path)] = answer["errors"]
    assert "no text has" in message
    assert path == ["products"]
    assert sent == []


async def test_the_search_leaves_out_what_is_no_text(ask: Ask) -> None:
    await make.product(ask.ctx, title="Tea")

    for search in ("\0te\ud800a\x01", " \0 \u3000 ", ""):
        answer = await ask.run(LIST, {"search": search})
        assert answer == {"data": {"products": {"nodes": [{"title": "Tea"}]}}, "errors": []}


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(max_size=60), where=st.sampled_from(OF_TEXT), search=st.none() | st.text(max_size=60))
async def test_no_text_at_all_breaks_a_list(ask: Ask, text: str, where: dict[str, Any], search: str | None) -> None:
    body = await ask(LIST, where=filled(where, text), search=search)

    assert {error["extensions"]["code"] for error in body.get("errors", ())} <= {"INVALID"}


NOBODY = type_id("prod", new_id())


@pytest.mark.parametrize(
    ("arguments", "argument", "message"),
    [
        ({"first": -1}, ["first"], "first is -1; 0 to 100 are allowed."),
        ({"first": 101}, ["first"], "first is 101; 0 to 100 are allowed."),
        ({"last": 2**31 - 1}, ["last"], "last is 2147483647; 0 to 100 are allowed."),
        ({"last": -(2**31)}, ["last"], "last is -2147483648; 0 to 100 are allowed."),
        ({"first": 1, "last": 1}, ["last"], "Give first or last, not both."),
        ({"after": "nonsense"}, ["after"], "This is not a cursor of this API."),
        ({"before": ""}, ["before"], "This is not a cursor of this API."),
        ({"after": "é\ud800"}, ["after"], "This is not a cursor of this API."),
        ({"after": encode_cursor("Product:id+", ["no id"])}, ["after"], "This is not a cursor of this API."),
        ({"after": encode_cursor("Product:id+", [None])}, ["after"], "This is not a cursor of this API."),
        ({"after": encode_cursor("Product:id+", [])}, ["after"], "This is not a cursor of this API."),
        (
            {"after": encode_cursor("Product:title+,id+", ["Tea", str(new_id())])},
            ["after"],
            "This cursor belongs to another list, or to this one in another order.",
        ),
        (
            {"after": encode_cursor("Variant:id+", [str(new_id())])},
            ["after"],
            "This cursor belongs to another list, or to this one in another order.",
        ),
        (
            {
                "after": encode_cursor("Product:created_at+,id+", ["soon", str(new_id())]),
                "orderBy": [{"field": "CREATED_AT"}],
            },
            ["after"],
            "This is not a cursor of this API.",
        ),
        (
            {
                "after": encode_cursor("Product:created_at+,id+", ["2026-01-01", str(new_id())]),
                "orderBy": [{"field": "CREATED_AT"}],
            },
            ["after"],
            "This is not a cursor of this API.",
        ),
        ({"orderBy": [{"field": "TITLE"}] * 4}, ["orderBy"], "4 terms; 3 are allowed."),
        ({"search": "x" * 201}, ["search"], "The search is 201 characters long; 200 are allowed."),
        ({"search": "a " * 9}, ["search"], "The search has 9 words; 8 are allowed."),
        ({"where": {"id": {"eq": "x"}}}, ["where", "id", "eq"], "'x' is not an id of this type"),
        ({"where": {"id": {"eq": type_id("var", new_id())}}}, ["where", "id", "eq"], "is not an id of this type"),
        ({"where": {"id": {"eq": ""}}}, ["where", "id", "eq"], "'' is not an id of this type"),
        ({"where": {"id": {"in": [NOBODY, "\ud800"]}}}, ["where", "id", "in", "1"], "is not an id of this type"),
        (
            {"where": {"category": {"id": {"eq": NOBODY}}}},
            ["where", "category", "id", "eq"],
            "is not an id of this type",
        ),
        ({"where": {"title": {"eq": None}}}, ["where", "title", "eq"], "eq is null: leave it out, or ask with isNull."),
        ({"where": {"title": None}}, ["where", "title"], "title is null"),
        ({"where": {"and": None}}, ["where", "and"], "and is null"),
        ({"where": {"or": [{}, {"not": None}]}}, ["where", "or", "1", "not"], "not is null"),
        (
            {"where": {"variants": {"some": {"price": {"gt": {"amount": "x", "currency": "EUR"}}}}}},
            ["where", "variants", "some", "price", "gt"],
            "'x' is not an amount; write it like 19.90.",
        ),
        (
            {"where": {"variants": {"some": {"price": {"gt": {"amount": "1.999", "currency": "EUR"}}}}}},
            ["where", "variants", "some", "price", "gt"],
            "more decimals than EUR has (2).",
        ),
        (
            {"where": {"variants": {"some": {"price": {"gt": {"amount": "1", "currency": "XXX"}}}}}},
            ["where", "variants", "some", "price", "gt"],
            "'XXX' is not a currency that Stoa knows",
        ),
        (
            {"where": {"variants": {"some": {"price": {"gt": {"amount": "9" * 25, "currency": "EUR"}}}}}},
            ["where", "variants", "some", "price", "gt"],
            "is more than Stoa can keep.",
        ),
        (
            {"where": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {}}}}}}}}},
            ["where", *["not"] * 7],
            "The filter is nested more than 6 deep.",
        ),
        (
            {"where": {"or": [{"title": {"eq": "x"}}] * 101}},
            ["where", "or", "100", "title"],
            "tests more than 100 things.",
        ),
    ],
)
async def test_what_is_wrong_with_an_argument_is_said_and_where(
    ask: Ask, arguments: dict[str, Any], argument: list[str], message: str
) -> None:
    query = """
    query ($first: Int, $after: String, $last: Int, $before: String, $where: ProductWhere, $orderBy: [ProductOrder!],
           $search: String) {
      products(first: $first, after: $after, last: $last, before: $before, where: $where, orderBy: $orderBy,
               search: $search) { nodes { id } } }
    """
    async with statements_sent(ask.ctx) as sent:
        error = await ask.error(query, **arguments)

    assert error["code"] == "INVALID"
    assert error["path"] == ["products"]
    assert error["argument"] == argument
    assert message in error["message"]
    assert sent == []


async def test_a_list_inside_names_itself(ask: Ask) -> None:
    query = "{ products(first: 2) { nodes { few: variants(first: 200) { nodes { sku } } } } }"

    error = await ask.error(query)

    assert (error["path"], error["argument"]) == (["products"], ["few", "first"])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("soon", "'soon' is not a time; write it like 2026-11-22T15:04:05Z."),
        ("2026-11-22T15:04:05", "lacks a time zone"),
        ("2026-11-22", "lacks a time zone"),
        ("", "is not a time"),
        (7, "7 is not a time"),
        ("0001-01-01T00:00:00+14:00", "is before or after all time"),
        ("9999-12-31T23:59:59-14:00", "is before or after all time"),
        ("2026-11-22T25:04:05Z", "is not a time"),
    ],
)
async def test_times_are_read_exactly_or_refused(ask: Ask, value: Any, message: str) -> None:
    query = "query ($at: DateTime!) { products(where: {createdAt: {gt: $at}}) { nodes { id } } }"

    error = await ask.error(query, at=value)

    assert error["code"] in ("BAD_USER_INPUT", "BAD_REQUEST", "INVALID")
    assert message in error["message"]


@pytest.mark.parametrize(
    "value",
    ["2026-11-22T15:04:05Z", "2026-11-22T15:04:05.123456+08:00", "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59Z"],
)
async def test_every_time_that_there_is_may_be_asked_for(ask: Ask, value: str) -> None:
    query = "query ($at: DateTime!) { products(where: {createdAt: {lte: $at}}) { nodes { id } } }"

    assert await ask.data(query, at=value) == {"products": {"nodes": []}}


async def test_arguments_that_are_null_are_as_if_left_out(ask: Ask) -> None:
    await make.product(ask.ctx, title="Tea")
    nothing = "first: null, after: null, last: null, before: null, where: null, orderBy: null, search: null"

    assert (await ask.data(f"{{ products({nothing}) {{ nodes {{ title }} }} }}"))["products"]["nodes"] == [
        {"title": "Tea"}
    ]


async def test_empty_filters_say_what_logic_says(ask: Ask) -> None:
    await make.product(ask.ctx, title="Tea")

    async def found(where: dict[str, Any]) -> bool:
        return await titles(ask, where=where) == ["Tea"]

    assert await found({})
    assert await found({"and": []})
    assert not await found({"or": []})
    assert not await found({"not": {}})
    assert not await found({"title": {"in": []}})
    assert await found({"title": {}})
    assert await found({"not": {"category": {}}})  # it has none
    assert not await found({"category": {}})
    assert not await found({"category": {"id": {}}})
    assert await found({"variants": {}})
    assert await found({"variants": {"some": {}}})
    assert not await found({"variants": {"none": {}}})


async def test_not_means_everything_else(ask: Ask) -> None:
    """Also that which has no value there: SQL's own NOT would leave it out."""
    await make.product(ask.ctx, title="a", source="feed", external_id="1")
    await make.product(ask.ctx, title="b")

    assert await titles(ask, where={"source": {"eq": "feed"}}) == ["a"]
    assert await titles(ask, where={"not": {"source": {"eq": "feed"}}}) == ["b"]
    assert await titles(ask, where={"not": {"not": {"source": {"eq": "feed"}}}}) == ["a"]


async def test_text_is_sought_in_the_form_in_which_it_is_kept(ask: Ask) -> None:
    await make.product(ask.ctx, title="Caf\u00e9")

    assert await titles(ask, where={"title": {"eq": "Cafe\u0301"}}) == ["Caf\u00e9"]
    assert await titles(ask, where={"title": {"contains": "FE\u0301"}}) == ["Caf\u00e9"]


@pytest.mark.parametrize(
    "search", ["CAFE", "café", "ｃａｆｅ", "afé", "cafe straße", "STRASSE", "龙井", "井", "sku-77"]
)
async def test_search_minds_neither_case_nor_accents_nor_width(ask: Ask, search: str) -> None:
    await make.product(ask.ctx, title="Café Straße 明前龙井", variants=({"sku": "SKU-77"},))
    await make.product(ask.ctx, title="Tea")

    assert await titles(ask, search=search) == ["Café Straße 明前龙井"]


@pytest.mark.parametrize(
    "search", ["ta", "zz", "9z", "ZZ", "éz", "ｔａ", "b7", "xx", "a-", "-b", "q", "\u4e95", "ta zz", "7-"]
)
async def test_two_letters_are_found_wherever_they_stand(ask: Ask, search: str) -> None:
    """At the start, in the middle and at the end of a word, of a line and of all; before signs and Chinese too."""
    await make.product(ask.ctx, title="Tablezz 9z, ez! XX井 q", variants=({"sku": "A-b7-B7"},))
    await make.product(ask.ctx, title="Mug", variants=({"sku": "M"},))

    assert await titles(ask, search=search) == ["Tablezz 9z, ez! XX井 q"]
    assert await titles(ask, search=search + " qz") == []


async def test_the_end_of_the_text_is_the_end_of_a_word(ask: Ask) -> None:
    await make.product(ask.ctx, title="Tea", variants=({"sku": "77XY"},))

    assert await titles(ask, search="xy") == await titles(ask, search="7x") == ["Tea"]
    assert await titles(ask, search="yx") == []
