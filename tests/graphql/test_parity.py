"""The compiled executor answers what graphql-core answers: over the whole schema, with a real shop behind it."""

from __future__ import annotations

import os
from typing import Any

import pytest
from graphql import parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoa.graphql.executing import Executor
from stoa.graphql.schema import schema
from stoa.settings import Settings
from stoa.tenants.access import Scope
from stoa.tenants.context import open_shop
from tests import make
from tests.graphql.asking import Ask, document_of
from tests.graphql.compiled_parity import Document, random_documents, same_answer
from tests.graphql.reading.worlds import random_world, settle

SCHEMA = schema()._schema
EXAMPLES = int(os.environ.get("EXAMPLES", "150"))
IDS: list[str] = [
    "prod_01h455vb4pex5vsknk084sn02q",
    "cat_01h455vb4pex5vsknk084sn02q",
    "tok_01h455vb4pex5vsknk084sn02q",
    "x",
]
INPUTS: dict[str, st.SearchStrategy[Any]] = {
    "ID": st.deferred(lambda: st.sampled_from(IDS)),
    "Date": st.sampled_from(["2026-01-01", "2026-12-31"]),
    "DateTime": st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-01T12:00:00+08:00"]),
    "BigInt": st.integers(0, 9),
}


class Shop:
    """Short to write: Hypothesis writes down what a test is called with."""

    def __init__(self, owner: Ask) -> None:
        self.owner, self.clerk = owner, owner.without(Scope.CATALOG_COST, Scope.TOKENS_READ)


@pytest.fixture(scope="module")
async def shop_in_use(database: None, executor: Executor, settings: Settings) -> Shop:
    shop = await make.shop("Parity")
    world = random_world(shop, 5, products=9)
    await settle(world)
    IDS.extend(row.id for row in world.rows)
    return Shop(Ask(executor, settings, await make.context(shop)))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=random_documents(SCHEMA, inputs=INPUTS), may_do_all=st.booleans())
async def test_any_document_is_answered_the_same(shop_in_use: Shop, document: Document, may_do_all: bool) -> None:
    ask = shop_in_use.owner if may_do_all else shop_in_use.clerk
    read = document_of(document.text)

    def context() -> object:
        made = ask.context()
        made.document = read
        return made

    with open_shop(ask.ctx.shop):
        await same_answer(SCHEMA, read.ast, lambda: None, variables=document.variables, make_context=context)


async def test_a_list_of_products_is_compiled_whole(shop_in_use: Shop) -> None:
    """Nothing but the root field is left to graphql-core: a field that is would cost every list its speed."""
    text = """
    { products(first: 5) {
        nodes { id title status createdAt onHand category { id name } firstImage { url alt }
          variants(first: 3) { nodes { sku price { amount currency minor } onHand } edges { cursor node { id } } } }
        edges { cursor node { handle } } pageInfo { hasNextPage endCursor } count { value precision } } }
    """

    def context() -> object:
        made = shop_in_use.owner.context()
        made.document = document_of(text)
        return made

    with open_shop(shop_in_use.owner.ctx.shop):
        answer, left = await same_answer(SCHEMA, document_of(text).ast, lambda: None, make_context=context)

    assert answer.errors == ()
    assert set(left) == {"Query.products"}


def test_documents_are_read_alike() -> None:
    assert document_of("{ me { scopes } }").ast == parse("{ me { scopes } }")
