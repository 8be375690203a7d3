"""What is required to be on sale is said at one place, for products that are there and those that are to be."""

from __future__ import annotations

import pytest

from stoa.domains.catalog.completeness import REQUIRED_TO_PUBLISH, require_draft_ready
from stoa.domains.catalog.errors import NotReady


def test_each_thing_that_is_required_stands_in_the_way_alone() -> None:
    there = dict.fromkeys(REQUIRED_TO_PUBLISH, True)
    require_draft_ready(there | {"WEIGHT": False})

    for code in REQUIRED_TO_PUBLISH:
        with pytest.raises(NotReady) as refused:
            require_draft_ready(there | {code: False}, "status")
        assert (refused.value.params["missing"], refused.value.path) == (code, ("status",))


def test_who_forgets_to_say_one_of_them_is_not_let_through() -> None:
    for code in REQUIRED_TO_PUBLISH:
        with pytest.raises(KeyError):
            require_draft_ready({each: True for each in REQUIRED_TO_PUBLISH if each != code})
