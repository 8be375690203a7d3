"""A request that is sent again is answered again, not done again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stoa.domains.catalog.models import ImportRun, Product
from stoa.graphql.catalog.inputs import ProductCreateInput, ProductUpdateInput, VariantInput, VariantUpdateInput
from stoa.graphql.idempotency import request_hash
from stoa.graphql.scalars import MoneyInput
from stoa.kit.ids import type_id
from stoa.tenants.context import open_shop
from stoa.tenants.database import shop_transaction
from stoa.tenants.shop_models import KeptAnswer, Upload, UploadState
from stoa.tenants.uploading import stage_upload
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of
from tests.graphql.asking import Ask

CREATE = """
mutation ($input: ProductCreateInput!) {
  productCreate(input: $input) { product { id title version } userErrors { __typename code message path } } }
"""
UPDATE = """
mutation ($input: ProductUpdateInput!) {
  productUpdate(input: $input) {
    product { title version } userErrors { code path ... on ConflictError { currentVersion } } } }
"""


def cup(**fields: Any) -> dict[str, Any]:
    return {"title": "Cup", "variants": [{"sku": "C-1"}], "idempotencyKey": "key-1", **fields}


async def created(ask: Ask, **fields: Any) -> dict[str, Any]:
    data: dict[str, Any] = (await ask.data(CREATE, input=cup(**fields)))["productCreate"]
    return data


async def test_the_same_request_gets_the_same_answer_and_has_one_effect(ask: Ask) -> None:
    first, again = await created(ask), await created(ask)

    assert first["userErrors"] == again["userErrors"] == []
    assert first["product"] == again["product"]
    assert await Product.all().count() == 1
    assert [name for name, _ in await events_of(ask.ctx)] == ["ProductCreated"]


async def test_twenty_at_once_have_one_effect(ask: Ask) -> None:
    answers = await asyncio.gather(*(created(ask) for _ in range(20)))

    assert len({answer["product"]["id"] for answer in answers}) == 1
    assert all(answer["userErrors"] == [] for answer in answers)
    assert await Product.all().count() == 1
    assert len(await events_of(ask.ctx)) == 1


async def test_the_same_key_with_another_request_is_refused(ask: Ask) -> None:
    await created(ask)
    before = await catalog_of(ask.ctx)

    for other in ({"title": "Mug"}, {"description": "x"}, {"variants": [{"sku": "C-1"}, {}]}, {"variants": [{}]}):
        answer = await created(ask, **other)
        assert answer["product"] is None
        [error] = answer["userErrors"]
        assert (error["code"], error["path"]) == ("IDEMPOTENCY_KEY_REUSED", ["input", "idempotencyKey"])
    assert await catalog_of(ask.ctx) == before


async def test_defaults_that_are_spelled_out_are_the_same_request(ask: Ask) -> None:
    first = await created(ask)

    again = await created(ask, description="", status="DRAFT", images=[], handle=None)

    assert again["product"] == first["product"]


async def test_keys_of_other_mutations_and_other_shops_are_other_keys(ask: Ask, ask_other: Ask) -> None:
    first = await created(ask)

    updated = await ask.data(UPDATE, input={"id": first["product"]["id"], "title": "Mug", "idempotencyKey": "key-1"})
    theirs = await created(ask_other)

    assert updated["productUpdate"] == {"product": {"title": "Mug", "version": 2}, "userErrors": []}
    assert theirs["product"]["id"] != first["product"]["id"]
    with open_shop(ask_other.ctx.shop):
        assert await Product.all().count() == 1


async def test_an_answer_shows_things_as_they_are_now(ask: Ask) -> None:
    first = await created(ask)
    await ask.data(UPDATE, input={"id": first["product"]["id"], "title": "Mug"})

    assert (await created(ask))["product"] == {**first["product"], "title": "Mug", "version": 2}


async def test_a_refusal_keeps_nothing_and_the_key_may_be_tried_again(ask: Ask) -> None:
    await make.product(ask.ctx, title="Other", variants=({"sku": "C-1"},))

    for wrong, code in (({"title": ""}, "INVALID"), ({}, "SKU_TAKEN")):
        refused = await created(ask, **wrong)
        assert (refused["product"], refused["userErrors"][0]["code"]) == (None, code)
        assert await KeptAnswer.all().count() == 0

    assert (await created(ask, variants=[{"sku": "C-2"}]))["userErrors"] == []
    assert await KeptAnswer.all().count() == 1


async def test_what_is_rolled_back_keeps_nothing(ask: Ask) -> None:
    with pytest.raises(ZeroDivisionError):
        async with shop_transaction():
            await created(ask)
            1 / 0  # noqa: B018

    assert await KeptAnswer.all().count() == 0
    assert await Product.all().count() == 0
    assert (await created(ask))["userErrors"] == []
    assert await Product.all().count() == 1


async def test_a_request_that_is_cut_off_keeps_nothing(ask: Ask) -> None:
    for delay in (0.0, 0.001, 0.002, 0.004, 0.008):
        task = asyncio.create_task(created(ask, title=f"Cup {delay}", variants=[{}], idempotencyKey=f"key {delay}"))
        await asyncio.sleep(delay)
        task.cancel()
        await asyncio.wait([task])

    assert await KeptAnswer.all().count() == await Product.all().count()
    for delay in (0.0, 0.001, 0.002, 0.004, 0.008):
        await created(ask, title=f"Cup {delay}", variants=[{}], idempotencyKey=f"key {delay}")
    assert await KeptAnswer.all().count() == await Product.all().count() == 5


@pytest.mark.parametrize(
    ("key", "message"), [("x" * 121, "121 characters long"), (" ", "empty"), ("\u3000\t", "empty")]
)
async def test_a_key_that_is_none_is_refused(ask: Ask, key: str, message: str) -> None:
    [error] = (await created(ask, idempotencyKey=key))["userErrors"]

    assert (error["code"], error["path"]) == ("INVALID", ["input", "idempotencyKey"])
    assert message in error["message"]
    assert await Product.all().count() == 0


@pytest.mark.parametrize("key", ["x" * 120, "茶 ☕", "'; DROP TABLE kept_answer; --", "{0}%s$1", "a:b"])
async def test_a_key_is_any_text(ask: Ask, key: str) -> None:
    assert (await created(ask, idempotencyKey=key))["product"] == (await created(ask, idempotencyKey=key))["product"]
    assert await Product.all().count() == 1


@pytest.mark.parametrize("key", [None, ""])
async def test_without_a_key_every_request_counts(ask: Ask, key: str | None) -> None:
    for _ in range(2):
        assert (await created(ask, idempotencyKey=key, variants=[{}]))["userErrors"] == []

    assert await Product.all().count() == 2
    assert await KeptAnswer.all().count() == 0


async def test_a_repeated_edit_raises_the_version_once(ask: Ask) -> None:
    """Its `expectedVersion` is out of date when it comes again; it is answered all the same."""
    product = await make.product(ask.ctx, title="Cup")
    edit = {"id": type_id("prod", product.id), "title": "Mug", "expectedVersion": 1, "idempotencyKey": "edit"}

    answers = await asyncio.gather(*(ask.data(UPDATE, input=edit) for _ in range(20)))

    assert all(
        each["productUpdate"] == {"product": {"title": "Mug", "version": 2}, "userErrors": []} for each in answers
    )
    assert (await Product.get(id=product.id)).version == 2


async def test_of_edits_of_one_version_at_once_exactly_one_wins(ask: Ask) -> None:
    product = await make.product(ask.ctx, title="Cup")
    id = type_id("prod", product.id)

    answers = await asyncio.gather(
        *(ask.data(UPDATE, input={"id": id, "title": f"Cup {n}", "expectedVersion": 1}) for n in range(20))
    )

    outcomes = [each["productUpdate"] for each in answers]
    lost = {
        "product": None,
        "userErrors": [{"code": "PRODUCT_CHANGED", "path": ["input", "expectedVersion"], "currentVersion": 2}],
    }
    assert outcomes.count(lost) == 19
    [won] = [each for each in outcomes if each != lost]
    assert won == {"product": {"title": (await Product.get(id=product.id)).title, "version": 2}, "userErrors": []}


async def test_an_import_is_started_once(ask: Ask) -> None:
    upload = (await stage_upload(ask.ctx, "goods.csv", "text/csv", 10)).upload
    await Upload.filter(id=upload.id).update(state=UploadState.RECEIVED, file_key="none")
    query = """
    mutation ($input: ProductImportStartInput!) {
      productImportStart(input: $input) { productImport { id } userErrors { code message } } }
    """
    input = {
        "uploadId": type_id("upl", upload.id),
        "source": "feed",
        "mapping": [{"field": "SKU", "column": "sku"}],
        "idempotencyKey": "go",
    }

    answers = await asyncio.gather(*(ask.data(query, input=input) for _ in range(6)))

    assert answers[0]["productImportStart"]["userErrors"] == []
    assert len({str(each) for each in answers}) == 1
    assert await ImportRun.all().count() == 1


def test_the_hash_tells_requests_apart() -> None:
    def update(**fields: Any) -> bytes:
        return request_hash(ProductUpdateInput(id="prod_1", **fields))  # type: ignore[arg-type]

    different = [
        update(),
        update(title=""),
        update(title="x"),
        update(title=None),
        update(category_id=None),
        update(description="x"),
        update(variants=[]),
        update(variants=[VariantUpdateInput(id="var_1")]),  # type: ignore[arg-type]
        update(variants=[VariantUpdateInput(id="var_1", sku="")]),  # type: ignore[arg-type]
        update(variants=[VariantUpdateInput(id="var_1", sku=None)]),  # type: ignore[arg-type]
        update(variants=[VariantUpdateInput(id="var_1", price=MoneyInput(amount="1", currency="EUR"))]),  # type: ignore[arg-type]
        update(variants=[VariantUpdateInput(id="var_1", price=MoneyInput(amount="1.0", currency="EUR"))]),  # type: ignore[arg-type]
        request_hash(ProductCreateInput(title="x", variants=[])),
        request_hash(ProductCreateInput(title="x", variants=[VariantInput()])),
        request_hash(ProductCreateInput(title="x\ud800", variants=[])),
    ]

    assert len(set(different)) == len(different)
    assert update(title="x", idempotency_key="a") == update(title="x", idempotency_key="b") == update(title="x")
