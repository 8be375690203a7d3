"""How PostgreSQL goes about every list of the catalog in a shop of 100,000 variants: by an index, no further than needed."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import build_schema, get_named_type, is_enum_type, is_non_null_type, is_object_type, is_scalar_type

from stoa.graphql.executing import Executor
from stoa.graphql.schema import printed
from stoa.kit.ids import type_id
from stoa.settings import Settings
from stoa.tenants.access.scopes import Scope
from stoa.tenants.connecting import owner_connection
from tests import make
from tests.graphql.asking import Ask, statements_sent
from tests.graphql.catalog.large_catalog import PRODUCTS, fill, row_id
from tests.graphql.reading.test_plans import explained

# Of these a shop has few, and reads them rightly from end to end.
FEW = {"category", "location", "attribute", "channel", "tag", "facet_count", "import_run", "export_run"}
# What a page of 20 may read: with a few rows more for each of its rows, and an index entry beside each.
A_PAGE = 300


def _where(condition: str, more: str = "") -> str:
    return f"{{ products(first: 20{more}, where: {{{condition}}}) {{ nodes {{ title }} }} }}"


def _of(kind: str, prefix: str, number: int) -> str:
    return f'"{type_id(prefix, row_id(kind, number))}"'


PRODUCT, VARIANT = _of("product", "prod", 77), _of("variant", "var", 231)
MAIN, SECOND, CHANNEL = _of("location", "loc", 0), _of("location", "loc", 1), _of("channel", "chan", 1)
COLLECTION, CATEGORY = _of("collection", "coll", 7), _of("category", "cat", 7)
RARE, COMMON = 'tags: {some: {tag: {name: {eq: "Tag 333"}}}}', 'tags: {some: {tag: {name: {eq: "Tag 3"}}}}'
VALUE = 'attributes: {some: {attribute: {key: {eq: "attribute_3"}}, text: {eq: "value 7"}}}'
LEVELS = "nodes { onHand variant { sku } location { name } }"
PRODUCTS_BY = "{{ products(first: 20, orderBy: [{{field: {}, direction: {}}}]{}) {{ nodes {{ title }} }} }}"

FACETS = "{ productFacets { total statuses { count } categories { count } tags { count } attributes { key } prices { count } } }"

CASES: dict[str, tuple[str, int]] = {
    "stock levels": (f"{{ stockLevels(first: 20) {{ {LEVELS} }} }}", A_PAGE),
    "stock of a location": (
        f"{{ stockLevels(first: 20, where: {{location: {{id: {{eq: {MAIN}}}}}}}) {{ {LEVELS} }} }}",
        A_PAGE,
    ),
    "stock of a small location": (
        f"{{ stockLevels(first: 20, where: {{location: {{id: {{eq: {SECOND}}}}}}}) {{ {LEVELS} }} }}",
        A_PAGE,
    ),
    "stock that is low": (f"{{ stockLevels(first: 20, where: {{isLow: {{eq: true}}}}) {{ {LEVELS} }} }}", A_PAGE),
    "stock of a variant": (
        f"{{ stockLevels(first: 20, where: {{variant: {{id: {{eq: {VARIANT}}}}}}}) {{ {LEVELS} }} }}",
        A_PAGE,
    ),
    "stock of a code": (
        '{ stockLevels(first: 20, where: {variant: {sku: {eq: "SKU-77-1"}}}) { nodes { onHand } } }',
        A_PAGE,
    ),
    "where a variant is": (f"{{ variant(id: {VARIANT}) {{ stock {{ {LEVELS} }} available }} }}", A_PAGE),
    "what lies at a location": (f"{{ location(id: {SECOND}) {{ stock(first: 20) {{ {LEVELS} }} }} }}", A_PAGE),
    "movements": ("{ stockMovements(first: 20) { nodes { kind stockLevel { variant { sku } } } } }", A_PAGE),
    "movements of a stock": (
        f"{{ stockMovements(first: 20, where: {{stockLevel: {{id: {{eq: {_of('stock', 'stk', 3)}}}}}}}) {{ nodes {{ kind }} }} }}",
        A_PAGE,
    ),
    "movements of a level": (
        f"{{ stockLevel(id: {_of('stock', 'stk', 3)}) {{ movements(first: 20) {{ nodes {{ kind }} }} }} }}",
        A_PAGE,
    ),
    "reservations of a level": (
        f"{{ stockLevel(id: {_of('stock', 'stk', 3)}) {{ reservations(first: 20) {{ nodes {{ state }} }} }} }}",
        A_PAGE,
    ),
    "transfers": ("{ stockTransfers(first: 20) { nodes { state origin { name } } } }", A_PAGE),
    "stock-takes": ("{ stockCounts(first: 20) { nodes { state lines(first: 5) { nodes { counted } } } } }", A_PAGE),
    "products by id": (PRODUCTS_BY.format("ID", "DESC", ""), A_PAGE),
    "products by title": (PRODUCTS_BY.format("TITLE", "ASC", ""), A_PAGE),
    "products by title, backwards": (PRODUCTS_BY.format("TITLE", "DESC", ""), A_PAGE),
    "products by age": (PRODUCTS_BY.format("CREATED_AT", "DESC", ""), A_PAGE),
    "products by change": (PRODUCTS_BY.format("UPDATED_AT", "DESC", ""), A_PAGE),
    "products of a category": (_where(f"category: {{id: {{eq: {CATEGORY}}}}}"), 2_000),
    "products of a category's name": (_where('category: {name: {eq: "S7"}}'), 3_000),
    "products without a category": (_where("not: {category: {}}"), 40_000),
    "products of a rare status": (_where("status: {eq: DRAFT}"), A_PAGE),
    "products of a common status": (_where("status: {eq: ACTIVE}"), A_PAGE),
    "products of a rare status, by change": (
        _where("status: {eq: DRAFT}", ", orderBy: [{field: UPDATED_AT, direction: DESC}]"),
        A_PAGE,
    ),
    "products of a rare tag": (_where(RARE), 2_000),
    "products of a common tag": (_where(COMMON), 6_000),
    "products of a value": (_where(VALUE), 6_000),
    "products of a value and a category": (_where(f"{VALUE}, category: {{id: {{eq: {CATEGORY}}}}}"), 6_000),
    "products of a range of numbers": (
        _where('attributes: {some: {attribute: {key: {eq: "attribute_3"}}, number: {gte: 10, lte: 11}}}'),
        60_000,
    ),
    "products of a collection": (_where(f"collections: {{some: {{collection: {{id: {{eq: {COLLECTION}}}}}}}}}"), 6_000),
    "products with a code": (_where('variants: {some: {sku: {eq: "SKU-77-1"}}}'), A_PAGE),
    "products at a price": (_where('variants: {some: {price: {gte: {amount: "1", currency: "EUR"}}}}'), A_PAGE),
    # without an index, and meant to be: seldom asked, and what it costs is one walk over the products by their ids
    "products of a maker": (_where('vendor: {eq: "Kiln 7"}'), 40_000),
    "products that go on sale": (_where("publishAt: {isNull: false}"), 40_000),
    "products from elsewhere": (_where('source: {eq: "shopify"}, externalId: {eq: "70"}'), A_PAGE),
    "stock of one of few products": (
        f"{{ location(id: {_of('location', 'loc', 5)}) {{ stock(first: 20) {{ {LEVELS} }} }} }}",
        A_PAGE,
    ),
    "how many drafts": ("{ products(first: 1, where: {status: {eq: DRAFT}}) { count { value } } }", A_PAGE),
    "drafts by title": (_where("status: {eq: DRAFT}", ", orderBy: [{field: TITLE}]"), A_PAGE),
    "a title": (_where('title: {contains: "lamp 99"}'), 3_000),
    "what was searched in vain": ("{ searchMisses(days: 30) { words } }", 10_000),
    "facets of all": (FACETS, 600),
    "facets of a category": (
        FACETS.replace("Facets", f"Facets(where: {{category: {{id: {{eq: {CATEGORY}}}}}}})"),
        6_000,
    ),
    "facets of a value": (FACETS.replace("Facets", f"Facets(where: {{{VALUE}}})"), 6_000),
    "facets of a search": (FACETS.replace("Facets", 'Facets(search: "lamp 9")'), 15_000),
    "products by handle": (_where('handle: {eq: "product-77"}'), A_PAGE),
    "products found, in English": ('{ products(first: 20, search: "teapot 631") { nodes { title } } }', 4_000),
    "products found, in Chinese": ('{ products(first: 20, search: "青花瓷 37") { nodes { title } } }', 6_000),
    "products found, of a category": (
        f'{{ products(first: 20, search: "lamp 99", where: {{category: {{id: {{eq: {CATEGORY}}}}}}}) {{ nodes {{ title }} }} }}',
        8_000,
    ),
    "products listed in a channel": (_where(f"listings: {{some: {{channel: {{id: {{eq: {CHANNEL}}}}}}}}}"), 30_000),
    "variants": ("{ variants(first: 20) { nodes { sku product { title } } } }", A_PAGE),
    "variants of a product": (
        f"{{ variants(first: 20, where: {{product: {{id: {{eq: {PRODUCT}}}}}}}) {{ nodes {{ sku }} }} }}",
        A_PAGE,
    ),
    "variants without a price": ("{ variants(first: 5, where: {price: {isNull: true}}) { nodes { sku } } }", 110_000),
    "a collection's products": (
        f"{{ collection(id: {COLLECTION}) {{ products(first: 20) {{ nodes {{ product {{ title }} }} }} }} }}",
        A_PAGE,
    ),
    "collections": ("{ collections(first: 20) { nodes { title products(first: 3) { nodes { position } } } } }", A_PAGE),
    "a collection by handle": (
        '{ collections(first: 20, where: {handle: {eq: "collection-77"}}) { nodes { title } } }',
        A_PAGE,
    ),
    "tags": ("{ tags(first: 20) { nodes { name } } }", 500),
    "a tag's products": (
        f"{{ tag(id: {_of('tag', 'tag', 7)}) {{ products(first: 20) {{ nodes {{ product {{ title }} }} }} }} }}",
        A_PAGE,
    ),
    "a product's tags, values and collections": (
        f"{{ product(id: {PRODUCT}) {{ tags {{ nodes {{ tag {{ name }} }} }} attributes {{ nodes {{ text }} }} "
        "collections { nodes { collection { title } } } oldHandles visibleIn listings { nodes { isHidden } } } }",
        600,
    ),
    "a category's products": (
        f"{{ category(id: {CATEGORY}) {{ products(first: 20) {{ nodes {{ title }} }} }} }}",
        A_PAGE,
    ),
    "a channel's listings": (
        f"{{ channel(id: {CHANNEL}) {{ listings(first: 20) {{ nodes {{ product {{ title }} }} }} }} }}",
        A_PAGE,
    ),
    "channels": ("{ channels(first: 20) { nodes { code } } }", A_PAGE),
    "exports": ("{ productExports(first: 20) { nodes { state } } }", A_PAGE),
    "exports of a state": ("{ productExports(first: 5, where: {state: {eq: DONE}}) { nodes { state } } }", 3_100),
    "imports": ("{ productImports(first: 20) { nodes { state issues(first: 3) { nodes { code } } } } }", A_PAGE),
    "imports of a state": ("{ productImports(first: 5, where: {state: {eq: FAILED}}) { nodes { state } } }", 3_100),
    # looked for product by product, until there are twenty
    "products that lack something": (_where("isComplete: {eq: false}"), 5 * PRODUCTS),
    "products that lack nothing": (_where("isComplete: {eq: true}"), A_PAGE),
    "products seen in a channel of its own": (_where(f"visibleIn: {{eq: {CHANNEL}}}"), A_PAGE),
    "products seen where not much is": (_where(f"visibleIn: {{eq: {_of('channel', 'chan', 2)}}}"), 1_000),
    "how complete products are": ("{ products(first: 20) { nodes { completeness { score } } } }", 600),
}


@pytest.fixture(scope="module")
async def large(settings: Settings, database: None, executor: Executor) -> Ask:
    shop = await make.shop("A shop of 100,000 variants")
    async with owner_connection(settings) as owner:
        await fill(owner, shop)
    return Ask(executor, settings, await make.context(shop))


async def plans_of(ask: Ask, query: str) -> list[list[dict[str, Any]]]:
    """The nodes of each statement's plan."""
    async with statements_sent(ask.ctx) as sent:
        answer = await ask.run(query, {})
    assert answer["errors"] == []
    return [list(await explained(ask, each)) for each in sent]


