from __future__ import annotations

import asyncio

from stoa.kit.tasks import end


async def test_a_task_that_misses_its_first_cancellation_ends_by_the_second() -> None:
    cancellations = 0

    async def deaf() -> None:
        nonlocal cancellations
        while cancellations < 2:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                cancellations += 1

    async def fails() -> None:
        raise ZeroDivisionError

    tasks = [asyncio.create_task(deaf()), asyncio.create_task(fails())]
    await asyncio.sleep(0)
    await end(tasks)

    assert all(task.done() for task in tasks)
    assert cancellations == 2


async def test_to_end_nothing_is_done_at_once() -> None:
    await end([])
