"""Tables for tests of importing: written, packed, imported, and what the shop looks like afterwards."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from stoa.domains.catalog.importing import Options, run_import, start_import
from stoa.domains.catalog.models import Image, ImportIssue, ImportRun, Product, Variant
from stoa.kit.languages import Sentence
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.shop_models import Upload
from stoa.tenants.uploading import receive_upload, stage_upload

GOODS = {"sku": "Code", "title": "Name", "price": "Price"}


def table(*rows: Sequence[Any], header: Sequence[str] = ("Code", "Name", "Price"), delimiter: str = ",") -> bytes:
    """A CSV file in UTF-8."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([header, *rows])
    return text.getvalue().encode()


def zipped(*members: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=1, mtime=0)


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def upload(ctx: Context, content: bytes, name: str = "goods.csv") -> Upload:
    """The file, announced and sent."""
    staged = await stage_upload(ctx, name, "text/csv", len(content))
    return await receive_upload(ctx, staged.upload.id, _once(content))


async def ordered(
    ctx: Context,
    content: bytes,
    *,
    mapping: Mapping[str, str] = GOODS,
    source: str = "test",
    dry_run: bool = False,
    **options: Any,
) -> ImportRun:
    """An import that waits to be worked on."""
    file = await upload(ctx, content)
    return await start_import(ctx, file.id, source=source, mapping=mapping, options=Options(**options), dry_run=dry_run)


async def imported(ctx: Context, content: bytes, **order: Any) -> ImportRun:
    """An import that has ended."""
    run = await ordered(ctx, content, **order)
    return await run_import(ctx, run.id)


async def goods() -> dict[str, tuple[str, int | None]]:
    """The open shop's titles and prices by code."""
    variants = await Variant.all().prefetch_related("product").order_by("id")
    return {str(each.sku): (each.product.title, each.price_minor) for each in variants}


async def products() -> list[Product]:
    return await Product.all().order_by("id")


async def images_of(product: Product) -> list[str]:
    return [image.url for image in await Image.filter(product_id=product.id).order_by("position")]


async def issues_of(run: ImportRun) -> list[tuple[int, str, str, str]]:
    """Line, column, code and value of the issues that were kept."""
    rows = await ImportIssue.filter(run_id=run.id).order_by("line", "id")
    return [(row.line, row.column_name, row.code, row.value) for row in rows]


async def messages_of(run: ImportRun) -> list[str]:
    return [str(Sentence.of(row.message)) for row in await ImportIssue.filter(run_id=run.id).order_by("line", "id")]


# Everything but what must move on even when all is put back: versions, and the time of the last change.
KEPT_COLUMNS = {
    "product": "id, title, handle, description, status, category_id, source, external_id, search_text, created_at",
    "variant": "id, product_id, title, sku, barcode, currency, price_minor, list_price_minor, cost_minor, position, "
    "source, external_id, created_at",
    "stock": "variant_id, on_hand, location_id",
    "image": "id, product_id, url, file_key, alt, position, created_at",
    "category": "id, name, name_key, parent_id, created_at",
}
# The same without what differs between two shops in which the same was done.
SAME_COLUMNS = {
    "product": "title, handle, description, status, source, external_id, search_text, version",
    "variant": "title, sku, barcode, price_minor, position, source, external_id, version",
    "stock": "on_hand, version",
    "image": "url, alt, position",
    "category": "name, name_key",
}


async def dump(columns: Mapping[str, str] | None = None) -> dict[str, list[dict[str, Any]]]:
    """All rows of the open shop's goods."""
    return {name: await _rows(name, listed) for name, listed in (columns or KEPT_COLUMNS).items()}


async def _rows(name: str, columns: str) -> list[dict[str, Any]]:
    return await shop_client().execute_query_dict(f"SELECT {columns} FROM {name} ORDER BY {columns}")


async def left_over(run: ImportRun) -> dict[str, int]:
    """What a run should not leave behind when it has ended badly."""
    return {
        name: (await shop_client().execute_query_dict(f"SELECT count(*) AS n FROM {name} WHERE run_id = $1", [run.id]))[
            0
        ]["n"]
        for name in ("import_row", "import_change")
    }


def lines(count: int, codes: int) -> Iterable[tuple[str, str, str]]:
    """`count` rows over `codes` codes; the last one of a code has its greatest price."""
    return ((f"K{i % codes:05}", f"Good {i % codes}", f"{1 + i // codes}.50") for i in range(count))
