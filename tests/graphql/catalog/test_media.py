"""Pictures of products over GraphQL (P7)."""

from __future__ import annotations

from typing import Any

from stoa.domains.catalog.models import Image
from stoa.kit.ids import new_id, type_id
from stoa.kit.languages import reading
from stoa.settings import settings
from stoa.tenants.context import open_shop
from tests import make
from tests.domains.catalog.media.darkroom import JPEG, develop_all, uploaded
from tests.graphql.asking import Ask
from tests.kit.pictures.album import halves, saved

SHOWN = """id alt position width height contentType processedAt url focalPoint { x y } translations { locale alt }
sizes { name width height url contentType bytes } warnings { code message } failure { code message }"""
ADD = (
    """mutation ($input: ProductImageAddInput!) { productImageAdd(input: $input) {
  product { version images { nodes { %s } } }
  results { index imageId userErrors { __typename code message path } }
  userErrors { code path } } }"""
    % SHOWN
)
UPDATE = (
    """mutation ($input: ProductImageUpdateInput!) { productImageUpdate(input: $input) {
  image { %s } userErrors { __typename code message path ... on ConflictError { currentVersion } } } }"""
    % SHOWN
)
REORDER = """mutation ($input: ProductImagesReorderInput!) { productImagesReorder(input: $input) {
  product { version firstImage { id } images { nodes { id position } } } userErrors { code path } } }"""
REMOVE = """mutation ($input: ProductImageRemoveInput!) { productImageRemove(input: $input) {
  product { version images { nodes { id } } } results { index imageId userErrors { code path } }
  userErrors { code path } } }"""


async def add(ask: Ask, product_id: Any, *images: dict[str, Any], **more: Any) -> Any:
    given = {"productId": type_id("prod", product_id), "images": list(images), **more}
    return (await ask.data(ADD, input=given))["productImageAdd"]


async def read(ask: Ask, id: str) -> Any:
    return (await ask.data("query ($id: ID!) { node(id: $id) { ... on Image { %s } } }" % SHOWN, id=id))["node"]


async def test_a_picture_is_uploaded_processed_described_and_removed(ask: Ask) -> None:
    """P7: the whole way."""
    product = await make.product(ask.ctx)
    upload = type_id("upl", await uploaded(ask.ctx, saved(halves(2000, 1000), "JPEG")))
    here = settings().public_url

    added = await add(ask, product.id, {"uploadId": upload, "focalPoint": {"x": 0.25, "y": 1}})

    [image] = added["product"]["images"]["nodes"]
    assert added["results"] == [{"index": 0, "imageId": image["id"], "userErrors": []}]
    assert (added["userErrors"], added["product"]["version"]) == ([], 2)
    assert image == {
        "id": image["id"],
        "alt": "",
        "position": 0,
        "width": None,
        "height": None,
        "contentType": None,
        "processedAt": None,
        "url": image["url"],
        "focalPoint": {"x": 0.25, "y": 1.0},
        "translations": [],
        "sizes": [],
        "warnings": [
            {
                "code": "NO_ALT",
                "message": "The picture has no alt text: people who cannot see it, and search engines, do not know "
                "what it shows.",
            }
        ],
        "failure": None,
    }
    assert image["url"].startswith(f"{here}/media/{type_id('shop', ask.ctx.shop.id)}/")

    await develop_all(ask.ctx)
    done = await read(ask, image["id"])
    assert (done["width"], done["height"], done["contentType"], done["failure"]) == (2000, 1000, "image/jpeg", None)
    assert done["processedAt"] is not None
    assert [(each["name"], each["width"], each["height"], each["contentType"]) for each in done["sizes"]] == [
        ("LARGE", 1600, 800, "image/webp"),
        ("MEDIUM", 800, 400, "image/webp"),
        ("SMALL", 240, 120, "image/webp"),
    ]
    assert done["sizes"][0]["url"] == done["url"] == image["url"]
    assert all(each["url"].startswith(here) and each["bytes"] > 0 for each in done["sizes"])

    described = {"id": image["id"], "alt": "A lamp", "translations": [{"locale": "zh", "alt": "灯"}]}
    updated = (await ask.data(UPDATE, input=described | {"expectedVersion": 2}))["productImageUpdate"]
    assert updated["userErrors"] == []
    assert (updated["image"]["alt"], updated["image"]["warnings"]) == ("A lamp", [])
    assert updated["image"]["translations"] == [{"locale": "zh", "alt": "灯"}]
    assert updated["image"]["focalPoint"] == {"x": 0.25, "y": 1.0}

    given = {"productId": type_id("prod", product.id), "ids": [image["id"]], "expectedVersion": 3}
    removed = (await ask.data(REMOVE, input=given))["productImageRemove"]
    assert removed == {
        "product": {"version": 4, "images": {"nodes": []}},
        "results": [{"index": 0, "imageId": image["id"], "userErrors": []}],
        "userErrors": [],
    }
    assert await read(ask, image["id"]) is None


