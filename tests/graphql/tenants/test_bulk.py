"""Bulk runs as the API has them: asked for, done by workers, followed, fetched, cancelled; and whose they are."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from graphql import get_named_type

from stoa.domains.catalog.models import Product, ProductStatus
from stoa.graphql.bulk.checking import NOT_IN_BULK, check_query
from stoa.graphql.documents import trust
from stoa.graphql.executing import Request
from stoa.graphql.mutations import NEEDS
from stoa.graphql.schema import schema
from stoa.kit import clock
from stoa.kit.ids import parse_type_id, type_id
from stoa.tenants import access
from stoa.tenants.access import Scope
from stoa.tenants.bulk import sweep_runs
from stoa.tenants.bulk.models import BulkKind, BulkRun, BulkState
from stoa.tenants.context import Actor, open_shop
from stoa.tenants.database import platform_transaction, shop_client
from stoa.tenants.models import Job, Membership
from tests import make
from tests.graphql.asking import Ask
from tests.graphql.tenants.bulk_runs import (
    CANCEL,
    LINK,
    MUTATION,
    QUERY,
    TITLE,
    ask_for,
    ask_to_do,
    ended,
    lines_of,
    look,
    read,
    uploaded,
)

SCHEMA = schema()._schema
assert SCHEMA.query_type is not None
LISTS = sorted(
    name for name, field in SCHEMA.query_type.fields.items() if get_named_type(field.type).name.endswith("Connection")
)
TITLES = "{ products { nodes { id title } } }"


# -- queries


async def test_a_query_becomes_lines_with_the_lists_inside_behind_what_they_belong_to(ask: Ask) -> None:
    amphora = await make.product(ask.ctx, title="Amphora", variants=({"sku": "A1"}, {"sku": "A2"}))
    bowl = await make.product(ask.ctx, title="Bowl", variants=({"sku": "B1"},), images=("https://img.test/bowl",))
    a, b = type_id("prod", amphora.id), type_id("prod", bowl.id)

    lines = await read(
        ask, "{ products { nodes { title variants { nodes { sku } } images { edges { node { url } } } } } }"
    )

    assert lines == [
        {"id": a, "title": "Amphora"},
        {"sku": "A1", "__parentId": a, "__field": "variants"},
        {"sku": "A2", "__parentId": a, "__field": "variants"},
        {"id": b, "title": "Bowl"},
        {"sku": "B1", "__parentId": b, "__field": "variants"},
        {"url": "https://img.test/bowl", "__parentId": b, "__field": "images"},
    ]


async def test_lines_come_in_the_order_of_ids_and_are_what_pages_show(ask: Ask) -> None:
    for number in range(230):
        await make.product(ask.ctx, title=f"Cup {999 - number}")
    fields = "id title status createdAt category { name } variants { nodes { id price { amount } } }"

    paged: list[dict[str, Any]] = []
    after = None
    while True:
        page = (
            await ask.data(
                f"query ($after: String) {{ products(first: 40, after: $after) {{ nodes {{ {fields} }} "
                "pageInfo { hasNextPage endCursor } } }",
                after=after,
            )
        )["products"]
        paged += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    lines = await read(ask, f"{{ products {{ nodes {{ {fields} }} }} }}")

    expected = []
    for product in sorted(paged, key=lambda each: each["id"]):
        variants = product.pop("variants")["nodes"]
        expected.append(product)
        expected += [{**each, "__parentId": product["id"], "__field": "variants"} for each in variants]
    assert lines == expected
    assert len(lines) == 460


async def test_lists_inside_are_read_to_their_end_however_long(ask: Ask) -> None:
    long = await make.product(ask.ctx, variants=tuple({"sku": f"L{number:03}"} for number in range(100)))
    short = await make.product(ask.ctx, variants=({"sku": "S"},))
    with open_shop(ask.ctx.shop):
        for number in range(100, 205):
            await make.variant(ask.ctx, long, sku=f"L{number:03}", position=number)

    lines = await read(ask, "{ products { nodes { id variants { nodes { sku product { title } } } } } }")

    assert [line["__parentId"] for line in lines if "sku" in line] == [type_id("prod", long.id)] * 205 + [
        type_id("prod", short.id)
    ]
    assert [line["sku"] for line in lines if "sku" in line] == [f"L{number:03}" for number in range(205)] + ["S"]


async def test_lists_stand_in_lists_and_below_other_things(ask: Ask) -> None:
    shelf = await make.category(ask.ctx, "Cups")
    cup = await make.product(
        ask.ctx, title="Cup", category=shelf, variants=({"sku": "C"},), images=("https://img.test/cup",)
    )
    bare = await make.product(ask.ctx, title="Bare", variants=())
    cup_id, bare_id = type_id("prod", cup.id), type_id("prod", bare.id)

    lines = await read(
        ask,
        "{ products { nodes { title shelf: category { all: products { nodes { variants { nodes { id sku } } } } } } } }",
    )
    below = await read(ask, "{ variants { nodes { sku product { id pictures: images { nodes { url } } } } } }")

    variant_id = below[0]["id"]
    assert lines == [
        {"id": cup_id, "title": "Cup"},
        {"id": cup_id, "__parentId": cup_id, "__field": "shelf.all"},
        {"id": variant_id, "sku": "C", "__parentId": cup_id, "__field": "variants"},
        {"id": bare_id, "title": "Bare", "shelf": None},
    ]
    assert below == [
        {"id": variant_id, "sku": "C", "product": {"id": cup_id}},
        {"url": "https://img.test/cup", "__parentId": variant_id, "__field": "product.pictures"},
    ]


async def test_fragments_variables_and_conditions_are_as_ever(ask: Ask) -> None:
    await make.product(ask.ctx, title="Amphora", status=ProductStatus.DRAFT)
    await make.product(ask.ctx, title="Bowl", status=ProductStatus.ACTIVE)

    lines = await read(
        ask,
        "query All($where: ProductWhere, $with: Boolean!) { found: products(where: $where) { ...F __typename } } "
        "fragment F on ProductConnection { nodes { __typename name: title "
        "... on Node { id @skip(if: $with) } ... @include(if: $with) { status } } }",
        where={"status": {"eq": "ACTIVE"}},
        **{"with": True},
    )

    assert lines == [{"__typename": "Product", "name": "Bowl", "status": "ACTIVE"}]


@pytest.mark.parametrize("name", LISTS)
async def test_every_list_of_the_schema_can_be_read(ask: Ask, name: str) -> None:
    payload = (await ask.data(QUERY, of=f"{{ {name} {{ nodes {{ id }} }} }}"))["bulkQueryRun"]

    assert payload["userErrors"] == []


async def test_an_empty_list_gives_an_empty_file(ask: Ask) -> None:
    [run] = await ended(ask, await ask_for(ask, "{ orders { nodes { number } } }"))

    assert (run["state"], run["size"], run["objectCount"], run["objectTotal"], run["percent"]) == ("DONE", 0, 0, 0, 100)
    assert await lines_of(ask, run["id"]) == []
    assert (await ask.data(LINK, id=run["id"]))["bulkRunLink"]["url"]


async def test_what_changes_meanwhile_comes_at_most_once(ask: Ask) -> None:
    """Whatever is edited, made or deleted between two pages."""
    for number in range(150):
        await make.product(ask.ctx, title=f"Cup {number}")
    id = await ask_for(ask, TITLES)
    async with asyncio.timeout(60):
        ending = asyncio.create_task(ended(ask, id))
        while not ending.done():
            with open_shop(ask.ctx.shop):
                await Product.filter(title__startswith="Cup").limit(20).update(updated_at=clock.now())
            await make.product(ask.ctx, title="New")
        [run] = await ending

    lines = await lines_of(ask, run["id"])
    assert len({line["id"] for line in lines}) == len(lines)
    assert len([line for line in lines if line["title"].startswith("Cup")]) == 150


REFUSED = [
    ("{ products { nodes { id }", "INVALID_DOCUMENT", "Syntax Error"),
    ("{ products { nodes { nonsense } } }", "INVALID_DOCUMENT", "nonsense"),
    ("mutation { jobCancel(input: {id: 1}) { userErrors { code } } }", "NOT_FOR_BULK", "not a mutation"),
    ("subscription { jobChanged { id } }", "NOT_FOR_BULK", "not a subscription"),
    ("{ shop { name } }", "NOT_FOR_BULK", "one list at its root"),
    ("{ products { nodes { id } } orders { nodes { id } } }", "NOT_FOR_BULK", "this one: products, orders"),
    ("{ a: products { nodes { id } } b: products { nodes { id } } }", "NOT_FOR_BULK", "one list"),
    ("{ products(first: 10) { nodes { id } } }", "NOT_FOR_BULK", "leave out first of products"),
    ("{ products { nodes { variants(last: 1) { nodes { id } } } } }", "NOT_FOR_BULK", "leave out last of variants"),
    ("{ products { nodes { id } count { value } } }", "NOT_FOR_BULK", "leave out count of products"),
    ("{ products { pageInfo { endCursor } } }", "NOT_FOR_BULK", "leave out pageInfo"),
    ("{ products { edges { cursor } } }", "NOT_FOR_BULK", "ask the edges of products for node"),
    ("{ products { nodes { id } edges { node { id } } } }", "NOT_FOR_BULK", "for nodes or for edges, once"),
    ("{ products(orderBy: {field: TITLE}) { nodes { id } } }", "NOT_FOR_BULK", "leave out orderBy of products"),
    ("{ products { nodes { id: title variants { nodes { sku } } } } }", "NOT_FOR_BULK", "title is called id"),
    (
        "{ categories { nodes { products { nodes { variants { nodes { product { images { nodes { id } } } } } } } } } }",
        "NOT_FOR_BULK",
        "3 deep at the most; images is deeper",
    ),
    (
        "{ products { nodes { a: images { nodes { id } } b: images { nodes { id } } c: images { nodes { id } } "
        "d: images { nodes { id } } e: images { nodes { id } } } } }",
        "NOT_FOR_BULK",
        "5 lists at the most",
    ),
    ("query A { products { nodes { id } } } query B { products { nodes { id } } }", "INVALID", "operationName"),
    ("query ($bulkAfter: String) { products(search: $bulkAfter) { nodes { id } } }", "NOT_FOR_BULK", "is taken"),
    ('{ products(where: {id: {eq: "nonsense"}}) { nodes { id } } }', "INVALID", "nonsense"),
]


@pytest.mark.parametrize(("query", "code", "message"), REFUSED)
async def test_what_cannot_be_read_in_bulk_is_refused_when_it_is_asked(
    ask: Ask, query: str, code: str, message: str
) -> None:
    payload = (await ask.data(QUERY, of=query))["bulkQueryRun"]

    [error] = payload["userErrors"]
    assert error["code"] == code
    assert message in error["message"]
    assert error["path"][:2] == ["input", "query"]
    assert payload["bulkRun"] is None
    assert await BulkRun.filter(shop_schema=ask.ctx.shop.schema).count() == 0


async def test_variables_that_do_not_fit_are_refused(ask: Ask) -> None:
    query = "query ($where: ProductWhere!) { products(where: $where) { nodes { id } } }"
    for given, code in (
        (None, "INVALID"),
        ("{", "INVALID"),
        ("[]", "INVALID"),
        ('{"where": {"nonsense": 1}}', "INVALID"),
    ):
        payload = (await ask.data(QUERY, of=query, **{"with": given}))["bulkQueryRun"]
        [error] = payload["userErrors"]
        assert error["code"] == code
        assert "variables" in error["path"]


async def test_what_is_wide_or_deep_comes_in_smaller_pages(ask: Ask) -> None:
    wide = " ".join(f"f{number}: product {{ title }}" for number in range(15))
    for fields, sizes in (
        ("id", (100,)),
        ("variants { nodes { id } }", (100, 100)),
        ("variants { nodes { product { variants { nodes { id } } } } }", (50, 25, 10)),
        (f"variants {{ nodes {{ {wide} }} }}", (20, 20)),
    ):
        with open_shop(ask.ctx.shop):
            wanted = (await check_query(ask.ctx, f"{{ products {{ nodes {{ {fields} }} }} }}", {})).form.root
        found = [wanted.size]
        while wanted.inside:
            [wanted] = wanted.inside
            found.append(wanted.size)
        assert tuple(found) == sizes, fields


# -- rights


async def test_a_query_takes_the_rights_that_it_takes_elsewhere(ask: Ask) -> None:
    costs = "{ products { nodes { variants { nodes { cost { amount } } } } } }"
    for clerk, query, scope in (
        (ask.without(Scope.ORDERS_READ), "{ orders { nodes { id } } }", Scope.ORDERS_READ),
        (ask.without(Scope.CATALOG_COST), costs, Scope.CATALOG_COST),
    ):
        error = await clerk.error(QUERY, of=query)
        assert (error["code"], error["params"]["scope"]) == ("PERMISSION_DENIED", scope)
    assert await BulkRun.filter(shop_schema=ask.ctx.shop.schema).count() == 0


async def test_a_run_has_no_rights_that_its_asker_did_not_have(ask: Ask) -> None:
    """They are an owner; what they asked with a token of fewer scopes does not get more."""
    id = await ask_for(ask, TITLES)
    run = await BulkRun.get(id=parse_type_id(id, "bulk"))
    await BulkRun.filter(id=run.id).update(scopes=[Scope.SHOP_READ])

    [seen] = await ended(ask, id)

    assert (seen["state"], seen["failure"]) == ("FAILED", "Product needs the scope catalog:read.")


async def test_who_has_lost_a_right_or_left_meanwhile_gets_nothing_more(ask: Ask) -> None:
    await make.product(ask.ctx)
    costs = "{ products { nodes { variants { nodes { cost { amount } } } } } }"
    first, second = await ask_for(ask, costs), await ask_for(ask, TITLES)
    await Membership.filter(shop_id=ask.ctx.shop.id).update(role="STAFF")
    [run] = await ended(ask, first)

    assert (run["state"], run["isPartial"], run["size"], run["job"]["state"]) == ("FAILED", True, 0, "DEAD")
    assert run["failure"] == "Variant.cost needs the scope catalog:cost."

    await BulkRun.filter(id=parse_type_id(second, "bulk")).update(state="QUEUED")
    third = await ask_for(ask, TITLES)
    await Membership.filter(shop_id=ask.ctx.shop.id).delete()
    [run] = await ended(ask, third)
    assert (run["state"], run["failure"]) == ("FAILED", f"{ask.ctx.actor.name} may not work in this shop any more.")


async def test_a_token_that_was_revoked_ends_its_runs(ask: Ask) -> None:
    made = await access.create_token(ask.ctx, name="till", scopes=[Scope.SHOP_READ, Scope.CATALOG_READ])
    scopes = frozenset({Scope.SHOP_READ, Scope.CATALOG_READ})
    till = replace(ask, ctx=replace(ask.ctx, actor=Actor("token", made.token.id, "till"), scopes=scopes))
    [run] = await ended(ask, await ask_for(till, TITLES))
    assert run["state"] == "DONE"

    id = await ask_for(till, TITLES)
    await access.revoke_token(ask.ctx, made.token.id)
    [run] = await ended(ask, id)
    assert (run["state"], run["failure"]) == ("FAILED", "till may not work in this shop any more.")


async def test_who_may_run_registered_documents_alone_runs_no_others_in_bulk(ask: Ask) -> None:
    made = await access.create_token(
        ask.ctx, name="kiosk", scopes=[Scope.SHOP_READ, Scope.CATALOG_READ], trusted_documents_only=True
    )
    kiosk = replace(ask, ctx=replace(ask.ctx, actor=Actor("token", made.token.id, "kiosk")))

    error = await kiosk.error(QUERY, of=TITLES)
    assert error["code"] == "DOCUMENT_NOT_TRUSTED"
    await trust(ask.ctx, TITLES.replace("title", "status"))
    await ask_for(kiosk, TITLES.replace("title", "status"))


async def test_a_file_is_for_those_who_may_read_what_is_in_it(ask: Ask, ask_other: Ask) -> None:
    await make.product(ask.ctx)
    [run] = await ended(ask, await ask_for(ask, TITLES))

    error = await ask.without(Scope.CATALOG_READ).error(LINK, id=run["id"])
    assert (error["code"], error["params"]["scope"]) == ("PERMISSION_DENIED", Scope.CATALOG_READ)
    error = await ask_other.error(LINK, id=run["id"])
    assert error["code"] == "BULK_RUN_NOT_FOUND"
    assert (await ask_other.data("query ($id: ID!) { bulkRun(id: $id) { id } }", id=run["id"])) == {"bulkRun": None}
    link = (await ask.data(LINK, id=run["id"]))["bulkRunLink"]
    assert link["url"].startswith(f"{ask.settings.public_url}/downloads/{ask.ctx.shop.id}/{run['id']}?expires=")


# -- how runs get on


async def test_a_run_that_has_not_ended_has_no_address(ask: Ask) -> None:
    id = await ask_for(ask, TITLES)

    assert (await ask.error(LINK, id=id))["code"] == "BULK_RUN_NOT_READY"
    run = await look(ask, id)
    assert (run["state"], run["percent"], run["objectTotal"], run["size"]) == ("QUEUED", 0, None, None)


async def test_the_same_key_asks_once(ask: Ask) -> None:
    first, second = [(await ask.data(QUERY, of=TITLES, key="nightly"))["bulkQueryRun"] for _ in range(2)]

    assert first["bulkRun"]["id"] == second["bulkRun"]["id"]
    assert await BulkRun.filter(shop_schema=ask.ctx.shop.schema).count() == 1


async def test_fifty_may_wait_and_no_more(ask: Ask) -> None:
    for _ in range(50):
        await BulkRun.create(
            shop_schema=ask.ctx.shop.schema, kind=BulkKind.QUERY, document=TITLES, asker={}, scopes=[], needs=[]
        )

    [error] = (await ask.data(QUERY, of=TITLES))["bulkQueryRun"]["userErrors"]

    assert error["code"] == "TOO_MANY_BULK_RUNS"
    assert error["message"] == "50 bulk runs of this shop wait or are at work; wait for the end of one."
    assert await Job.filter(shop_schema=ask.ctx.shop.schema, kind="bulk").count() == 0


async def test_a_run_is_followed_to_its_end(ask: Ask) -> None:
    await make.product(ask.ctx)
    id = await ask_for(ask, TITLES)
    heard = []

    async def follow() -> None:
        with open_shop(ask.ctx.shop):
            query = f'subscription {{ bulkRunProgress(id: "{id}") {{ state percent lineCount }} }}'
            async for answer in ask.executor.stream(Request(query, {}), ask.context()):
                heard.append(answer.body["data"]["bulkRunProgress"])

    async with asyncio.timeout(60):
        following = asyncio.create_task(follow())
        while not heard:
            await asyncio.sleep(0.01)
        await ended(ask, id)
        await following

    assert heard[0] == {"state": "QUEUED", "percent": 0, "lineCount": 0}
    assert heard[-1] == {"state": "DONE", "percent": 100, "lineCount": 1}


async def test_runs_are_listed_newest_first_by_one_statement_and_found_by_their_state(ask: Ask, ask_other: Ask) -> None:
    first, second = await ask_for(ask, TITLES), await ask_for(ask, TITLES)
    await ask_for(ask_other, TITLES)

    listed = await ask.data("{ bulkRuns { nodes { id document job { state } } } }")
    assert ask.statements == 1
    assert [each["id"] for each in listed["bulkRuns"]["nodes"]] == [second, first]
    assert listed["bulkRuns"]["nodes"][0]["document"] == TITLES
    none = await ask.data("{ bulkRuns(where: {state: {eq: DONE}}) { nodes { id } } }")
    assert none == {"bulkRuns": {"nodes": []}}


# -- cancelling


async def test_a_waiting_run_is_cancelled_and_twice_changes_nothing(ask: Ask) -> None:
    await make.product(ask.ctx)
    id = await ask_for(ask, TITLES)

    for _ in range(2):
        payload = (await ask.data(CANCEL, id=id))["bulkRunCancel"]
        assert payload == {"bulkRun": {"id": id, "state": "CANCELLED"}, "userErrors": []}
    [run] = await ended(ask, id)

    assert (run["state"], run["isPartial"], run["size"], run["failure"]) == ("CANCELLED", True, 0, None)
    assert run["job"]["state"] == "CANCELLED"


async def test_a_run_whose_job_is_cancelled_is_cancelled(ask: Ask) -> None:
    id = await ask_for(ask, TITLES)
    job_id = (await ask.data("query ($id: ID!) { bulkRun(id: $id) { job { id } } }", id=id))["bulkRun"]["job"]["id"]
    await ask.data("mutation ($id: ID!) { jobCancel(input: {id: $id}) { userErrors { code } } }", id=job_id)

    [run] = await ended(ask, id)

    assert (run["state"], run["isPartial"], run["failure"]) == ("CANCELLED", True, None)


async def test_what_is_over_is_not_cancelled(ask: Ask) -> None:
    [run] = await ended(ask, await ask_for(ask, TITLES))

    [error] = (await ask.data(CANCEL, id=run["id"]))["bulkRunCancel"]["userErrors"]

    assert (error["code"], error["path"]) == ("BULK_RUN_OVER", ["input", "id"])
    assert (await look(ask, run["id"]))["state"] == "DONE"


async def test_others_runs_are_cancelled_by_those_who_may_change_the_shop(ask: Ask, ask_other: Ask) -> None:
    id = await ask_for(ask, TITLES)
    colleague = await make.member(ask.ctx.shop)
    clerk = replace(ask, ctx=replace(ask.ctx, actor=Actor("account", colleague.id, colleague.name)))

    error = await clerk.without(Scope.SHOP_WRITE).error(CANCEL, id=id)
    assert (error["code"], error["params"]["scope"]) == ("PERMISSION_DENIED", Scope.SHOP_WRITE)
    [refused] = (await ask_other.data(CANCEL, id=id))["bulkRunCancel"]["userErrors"]
    assert refused["code"] == "BULK_RUN_NOT_FOUND"
    assert (await look(ask, id))["state"] == "QUEUED"
    assert (await clerk.data(CANCEL, id=id))["bulkRunCancel"]["bulkRun"]["state"] == "CANCELLED"


# -- mutations


async def test_a_mutation_is_done_for_every_line_and_bad_lines_are_told(ask: Ask) -> None:
    products = [await make.product(ask.ctx, title=f"Cup {number}") for number in range(3)]
    ids = [type_id("prod", each.id) for each in products]
    gone = type_id("prod", products[0].id)[:-1] + ("0" if ids[0][-1] != "0" else "1")
    text = b"\xef\xbb\xbf" + b"\n".join(
        [
            b'{"input": {"id": "%s", "title": "Amphora"}}' % ids[0].encode(),
            b"not json",
            b'{"input": {"id": "%s", "title": "\xff\xfe"}}' % ids[1].encode(),
            b'["an", "array"]',
            b'{"input": {"id": "%s", "title": 7}}' % ids[1].encode(),
            b"",
            b'{"input": {"id": "%s", "title": "%s"}}' % (ids[1].encode(), b"x" * 2**20),
            b'{"input": {"id": "%s", "title": "Nowhere"}}\r' % gone.encode(),
            b'{"input": {"id": "%s", "title": "Bowl"}}' % ids[2].encode(),
        ]
    )

    id = await ask_to_do(ask, TITLE, text)
    [run] = await ended(ask, id)
    lines = await lines_of(ask, id)

    assert (run["state"], run["objectCount"], run["objectTotal"], run["failedCount"]) == ("DONE", 8, 8, 6)
    assert [line["line"] for line in lines] == [1, 2, 3, 4, 5, 7, 8, 9]
    by_number = {line["line"]: line for line in lines}
    assert by_number[1]["data"] == {"productUpdate": {"product": {"id": ids[0], "title": "Amphora"}, "userErrors": []}}
    assert by_number[9]["data"]["productUpdate"]["product"]["title"] == "Bowl"
    assert by_number[8]["data"]["productUpdate"] == {
        "product": None,
        "userErrors": [{"code": "PRODUCT_NOT_FOUND", "path": ["input", "id"]}],
    }
    told = {number: by_number[number]["errors"][0] for number in (2, 3, 4, 5, 7)}
    assert {each["extensions"]["code"] for each in told.values()} == {"INVALID", "BAD_USER_INPUT"}
    assert told[2]["message"].startswith("The line is not JSON: ")
    assert told[3]["message"] == "The line is not text in UTF-8."
    assert told[4]["message"] == "The line must be an object: the mutation's variables."
    assert "String cannot represent" in told[5]["message"]
    assert told[7]["message"] == "The line is longer than 1,048,576 bytes."
    with open_shop(ask.ctx.shop):
        titles = [each.title for each in await Product.all().order_by("id")]
    assert titles == ["Amphora", "Cup 1", "Bowl"]
    assert await answers_kept(ask) == 0


async def answers_kept(ask: Ask) -> int:
    with open_shop(ask.ctx.shop):
        rows = await shop_client().execute_query_dict("SELECT count(*) AS number FROM platform.bulk_line")
    return int(rows[0]["number"])


async def test_a_mutation_is_done_as_whoever_asked(ask: Ask) -> None:
    product = await make.product(ask.ctx)
    id = await ask_to_do(ask, TITLE, [{"input": {"id": type_id("prod", product.id), "title": "Amphora"}}])
    await ended(ask, id)

    history = await ask.data(
        "query ($id: ID!) { product(id: $id) { history { nodes { name actorName } } } }", id=type_id("prod", product.id)
    )
    assert history["product"]["history"]["nodes"][0] == {"name": "ProductEdited", "actorName": ask.ctx.actor.name}


NOT_LINES = [
    (b"a,b\n1,2\n", "application/jsonl", "NOT_JSON_LINES"),
    (b'[{"input": {}}]', "application/jsonl", "NOT_JSON_LINES"),
    (b" \n\n \n", "application/jsonl", "NOT_JSON_LINES"),
    ('{"input": {}}\n'.encode("utf-16"), "application/jsonl", "NOT_JSON_LINES"),
    (b"\x1f\x8b\x08\x00rest", "application/jsonl", "NOT_JSON_LINES"),
    (b'{"input": {}}\n', "text/csv", "UPLOAD_UNFIT"),
]


@pytest.mark.parametrize(("text", "content_type", "code"), NOT_LINES)
async def test_a_file_that_is_none_of_lines_is_refused_as_a_whole(
    ask: Ask, text: bytes, content_type: str, code: str
) -> None:
    upload = await uploaded(ask.ctx, text, content_type)

    payload = (await ask.data(MUTATION, of=TITLE, upload=upload))["bulkMutationRun"]

    assert [error["code"] for error in payload["userErrors"]] == [code]
    assert await BulkRun.filter(shop_schema=ask.ctx.shop.schema).count() == 0


def test_what_is_not_done_in_bulk_exists_and_has_all_that_answers_secrets() -> None:
    """The answers are lines of a file, which lies about for a week."""
    assert SCHEMA.mutation_type is not None
    fields = SCHEMA.mutation_type.fields
    of_shops = {name for name, field in fields.items() if field.extensions[NEEDS] is not None}
    answers = {name: set(getattr(get_named_type(fields[name].type), "fields", ())) for name in of_shops}
    secret = {name for name, keys in answers.items() if any(re.search("secret|token", each, re.I) for each in keys)}

    assert NOT_IN_BULK <= of_shops
    assert {"apiTokenCreate", "webhookCreate", "webhookSecretRotate"} <= secret <= NOT_IN_BULK


@pytest.mark.parametrize(
    ("mutation", "code", "message"),
    [
        ("{ products { nodes { id } } }", "NOT_FOR_BULK", "not a query"),
        ("mutation ($input: SessionStartInput!) { sessionStart(input: $input) { csrfToken } }", "NOT_FOR_BULK", "sess"),
        ("mutation ($input: ApiTokenCreateInput!) { apiTokenCreate(input: $input) { secret } }", "NOT_FOR_BULK", "api"),
        (
            "mutation ($input: ReportRunInput!) { reportRun(input: $input) { report { id } } }",
            "NOT_FOR_BULK",
            "reportRun",
        ),
        ("mutation ($input: UploadStageInput!) { uploadStage(input: $input) { url } }", "NOT_FOR_BULK", "uploadStage"),
        (
            "mutation ($input: BulkQueryRunInput!) { bulkQueryRun(input: $input) { userErrors { code } } }",
            "NOT_FOR_BULK",
            "bulkQueryRun is not done in bulk.",
        ),
        (
            "mutation ($a: ProductDeleteInput!) { a: productDelete(input: $a) { userErrors { code } } "
            "b: productDelete(input: $a) { userErrors { code } } }",
            "NOT_FOR_BULK",
            "one thing for each line",
        ),
        ("mutation ($input: ProductUpdateInput!) { productUpdate(input: $input) { n } }", "INVALID_DOCUMENT", "'n'"),
    ],
)
async def test_what_is_not_done_in_bulk_is_refused_by_name(ask: Ask, mutation: str, code: str, message: str) -> None:
    upload = await uploaded(ask.ctx, [{"input": {}}])

    [error] = (await ask.data(MUTATION, of=mutation, upload=upload))["bulkMutationRun"]["userErrors"]

    assert error["code"] == code
    assert message in error["message"]
    assert error["path"] == ["input", "mutation"]


async def test_a_mutation_takes_the_rights_that_it_takes_elsewhere(ask: Ask) -> None:
    upload = await uploaded(ask.ctx, [{"input": {}}])
    for clerk, scope in (
        (ask.without(Scope.CATALOG_WRITE), Scope.CATALOG_WRITE),
        (ask.without(Scope.CATALOG_READ), Scope.CATALOG_READ),
    ):
        error = await clerk.error(MUTATION, of=TITLE, upload=upload)
        assert (error["code"], error["params"]["scope"]) == ("PERMISSION_DENIED", scope)


# -- forgetting


async def test_files_are_deleted_after_a_week_and_rows_long_after(ask: Ask) -> None:
    await make.product(ask.ctx)
    [run] = await ended(ask, await ask_for(ask, TITLES))
    kept = Path(ask.settings.files) / ask.ctx.shop.schema / "bulk"
    assert len(list(kept.iterdir())) == 1

    async def swept(after: timedelta) -> int:
        with clock.set_to(clock.now() + after):
            async with platform_transaction():
                return await sweep_runs()

    await swept(timedelta(days=6, hours=23))
    assert (await look(ask, run["id"]))["state"] == "DONE"
    with clock.set_to(clock.now() + timedelta(days=7, minutes=1)):
        assert (await ask.error(LINK, id=run["id"]))["code"] == "BULK_RUN_NOT_READY"
    assert await swept(timedelta(days=7, minutes=1)) >= 1

    assert list(kept.iterdir()) == []
    assert (await look(ask, run["id"]))["state"] == "EXPIRED"
    assert (await ask.error(LINK, id=run["id"]))["code"] == "BULK_RUN_NOT_READY"
    await swept(timedelta(days=98))
    assert await look(ask, run["id"]) is None


def test_states_of_the_row_are_those_of_the_api() -> None:
    assert set(SCHEMA.type_map["BulkRunState"].values) == set(BulkState)  # type: ignore[attr-defined]
