"""How orders flow through the states of their machines, and where they wait."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from stoa.domains.orders import flowing
from stoa.graphql.context import GraphContext
from stoa.graphql.orders.enums import Machine
from stoa.tenants.access.scopes import Scope

SPAN = "in seconds; null when none began. One that has not ended is taken as long as it has lasted so far."


@strawberry.type(
    description="How long orders stay in one state. A stay begins when an order comes into the state, for the first "
    "states of all machines at placing, and ends when it leaves it, or is cancelled, expired or rejected. Stays are "
    "counted by when they began."
)
class OrderStateFlow:
    machine: Machine = strawberry.field(description="Which machine.")
    state: str = strawberry.field(description="Which of its states.")
    entered: int = strawberry.field(description="How many stays began in the span.")
    still: int = strawberry.field(description="How many of these have not ended yet.")
    now: int = strawberry.field(description="How many orders are in the state at this moment, whenever they came.")
    median: float | None = strawberry.field(description=f"Half of the stays were this long or shorter, {SPAN}")
    p90: float | None = strawberry.field(description=f"Nine in ten were this long or shorter, {SPAN}")
    p99: float | None = strawberry.field(description=f"99 in 100 were this long or shorter, {SPAN}")
    is_resting: bool = strawberry.field(
        description="Whether nobody waits for anything in it (completed, paid, delivered, ...): it is no bottleneck."
    )


@strawberry.type(description="Steps from one state to another: an arrow of the process map.")
class OrderFlowMove:
    machine: Machine = strawberry.field(description="Which machine.")
    from_state: str = strawberry.field(description="The state that was left.")
    to_state: str = strawberry.field(description="The state that was reached.")
    count: int = strawberry.field(description="How many such steps were taken in the span.")


@strawberry.type(description="How orders flow: time in state, and the process map.")
class OrderFlow:
    since: datetime = strawberry.field(description="The span begins then.")
    until: datetime = strawberry.field(description="And ends before this.")
    states: list[OrderStateFlow] = strawberry.field(description="The states that orders were or are in.")
    moves: list[OrderFlowMove] = strawberry.field(description="The steps between them.")
    bottleneck: OrderStateFlow | None = strawberry.field(
        description="Where orders wait most: the state with the largest `p90` x `entered`, of those that are not "
        "`isResting`; null when there is none."
    )


def _state(each: flowing.StateFlow) -> OrderStateFlow:
    return OrderStateFlow(
        machine=each.machine,
        state=each.state,
        entered=each.entered,
        still=each.still,
        now=each.now,
        median=each.median,
        p90=each.p90,
        p99=each.p99,
        is_resting=each.is_resting,
    )


def _move(each: flowing.Move) -> OrderFlowMove:
    return OrderFlowMove(machine=each.machine, from_state=each.from_state, to_state=each.to_state, count=each.count)


@strawberry.type
class OrderFlowQueries:
    """What can be asked of how orders flow."""

    @strawberry.field(
        description="How long orders stay in each state, where they go from there, and where they wait. "
        f"Needs the scope `{Scope.ORDERS_READ}`."
    )
    async def order_flow(
        self,
        info: Info[GraphContext, None],
        since: Annotated[datetime, strawberry.argument(description="Of stays that began then or later.")],
        until: Annotated[datetime | None, strawberry.argument(description="And before this; null: until now.")] = None,
    ) -> OrderFlow:
        ctx = info.context.require(Scope.ORDERS_READ, "orderFlow")
        flow = await flowing.order_flow(ctx, since, until)
        worst = flow.bottleneck
        return OrderFlow(
            since=flow.since,
            until=flow.until,
            states=[_state(each) for each in flow.states],
            moves=[_move(each) for each in flow.moves],
            bottleneck=None if worst is None else _state(worst),
        )
