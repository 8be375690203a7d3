"""What may happen to orders: each doing knows the order it is about, and what the published table calls it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from stoa.domains import orders
from stoa.domains.catalog.models import Variant
from stoa.domains.orders import (
    Action,
    DiscountDraft,
    LineDraft,
    OrderDraft,
    Pieces,
    RefundDraft,
    Reported,
    aftersales,
    shipping,
)
from stoa.domains.orders.aftersales import CaseDraft, CasePieces, CaseReason, Inspected
from stoa.domains.orders.deriving import due_of
from stoa.domains.orders.models import (
    AftersaleCase,
    CaseKind,
    Order,
    OrderLine,
    Payment,
    Refund,
    Shipment,
    ShipmentState,
)
from stoa.domains.orders.shipping import PackDraft, ShipDraft
from stoa.kit import clock
from stoa.kit.errors import Refusal, Refusals
from stoa.tenants.context import Context
from tests.domains.orders.ledgers import eur

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
class Pack(OfLine):
    async def do(self, world: World) -> None:
        pieces = await self.pieces(world)
        await shipping.pack_order(world.ctx, world.order(self.n), PackDraft({pieces.line_id: pieces.quantity}))


@dataclass(frozen=True)
class OfParcel(Doing):
    """Send, unpack or deliver the oldest parcel of an order that can be."""

    what: ShipmentState = ShipmentState.SHIPPED

    async def do(self, world: World) -> None:
        before = ShipmentState.SHIPPED if self.what is ShipmentState.DELIVERED else ShipmentState.PACKED
        parcel = await Shipment.filter(order_id=world.order(self.n), state=before).order_by("id").first()
        if parcel is None:
            raise Refusal("there is no such parcel")
        if self.what is ShipmentState.SHIPPED:
            await shipping.ship_parcel(world.ctx, parcel.id, ShipDraft())
        elif self.what is ShipmentState.DELIVERED:
            await shipping.deliver_parcel(world.ctx, parcel.id)
        else:
            await shipping.cancel_parcel(world.ctx, parcel.id)


@dataclass(frozen=True)
class BringHome(Doing):
    """Pay what is due for an order, confirm it, and pack, send and deliver all of it: each as far as it goes."""

    async def do(self, world: World) -> None:
        order = await Order.get(id=world.order(self.n))
        rest = due_of(order) - order.captured_minor
        if rest > 0:
            await Pay(self.n, Action.PAY, rest).tried(world)
        await Step(self.n, Action.CONFIRM).tried(world)
        await PackRest(self.n).tried(world)
        for what in (ShipmentState.SHIPPED, ShipmentState.DELIVERED):
            for _ in range(await Shipment.filter(order_id=order.id).count()):
                await OfParcel(self.n, None, what).tried(world)


@dataclass(frozen=True)
class PackRest(Doing):
    async def do(self, world: World) -> None:
        await shipping.pack_order(world.ctx, world.order(self.n), PackDraft())


@dataclass(frozen=True)
class OpenCase(OfLine):
    kind: CaseKind = CaseKind.RETURN_REFUND

    async def do(self, world: World) -> None:
        pieces = await self.pieces(world)
        reason = CaseReason.LATE if self.line else CaseReason.DAMAGED
        draft = CaseDraft(self.kind, reason, [CasePieces(pieces.line_id, pieces.quantity)])
        await aftersales.open_case(world.ctx, world.order(self.n), draft)


@dataclass(frozen=True)
class OfCase(Doing):
    """A step of the newest case of an order; settling takes whatever steps lead there, as far as they go."""

    what: str = "settle"

    async def do(self, world: World) -> None:
        case = await AftersaleCase.filter(order_id=world.order(self.n)).order_by("-id").first()
        if case is None:
            raise Refusal("there is no case")
        for what in ("approve", "receive", "inspect", "refund", "send_anew") if self.what == "settle" else (self.what,):
            try:
                await self._step(world.ctx, case, what)
            except (Refusal, Refusals):
                if what == self.what:
                    raise

    async def _step(self, ctx: Context, case: AftersaleCase, what: str) -> None:
        if what == "inspect":
            rows = (await AftersaleCase.get(id=case.id)).lines
            found = [Inspected(UUID(row["line_id"]), row["received"] // 2, -(-row["received"] // 2)) for row in rows]
            await aftersales.inspect_case(ctx, case.id, found)
        elif what == "send_anew":
            await aftersales.send_case_anew(ctx, case.id)
        else:
            await getattr(aftersales, f"{what}_case")(ctx, case.id)
