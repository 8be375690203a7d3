"""How large a request may be: each limit at its edge, and the bombs that are built to get around them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from graphql import GraphQLError, get_introspection_query, parse

from stoa.graphql.documents import Documents, InvalidDocument
from stoa.graphql.errors import TooComplex
from stoa.graphql.limits import check_variables, size_errors
from stoa.graphql.schema import schema
from stoa.kit.errors import InvalidInput


def errors_of(text: str) -> list[tuple[str, str]]:
    """Code and message of what is wrong with a document; parsed, measured and validated as every request's is."""
    try:
        Documents(schema()._schema).read(text)
    except InvalidDocument as invalid:
        return [(str((e.extensions or {}).get("code", invalid.code)), e.message) for e in invalid.errors]
    except TooComplex as refusal:
        return [(refusal.code, refusal.message)]
    return []


def parents(levels: int) -> str:
    """A query that is so many levels deep."""
    return '{ category(id: "cat_x") {' + " parent {" * (levels - 2) + " id" + " }" * levels


def nodes(alias: str, ids: int) -> str:
    """A field of 12 tokens and one for each id."""
    listed = '"x" ' * ids
    return f"{alias}: nodes(ids: [{listed}]) {{ id }}"


def test_a_thousand_tokens_and_no_more() -> None:
    text = "{ " + " ".join([*(nodes(alias, 240) for alias in "abc"), nodes("d", 230)]) + " }"
    assert len(re.findall(r'[\w]+|"x"|[{}()\[\]:]', text)) == 1000

    assert errors_of(text) == []
    [(code, message)] = errors_of(text.replace("id }", "id id }", 1))
    assert code == "GRAPHQL_PARSE_FAILED"
    assert message == "Syntax Error: Document contains more than 1000 tokens. Parsing aborted."


def test_twelve_levels_and_no_more() -> None:
    assert errors_of(parents(12)) == []
    assert errors_of(parents(13)) == [("TOO_COMPLEX", "The query is 13 levels deep; 12 are allowed.")]


def test_levels_inside_fragments_count() -> None:
    def spread(levels: int) -> str:
        below = "parent { " * (levels - 2) + "id" + " }" * (levels - 2)
        return f'{{ category(id: "x") {{ ...A }} }} fragment A on Category {{ {below} }}'

    assert errors_of(spread(12)) == []
    assert errors_of(spread(13)) == [("TOO_COMPLEX", "The query is 13 levels deep; 12 are allowed.")]


def test_fifteen_aliases_and_no_more() -> None:
    def aliases(count: int) -> str:
        return "{ me { account { " + " ".join(f"a{i}: id" for i in range(count)) + " } } }"

    assert errors_of(aliases(15)) == []
    assert errors_of(aliases(16)) == [("TOO_COMPLEX", "The query has 16 aliases; 15 are allowed.")]


def test_an_alias_counts_as_often_as_its_fragment_is_spread() -> None:
    text = '{ category(id: "x") { ...A parent { ...A } } } fragment A on Category { a: id b: id c: id d: id }'

    assert errors_of(text) == []
    assert errors_of(text.replace("...A parent", "...A ...A parent").replace("d: id", "d: id e: id f: id")) == [
        ("TOO_COMPLEX", "The query has 18 aliases; 15 are allowed.")
    ]


def test_fifty_directives_and_no_more() -> None:
    def directives(count: int) -> str:
        fields = ["id @include(if: true)"] * 30 + ["name @include(if: true)"] * (count - 30)
        return "{ me { account { " + " ".join(fields) + " } } }"

    assert errors_of(directives(50)) == []
    assert errors_of(directives(51)) == [("TOO_COMPLEX", "The query has 51 directives; 50 are allowed.")]


def test_250_values_in_a_list_and_no_more() -> None:
    assert errors_of("{ " + nodes("a", 250) + " }") == []
    assert errors_of("{ " + nodes("a", 251) + " }") == [("TOO_COMPLEX", "A list has 251 values; 250 are allowed.")]


