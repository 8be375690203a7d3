"""What may happen to orders: each doing knows the order it is about, and what the published table calls it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from stoa.domains import orders
from stoa.domains.catalog.models import Variant
from stoa.domains.orders import Action, DiscountDraft, LineDraft, OrderDraft, Pieces, RefundDraft, Reported
from stoa.domains.orders.models import OrderLine, Payment, Refund
from stoa.kit import clock
from stoa.kit.errors import Refusal, Refusals
from stoa.tenants.context import Context
from tests.domains.orders.ledgers import eur
from tests.domains.orders.shipping_stand_in import deliver_pieces, ship_pieces

PRICES = 333, 1000
ON_HAND = 15


@dataclass
class World:
    """Two variants of which there are few, and the orders so far."""

    ctx: Context
    variants: list[Variant]
    orders: list[UUID] = field(default_factory=list)
    payments: int = 0

    def order(self, n: int) -> UUID:
        """The n-th of them, from the oldest."""
        return self.orders[n % len(self.orders)]


@dataclass(frozen=True)
class Doing:
    """`action` is its name in the table of actions, when it is there."""

    n: int
    action: Action | None = None

    async def do(self, world: World) -> Any:
        raise NotImplementedError

    async def tried(self, world: World) -> list[Refusal]:
        """What was refused; empty when it was done."""
        try:
            await self.do(world)
        except Refusals as refused:
            return list(refused.refusals)
        except Refusal as refusal:
            return [refusal]
        return []


@dataclass(frozen=True)
class Place(Doing):
    counts: tuple[int, int] = (1, 1)
    off: int = 0
    is_payable_later: bool = False

    async def do(self, world: World) -> None:
        lines = [LineDraft(many, each.id) for many, each in zip(self.counts, world.variants, strict=True) if many]
        discounts = [DiscountDraft("Off", eur(self.off))] if self.off else []
        draft = OrderDraft(lines, shipping=eur(490), discounts=discounts, is_payable_later=self.is_payable_later)
        placed = await orders.place_order(world.ctx, draft)
        world.orders.append(placed.order_id)


@dataclass(frozen=True)
class Pay(Doing):
    minor: int = 0
    state: Reported = Reported.CAPTURED
    again: bool = False

    async def do(self, world: World) -> None:
        order_id = world.order(self.n)
        world.payments += not self.again
        reference = f"{order_id} {world.payments}"
        await orders.record_payment(
            world.ctx, order_id, orders.PaymentReport("bank", eur(self.minor), self.state, reference)
        )


@dataclass(frozen=True)
class OfPayment(Doing):
    """Capture, let go or take back the newest payment of an order."""

    what: str = "capture_payment"

    async def do(self, world: World) -> None:
        payment = await Payment.filter(order_id=world.order(self.n)).order_by("-id").first()
        if payment is None:
            raise Refusal("there is no payment")
        await getattr(orders, self.what)(world.ctx, payment.id)


@dataclass(frozen=True)
class Step(Doing):
    """What takes nothing but the order."""

    async def do(self, world: World) -> None:
        options = {"reason": "no"} if self.action is Action.REJECT else {}
        assert self.action is not None
        await getattr(orders, f"{self.action.lower()}_order")(world.ctx, world.order(self.n), **options)


@dataclass(frozen=True)
class Expire(Doing):
    async def do(self, world: World) -> None:
        with clock.set_to(clock.now() + timedelta(hours=1)):
            await orders.expire_order(world.ctx, world.order(self.n))


@dataclass(frozen=True)
class OfLine(Doing):
    """Something about so many pieces of a line."""

    line: int = 0
    count: int = 1

    async def pieces(self, world: World) -> Pieces:
        lines = await OrderLine.filter(order_id=world.order(self.n)).order_by("position")
        return Pieces(lines[self.line % len(lines)].id, self.count)


@dataclass(frozen=True)
class CancelSome(OfLine):
    async def do(self, world: World) -> None:
        await orders.cancel_order(world.ctx, world.order(self.n), lines=[await self.pieces(world)])


@dataclass(frozen=True)
class GiveBack(OfLine):
    shipping: int = 0
    extra: int = 0

    async def do(self, world: World) -> None:
        draft = RefundDraft([await self.pieces(world)], eur(self.shipping), eur(self.extra))
        await orders.refund(world.ctx, world.order(self.n), draft)


@dataclass(frozen=True)
class Answer(Doing):
    """The provider's answer to the oldest pending refund of an order."""

    fails: bool = False

    async def do(self, world: World) -> None:
        refund = await Refund.filter(order_id=world.order(self.n), state="PENDING").order_by("id").first()
        if refund is None:
            raise Refusal("there is no refund")
        if self.fails:
            await orders.fail_refund(world.ctx, refund.id, failure="closed")
        else:
            await orders.settle_refund(world.ctx, refund.id, reference="R")


@dataclass(frozen=True)
class Ship(OfLine):
    async def do(self, world: World) -> None:
        lines = await OrderLine.filter(order_id=world.order(self.n)).count()
        await ship_pieces(world.ctx, world.order(self.n), self.line % lines, self.count)


@dataclass(frozen=True)
class Deliver(Doing):
    async def do(self, world: World) -> None:
        await deliver_pieces(world.ctx, world.order(self.n))
