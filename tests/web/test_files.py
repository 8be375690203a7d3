"""Files over HTTP: uploads on signed addresses, and pictures that are nothing but pictures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from structlog.testing import capture_logs

from stoa.app import assemble
from stoa.graphql.executing import Executor
from stoa.graphql.schema import schema
from stoa.graphql.serving import Services
from stoa.kit import clock
from stoa.kit.ids import new_id, type_id
from stoa.settings import Settings
from stoa.tenants.context import Context, ShopRef, open_shop
from stoa.tenants.shop_models import Upload, UploadState
from stoa.tenants.uploading import Purpose, claim_upload, shop_files, stage_upload
from tests.doors import opened, program

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200)) * 5
CSV = b"sku,title\nA,Lantern\n"

SOME_ID = "019c0000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
async def address(settings: Settings, database: None) -> AsyncIterator[str]:
    async with opened(assemble(Services(settings), Executor(schema(), settings))) as address:
        yield address


@pytest.fixture
async def http(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=address, timeout=30) as client:
        yield client


async def staged(ctx: Context, content: bytes, content_type: str = "text/csv") -> tuple[Upload, str]:
    one = await stage_upload(ctx, "a file", content_type, len(content))
    return one.upload, one.path


async def state_of(ctx: Context, upload: Upload) -> UploadState:
    with open_shop(ctx.shop):
        return (await Upload.get(id=upload.id)).state


def kept(settings: Settings, ctx: Context) -> list[Path]:
    return [path for path in (Path(settings.files) / ctx.shop.schema).rglob("*") if path.is_file()]


async def test_a_file_is_announced_sent_and_there(address: str, http: httpx.AsyncClient, ctx: Context) -> None:
    till = await program(address, ctx.shop)
    query = (
        "mutation ($input: UploadStageInput!) { uploadStage(input: $input) { uploadId url userErrors { message } } }"
    )
    given = {"fileName": "a.csv", "contentType": "text/csv", "size": len(CSV)}
    stage = (await till.ask(query, variables={"input": given})).json()["data"]["uploadStage"]
    assert stage["userErrors"] == []

    answer = await http.put(urlsplit(stage["url"])._replace(scheme="", netloc="").geturl(), content=CSV)

    assert (answer.status_code, answer.json()) == (201, {"size": len(CSV)})
    assert answer.headers["x-request-id"]


async def test_a_file_may_come_in_pieces_of_unknown_number(http: httpx.AsyncClient, ctx: Context) -> None:
    upload, path = await staged(ctx, CSV)

    async def pieces() -> AsyncIterator[bytes]:
        for byte in CSV:
            yield bytes([byte])

    assert (await http.put(path, content=pieces())).status_code == 201
    assert await state_of(ctx, upload) is UploadState.RECEIVED


async def test_more_than_was_announced_is_refused(http: httpx.AsyncClient, ctx: Context, settings: Settings) -> None:
    upload, path = await staged(ctx, CSV)

    answer = await http.put(path, content=CSV + b"x")

    assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")
    assert (await state_of(ctx, upload), kept(settings, ctx)) == (UploadState.EXPECTED, [])
    assert (await http.put(path, content=CSV)).status_code == 201


async def test_less_than_was_announced_is_refused(http: httpx.AsyncClient, ctx: Context, settings: Settings) -> None:
    upload, path = await staged(ctx, CSV)

    answer = await http.put(path, content=CSV[:-1])

    assert (answer.status_code, answer.json()["code"]) == (403, "UPLOAD_BROKEN")
    assert (await state_of(ctx, upload), kept(settings, ctx)) == (UploadState.EXPECTED, [])


async def test_a_break_half_way_leaves_nothing_and_may_be_tried_again(
    address: str, http: httpx.AsyncClient, ctx: Context, settings: Settings
) -> None:
    content = bytes(6 * 2**20)
    upload, path = await staged(ctx, content)
    at = urlsplit(address)
    _, writer = await asyncio.open_connection(at.hostname, at.port)
    writer.write(
        f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content[: 5 * 2**20]
    )
    await writer.drain()
    writer.transport.abort()

    async with asyncio.timeout(20):
        while (answer := await http.put(path, content=content)).status_code != 201:
            await asyncio.sleep(0.05)
    assert answer.json() == {"size": len(content)}
    assert len(kept(settings, ctx)) == 1


async def test_a_second_file_at_the_same_address_is_refused(http: httpx.AsyncClient, ctx: Context) -> None:
    _, path = await staged(ctx, CSV)
    await http.put(path, content=CSV)

    answer = await http.put(path, content=CSV)

    assert (answer.status_code, answer.json()["code"]) == (409, "ALREADY_UPLOADED")


async def test_an_address_that_we_did_not_sign_is_refused(
    http: httpx.AsyncClient, ctx: Context, other_ctx: Context, settings: Settings
) -> None:
    upload, path = await staged(ctx, CSV)
    expires = path.partition("expires=")[2].partition("&")[0]
    for forged in (
        path[:-1] + ("0" if path[-1] != "0" else "1"),
        path.partition("&signature=")[0],
        path.partition("&signature=")[0] + "&signature=",
        path.partition("&signature=")[0] + "&signature=%F0%9F%98%80",
        path.replace(expires, str(int(expires) + 1)),
        path.replace(str(ctx.shop.id), str(other_ctx.shop.id)),
        path.replace(str(upload.id), str(new_id())),
        path.replace(expires, "9" * 30),
    ):
        answer = await http.put(forged, content=CSV)
        assert (answer.status_code, answer.json()["code"]) == (403, "LINK_REFUSED")
    assert await state_of(ctx, upload) is UploadState.EXPECTED
    assert kept(settings, ctx) == []


@pytest.mark.parametrize(
    "path",
    [
        "/uploads/nonsense/nonsense?expires=1&signature=x",
        f"/uploads/{SOME_ID}/nonsense?expires=1&signature=x",
        f"/uploads/{SOME_ID}/{SOME_ID}",
        f"/uploads/{SOME_ID}/{SOME_ID}?expires=soon&signature=x",
        f"/uploads/{SOME_ID}/{SOME_ID}?expires={'9' * 5000}&signature=x",
    ],
)
async def test_an_address_that_makes_no_sense_is_refused(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.put(path, content=CSV)

    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID")


async def test_an_address_has_its_time(http: httpx.AsyncClient, ctx: Context) -> None:
    with clock.set_to(clock.now() - timedelta(hours=1, seconds=1)):
        upload, path = await staged(ctx, CSV)

    answer = await http.put(path, content=CSV)

    assert (answer.status_code, answer.json()["code"]) == (403, "LINK_REFUSED")
    assert await state_of(ctx, upload) is UploadState.EXPECTED


# Pictures -------------------------------------------------------------------------------------------------------------


async def uploaded(http: httpx.AsyncClient, ctx: Context, content: bytes, content_type: str) -> str:
    """The name under which the file is kept."""
    upload, path = await staged(ctx, content, content_type)
    assert (await http.put(path, content=content)).status_code == 201
    with open_shop(ctx.shop):
        return (await Upload.get(id=upload.id)).file_key.rpartition("/")[2]


def at(shop: ShopRef, name: str) -> str:
    return f"/media/{type_id('shop', shop.id)}/{name}"


async def shown(ctx: Context, content: bytes) -> str:
    """The name of a file among those that we have made ourselves."""
    name, files = new_id().hex, shop_files(ctx.shop)

    async def body() -> AsyncIterator[bytes]:
        yield content

    await files.put(files.key("media", name), body())
    return name


async def test_a_picture_is_shown_to_anybody_and_forever(http: httpx.AsyncClient, ctx: Context) -> None:
    name = await shown(ctx, PNG)

    for path in (at(ctx.shop, name), at(ctx.shop, f"{name}.png")):
        answer = await http.get(path)
        assert (answer.status_code, answer.content) == (200, PNG)
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["content-length"] == str(len(PNG))
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


async def test_the_log_tells_whose_file_it_was_and_no_signature(http: httpx.AsyncClient, ctx: Context) -> None:
    _, path = await staged(ctx, PNG, "image/png")
    with capture_logs() as lines:
        await http.put(path, content=PNG)
        await http.put(path.replace("signature=", "signature=0"), content=PNG)
        await http.get(at(ctx.shop, "0" * 32))

    told = [(line["method"], line["status"], line.get("shop")) for line in lines if line["event"] == "request"]
    assert told == [("PUT", 201, ctx.shop.schema), ("PUT", 403, None), ("GET", 404, ctx.shop.schema)]
    assert urlsplit(path).query.partition("signature=")[2] not in str(lines)


async def test_its_name_does_not_make_a_page_of_a_picture(http: httpx.AsyncClient, ctx: Context) -> None:
    name = await shown(ctx, PNG + b"<script>alert(1)</script>")

    for extension in (".html", ".svg", ".js", ""):
        assert (await http.get(at(ctx.shop, name + extension))).headers["content-type"] == "image/png"


async def test_what_we_made_but_is_no_picture_is_not_shown(http: httpx.AsyncClient, ctx: Context) -> None:
    name = await shown(ctx, b"<svg/>")

    assert (await http.get(at(ctx.shop, f"{name}.svg"))).status_code == 404


async def test_what_was_uploaded_is_not_shown(http: httpx.AsyncClient, ctx: Context) -> None:
    """Claimed or not: pictures say where they were taken, and may be two files in one (P7)."""
    upload, path = await staged(ctx, PNG, "image/png")
    await http.put(path, content=PNG)
    name = (await claim_upload(ctx, upload.id, Purpose.IMAGE)).file_key.rpartition("/")[2]

    for extension in ("", ".png"):
        assert (await http.get(at(ctx.shop, name + extension))).status_code == 404


async def test_what_is_no_picture_is_not_shown(http: httpx.AsyncClient, ctx: Context) -> None:
    """A file to be imported has prices in it: whoever guesses its name must not see it."""
    for content, content_type in ((CSV, "text/csv"), (b"<svg/>", "image/svg+xml"), (b"<html>", "text/html")):
        name = await uploaded(http, ctx, content, content_type)
        for extension in ("", ".png", ".csv"):
            answer = await http.get(at(ctx.shop, name + extension))
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def test_another_shop_has_no_such_picture(http: httpx.AsyncClient, ctx: Context, other_ctx: Context) -> None:
    name = await shown(ctx, PNG)

    assert (await http.get(at(other_ctx.shop, name))).status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "x",
        ".hidden",
        "..",
        "%2e%2e",
        "..%2f..%2fsecret-key",
        "%00",
        "a" * 32,
        "a" * 33,
        "A" * 32,
        "a" * 32 + ".png.exe",
        "a" * 32 + ".",
        "a" * 32 + "%2f..",
        "%F0%9F%98%80",
        "a" * 5000,
    ],
)
async def test_tricks_with_the_path_find_nothing(http: httpx.AsyncClient, ctx: Context, name: str) -> None:
    assert (await http.get(at(ctx.shop, name))).status_code == 404


@pytest.mark.parametrize("named", ["shop_nonsense", "nonsense", "..", "shop_", "prod_01h455vb4pex5vsknk084sn02q"])
async def test_a_shop_that_is_none_has_no_pictures(http: httpx.AsyncClient, ctx: Context, named: str) -> None:
    assert (await http.get(f"/media/{named}/{'a' * 32}.png")).status_code == 404
