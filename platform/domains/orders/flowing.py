"""How orders flow: how long they stay in each state of their machines, where they go from there, and where they wait.

A stay begins when an order comes into a state and ends when it leaves it; it is counted by when it began. All machines
begin at placing. Of an order that was cancelled, expired or rejected all stays end with that: nobody waits any more. A
stay that has not ended is taken as long as it has lasted so far, so that what is stuck shows, and does not flatter.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from stoa.domains.orders.models import AftersaleState, FulfilmentState, Machine, OrderState, PaymentState
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import first_id_of
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client

# In these nobody waits for anything: they are no steps of the work, and no bottleneck.
RESTING: Final[frozenset[tuple[str, str]]] = frozenset(
    {
        *((Machine.ORDER, each) for each in (OrderState.COMPLETED, OrderState.CANCELLED)),
        *((Machine.ORDER, each) for each in (OrderState.EXPIRED, OrderState.REJECTED)),
        *((Machine.PAYMENT, each) for each in (PaymentState.PAID, PaymentState.PART_REFUNDED)),
        *((Machine.PAYMENT, each) for each in (PaymentState.REFUNDED, PaymentState.VOIDED)),
        *((Machine.FULFILMENT, each) for each in (FulfilmentState.DELIVERED, FulfilmentState.LOST)),
        (Machine.FULFILMENT, FulfilmentState.CANCELLED),
        *((Machine.AFTERSALE, each) for each in (AftersaleState.NONE, AftersaleState.CLOSED)),
    }
)
# Steps since $1: what began since then ended since then as well. $4 is the first id of that moment: a step is written
# when it happens, or later, so no older row is about it, and the primary key serves for an index by time. The first
# state of a machine has no step that led into it: it is what its first step left, or where the order still is. That of
# after-sales (NONE) is left out.
_FLOW = """
WITH steps AS MATERIALIZED (
  SELECT order_id, machine, from_state, to_state, happened_at AS at,
    lead(happened_at) OVER way AS left_at, row_number() OVER way AS number
  FROM order_transition WHERE id >= $4 AND happened_at >= $1
  WINDOW way AS (PARTITION BY order_id, machine ORDER BY happened_at, id)),
placed AS (SELECT order_id, at FROM steps WHERE machine = 'ORDER' AND from_state = ''),
stays AS (
  SELECT order_id, machine, to_state AS state, at, left_at FROM steps
  UNION ALL
  SELECT s.order_id, s.machine, s.from_state, p.at, s.at FROM steps s JOIN placed p USING (order_id)
  WHERE s.number = 1 AND s.machine IN ('PAYMENT', 'FULFILMENT') AND s.from_state <> ''
  UNION ALL
  SELECT p.order_id, 'PAYMENT', o.payment_state, p.at, NULL FROM placed p JOIN sales_order o ON o.id = p.order_id
  WHERE NOT EXISTS (SELECT FROM steps s WHERE s.order_id = p.order_id AND s.machine = 'PAYMENT')
  UNION ALL
  SELECT p.order_id, 'FULFILMENT', o.fulfilment_state, p.at, NULL FROM placed p JOIN sales_order o ON o.id = p.order_id
  WHERE NOT EXISTS (SELECT FROM steps s WHERE s.order_id = p.order_id AND s.machine = 'FULFILMENT')),
called_off AS (
  SELECT order_id, at FROM steps WHERE machine = 'ORDER' AND to_state IN ('CANCELLED', 'EXPIRED', 'REJECTED')),
counted AS (
  SELECT s.machine, s.state, s.left_at IS NULL AND c.at IS NULL AS is_there,
    extract(epoch FROM coalesce(s.left_at, CASE WHEN c.at IS NOT NULL THEN greatest(s.at, c.at) END, $3)
      - s.at)::float8 AS seconds
  FROM stays s LEFT JOIN called_off c ON c.order_id = s.order_id WHERE s.at < $2),
