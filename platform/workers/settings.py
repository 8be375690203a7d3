"""How workers are run: the lanes of work, and the queues in Valkey between the dispatcher and them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import msgspec
from arq.connections import ArqRedis
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError, TimeoutError

from stoa.settings import Settings
from stoa.tenants.jobs import Kind

# arq makes a result of the error by which it says that a delivery is gone from a queue that was flushed.
_ENCODER = msgspec.json.Encoder(enc_hook=str)
PERFORM = "perform"  # the one function that arq knows


@dataclass(frozen=True, slots=True)
class Lane:
    """How the jobs of one kind are worked off."""

    at_once: int  # attempts at the same time in one process; each may hold a connection of its shop pool
    per_shop: int  # jobs of one shop sent or running in all processes together
    window: int  # the same for all shops: what waits in Valkey can no longer be overtaken
    longest: timedelta  # an attempt that takes longer has failed
    lease: timedelta = timedelta(seconds=30)  # a running attempt not heard of for so long is lost
    delivery: timedelta = timedelta(seconds=60)  # a job sent and not begun within it is sent again
    first_retry: timedelta = timedelta(seconds=2)  # after the first failure; twice as long after each further one
    last_retry: timedelta = timedelta(hours=1)  # no pause is longer


Lanes = Mapping[Kind, Lane]

LANES: Lanes = {
    "general": Lane(at_once=4, per_shop=4, window=40, longest=timedelta(minutes=1)),
    "imports": Lane(at_once=2, per_shop=1, window=8, longest=timedelta(hours=4)),
    # each has a process that decodes its picture: no more at once than there may be idle processors
    "images": Lane(at_once=2, per_shop=2, window=20, longest=timedelta(minutes=2)),
    # a turn of one hook: mostly waiting for strangers, so many at once; slow receivers of a shop leave room for others
    "webhooks": Lane(at_once=16, per_shop=8, window=64, longest=timedelta(minutes=2)),
    # five of a shop, as the API promises (docs/api/bulk.md); the others wait in line
    "bulk": Lane(at_once=5, per_shop=5, window=20, longest=timedelta(hours=24)),
    # while two are being written by the presses, others are claimed, gathered and ended, so that no press has to wait;
    # no connection is held meanwhile
    "reports": Lane(at_once=8, per_shop=2, window=40, longest=timedelta(minutes=20)),
    # they wait for others' servers, so there may be more of them; a server that is down is asked again for half an hour
    "notifications": Lane(
        at_once=8, per_shop=4, window=80, longest=timedelta(minutes=1), first_retry=timedelta(seconds=15)
    ),
}


def queue_name(kind: Kind) -> str:
    return f"stoa:jobs:{kind}"


def transport(settings: Settings) -> ArqRedis:
    """The way to the queues; calls Valkey at first use. The caller closes it."""
    pool = ConnectionPool.from_url(
        settings.redis_url.get_secret_value(),
        socket_connect_timeout=2,
        socket_timeout=5,
        socket_keepalive=True,
        retry=Retry(ExponentialBackoff(cap=1, base=0.05), retries=3),
        retry_on_error=[ConnectionError, TimeoutError],
    )
    return ArqRedis(pool, job_serializer=_ENCODER.encode, job_deserializer=msgspec.json.decode)