def read_whole(nodes: list[dict[str, Any]]) -> set[str]:
    return {node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"} - FEW


def sorted_rows(nodes: list[dict[str, Any]]) -> float:
    """The most rows that any sort was given."""
    sorts = [node["Plans"][0]["Actual Rows"] for node in nodes if node["Node Type"] in ("Sort", "Incremental Sort")]
    return max(sorts, default=0)


def touched(nodes: list[dict[str, Any]]) -> int:
    """Rows read from tables and indexes, kept or not."""
    return sum(
        int((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in nodes
        if "Scan" in node["Node Type"] and node["Node Type"] not in ("Subquery Scan", "Function Scan", "CTE Scan")
    )


@pytest.mark.parametrize("name", CASES)
async def test_a_list_is_read_by_an_index_and_no_further_than_it_must(large: Ask, name: str) -> None:
    query, most = CASES[name]
    for nodes in await plans_of(large, query):
        assert (read_whole(nodes), sorted_rows(nodes) <= max(most, 100), touched(nodes) <= most) == (
            set(),
            True,
            True,
        ), (
            touched(nodes),
            sorted_rows(nodes),
        )


def _leaves(field: Any, floors: int) -> str | None:
    """What to select of a field that needs no argument; None when that is nothing."""
    if any(is_non_null_type(each.type) for each in field.args.values()):
        return None
    kind: Any = get_named_type(field.type)
    if not is_object_type(kind):
        return "" if is_scalar_type(kind) or is_enum_type(kind) else None
    if kind.name.endswith("Connection"):
        return f"(first: 3) {{ nodes {{ {_fields(get_named_type(kind.fields['nodes'].type), 0)} }} }}"
    return f" {{ {_fields(kind, floors - 1)} }}" if floors or "id" not in kind.fields else " { id }"


def _fields(kind: Any, floors: int) -> str:
    chosen = {name: _leaves(field, floors) for name, field in kind.fields.items() if floors > 0 or not is_list(field)}
    return " ".join(f"{name}{below}" for name, below in chosen.items() if below is not None) or "__typename"


def is_list(field: Any) -> bool:
    return str(get_named_type(field.type).name).endswith("Connection")


SCHEMA = build_schema(printed())
CATALOG = f"Needs the scope `{Scope.CATALOG_READ}`."
QUERIES: Any = SCHEMA.query_type
ROOTS_OF_LISTS = sorted(
    name
    for name, field in QUERIES.fields.items()
    if is_list(field) and CATALOG in get_named_type(get_named_type(field.type).fields["nodes"].type).description
)


def test_the_catalog_has_lists() -> None:
    assert {"products", "variants", "stockLevels", "purchaseOrders", "channels"} < set(ROOTS_OF_LISTS)
    assert len(ROOTS_OF_LISTS) >= 16


@pytest.mark.parametrize("name", ROOTS_OF_LISTS)
async def test_a_list_is_one_statement_however_many_rows_it_shows(large: Ask, name: str) -> None:
    kind = get_named_type(get_named_type(QUERIES.fields[name].type).fields["nodes"].type)
    for first, least in ((1, 1), (30, 5)):
        query = (
            f"{{ {name}(first: {first}) {{ nodes {{ {_fields(kind, 2)} }} edges {{ cursor }} count {{ value }} }} }}"
        )
        async with statements_sent(large.ctx) as sent:
            answer = await large.run(query, {})
        assert (answer["errors"], len(sent)) == ([], 1)
        assert len(answer["data"][name]["nodes"]) >= least
