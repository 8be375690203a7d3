"""The schema as clients know it: described, named by one rule, and never changed behind their backs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    build_schema,
    get_named_type,
    is_composite_type,
    is_introspection_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
    is_required_input_field,
    is_specified_scalar_type,
)
from graphql.utilities import find_breaking_changes
from strawberry.utils.str_converters import to_snake_case
from tortoise.indexes import Index

from stoa.graphql.keeping import parts_of
from stoa.graphql.mutations import Payload
from stoa.graphql.reading.declared import (
    ROOTS,
    TYPES,
    Column,
    Fetched,
    FetchedMany,
    FirstOf,
    Many,
    RootPage,
    ToOne,
    type_of_model,
)
from stoa.graphql.reading.rows import column_of, relation_across, relation_of
from stoa.graphql.schema import printed, schema

SCHEMA = schema()._schema
ROOT = Path(__file__).parent.parent.parent
OWN = [
    kind for kind in SCHEMA.type_map.values() if not is_introspection_type(kind) and not is_specified_scalar_type(kind)
]
# What one does to a thing: mutations are called by the thing first, so that they stand together in a list.
VERBS = {
    *(
        "Accept",
        "Add",
        "Adjust",
        "Cancel",
        "Change",
        "Close",
        "Create",
        "Deactivate",
        "Define",
        "Delete",
    ),
    *(
        "Duplicate",
        "End",
        "Extend",
        "Merge",
        "Open",
        "Place",
        "Publish",
        "Receive",
        "Record",
        "Refresh",
    ),
    *(
        "Release",
        "Remove",
        "Rename",
        "Reorder",
        "Replay",
        "Reserve",
        "Revoke",
        "Set",
        "Ship",
        "Stage",
        "Start",
    ),
    *(
        "Undo",
        "Unpublish",
        "Update",
    ),
    # what becomes of an order and its money; a charge-back is the bank's
    *("Back", "Capture", "Complete", "Confirm", "Fail", "Hold", "Reject", "Resume", "Settle", "Void"),
    # an order that was placed
    "Edit",
    # what becomes of a parcel
    *("Announce", "Deliver", "Lost", "Over", "Pack", "Returned", "Track"),
}

VERBS |= {"Pause", "Rotate", "Test"}  # of webhooks
VERBS |= {"Run"}  # of reports and bulk runs
VERBS |= {"Archive", "Read"}  # of notifications
VERBS |= {"Approve", "Decline", "Erase", "Inspect", "Reimburse", "Resend", "Return"}  # of customers and cases
VERBS |= {
    "Back",
    "Capture",
    "Complete",
    "Confirm",
    "Fail",
    "Hold",
    "Reject",
    "Resume",
    "Retry",
    "Settle",
    "Void",
}  # of orders


def fields_of(kind: GraphQLNamedType) -> dict[str, Any]:
    return kind.fields if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType) else {}


def described() -> Iterator[tuple[str, str | None]]:
    """Everything that can have a description, with its name."""
    for kind in OWN:
        yield kind.name, kind.description
        if isinstance(kind, GraphQLEnumType):
            yield from ((f"{kind.name}.{name}", each.description) for name, each in kind.values.items())
        for name, field in fields_of(kind).items():
            yield f"{kind.name}.{name}", field.description
            for argument_name, argument in getattr(field, "args", {}).items():
                yield f"{kind.name}.{name}({argument_name}:)", argument.description


def test_everything_is_described() -> None:
    assert [name for name, text in described() if not (text or "").strip()] == []


def test_descriptions_are_sentences() -> None:
    assert [name for name, text in described() if not re.search(r"[.?!:)]$", (text or ".").strip())] == []


def test_the_committed_schema_is_this_one() -> None:
    assert (ROOT / "schema.graphql").read_text() == printed(), "run `make schema`"


def test_nothing_that_was_released_is_broken() -> None:
    """`released.graphql` is the schema of the last release; only a release may write it anew."""
    released = build_schema((Path(__file__).parent / "released.graphql").read_text())

    assert [change.description for change in find_breaking_changes(released, build_schema(printed()))] == []


def mutations() -> dict[str, GraphQLField]:
    assert SCHEMA.mutation_type is not None
    return SCHEMA.mutation_type.fields


@pytest.mark.parametrize("name", sorted(mutations()))
def test_a_mutation_is_named_takes_and_gives_what_all_do(name: str) -> None:
    field = mutations()[name]
    words = re.findall(r"[A-Z]?[a-z0-9]+", name)
    assert words[-1] in VERBS
    assert words[0].capitalize() not in VERBS
    assert list(field.args) == ["input"]
    assert isinstance(field.args["input"].type, GraphQLNonNull)
    assert get_named_type(field.args["input"].type).name.endswith("Input")
    assert isinstance(field.type, GraphQLNonNull)
    payload = field.type.of_type
    assert isinstance(payload, GraphQLObjectType)
    assert payload.name.endswith("Payload")
    assert str(payload.fields["userErrors"].type) == "[UserError!]!"
    for other, each in payload.fields.items():
        if other != "userErrors" and is_composite_type(get_named_type(each.type)):
            assert not isinstance(each.type, GraphQLNonNull), (
                f"{payload.name}.{other}: there is none when it is refused"
            )


def test_an_answer_that_can_be_kept_is_made_of_ids_and_plain_parts() -> None:
    """A mutation with an idempotency key keeps the ids of rows, and of all else what keeping.py can write and read."""
    for name, field in mutations().items():
        kind = get_named_type(field.args["input"].type)
        assert isinstance(kind, GraphQLInputObjectType)
        if "idempotencyKey" in kind.fields:
            payload = get_named_type(field.type).extensions["strawberry-definition"].origin
            assert issubclass(payload, Payload)
            kept = {python_name for (owner, python_name), made in ROOTS.items() if owner == payload.__name__}
            shown = get_named_type(field.type)
            assert isinstance(shown, GraphQLObjectType)
            for other, each in shown.fields.items():
                kind_of = get_named_type(each.type)
                is_row = to_snake_case(other) in kept
                assert is_row or is_leaf_type(kind_of) or kind_of.name in parts_of(payload), f"{name}.{other}"
            assert all(isinstance(ROOTS[payload.__name__, each], Fetched | FetchedMany) for each in kept)


def connections() -> list[GraphQLObjectType]:
    return [each for each in OWN if each.name.endswith("Connection") and isinstance(each, GraphQLObjectType)]


@pytest.mark.parametrize("connection", connections(), ids=str)
def test_a_connection_has_relays_shape(connection: GraphQLObjectType) -> None:
    name = connection.name.removesuffix("Connection")

    assert {key: str(field.type) for key, field in connection.fields.items()} == {
        "nodes": f"[{name}!]!",
        "edges": f"[{name}Edge!]!",
        "pageInfo": "PageInfo!",
        "count": "Count!",
    }
    edge = SCHEMA.type_map[f"{name}Edge"]
    assert {key: str(field.type) for key, field in fields_of(edge).items()} == {"cursor": "String!", "node": f"{name}!"}
    assert [each.name for each in SCHEMA.type_map[name].interfaces] == ["Node"]  # type: ignore[attr-defined]


def paged() -> Iterator[tuple[str, GraphQLField]]:
    for kind in OWN:
        for name, field in fields_of(kind).items():
            if get_named_type(field.type).name.endswith("Connection"):
                yield f"{kind.name}.{name}", field


@pytest.mark.parametrize(("name", "field"), list(paged()), ids=str)
def test_every_list_pages_filters_and_orders_alike(name: str, field: GraphQLField) -> None:
    element = get_named_type(field.type).name.removesuffix("Connection")
    expected = {
        "first": "Int",
        "after": "String",
        "last": "Int",
        "before": "String",
        "where": f"{element}Where",
        "orderBy": f"[{element}Order!]",
    }
    if TYPES[element].search:
        expected["search"] = "String"

    assert isinstance(field.type, GraphQLNonNull)
    assert {key: str(argument.type) for key, argument in field.args.items()} == expected


def test_a_page_info_is_relays() -> None:
    assert {key: str(field.type) for key, field in fields_of(SCHEMA.type_map["PageInfo"]).items()} == {
        "hasNextPage": "Boolean!",
        "hasPreviousPage": "Boolean!",
        "startCursor": "String",
        "endCursor": "String",
    }


def test_node_is_relays() -> None:
    assert SCHEMA.query_type is not None
    node = SCHEMA.query_type.fields["node"]

    assert str(node.type) == "Node"
    assert {name: str(argument.type) for name, argument in node.args.items()} == {"id": "ID!"}
    assert {key: str(field.type) for key, field in fields_of(SCHEMA.type_map["Node"]).items()} == {"id": "ID!"}


def test_every_prefix_is_of_one_type() -> None:
    prefixes = [stored.prefix for stored in TYPES.values()]

    assert len(set(prefixes)) == len(prefixes)
    assert all(re.fullmatch(r"[a-z]{2,8}", prefix) for prefix in prefixes)


def test_errors_share_what_userErrors_promise() -> None:
    interface = SCHEMA.type_map["UserError"]
    assert isinstance(interface, GraphQLInterfaceType)
    concrete = SCHEMA.get_possible_types(interface)

    assert {key: str(field.type) for key, field in interface.fields.items()} == {
        "code": "String!",
        "message": "String!",
        "path": "[String!]!",
    }
    assert {each.name for each in concrete} >= {"InputError", "NotFoundError", "TakenError", "ConflictError"}
    assert all(each.name.endswith("Error") for each in concrete)


A_DOZEN_ROWS = ("ShippingMethod",)  # sorted faster than an index is opened, which would cost every shop 16 kB


def test_whatever_can_be_ordered_by_has_an_index_that_begins_with_it() -> None:
    """DESIGN 7: only indexed fields sort. So does what lists are ordered by when nobody says otherwise."""
    missing = []
    for stored in TYPES.values():
        if stored.name in A_DOZEN_ROWS:
            continue
        leading = [*_leading_columns(stored.model), "id"]
        for name, declared in stored.fields.items():
            if isinstance(declared, Column) and declared.sort:
                if column_of(stored.model, declared.of or name) not in leading:
                    missing.append(f"{stored.name}.{name}")
        if stored.order and column_of(stored.model, stored.order[0].lstrip("-")) not in leading:
            missing.append(f"{stored.name} by {stored.order}")
    for (owner, name), declared in ROOTS.items():
        if isinstance(declared, RootPage) and declared.order:
            [field] = [each for full_name, each in paged() if full_name == f"Query.{_camel(name)}"]
            stored = TYPES[get_named_type(field.type).name.removesuffix("Connection")]
            if stored.name in A_DOZEN_ROWS:
                continue
            if column_of(stored.model, declared.order[0].lstrip("-")) not in [*_leading_columns(stored.model), "id"]:
                missing.append(f"{owner}.{name} by {declared.order}")
    assert missing == []


def test_whatever_is_listed_under_something_has_an_index_that_begins_with_it() -> None:
    missing = []
    for stored in TYPES.values():
        for name, declared in stored.fields.items():
            if isinstance(declared, Many | FirstOf):
                across = declared.across if isinstance(declared, Many) else None
                relation = relation_across(*across) if across else relation_of(stored.model, declared.by or name)
                if relation.far not in _leading_columns(relation.model):
                    missing.append(f"{stored.name}.{name}: {relation.table}.{relation.far}")
    assert missing == []


def test_a_type_that_can_be_searched_has_a_trigram_index() -> None:
    migrations = "".join(path.read_text() for path in (ROOT / "migrations" / "shop").glob("*.py"))

    for stored in TYPES.values():
        if stored.search:
            column, table = column_of(stored.model, stored.search), stored.model._meta.db_table
            assert re.search(rf"ON {table} USING gin \({column} extensions\.gin_trgm_ops\)", migrations), stored.name


def _leading_columns(model: Any) -> set[str]:
    meta = model._meta
    columns = {column_of(model, index.fields[0]) for index in meta.indexes if isinstance(index, Index)}
    columns |= {
        column_of(model, name)
        for name, field in meta.fields_map.items()
        if getattr(field, "unique", False) and name in meta.fields_db_projection
    }
    columns |= {column_of(model, _column_name(meta, group[0])) for group in meta.unique_together}
    return columns | {meta.db_pk_column}


def _column_name(meta: Any, name: str) -> str:
    return name if name in meta.fields_db_projection else f"{name}_id"


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.capitalize() for each in others)


def test_related_types_are_shown_by_one_type_each() -> None:
    for stored in TYPES.values():
        assert stored.only != "TRUE" or type_of_model(stored.model) is stored
        for name, declared in stored.fields.items():
            if isinstance(declared, ToOne):
                relation_of(stored.model, declared.by or name)


def test_scalars_are_few_and_say_how_they_are_written() -> None:
    scalars = [each for each in OWN if isinstance(each, GraphQLScalarType)]

    assert {each.name for each in scalars} == {"BigInt", "Date", "DateTime", "Point"}
    assert all(is_leaf_type(each) for each in scalars)


def test_what_is_optional_may_be_left_out() -> None:
    """An argument or input field that is neither nullable nor has a default cannot be added later."""
    assert not is_required_argument(GraphQLArgument(GraphQLNonNull(SCHEMA.type_map["BigInt"]), default_value=1))  # type: ignore[arg-type]
    for kind in OWN:
        if isinstance(kind, GraphQLInputObjectType) and kind.name.endswith(("Where", "Filter")):
            assert [name for name, each in kind.fields.items() if is_required_input_field(each)] == []


def test_lists_never_hold_null_unless_something_may_be_missing() -> None:
    loose = [
        f"{kind.name}.{name}"
        for kind in OWN
        for name, field in fields_of(kind).items()
        for inner in [field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type]
        if is_list_type(inner) and not isinstance(inner.of_type, GraphQLNonNull)
    ]
    # a bulk mutation has one item a line, and none where it was refused
    bulk = {"StockLevelsPayload.stockLevels", "OrdersPayload.orders", "OrderRulesPayload.rules"}
    assert set(loose) == {"Query.nodes", *bulk}
