"""How an order changes: locked, by steps that the tables allow, each written down and told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from stoa.domains.orders.deriving import facts_of, fulfilment_state_of, payment_state_of
from stoa.domains.orders.errors import NoSuchOrder, NotNow, OrderChanged, WrongCurrency
from stoa.domains.orders.events import OrderMoved
from stoa.domains.orders.models import Machine, Order, OrderLine, OrderTransition
from stoa.domains.orders.states import ACTIONS, STEPS, Action, why_not
from stoa.kit.checking import check_version, locked
from stoa.kit.clock import now
from stoa.kit.languages import Sentence
from stoa.kit.money import Money
from stoa.tenants.context import Context
from stoa.tenants.outbox import publish

_COLUMNS = {
    Machine.ORDER: "state",
    Machine.PAYMENT: "payment_state",
    Machine.FULFILMENT: "fulfilment_state",
    Machine.AFTERSALE: "aftersale_state",
}


class IllegalStep(RuntimeError):
    """Code wanted a step that the table does not have: a bug, never a refusal."""


async def locked_order(order_id: UUID, expected_version: int | None = None, *, of: str = "id") -> Order:
    """The order, nobody else's until the transaction ends. Raises `NoSuchOrder` and `OrderChanged`."""
    order = await locked(Order, order_id, NoSuchOrder("There is no such order.", path=[of]))
    check_version(order, expected_version, OrderChanged, Sentence("Order {number}", {"number": order.number}))
    return order


async def order_of(order_id: UUID, *, of: str = "id") -> Order:
    """The order as it is, to look at. Raises `NoSuchOrder`."""
    order = await Order.get_or_none(id=order_id)
    if order is None:
        raise NoSuchOrder("There is no such order.", path=[of])
    return order


async def lines_of(order: Order) -> list[OrderLine]:
    return await OrderLine.filter(order_id=order.id).order_by("position", "id")


def require(order: Order, lines: Sequence[OrderLine], action: Action, *, of: str = "id") -> None:
    """Refuse with `NotNow` what the table of actions does not allow with this order."""
    reason = why_not(facts_of(order, lines), action)
    if reason is not None:
        raise NotNow(
            "Order {number}: {why}", path=[of], number=order.number, why=reason.words, reason=reason.code, action=action
        )


def require_currency(order: Order, money: Money, name: str) -> None:
    """Money of an order is in its currency. Raises `WrongCurrency` that blames `name`."""
    if money.currency != order.currency:
        raise WrongCurrency(
            "This order is in {currency}, not {other_currency}.",
            path=[name],
            currency=order.currency,
            other_currency=money.currency,
        )


class Moves:
    """What one operation does to one locked order: steps of its machines, columns, and the news of both.

    moves = Moves(ctx, order)
    moves.act(Action.CONFIRM)
    moves.set(confirmed_at=now())
    moves.follow(lines)
    await moves.save()
    """

    def __init__(self, ctx: Context, order: Order) -> None:
        self._ctx, self._order = ctx, order
        self._columns: set[str] = set()
        self._steps: list[OrderTransition] = []
        self._news: list[Any] = []

    @property
    def order(self) -> Order:
        return self._order

    def act(self, action: Action, reason: str = "") -> None:
        """The step of the order's own machine that the action leads to."""
        to = ACTIONS[action].to
        assert to is not None, f"{action} leads to no other state"
        self.step(Machine.ORDER, to, action, reason)

    def step(self, machine: Machine, to: str, action: str, reason: str = "") -> None:
        """One step; none when that is where it stands. Raises `IllegalStep`."""
        column = _COLUMNS[machine]
        old = getattr(self._order, column)
        if old == to:
            return
        if to not in STEPS[machine][old]:
            raise IllegalStep(f"{machine} of order {self._order.number}: {old} -> {to} ({action})")
        setattr(self._order, column, to)
        self._columns.add(column)
        self._steps.append(self._row(machine, action, old, to, reason))
        self._news.append(OrderMoved(self._order.id, machine, action, str(old), str(to), reason))

    def set(self, **columns: Any) -> None:
        for name, value in columns.items():
            setattr(self._order, name, value)
        self._columns |= columns.keys()

    def follow(self, lines: Sequence[OrderLine], action: str, reason: str = "") -> None:
        """Let the states of payment and fulfilment follow from amounts and counts as they are now."""
        self.step(Machine.PAYMENT, payment_state_of(self._order), action, reason)
        self.step(Machine.FULFILMENT, fulfilment_state_of(self._order, lines), action, reason)

    def tell(self, *events: Any) -> None:
        self._news += events

    async def save(self) -> Order:
        """Write all of it, and raise the version."""
        order = self._order
        order.version += 1
        await order.save(update_fields=[*sorted(self._columns), "version", "updated_at"])
        if self._steps:
            await OrderTransition.bulk_create(self._steps)
        await publish(self._ctx, *self._news)
        return order

    def _row(self, machine: Machine, action: str, old: str, to: str, reason: str) -> OrderTransition:
        return OrderTransition(
            order_id=self._order.id,
            machine=machine,
            action=action,
            from_state=old,
            to_state=to,
            reason=reason[:200],
            actor_kind=self._ctx.actor.kind,
            actor_id=self._ctx.actor.id,
            happened_at=now(),
        )