def test_250_values_in_a_variable_and_no_more() -> None:
    check_variables({"ids": ["x"] * 250, "where": {"title": {"in": ["x"] * 250}}})

    with pytest.raises(TooComplex, match="A list has 251 values; 250 are allowed."):
        check_variables({"where": {"title": {"in": ["x"] * 251}}})


def test_twenty_values_in_one_another_and_no_more() -> None:
    def where(levels: int) -> str:
        return (
            "{ products(where: "
            + "{ not: " * (levels - 1)
            + '{ title: "x" }'
            + " }" * (levels - 1)
            + ") { count { value } } }"
        )

    codes = {code for code, _ in errors_of(where(20))}
    assert "TOO_COMPLEX" not in codes
    assert errors_of(where(21)) == [("TOO_COMPLEX", "Values are nested more than 20 deep.")]


def test_variables_twenty_deep_and_no_more() -> None:
    def nested(levels: int) -> Any:
        return {} if levels == 1 else {"and": [nested(levels - 2)]} if levels > 2 else [0]

    check_variables(nested(19))
    with pytest.raises(TooComplex, match="The variables are nested more than 20 deep."):
        check_variables(nested(21))


def test_ten_thousand_values_in_variables_and_no_more() -> None:
    lists = [["x"] * 250 for _ in range(39)]  # with the lists themselves and the one name: 9,790

    check_variables({"lists": [*lists, ["x"] * 209]})
    with pytest.raises(TooComplex, match="The variables hold more than 10000 values."):
        check_variables({"lists": [*lists, ["x"] * 210]})


def test_one_field_forty_times_in_one_place_and_no_more() -> None:
    """What is merged is compared each with each: the square of what is sent."""

    def repeated(count: int) -> str:
        return "{ me { account { " + "id " * count + "} } }"

    assert errors_of(repeated(40)) == []
    assert errors_of(repeated(41)) == [("TOO_COMPLEX", "The query asks for id 41 times in one place; 40 are allowed.")]


def test_repeats_are_counted_across_fragments_and_levels() -> None:
    twice = '{ category(id: "x") { ' + "parent { parent { parent { id id id id id id } } } " * 2 + "...A } }"
    fragment = " fragment A on Category { parent { ... on Category { parent { parent { id %s } } } } }"

    assert errors_of(twice + fragment % ("id " * 27)) == []
    assert errors_of(twice + fragment % ("id " * 28)) == [
        ("TOO_COMPLEX", "The query asks for id 41 times in one place; 40 are allowed.")
    ]


def test_two_thousand_fields_and_no_more() -> None:
    """Fragments within fragments grow without aliases, too: here twice with each level, to 4 * 2^n - 3 fields."""

    def grown(levels: int) -> str:
        fragments = (
            f"fragment F{i} on C {{ id left {{ ...F{i + 1} }} right {{ ...F{i + 1} }} }}" for i in range(levels)
        )
        return " ".join(["{ ...F0 }", *fragments, f"fragment F{levels} on C {{ id }}"])

    assert size_errors(parse(grown(8))) == []
    [error] = size_errors(parse(grown(9)))
    assert error.message == "The query has more than 2000 fields, its fragments spread."


def test_a_document_of_64_kib_and_no_more() -> None:
    """Comments and blanks are no tokens, but reading them takes time all the same."""
    query = "{ me { account { id } } }"

    assert errors_of(query + " " * (2**16 - len(query))) == []
    assert errors_of(query + " " * (2**16 - len(query) + 1)) == [
        ("TOO_COMPLEX", "The document has 65537 characters; 65536 are allowed. Send values as variables.")
    ]


@pytest.mark.parametrize(
    "text",
    [
        '{ product(id: "a\\u0000b") { id } }',
        'query ($id: ID! = "\\u0000") { product(id: $id) { id } }',
        '{ me @include(if: true) { account { id } } products(where: {title: {in: ["\\u0000"]}}) { nodes { id } } }',
    ],
)
def test_text_with_a_nul_is_refused(text: str) -> None:
    assert errors_of(text)[0] == (
        "INVALID",
        "Text must not contain the character U+0000: PostgreSQL cannot keep it.",
    )


@pytest.mark.parametrize("variables", [{"a": "x\x00"}, {"a": {"b": ["\x00"]}}, {"a": [[{"b": "\x00"}]]}])
def test_a_variable_with_a_nul_is_refused(variables: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"U\+0000"):
        check_variables(variables)