async def test_whoever_reads_chinese_is_told_in_chinese(ask: Ask) -> None:
    product = await make.product(ask.ctx)
    upload = type_id("upl", await uploaded(ask.ctx, JPEG + b"more"))
    [image] = (await add(ask, product.id, {"uploadId": upload}))["product"]["images"]["nodes"]
    await develop_all(ask.ctx)

    with reading("zh"):
        chinese = await read(ask, image["id"])
    english = await read(ask, image["id"])

    assert chinese["failure"] == {
        "code": "HAS_MORE_BEHIND",
        "message": "图片末尾附带了其他数据，请用图片编辑软件重新保存后再上传。",
    }
    assert chinese["warnings"] == [
        {"code": "NO_ALT", "message": "图片缺少替代文字：视障用户和搜索引擎无法得知图片内容。"}
    ]
    assert english["failure"]["message"].startswith("There is other data behind the end of the picture.")
    assert (english["sizes"], english["width"]) == ([], None)


async def test_each_that_cannot_be_added_is_reported_by_itself(ask: Ask) -> None:
    product = await make.product(ask.ctx)

    added = await add(
        ask,
        product.id,
        {"url": "https://img.test/a.jpg", "alt": "A"},
        {"url": "nonsense"},
        {"uploadId": type_id("upl", new_id())},
        {},
    )

    [image] = added["product"]["images"]["nodes"]
    assert image["url"] == "https://img.test/a.jpg"
    assert [each["imageId"] for each in added["results"]] == [image["id"], None, None, None]
    paths = [["input", "images", "1", "url"], ["input", "images", "2", "uploadId"], ["input", "images", "3"]]
    assert [error["path"] for each in added["results"] for error in each["userErrors"]] == paths
    assert added["userErrors"] == [
        {"code": "INVALID", "path": paths[0]},
        {"code": "NOT_FOUND", "path": paths[1]},
        {"code": "INVALID", "path": paths[2]},
    ]
    assert added["results"][2]["userErrors"][0]["__typename"] == "NotFoundError"


