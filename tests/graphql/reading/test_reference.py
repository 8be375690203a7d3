"""The planner answers what plain Python answers over the same rows."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoa.graphql.executing import Executor
from stoa.graphql.schema import printed
from stoa.settings import Settings
from tests import make
from tests.graphql.asking import Ask
from tests.graphql.reading.documents import Composer
from tests.graphql.reading.reference import Reference
from tests.graphql.reading.worlds import World, random_world, settle

EXAMPLES = int(os.environ.get("EXAMPLES", "300"))
REFERENCE = Reference(printed())


class Worlds:
    """Short to write: Hypothesis writes down what a test is called with."""

    def __init__(self, made: list[tuple[World, Ask]]) -> None:
        self.made = made


@pytest.fixture(scope="module")
async def worlds(database: None, executor: Executor, settings: Settings) -> Worlds:
    """Three shops with catalogs at random, one of them empty."""
    made = []
    for seed, products in ((1, 0), (2, 6), (3, 25)):
        shop = await make.shop(f"World {seed}")
        world = random_world(shop, seed, products=products)
        await settle(world)
        made.append((world, Ask(executor, settings, await make.context(shop))))
    return Worlds(made)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(number=st.integers(0, 2), seed=st.integers(0, 2**32))
async def test_any_query_is_answered_as_by_naive_python(worlds: Worlds, number: int, seed: int) -> None:
    world, ask = worlds.made[number]
    query, variables = Composer(REFERENCE.schema, world, seed).document()

    expected = REFERENCE.answer(world, query, variables)
    assert await ask.run(query, variables) == expected, (query, variables)
    assert await ask.run(query, variables) == expected, (query, variables)  # by the plan that is known now