figures AS (
  SELECT machine, state, count(*) AS entered, count(*) FILTER (WHERE is_there) AS still,
    percentile_cont(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY seconds) AS p
  FROM counted GROUP BY machine, state),
standing AS (
  SELECT m.machine, m.state, count(*) AS now FROM sales_order o
  CROSS JOIN LATERAL (VALUES ('ORDER', o.state), ('PAYMENT', o.payment_state), ('FULFILMENT', o.fulfilment_state),
    ('AFTERSALE', o.aftersale_state)) AS m (machine, state)
  GROUP BY m.machine, m.state),
states AS (
  SELECT machine, state, coalesce(entered, 0) AS entered, coalesce(still, 0) AS still, p, coalesce(now, 0) AS now
  FROM figures FULL JOIN standing USING (machine, state)),
moves AS (
  SELECT machine, from_state, to_state, count(*) AS count FROM steps
  WHERE at < $2 AND from_state <> '' GROUP BY machine, from_state, to_state)
SELECT json_build_array(
  (SELECT coalesce(json_agg(json_build_array(machine, state, entered, still, now, p[1], p[2], p[3])), '[]')
   FROM states),
  (SELECT coalesce(json_agg(json_build_array(machine, from_state, to_state, count)), '[]') FROM moves))::text
"""


class StateFlow(msgspec.Struct, frozen=True, array_like=True):
    """Of one state: how many stays began in the span, how many of these have not ended, how many orders are in it now
    (whenever they came), and how long the stays were, in seconds; None when there were none."""

    machine: Machine
    state: str
    entered: int
    still: int
    now: int
    median: float | None
    p90: float | None
    p99: float | None

    @property
    def is_resting(self) -> bool:
        return (self.machine, self.state) in RESTING

    @property
    def burden(self) -> float:
        """What a bottleneck is judged by: how long it takes when it takes long, times how many it takes."""
        return 0.0 if self.is_resting or self.p90 is None else self.p90 * self.entered


class Move(msgspec.Struct, frozen=True, array_like=True):
    """So many steps from one state to another."""

    machine: Machine
    from_state: str
    to_state: str
    count: int


class Flow(msgspec.Struct, frozen=True):
    since: datetime
    until: datetime
    states: Sequence[StateFlow]
    moves: Sequence[Move]

    @property
    def bottleneck(self) -> StateFlow | None:
        worst = max(self.states, key=lambda each: each.burden, default=None)
        return worst if worst is not None and worst.burden > 0 else None


_decode = msgspec.json.Decoder(tuple[list[StateFlow], list[Move]]).decode
_ORDER: Final[dict[tuple[str, str], int]] = {
    key: i
    for i, key in enumerate(
        (machine, state)
        for machine, states in (
            (Machine.ORDER, OrderState),
            (Machine.PAYMENT, PaymentState),
            (Machine.FULFILMENT, FulfilmentState),
            (Machine.AFTERSALE, AftersaleState),
        )
        for state in states
    )
}


async def order_flow(ctx: Context, since: datetime, until: datetime | None = None) -> Flow:
    """Of the stays that began in the span (until now, if not said), by one statement. Raises `InvalidInput`."""
    moment = now()
    until = min(until or moment, moment)
    if since >= until:
        raise InvalidInput("The span from {since} ends before it begins.", path=["since"], since=since.isoformat())
    async with shop_client().acquire_connection() as connection:
        states, moves = _decode(await connection.fetchval(_FLOW, since, until, moment, first_id_of(since)))
    return Flow(since, until, sorted(states, key=_place), sorted(moves, key=_way))


def _place(each: StateFlow) -> Any:
    return _ORDER.get((each.machine, each.state), len(_ORDER)), each.state


def _way(each: Move) -> Any:
    start, end = ((each.machine, name) for name in (each.from_state, each.to_state))
    return _ORDER.get(start, len(_ORDER)), _ORDER.get(end, len(_ORDER))
