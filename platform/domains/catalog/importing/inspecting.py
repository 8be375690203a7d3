"""Inspect a file before it is imported: its columns, its first rows, and which column probably holds what."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from itertools import islice
from typing import Literal
from uuid import UUID

from stoa.domains.catalog.importing.options import OPTIONS, Field, Options
from stoa.domains.catalog.importing.recognising import KNOWN_COLUMNS, plain, recognise
from stoa.domains.catalog.models import FileFormat
from stoa.kit.files import Files
from stoa.kit.tabular.sniffing import Layout, Table
from stoa.tenants.context import Context
from stoa.tenants.uploading import Purpose, claim_upload, shop_files

SAMPLE_ROWS = 10
SAMPLE_FOR_NUMBERS = 200
# Headers as shops and other systems write them; letters and digits in lower case are compared.
KNOWN_HEADERS: dict[Field, str] = {
    Field.SKU: "sku variant_sku stock_code stockcode item_number item_no article_number article_no product_code code "
    "商品编码 商品编号 货号 商家编码 规格编码 编码 款号 sku编码",
    Field.PRODUCT: "product_key product_id parent_sku parent group_id handle_id spu 商品id 父sku spu编码 主商品编码",
    Field.TITLE: "title name product_name product_title item_name short_description 商品名称 商品标题 标题 名称 品名",
    Field.DESCRIPTION: "body_html body long_description details product_description description 商品描述 描述 详情",
    Field.HANDLE: "handle slug url_key url_handle 链接名 网址别名",
    Field.CATEGORY: "category product_category product_type type collection 类目 分类 商品分类 品类",
    Field.VARIANT_TITLE: "variant variant_title option option1_value size_color 规格 规格名称 属性 销售属性",
    Field.PRICE: "price unit_price variant_price sale_price selling_price 价格 售价 单价 销售价 现价",
    Field.LIST_PRICE: "list_price compare_at_price variant_compare_at_price rrp msrp regular_price 原价 划线价 市场价",
    Field.COST: "cost cost_price cost_per_item purchase_price 成本 成本价 进价 采购价",
    Field.STOCK: "stock inventory on_hand qty_on_hand stock_quantity variant_inventory_qty 库存 库存数量 现有库存",
    Field.BARCODE: "barcode variant_barcode ean gtin upc 条码 条形码 国际条码",
    Field.IMAGE: "image image_url image_src picture photo variant_image 图片 主图 图片链接 商品图片",
    Field.IMAGE_ALT: "image_alt image_alt_text alt_text alt 图片描述 图片说明",
    Field.IMAGE_POSITION: "image_position 图片顺序 图片位置",
    Field.VENDOR: "vendor brand manufacturer 品牌 厂商 供应商",
    Field.TAGS: "tags keywords labels 标签 商品标签",
    Field.SEO_TITLE: "seo_title meta_title seo标题",
    Field.SEO_DESCRIPTION: "seo_description meta_description seo描述",
    Field.STATUS: "status product_status 状态 商品状态",
    Field.WEIGHT: "weight_g weight_grams grams variant_grams 重量_克 重量克 克重",
    Field.REQUIRES_SHIPPING: "requires_shipping 需要发货 需要物流",
    Field.TAXABLE: "taxable charge_tax 应税",
}
OPTION_COLUMN = re.compile(r"\s*(?:option|选项|规格|属性)\s*[:：]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a look at a file tells. `mapping` and `decimal` are suggestions for people to confirm; so is `format`, when
    the header is one that is known."""

    file_name: str
    packing: str
    encoding: str
    delimiter: str
    columns: list[str]
    rows: list[list[str]]
    mapping: dict[str, str]
    decimal: Literal[".", ","] | None
    format: FileFormat | None = None


async def inspect_file(ctx: Context, upload_id: UUID, *, options: Options | None = None) -> Inspection:
    """Look at the beginning of an uploaded file. Raises `Unreadable` as the import itself would."""
    upload = await claim_upload(ctx, upload_id, Purpose.IMPORT)
    files = shop_files(ctx.shop)
    layout, rows = await asyncio.to_thread(_look, files, upload.file_key, upload.size, options or Options())
    known = recognise(layout.columns)
    mapping = known[1] if known else suggest_mapping(layout.columns)
    return Inspection(
        file_name=upload.file_name,
        packing=layout.packing,
        encoding=layout.codec,
        delimiter=layout.delimiter,
        columns=layout.columns,
        rows=rows[:SAMPLE_ROWS],
        mapping=mapping,
        decimal=_suggest_decimal(layout.columns, rows, mapping),
        format=known[0] if known else None,
    )


def suggest_mapping(columns: list[str]) -> dict[str, str]:
    """The columns whose names tell what they hold; each column for one field, each field at most once."""
    free = {plain(column): column for column in reversed(columns)}
    mapping: dict[str, str] = {}
    for name, headers in KNOWN_HEADERS.items():
        found = next((each for each in map(plain, headers.split()) if each in free), None)
        if found is not None:
            mapping[name.value] = free.pop(found)
    # a file with one text column calls it description, and means the name
    if Field.TITLE not in mapping and Field.DESCRIPTION in mapping:
        mapping[Field.TITLE.value] = mapping.pop(Field.DESCRIPTION.value)
    options = [column for column in columns if OPTION_COLUMN.match(column) and column in free.values()]
    return mapping | {value.value: column for (_, value), column in zip(OPTIONS, options, strict=False)}


def _look(files: Files, key: str, size: int, options: Options) -> tuple[Layout, list[list[str]]]:
    table = Table(files.open(key), size)
    layout = table.layout(options, KNOWN_COLUMNS)
    return layout, [row.cells for row in islice(table.rows(layout), SAMPLE_FOR_NUMBERS)]


def _suggest_decimal(columns: list[str], rows: list[list[str]], mapping: dict[str, str]) -> Literal[".", ","] | None:
    """The sign before one or two last digits, if all prices that have one have the same."""
    header = mapping.get(Field.PRICE)
    if header is None:
        return None
    at = columns.index(header)
    cells = [row[at] for row in rows if at < len(row)]
    signs = {found[1] for cell in cells if (found := re.search(r"\d([.,])\d{1,2}\D*$", cell))}
    return "." if signs == {"."} else "," if signs == {","} else None
