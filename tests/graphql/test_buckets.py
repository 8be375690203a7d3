"""A bucket for each caller: full at first, emptied by spending, filled again by time."""

from __future__ import annotations

from stoa.graphql.buckets import Buckets

SLOWLY = 1e-6  # points a second: nothing comes back while a test runs


def test_points_are_spent_and_the_rest_is_told() -> None:
    buckets = Buckets(100, SLOWLY)

    assert buckets.spend("a", 30).shown() == {"requested": 30, "remaining": 70, "restoreRate": SLOWLY}
    assert buckets.spend("a", 70).remaining == 0


def test_too_few_points_take_nothing_and_tell_how_long_to_wait() -> None:
    buckets = Buckets(100, 0.001)
    buckets.spend("a", 90)

    refused = buckets.spend("a", 11)

    assert (refused.requested, refused.remaining) == (11, 10)
    assert 999 < refused.retry_after <= 1000
    assert refused.wait == 1000
    assert refused.shown()["retryAfterMs"] in range(999_000, 1_000_001)
    assert buckets.spend("a", 10).remaining == 0


def test_a_caller_does_not_spend_anothers_points() -> None:
    buckets = Buckets(100, SLOWLY)
    buckets.spend(("shop", "a"), 100)

    assert buckets.spend(("shop", "b"), 100).retry_after == 0
    assert buckets.spend(("other shop", "a"), 100).retry_after == 0
    assert buckets.spend(("shop", "a"), 1).retry_after > 0


def test_time_fills_a_bucket_to_the_brim_and_no_further() -> None:
    buckets = Buckets(100, 1e12)
    buckets.spend("a", 100)

    assert buckets.spend("a", 1).remaining == 99


def test_the_bucket_used_least_recently_goes_first() -> None:
    buckets = Buckets(100, SLOWLY, kept=2)
    for who in ("a", "b", "a", "c"):
        buckets.spend(who, 10)

    assert buckets.spend("a", 0).remaining == 80
    assert buckets.spend("b", 0).remaining == 100