async def test_what_is_wrong_with_the_input_is_said_where_it_stands(ask: Ask) -> None:
    product = await make.product(ask.ctx, images=("https://img.test/a.jpg",))
    with open_shop(ask.ctx.shop):
        image = type_id("img", (await Image.get(product_id=product.id)).id)
    url = "https://img.test/b.jpg"

    for given, path in (
        ({"url": url, "focalPoint": {"x": 1.1, "y": 0}}, ["input", "images", "0", "focalPoint"]),
        (
            {"url": url, "translations": [{"locale": "tlh", "alt": "x"}]},
            ["input", "images", "0", "translations", "0", "locale"],
        ),
        (
            {"url": url, "translations": [{"locale": "zh", "alt": "x"}] * 2},
            ["input", "images", "0", "translations", "1", "locale"],
        ),
        ({"uploadId": "nonsense"}, ["input", "images", "0", "uploadId"]),
    ):
        refused = await add(ask, product.id, given)
        assert (refused["product"], refused["results"]) == (None, None)
        assert [each["path"] for each in refused["userErrors"]] == [path]
    for given, path in (
        ({"alt": None}, ["input", "alt"]),
        ({"alt": "x" * 513}, ["input", "alt"]),
        ({"focalPoint": {"x": 0, "y": -0.1}}, ["input", "focalPoint"]),
        ({"translations": [{"locale": "", "alt": "x"}]}, ["input", "translations", "0", "locale"]),
    ):
        refused = (await ask.data(UPDATE, input={"id": image, **given}))["productImageUpdate"]
        assert refused["image"] is None
        assert [each["path"] for each in refused["userErrors"]] == [path]


async def test_an_older_version_is_a_conflict(ask: Ask) -> None:
    product = await make.product(ask.ctx, images=("https://img.test/a.jpg",))
    with open_shop(ask.ctx.shop):
        image = type_id("img", (await Image.get(product_id=product.id)).id)
    await add(ask, product.id, {"url": "https://img.test/b.jpg"}, expectedVersion=1)

    refused = (await ask.data(UPDATE, input={"id": image, "alt": "x", "expectedVersion": 1}))["productImageUpdate"]
    again = await add(ask, product.id, {"url": "https://img.test/b.jpg"}, expectedVersion=1)

    [error] = refused["userErrors"]
    assert (error["__typename"], error["code"], error["currentVersion"]) == ("ConflictError", "PRODUCT_CHANGED", 2)
    assert (again["product"], again["results"]) == (None, None)
    with open_shop(ask.ctx.shop):
        assert await Image.filter(product_id=product.id).count() == 2


async def test_the_first_picture_of_the_order_stands_for_the_product(ask: Ask) -> None:
    product = await make.product(ask.ctx, images=[f"https://img.test/{n}.jpg" for n in range(3)])
    with open_shop(ask.ctx.shop):
        a, b, c = [type_id("img", each.id) for each in await Image.filter(product_id=product.id).order_by("position")]
    given = {"productId": type_id("prod", product.id), "ids": [c]}

    arranged = (await ask.data(REORDER, input=given))["productImagesReorder"]

    assert arranged["userErrors"] == []
    assert arranged["product"]["firstImage"] == {"id": c}
    assert [each["id"] for each in arranged["product"]["images"]["nodes"]] == [c, a, b]
    wrong = (await ask.data(REORDER, input=given | {"ids": [a, c, a]}))["productImagesReorder"]
    assert wrong == {"product": None, "userErrors": [{"code": "INVALID", "path": ["input", "ids", "2"]}]}


async def test_the_focal_point_goes_back_to_the_middle(ask: Ask) -> None:
    product = await make.product(ask.ctx)
    added = await add(ask, product.id, {"url": "https://img.test/a.jpg", "focalPoint": {"x": 0.3333, "y": 0.9}})
    [image] = added["product"]["images"]["nodes"]
    assert image["focalPoint"] == {"x": 0.333, "y": 0.9}

    updated = (await ask.data(UPDATE, input={"id": image["id"], "focalPoint": None}))["productImageUpdate"]

    assert updated["image"]["focalPoint"] == {"x": 0.5, "y": 0.5}


async def test_statements_do_not_grow_with_pictures(ask: Ask) -> None:
    query = "query ($id: ID!) { product(id: $id) { images(first: 50) { nodes { %s } } } }" % SHOWN
    counts = []
    for count in (1, 20):
        product = await make.product(ask.ctx, images=[f"https://img.test/{n}.jpg" for n in range(count)])
        data = await ask.data(query, id=type_id("prod", product.id))
        assert len(data["product"]["images"]["nodes"]) == count
        counts.append(ask.statements)

    assert counts == [1, 1]
