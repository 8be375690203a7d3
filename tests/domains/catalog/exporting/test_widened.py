"""What the generic form holds beyond Shopify's: keywords, translations, metadata."""

from __future__ import annotations

from stoa.domains.catalog.importing import run_import, undo_import
from stoa.domains.catalog.models import Attribute, AttributeType, ImportIssue, Product, ProductStatus
from stoa.kit.text import searchable
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.exporting.shops import exported, taken_back

TEXTS = {"zh": {"title": "台灯", "description": "暖光"}, "en": {"seo_title": "A lamp"}}


async def attributes() -> None:
    await Attribute.create(key="watts", name="Watts", type=AttributeType.NUMBER, is_facet=False)
    await Attribute.create(key="dimmable", name="Dimmable", type=AttributeType.BOOLEAN, is_facet=False)


async def test_what_a_product_is_known_by_goes_into_another_shop(ctx: Context, other_ctx: Context) -> None:
    """X7: nothing that a merchant wrote about a product is lost in the generic form."""
    await attributes()
    known = {"watts": "40", "dimmable": True}
    await make.product(
        ctx, title="Lamp", status=ProductStatus.DRAFT, keywords=["lamp", "brass"], translations=TEXTS, metadata=known
    )
    first = await exported(ctx)

    with open_shop(other_ctx.shop):
        await attributes()
        run = await taken_back(other_ctx, first)
        product = await Product.get(title="Lamp")
        assert (run.products_created, run.issue_counts) == (1, {})
        assert (product.keywords, product.translations, product.metadata) == (["lamp", "brass"], TEXTS, known)
        assert searchable("台灯") in product.search_text
        assert await exported(other_ctx) == first

        await Product.filter(id=product.id).update(metadata={"watts": "60"}, translations={}, keywords=[])
        again = await taken_back(other_ctx, first)
        assert (again.products_updated, (await Product.get(id=product.id)).metadata) == (1, known)
        await undo_import(other_ctx, again.id)
        await run_import(other_ctx, again.id)
        back = await Product.get(id=product.id)
        assert (back.keywords, back.translations, back.metadata) == ([], {}, {"watts": "60"})


async def test_what_the_shop_has_no_attribute_for_is_said(ctx: Context, other_ctx: Context) -> None:
    await attributes()
    await make.product(ctx, title="Lamp", status=ProductStatus.DRAFT, metadata={"watts": "40"})
    first = await exported(ctx)
    broken = first.replace(b'{""watts"":""40""}', b"not json")

    with open_shop(other_ctx.shop):
        run = await taken_back(other_ctx, first)
        issue = await ImportIssue.get(run_id=run.id)
        assert (issue.code, issue.column_name, issue.value) == ("ATTRIBUTE_NOT_FOUND", "Metadata", "watts: 40")
        assert (await Product.get(title="Lamp")).metadata == {}
        run = await taken_back(other_ctx, broken)
        issue = await ImportIssue.get(run_id=run.id)
        assert (issue.code, issue.column_name, issue.value) == ("NOT_JSON", "Metadata", "not json")
