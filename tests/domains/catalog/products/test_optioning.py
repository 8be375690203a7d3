"""Options: every variant has one value of each, and no two are alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.domains import catalog
from stoa.domains.catalog import OptionChange, OptionDraft, ProductChanges, ProductDraft, VariantChanges, VariantDraft
from stoa.domains.catalog.errors import NoSuchOption, OptionInUse, SameCombination
from stoa.domains.catalog.models import Product
from stoa.domains.catalog.optioning import changed_options
from stoa.kit.errors import Refusal, Refusals
from stoa.tenants.context import Context
from tests.domains.catalog.catalogs import catalog_of
from tests.domains.catalog.products.wares import shirt, variants_of


async def test_a_product_has_options_and_each_variant_a_value_of_each(ctx: Context) -> None:
    """P1: product and variants in one go, with what they differ in."""
    product, variants = await shirt(ctx)

    stored = await Product.get(id=product.id)
    assert stored.options == [
        {"name": "Colour", "values": ["red", "blue"]},
        {"name": "Size", "values": ["S", "L"]},
    ]
    assert [each.option_values for each in variants] == [["red", "S"], ["red", "L"], ["blue", "S"], ["blue", "L"]]
    assert [each.title for each in variants] == ["red / S", "red / L", "blue / S", "blue / L"]


async def test_values_that_were_not_listed_are_those_of_the_variants(ctx: Context) -> None:
    product, _ = await shirt(ctx, options=[OptionDraft(" Colour "), OptionDraft("Size")])

    assert product.options == [{"name": "Colour", "values": ["red", "blue"]}, {"name": "Size", "values": ["S", "L"]}]


@pytest.mark.parametrize(
    ("options", "values", "path", "code"),
    [
        (["A"], [["x"], ["x"]], ("variants", 1, "option_values"), "SAME_COMBINATION"),
        (["A"], [["x"], []], ("variants", 1, "option_values"), "INVALID"),
        (["A", "a"], [["x", "y"]], ("options", 1, "name"), "INVALID"),
        (["A"], [["x"], [" "]], ("variants", 1, "option_values", 0), "INVALID"),
        (["A", "B", "C", "D", "E", "F"], [["x"] * 6], ("options",), "INVALID"),
        ([], [["x"]], ("variants", 0, "option_values"), "INVALID"),
    ],
)
async def test_wrong_options_are_refused_where_they_are_wrong(
    ctx: Context, options: list[str], values: list[list[str]], path: tuple[str | int, ...], code: str
) -> None:
    before = await catalog_of(ctx)
    draft = ProductDraft(
        title="Cup",
        options=[OptionDraft(name) for name in options],
        variants=[VariantDraft(option_values=each) for each in values],
    )

    with pytest.raises(Refusals) as refused:
        await catalog.create_product(ctx, draft)

    assert (code, path) in [(each.code, each.path) for each in refused.value.refusals]
    assert await catalog_of(ctx) == before


async def test_an_option_and_a_value_are_renamed_everywhere(ctx: Context) -> None:
    words = {"zh": {"Colour": "颜色", "red": "红"}}
    colour = OptionDraft("Colour", ("red", "blue"), words)
    product, _ = await shirt(ctx, options=[colour, OptionDraft("Size", ("S", "L"))])

    change = OptionChange("Colour", new_name="Color", renamed=[("red", "crimson")], added=["green"])
    await catalog.update_product(ctx, product.id, ProductChanges(options=[change]))

    stored = await Product.get(id=product.id)
    assert stored.options[0] == {
        "name": "Color",
        "values": ["crimson", "blue", "green"],
        "translations": {"zh": {"Color": "颜色", "crimson": "红"}},
    }
    assert stored.version == 2
    assert [each.option_values[0] for each in await variants_of(product)] == ["crimson", "crimson", "blue", "blue"]
    assert [each.title for each in await variants_of(product)][:2] == ["crimson / S", "crimson / L"]


async def test_a_new_option_gives_the_variants_there_are_a_value(ctx: Context) -> None:
    product, _ = await shirt(ctx)

    change = OptionChange("Cut", value_for_existing="wide", added=["slim"])
    await catalog.update_product(ctx, product.id, ProductChanges(options=[change]))

    assert (await Product.get(id=product.id)).options[2] == {"name": "Cut", "values": ["wide", "slim"]}
    assert [each.option_values[2] for each in await variants_of(product)] == ["wide"] * 4


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (OptionChange("Colour", removed=["red"]), OptionInUse),
        (OptionChange("Colour", is_removed=True), SameCombination),
        (OptionChange("Taste", is_removed=True), NoSuchOption),
        (OptionChange("Taste", added=["sweet"]), Refusal),
        (OptionChange("Colour", renamed=[("red", "blue")]), Refusal),
        (OptionChange("Colour", renamed=[("green", "blue")]), Refusal),
        (OptionChange("Colour", new_name="size"), Refusal),
    ],
)
async def test_a_change_that_cannot_be_leaves_everything_as_it_was(
    ctx: Context, change: OptionChange, refusal: type[Refusal]
) -> None:
    product, _ = await shirt(ctx)
    before = await catalog_of(ctx)

    with pytest.raises(refusal):
        await catalog.update_product(ctx, product.id, ProductChanges(options=[change]))

    assert await catalog_of(ctx) == before


async def test_a_variant_takes_another_combination_unless_one_has_it(ctx: Context) -> None:
    product, [red_s, red_l, *_] = await shirt(ctx)
    before = await catalog_of(ctx)

    with pytest.raises(SameCombination) as refused:
        taken = VariantChanges(red_s.id, option_values=("red", "L"))
        await catalog.update_product(ctx, product.id, ProductChanges(variants=(taken,)))
    assert refused.value.path == ("variants", 0, "option_values")
    assert await catalog_of(ctx) == before

    swap = (
        VariantChanges(red_s.id, option_values=("red", "L")),
        VariantChanges(red_l.id, option_values=("red", "S")),
    )
    await catalog.update_product(ctx, product.id, ProductChanges(variants=swap))
    assert [each.option_values for each in await variants_of(product)][:2] == [["red", "L"], ["red", "S"]]


NAMES, VALUES = st.sampled_from(["A", "B", "C"]), st.sampled_from(["x", "y", "z", "v"])
CHANGES = st.builds(
    OptionChange,
    name=NAMES,
    new_name=st.none() | NAMES,
    renamed=st.lists(st.tuples(VALUES, VALUES), max_size=2),
    added=st.lists(VALUES, max_size=2),
    removed=st.lists(VALUES, max_size=1),
    value_for_existing=st.none() | VALUES,
    is_removed=st.booleans(),
)


@given(st.lists(CHANGES, max_size=5))
def test_whatever_is_changed_the_variants_stay_one_of_each_and_different(changes: list[OptionChange]) -> None:
    options = [{"name": "A", "values": ["x", "y"]}, {"name": "B", "values": ["x", "z"]}]
    combinations = [["x", "x"], ["x", "z"], ["y", "x"]]
    try:
        made, values = changed_options(options, combinations, changes)
    except Refusal:
        assert options == [{"name": "A", "values": ["x", "y"]}, {"name": "B", "values": ["x", "z"]}]
        assert combinations == [["x", "x"], ["x", "z"], ["y", "x"]]
        return
    assert len({each["name"].casefold() for each in made}) == len(made)
    assert all(len(set(each["values"])) == len(each["values"]) for each in made)
    assert all(value in option["values"] for row in values for option, value in zip(made, row, strict=True))
    assert len({tuple(row) for row in values}) == len(values) or not made
