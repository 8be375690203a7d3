"""Throttling."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from stoa.kit.clock import set_to
from stoa.tenants.access.errors import Throttled
from stoa.tenants.access.throttling import Limit, count_try, forgive, give_back, network_of
from stoa.tenants.models import Attempts
from tests.tenants.access.people import NOON, new_address

# Small and quick to reckon: three free, one fades in a minute, then 10, 20, 40 and at most 60 seconds.
LIMIT = Limit("test", free=3, fades=60, first_wait=10, longest_wait=60)


async def _try(who: str, seconds: float, limit: Limit = LIMIT) -> int | None:
    """None when the try may be made at that second, else the wait that was told."""
    with set_to(NOON + timedelta(seconds=seconds)):
        try:
            await count_try(limit, who)
        except Throttled as refused:
            return refused.retry_after
    return None


async def test_the_free_tries_are_free_and_then_one_waits(database: None) -> None:
    who = new_address()

    assert [await _try(who, 0) for _ in range(4)] == [None, None, None, 10]


async def test_who_waits_as_long_as_told_may_try_again(database: None) -> None:
    who = new_address()
    for _ in range(3):
        await _try(who, 0)

    assert await _try(who, 9.5) == 1
    assert await _try(who, 10) is None


async def test_each_further_try_waits_twice_as_long_up_to_the_longest(database: None) -> None:
    slow, who = Limit("slow", free=3, fades=86_400, first_wait=10, longest_wait=60), new_address()
    for _ in range(3):
        await _try(who, 0, slow)

    waits, second = [], 0
    for _ in range(6):
        waits.append(await _try(who, second, slow) or 0)
        second += waits[-1]
        assert await _try(who, second, slow) is None

    assert waits == [10, 20, 40, 60, 60, 60]


async def test_refused_tries_do_not_make_it_worse(database: None) -> None:
    who = new_address()
    for _ in range(3):
        await _try(who, 0)

    assert [await _try(who, second) for second in (0, 1, 2, 9)] == [10, 9, 8, 1]
    assert await _try(who, 10) is None


async def test_tries_fade(database: None) -> None:
    """One a minute can be made for ever."""
    who = new_address()

    assert [await _try(who, 60 * minute) for minute in range(10)] == [None] * 10
    assert [await _try(who, 60 * 60) for _ in range(4)] == [None, None, None, 10]


async def test_fifty_at_the_same_moment_are_no_better_than_three(database: None) -> None:
    who = new_address()

    answers = await asyncio.gather(*(_try(who, 0) for _ in range(50)))

    assert answers.count(None) == 3
    assert answers.count(10) == 47


async def test_a_good_try_given_back_leaves_the_earlier_ones(database: None) -> None:
    who = new_address()
    for _ in range(3):
        await _try(who, 0)

    await give_back(LIMIT, who)

    assert await _try(who, 0) is None
    assert await _try(who, 0) == 10


async def test_what_is_forgiven_no_longer_counts(database: None) -> None:
    who = new_address()
    for _ in range(4):
        await _try(who, 0)

    await forgive(LIMIT, who)

    assert [await _try(who, 0) for _ in range(4)] == [None, None, None, 10]


async def test_each_is_counted_alone(database: None) -> None:
    first, second = new_address(), new_address()
    for _ in range(4):
        await _try(first, 0)

    assert await _try(second, 0) is None


async def test_one_free_try_means_one(database: None) -> None:
    strict, who = Limit("strict", free=1, fades=60, first_wait=10, longest_wait=60), new_address()
    with set_to(NOON):
        await count_try(strict, who)
        with pytest.raises(Throttled) as refused:
            await count_try(strict, who)

    assert refused.value.retry_after == 10
    assert refused.value.params == {"retry_after": 10}


async def test_who_tried_is_not_written_down(database: None) -> None:
    await _try("somebody's password in the wrong field", 0)

    assert not await Attempts.filter(key__contains="password").exists()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
        ("", ""),
    ],
)
async def test_an_ipv6_customer_is_one_however_many_addresses_they_use(address: str, network: str) -> None:
    assert network_of(address) == network
