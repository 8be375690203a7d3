"""Products with their pictures through the API: by address or by upload."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from stoa.demo import png
from stoa.domains.catalog.models import Product
from stoa.kit.ids import new_id, type_id
from stoa.settings import Settings
from stoa.tenants.context import open_shop
from stoa.tenants.shop_models import Upload, UploadState
from stoa.tenants.uploading import receive_upload, stage_upload
from tests.graphql.asking import Ask

PICTURE = png(2, 2, (255, 0, 0))
CREATE = """
mutation ($input: ProductCreateInput!) {
  productCreate(input: $input) {
    product { firstImage { url } images { nodes { url alt position } } }
    userErrors { __typename code path } } }
"""


async def uploaded(ask: Ask) -> UUID:
    async def body() -> AsyncIterator[bytes]:
        yield PICTURE

    staged = await stage_upload(ask.ctx, "lamp.png", "image/png", len(PICTURE))
    await receive_upload(ask.ctx, staged.upload.id, body())
    return staged.upload.id


async def created(ask: Ask, *images: dict[str, Any]) -> Any:
    input = {"title": "Lamp", "variants": [{}], "images": list(images)}
    return (await ask.data(CREATE, input=input))["productCreate"]


async def test_a_product_has_pictures_by_address_and_by_upload_in_the_order_given(ask: Ask, settings: Settings) -> None:
    upload = await uploaded(ask)

    made = await created(
        ask,
        {"uploadId": type_id("upl", upload), "alt": "A red lamp."},
        {"url": "https://example.com/lamp.png"},
    )

    assert made["userErrors"] == []
    first, second = made["product"]["images"]["nodes"]
    assert re.fullmatch(
        rf"{settings.public_url}/media/{type_id('shop', ask.ctx.shop.id)}/[0-9a-f]{{32}}\.webp", first["url"]
    )
    assert (first["alt"], first["position"]) == ("A red lamp.", 0)
    assert second == {"url": "https://example.com/lamp.png", "alt": "", "position": 1}
    assert made["product"]["firstImage"] == {"url": first["url"]}
    assert (await Upload.get(id=upload)).state is UploadState.KEPT


@pytest.mark.parametrize(
    ("image", "code", "path"),
    [
        ({"url": "javascript:alert(1)"}, "INVALID", ["url"]),
        ({"url": "/etc/passwd"}, "INVALID", ["url"]),
        ({}, "INVALID", []),
        ({"uploadId": type_id("upl", new_id())}, "NOT_FOUND", ["uploadId"]),
        ({"uploadId": "[used]"}, "UPLOAD_UNFIT", ["uploadId"]),
    ],
)
async def test_a_picture_that_cannot_be_is_named_and_nothing_is_made(
    ask: Ask, image: dict[str, Any], code: str, path: list[str]
) -> None:
    used, free = await uploaded(ask), await uploaded(ask)
    await Upload.filter(id=used).update(state=UploadState.KEPT)
    if image.get("uploadId") == "[used]":
        image = {"uploadId": type_id("upl", used)}

    made = await created(ask, {"uploadId": type_id("upl", free)}, image)

    assert made["product"] is None
    assert [(error["code"], error["path"]) for error in made["userErrors"]] == [(code, ["input", "images", "1", *path])]
    assert await Product.all().count() == 0
    assert (await Upload.get(id=free)).state is UploadState.RECEIVED


async def test_a_product_is_created_with_tags_and_attributes_by_one_call(ask: Ask) -> None:
    mutation = """mutation ($input: ProductCreateInput!) { productCreate(input: $input) { product {
      tags { nodes { tag { name } } } attributes { nodes { attribute { key } text } } } userErrors { code path } } }"""
    input = {
        "title": "Cup",
        "variants": [{}],
        "tags": ["Gift"],
        "attributes": [{"key": "style", "values": ["Doric"]}],
        "idempotencyKey": "once",
    }

    for _ in range(2):
        made = (await ask.data(mutation, input=input))["productCreate"]
        assert made == {
            "product": {
                "tags": {"nodes": [{"tag": {"name": "Gift"}}]},
                "attributes": {"nodes": [{"attribute": {"key": "style"}, "text": "Doric"}]},
            },
            "userErrors": [],
        }
    twice = [{"key": "style", "values": ["x"]}] * 2
    wrong = (await ask.data(mutation, input=input | {"attributes": twice, "idempotencyKey": "2"}))["productCreate"]
    assert wrong == {"product": None, "userErrors": [{"code": "INVALID", "path": ["input", "attributes", "1"]}]}
    unknown = [{"key": "nothing", "values": ["x"]}]
    wrong = (await ask.data(mutation, input=input | {"attributes": unknown, "idempotencyKey": "3"}))["productCreate"]
    assert [error["path"] for error in wrong["userErrors"]] == [["input", "attributes", "0", "key"]]
    with open_shop(ask.ctx.shop):
        assert await Product.all().count() == 1