def spreads(levels: int, inner: str) -> str:
    """Fragments that spread the next one twice each: 2 to the power of `levels` of them, written out."""
    doubled = (f"fragment F{i} on Query {{ ...F{i + 1} ...F{i + 1} }}" for i in range(levels))
    return " ".join(["{ ...F0 }", *doubled, f"fragment F{levels} on Query {{ {inner} }}"])


def test_sixty_levels_of_doubling_fragments_are_a_small_query() -> None:
    assert errors_of(spreads(60, "me { account { id } }")) == []


def test_aliases_in_sixty_levels_of_doubling_fragments_are_too_many() -> None:
    assert errors_of(spreads(60, "x: me { account { id } }")) == [
        ("TOO_COMPLEX", "The query has more than a million aliases; 15 are allowed.")
    ]


def test_directives_in_sixty_levels_of_doubling_fragments_are_too_many() -> None:
    assert errors_of(spreads(60, "me @include(if: true) { account { id } }")) == [
        ("TOO_COMPLEX", "The query has more than a million directives; 50 are allowed.")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        '{ category(id: "x") { ...A } } fragment A on Category { parent { ...A } }',
        "{ me { account { id } } } fragment A on Category { parent { ...A } }",
    ],
)
def test_fragments_that_spread_themselves_are_refused(text: str) -> None:
    assert errors_of(text) == [("GRAPHQL_VALIDATION_FAILED", "The fragment A spreads itself.")]


@pytest.mark.parametrize("levels", [50, 100, 200, 400])
@pytest.mark.parametrize(
    "shape",
    [
        ("{ category(id: 1) {", "parent {", "id", "}", "} }"),
        ("{ product(id: ", "[", "1", "]", ") { id } }"),
        ("{ products(where: ", "{ not: ", "{}", "}", ") { nodes { id } } }"),
        ("query ($a: ", "[", "Int", "]", ") { me { account { id } } }"),
        ("{ ", "... { ", "me { account { id } }", "}", "}"),
        ("{ ", "... @include(if: true) { ", "me { account { id } }", "}", "}"),
    ],
)
def test_deep_nests_of_any_kind_are_refused_or_run(shape: tuple[str, str, str, str, str], levels: int) -> None:
    start, opening, core, closing, end = shape
    found = errors_of(start + opening * levels + core + closing * levels + end)

    assert all(isinstance(message, str) for _, message in found)
    if "..." not in opening:
        assert found != []


@pytest.mark.parametrize("number", ["9" * 400, "9" * 5000, "-" + "9" * 5000, "1e999999", "9" * 5000 + ".5"])
def test_absurd_numbers_are_refused(number: str) -> None:
    [(code, _)] = errors_of(f"{{ products(first: {number}) {{ nodes {{ id }} }} }}")

    assert code == "GRAPHQL_VALIDATION_FAILED"


def test_the_introspection_that_tools_send_is_within_the_limits() -> None:
    text = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )
    assert errors_of(text) == []
    # as graphql-js writes it since version 16.9: nine wrappers of a type, and one-of inputs
    wrapped = "kind name ofType { " * 9 + "kind name" + " }" * 9
    newest = text[: text.index("fragment TypeRef")].replace("enumValues(", "isOneOf enumValues(")
    assert errors_of(f"{newest} fragment TypeRef on __Type {{ {wrapped} }}") == []


def test_introspection_has_a_depth_of_its_own() -> None:
    text = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"

    assert errors_of(text) == [("GRAPHQL_VALIDATION_FAILED", "Maximum introspection depth exceeded")]


def test_measuring_needs_no_valid_document() -> None:
    assert size_errors(parse("{ a { ...Missing } } fragment Unused on Nothing { b }")) == []


def test_what_is_too_large_names_its_place() -> None:
    [error] = size_errors(parse("query Q {\n  " + " ".join(f"a{i}: b" for i in range(16)) + " }"))

    assert isinstance(error, GraphQLError)
    assert error.formatted["locations"] == [{"line": 1, "column": 1}]
