"""The queues in Valkey: deliveries on their way from the dispatcher to the workers, in the form that arq gives them.

Each thing is one call for however many deliveries: beside a job that takes some milliseconds calls are what costs.
"""

from __future__ import annotations

from collections.abc import Sequence

from arq.connections import ArqRedis
from arq.constants import job_key_prefix
from arq.jobs import serialize_job
from arq.utils import timestamp_ms

from stoa.tenants.jobs import Kind
from stoa.workers.ledger import Delivery
from stoa.workers.settings import PERFORM, queue_name


async def put(redis: ArqRedis, kind: Kind, deliveries: Sequence[Delivery], *, keep_for: float) -> None:
    """Put them in, in this order; kept for so many seconds.

    arq's own way looks each time whether there is a job of that name; a delivery's name there never was.
    """
    at = timestamp_ms()
    async with redis.pipeline(transaction=True) as pipe:
        for place, (id, attempt) in enumerate(deliveries):
            name = _name((id, attempt))
            body = serialize_job(PERFORM, (str(id), attempt), {}, None, at, serializer=redis.job_serializer)
            pipe.psetex(job_key_prefix + name, int(keep_for * 1000), body)
            pipe.zadd(queue_name(kind), {name: at + place / 1000})
        await pipe.execute()


async def withdraw(redis: ArqRedis, kind: Kind, deliveries: Sequence[Delivery]) -> None:
    """Take out what is void."""
    if deliveries:
        names = [_name(each) for each in deliveries]
        async with redis.pipeline(transaction=True) as pipe:
            pipe.zrem(queue_name(kind), *names)
            pipe.delete(*(job_key_prefix + name for name in names))
            await pipe.execute()


def _name(delivery: Delivery) -> str:
    """Has the attempt in it as well, so that one attempt's delivery never stands in the way of the next one's."""
    return f"{delivery[0]}:{delivery[1]}"
