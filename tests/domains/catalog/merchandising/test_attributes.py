"""Attributes: defined with a type, and values that keep to it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.domains.catalog import merchandising
from stoa.domains.catalog.errors import (
    AttributeChanged,
    AttributeInUse,
    AttributeTaken,
    NoSuchAttribute,
    NoSuchProduct,
    WrongValue,
)
from stoa.domains.catalog.merchandising import AttributeChanges, AttributeDraft, Choice
from stoa.domains.catalog.merchandising.valuing import read_value
from stoa.domains.catalog.models import Attribute, AttributeType, AttributeValue, Product
from stoa.kit.errors import InvalidInput, Refusals
from stoa.kit.ids import new_id
from stoa.kit.text import searchable
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of

COLOUR = AttributeDraft(
    "colour",
    "Colour",
    AttributeType.CHOICE,
    choices=[Choice("red", {"zh": {"name": "红色"}}), Choice("blue", {"zh": {"name": "蓝色"}})],
    is_multiple=True,
)


async def values_of(product: Product) -> list[tuple[str, str]]:
    rows = await AttributeValue.filter(product_id=product.id).order_by("text").values_list("attribute__key", "text")
    return [(str(key), str(text)) for key, text in rows]


async def test_every_shop_knows_material_style_and_use(ctx: Context) -> None:
    """P10: 材质、风格、用途 are there from the first day."""
    rows = await Attribute.all().order_by("position")

    assert [(each.key, each.name, each.translations["zh"]["name"]) for each in rows] == [
        ("material", "Material", "材质"),
        ("style", "Style", "风格"),
        ("use", "Use", "用途"),
    ]
    assert {each.type for each in rows} == {AttributeType.TEXT}
    assert all(each.is_facet and each.is_multiple for each in rows)


async def test_an_attribute_is_defined_with_its_choices(ctx: Context) -> None:
    attribute = await merchandising.define_attribute(ctx, COLOUR)

    assert (await Attribute.get(id=attribute.id)).choices == [
        {"value": "red", "translations": {"zh": {"name": "红色"}}},
        {"value": "blue", "translations": {"zh": {"name": "蓝色"}}},
    ]
    assert await events_of(ctx) == [("AttributeDefined", {"attribute_id": str(attribute.id), "key": "colour"})]


@pytest.mark.parametrize(
    ("draft", "path"),
    [
        (AttributeDraft("Colour", "Colour", AttributeType.TEXT), ("key",)),
        (AttributeDraft("colour", "Colour", AttributeType.CHOICE), ("choices",)),
        (AttributeDraft("colour", "Colour", AttributeType.TEXT, choices=[Choice("red")]), ("choices",)),
    ],
)
async def test_what_is_no_attribute_is_refused(ctx: Context, draft: AttributeDraft, path: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidInput) as refused:
        await merchandising.define_attribute(ctx, draft)

    assert refused.value.path == path
    assert await Attribute.all().count() == 3


async def test_everything_that_is_wrong_is_said_at_once(ctx: Context) -> None:
    draft = AttributeDraft("x", " ", AttributeType.CHOICE, unit="u" * 21, choices=[Choice("a"), Choice("A")])

    with pytest.raises(Refusals) as refused:
        await merchandising.define_attribute(ctx, draft)

    assert [each.path for each in refused.value.refusals] == [("name",), ("unit",), ("choices", 1, "value")]


async def test_a_key_is_taken_once(ctx: Context) -> None:
    with pytest.raises(AttributeTaken) as refused:
        await merchandising.define_attribute(ctx, AttributeDraft("style", "Style", AttributeType.TEXT))
    assert refused.value.params == {"taken": "style"}


async def test_values_are_set_on_several_products_and_found(ctx: Context) -> None:
    """P10: what characterises a product is kept by attribute, and searched in both languages."""
    await merchandising.define_attribute(ctx, COLOUR)
    one, two = await make.product(ctx, title="Cup"), await make.product(ctx, title="Mug")

    values = {"colour": ["红色", "BLUE"], "material": ["棉", "Silk"]}
    rows = await merchandising.set_attributes(ctx, [one.id, two.id], values)

    assert [(each.id, each.changed, each.refusal) for each in rows] == [
        (one.id, True, None),
        (two.id, True, None),
    ]
    held = [("material", "Silk"), ("colour", "blue"), ("colour", "red"), ("material", "棉")]
    assert await values_of(one) == held
    assert await values_of(two) == held
    text = (await Product.get(id=one.id)).search_text
    assert all(searchable(each) in text.split("\n") for each in ("red", "红色", "蓝色", "棉", "silk"))
    assert [name for name, _ in await events_of(ctx)][1:] == ["ProductAttributesSet"] * 2


async def test_the_same_values_again_change_nothing(ctx: Context) -> None:
    product = await make.product(ctx)
    await merchandising.set_attributes(ctx, [product.id], {"material": ["Silk"]})
    before = await catalog_of(ctx)

    [row] = await merchandising.set_attributes(ctx, [product.id], {"material": [" Silk "]})

    assert (row.changed, row.refusal) == (False, None)
    after = await catalog_of(ctx)
    assert after | {"product": []} == before | {"product": []}


async def test_no_values_take_them_away(ctx: Context) -> None:
    product = await make.product(ctx)
    await merchandising.set_attributes(ctx, [product.id], {"material": ["Silk"], "style": ["plain"]})

    await merchandising.set_attributes(ctx, [product.id], {"material": []})

    assert await values_of(product) == [("style", "plain")]
    assert "silk" not in (await Product.get(id=product.id)).search_text


async def test_a_product_that_is_not_there_is_refused_alone(ctx: Context, other_ctx: Context) -> None:
    mine, theirs = await make.product(ctx), await make.product(other_ctx)
    before = await catalog_of(other_ctx)

    rows = await merchandising.set_attributes(ctx, [theirs.id, mine.id], {"material": ["Silk"]})

    assert [each.changed for each in rows] == [False, True]
    assert isinstance(rows[0].refusal, NoSuchProduct)
    assert rows[0].refusal.path == ("product_ids", 0)
    assert await catalog_of(other_ctx) == before
    with open_shop(other_ctx.shop):
        assert await AttributeValue.all().count() == 0


async def test_wrong_values_are_refused_and_nothing_is_set(ctx: Context) -> None:
    await merchandising.define_attribute(ctx, AttributeDraft("weight", "Weight", AttributeType.NUMBER, unit="g"))
    await merchandising.define_attribute(ctx, COLOUR)
    product = await make.product(ctx)

    values = {"weight": ["heavy"], "nothing": ["x"], "material": ["Silk"], "colour": ["red", "green"]}
    with pytest.raises(Refusals) as refused:
        await merchandising.set_attributes(ctx, [product.id], values)

    assert [(type(each), each.path) for each in refused.value.refusals] == [
        (WrongValue, ("values", 0, "values", 0)),
        (NoSuchAttribute, ("values", 1, "key")),
        (WrongValue, ("values", 3, "values", 1)),
    ]
    assert refused.value.refusals[2].message == "Colour cannot be 'green': it must be one of red, blue."
    assert await values_of(product) == []


@pytest.mark.parametrize(
    ("type", "text", "kept"),
    [
        (AttributeType.NUMBER, " 02.50", ("2.5", Decimal("2.5"))),
        (AttributeType.NUMBER, "-0", ("0", Decimal(0))),
        (AttributeType.NUMBER, "1e3", ("1000", Decimal(1000))),
        (AttributeType.BOOLEAN, "Yes", ("true", None)),
        (AttributeType.BOOLEAN, "否", ("false", None)),
        (AttributeType.DATE, "2026-11-22", ("2026-11-22", None)),
        (AttributeType.TEXT, "  a\u3000b ", ("a b", None)),
    ],
)
def test_values_have_one_normal_form(type: AttributeType, text: str, kept: tuple[str, Any]) -> None:
    assert read_value(Attribute(key="x", name="X", type=type), text) == kept


@pytest.mark.parametrize(
    ("type", "text"),
    [
        (AttributeType.NUMBER, "NaN"),
        (AttributeType.NUMBER, "Infinity"),
        (AttributeType.NUMBER, "1e13"),
        (AttributeType.NUMBER, "0.0000001"),
        (AttributeType.BOOLEAN, "perhaps"),
        (AttributeType.DATE, "22.11.2026"),
    ],
)
def test_what_is_not_of_the_type_is_refused(type: AttributeType, text: str) -> None:
    with pytest.raises(WrongValue):
        read_value(Attribute(key="x", name="X", type=type), text)


@given(st.decimals(min_value=-(10**11), max_value=10**11, places=6))
def test_a_number_in_its_normal_form_is_the_same_number(number: Decimal) -> None:
    attribute = Attribute(key="x", name="X", type=AttributeType.NUMBER)
    text, kept = read_value(attribute, str(number))

    assert kept == number
    assert read_value(attribute, text) == (text, number)


async def test_what_products_have_holds_an_attribute_fast(ctx: Context) -> None:
    colour = await merchandising.define_attribute(ctx, COLOUR)
    product = await make.product(ctx)
    await merchandising.set_attributes(ctx, [product.id], {"colour": ["red", "blue"]})
    before = await Attribute.get(id=colour.id).values()

    for changes, path, params in (
        (AttributeChanges(type=AttributeType.TEXT, choices=[]), ("type",), {"values": 2}),
        (AttributeChanges(choices=[Choice("red")]), ("choices",), {"choice": "blue", "products": 1}),
        (AttributeChanges(is_multiple=False), ("is_multiple",), {"products": 1}),
    ):
        with pytest.raises(AttributeInUse) as refused:
            await merchandising.update_attribute(ctx, colour.id, changes)
        assert refused.value.path == path
        assert refused.value.params.items() >= params.items()
    with pytest.raises(AttributeInUse) as kept:
        await merchandising.delete_attribute(ctx, colour.id)
    assert kept.value.params.items() >= {"values": 2}.items()
    assert await Attribute.get(id=colour.id).values() == before


async def test_a_choice_that_nobody_has_may_go_and_another_be_named_anew(ctx: Context) -> None:
    colour = await merchandising.define_attribute(ctx, COLOUR)
    product = await make.product(ctx)
    await merchandising.set_attributes(ctx, [product.id], {"colour": ["red"]})

    changes = AttributeChanges(choices=[Choice("red", {"zh": {"name": "朱红"}})], name="Farbe")
    await merchandising.update_attribute(ctx, colour.id, changes, expected_version=1)

    now = await Attribute.get(id=colour.id)
    assert (now.name, now.version, [each["value"] for each in now.choices]) == ("Farbe", 2, ["red"])
    assert searchable("朱红") in (await Product.get(id=product.id)).search_text
    with pytest.raises(AttributeChanged):
        await merchandising.update_attribute(ctx, colour.id, AttributeChanges(name="X"), expected_version=1)


async def test_an_attribute_goes_with_its_values_when_that_is_said(ctx: Context) -> None:
    colour = await merchandising.define_attribute(ctx, COLOUR)
    product = await make.product(ctx)
    await merchandising.set_attributes(ctx, [product.id], {"colour": ["red"]})

    await merchandising.delete_attribute(ctx, colour.id, with_values=True)

    assert await AttributeValue.all().count() == 0
    assert (await events_of(ctx))[-1] == (
        "AttributeDeleted",
        {"attribute_id": str(colour.id), "key": "colour", "values": 1},
    )


async def test_an_attribute_of_nobody_or_of_another_shop_is_not_found(ctx: Context, other_ctx: Context) -> None:
    with open_shop(other_ctx.shop):
        theirs = await merchandising.define_attribute(other_ctx, COLOUR)

    for attribute_id in (new_id(), theirs.id):
        with pytest.raises(NoSuchAttribute):
            await merchandising.update_attribute(ctx, attribute_id, AttributeChanges(name="Mine"))
        with pytest.raises(NoSuchAttribute):
            await merchandising.delete_attribute(ctx, attribute_id, with_values=True)
    with open_shop(other_ctx.shop):
        assert (await Attribute.get(id=theirs.id)).name == "Colour"
