"""Words in other languages, and metadata of the type that the shop has given it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from stoa.domains import catalog
from stoa.domains.catalog import ProductChanges, ProductDraft, Translation, VariantDraft
from stoa.domains.catalog.models import Attribute, Product
from stoa.kit.errors import Refusal, Refusals
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.catalogs import catalog_of


async def test_translations_are_kept_by_language_and_merged_field_by_field(ctx: Context) -> None:
    chinese = Translation("zh", title=" 杯子 ", description="<p onclick='x'>好</p>", seo_title="杯")
    draft = ProductDraft("Cup", variants=[VariantDraft()], translations=[chinese])
    product = await catalog.create_product(ctx, draft)
    assert product.translations == {"zh": {"title": "杯子", "description": "<p>好</p>", "seo_title": "杯"}}

    more = [Translation("zh", title="茶杯", seo_title=""), Translation("en", title="Tea cup")]
    await catalog.update_product(ctx, product.id, ProductChanges(translations=more))

    assert (await Product.get(id=product.id)).translations == {
        "en": {"title": "Tea cup"},
        "zh": {"title": "茶杯", "description": "<p>好</p>"},
    }


@pytest.mark.parametrize(
    ("translations", "path"),
    [
        ([Translation("fr", title="x")], ("translations", 0, "locale")),
        ([Translation("zh"), Translation("zh")], ("translations", 1, "locale")),
        ([Translation("zh", title="x" * 256)], ("translations", 0, "title")),
    ],
)
async def test_wrong_translations_are_refused_where_they_are_wrong(
    ctx: Context, translations: list[Translation], path: tuple[str | int, ...]
) -> None:
    product = await make.product(ctx)
    before = await catalog_of(ctx)

    with pytest.raises(Refusals) as refused:
        await catalog.update_product(ctx, product.id, ProductChanges(translations=translations))

    assert [each.path for each in refused.value.refusals] == [path]
    assert await catalog_of(ctx) == before


async def attributes() -> None:
    for key, kind in (("note", "TEXT"), ("watt", "NUMBER"), ("safe", "BOOLEAN"), ("since", "DATE")):
        await Attribute.create(key=key, name=key, type=kind, is_facet=False)
    choices = [{"value": "matt"}, {"value": "glossy"}]
    await Attribute.create(key="finish", name="Finish", type="CHOICE", choices=choices, is_facet=False)
    await Attribute.create(key="fabric", name="Fabric", type="TEXT", is_facet=True)


async def test_metadata_is_read_by_its_attributes_type(ctx: Context) -> None:
    await attributes()
    given = {"note": " Fine. ", "watt": "12.50", "safe": "TRUE", "since": "2026-11-22", "finish": "matt"}
    product = await catalog.create_product(ctx, ProductDraft("Lamp", variants=[VariantDraft()], metadata=given))

    stored = (await Product.get(id=product.id)).metadata
    assert stored == {"note": "Fine.", "watt": "12.5", "safe": True, "since": "2026-11-22", "finish": "matt"}

    changes = ProductChanges(metadata={"watt": None, "finish": "glossy"})
    await catalog.update_product(ctx, product.id, changes)
    assert (await Product.get(id=product.id)).metadata == {
        "note": "Fine.",
        "safe": True,
        "since": "2026-11-22",
        "finish": "glossy",
    }


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({"unknown": "x"}, "ATTRIBUTE_NOT_FOUND"),
        ({"fabric": "clay"}, "ATTRIBUTE_NOT_FOUND"),  # a facet's values are no metadata
        ({"watt": "much"}, "INVALID"),
        ({"watt": "NaN"}, "INVALID"),
        ({"watt": "1e12"}, "INVALID"),
        ({"safe": "maybe"}, "INVALID"),
        ({"since": "22.11.2026"}, "INVALID"),
        ({"finish": "rough"}, "INVALID"),
        ({"note": ""}, "INVALID"),
        ({"note": "x" * 5_001}, "INVALID"),
    ],
)
async def test_metadata_of_another_type_is_refused(ctx: Context, metadata: Mapping[str, str], code: str) -> None:
    await attributes()
    product = await make.product(ctx)
    before = await catalog_of(ctx)

    with pytest.raises(Refusal) as refused:
        await catalog.update_product(ctx, product.id, ProductChanges(metadata=metadata))

    assert (refused.value.code, refused.value.path[:2]) == (code, ("metadata", 0))
    assert await catalog_of(ctx) == before


async def test_another_shops_attribute_is_not_found(ctx: Context, other_ctx: Context) -> None:
    await attributes()
    product = await make.product(other_ctx)

    with open_shop(other_ctx.shop), pytest.raises(Refusal) as refused:
        await catalog.update_product(other_ctx, product.id, ProductChanges(metadata={"note": "x"}))

    assert refused.value.code == "ATTRIBUTE_NOT_FOUND"
