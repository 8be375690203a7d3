"""The clock can be set, for a test."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stoa.kit import clock


def test_the_time_is_aware_and_in_utc() -> None:
    assert clock.now().tzinfo is UTC


def test_a_set_clock_stands_still_and_is_released() -> None:
    moment = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)

    with clock.set_to(moment):
        assert clock.now() == moment
    assert clock.now() != moment


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"), clock.set_to(datetime(2026, 1, 1)):  # noqa: DTZ001
        pass
