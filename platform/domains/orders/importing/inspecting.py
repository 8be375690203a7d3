"""Inspect a file of orders before it is imported: its columns, its first rows, and which column probably holds what."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from stoa.domains.orders.importing.recognising import SHOPIFY, recognise
from stoa.kit.files import Files
from stoa.kit.tabular.notation import Notation
from stoa.kit.tabular.sniffing import Layout, Table
from stoa.tenants.context import Context
from stoa.tenants.uploading import Purpose, claim_upload, shop_files

SAMPLE_ROWS = 10


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a look at a file tells. `mapping` is a suggestion for people to confirm, unless the file is Shopify's."""

    encoding: str
    delimiter: str
    columns: list[str]
    rows: list[list[str]]
    mapping: dict[str, str]
    is_shopify: bool


async def inspect_file(ctx: Context, upload_id: UUID) -> Inspection:
    """Look at the beginning of an uploaded file. Raises `Unreadable` as the import itself would."""
    upload = await claim_upload(ctx, upload_id, Purpose.IMPORT)
    layout, rows = await asyncio.to_thread(_look, shop_files(ctx.shop), upload.file_key, upload.size)
    is_shopify, mapping = recognise(layout.columns)
    return Inspection(layout.codec, layout.delimiter, layout.columns, rows, mapping, is_shopify)


def _look(files: Files, key: str, size: int) -> tuple[Layout, list[list[str]]]:
    table = Table(files.open(key), size)
    layout = table.layout(Notation(), SHOPIFY.values())
    return layout, [row.cells for row in islice(table.rows(layout), SAMPLE_ROWS)]
