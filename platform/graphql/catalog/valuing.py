"""Values of attributes, as mutations take them."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from stoa.graphql.catalog.merchandising.rows import same_twice


@strawberry.input(description="Values of one attribute.")
class AttributeValuesInput:
    key: str = strawberry.field(description="The attribute's key.")
    values: list[str] = strawberry.field(
        description="In place of those they have; none takes them away. A choice by its value or any name it has."
    )


def values_by_key(at: str, given: Sequence[AttributeValuesInput]) -> dict[str, list[str]]:
    """As the domain takes them; `at` names the input. Refuses an attribute that is named twice."""
    same_twice(at, [each.key for each in given])
    return {each.key: each.values for each in given}
