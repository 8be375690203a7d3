"""What may happen to stock, as plain Python sees it: each doing knows whether it fits, and what it does to the books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from stoa.domains.catalog import stock
from stoa.domains.catalog.models import (
    Location,
    MovementKind,
    Reservation,
    ReservationState,
    StockCountLine,
    StockMovement,
    Variant,
)
from stoa.domains.catalog.stock import Adjustment, Correction, Demand, Holder, Move
from stoa.kit import clock
from stoa.kit.errors import Refusal, Refusals
from stoa.kit.ids import new_id
from stoa.tenants.context import Actor, Context
from stoa.tenants.database import shop_transaction

Place = tuple[int, int]  # a variant at a location
HOLDERS = 4  # of which the last two hold until their time is over


@dataclass
class Sent:
    """A transfer on its way."""

    id: UUID
    variant: int
    origin: int
    left: int


@dataclass
class World:
    """Two variants at two locations, and what plain Python thinks there is of them."""

    ctx: Context
    variants: list[Variant]
    locations: list[Location]
    holders: list[Holder] = field(default_factory=lambda: [Holder("cart", new_id()) for _ in range(HOLDERS)])
    books: dict[Place, Counter[str]] = field(default_factory=dict)
    held: Counter[tuple[int, int, int]] = field(default_factory=Counter)  # by holder, variant and location
    sent: list[Sent] = field(default_factory=list)
    expired: set[UUID] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.books = {(v, at): Counter() for v in range(len(self.variants)) for at in range(len(self.locations))}

    def available(self, place: Place) -> int:
        row = self.books[place]
        return row["on_hand"] - row["reserved"] - row["damaged"] - row["held"]

    def add(self, place: Place, **change: int) -> None:
        for name, amount in change.items():
            self.books[place][name] += amount

    def end(self, ended: Counter[tuple[int, int, int]], *, shipped: bool) -> None:
        for (holder, v, at), quantity in ended.items():
            self.add((v, at), reserved=-quantity, on_hand=-quantity if shipped else 0)
            self.held[holder, v, at] -= quantity
            assert self.held[holder, v, at] >= 0

    async def reserved(self, ids: Any) -> Counter[tuple[int, int, int]]:
        """What these reservations are of."""
        rows = await Reservation.filter(id__in=list(ids)).values(
            "holder_id", "quantity", "stock__variant_id", "stock__location_id"
        )
        holders = {each.id: n for n, each in enumerate(self.holders)}
        variants = {each.id: n for n, each in enumerate(self.variants)}
        places = {each.id: n for n, each in enumerate(self.locations)}
        found: Counter[tuple[int, int, int]] = Counter()
        for row in rows:
            key = holders[row["holder_id"]], variants[row["stock__variant_id"]], places[row["stock__location_id"]]
            found[key] += row["quantity"]
        return found


Effect = Callable[[World], None]


@dataclass(frozen=True)
class Doing:
    """`fits` says beforehand whether it can be done, `do` does it and gives what it does to the books."""

    def fits(self, world: World) -> bool:
        raise NotImplementedError

    async def do(self, world: World) -> Effect:
        raise NotImplementedError

    async def tried(self, world: World) -> Effect | None:
        """None when it was refused."""
        try:
            return await self.do(world)
        except (Refusal, Refusals):
            return None


@dataclass(frozen=True)
class Receive(Doing):
    place: Place
    quantity: int

    def fits(self, world: World) -> bool:
        return True

    async def do(self, world: World) -> Effect:
        v, at = self.place
        change = Move(world.variants[v].id, world.locations[at].id, MovementKind.RECEIPT, on_hand=self.quantity)
        async with shop_transaction():
            await stock.move(world.ctx, [change])
        return lambda world: world.add(self.place, on_hand=self.quantity)


@dataclass(frozen=True)
class Adjust(Doing):
    place: Place
    correction: Correction
    quantity: int

    def fits(self, world: World) -> bool:
        row, available = world.books[self.place], world.available(self.place)
        match self.correction:
            case Correction.ON_HAND:
                return self.quantity >= -available
            case Correction.SCRAP:
                return row["damaged"] >= self.quantity > 0
            case _:
                return -row[self.balance] <= self.quantity <= available

    @property
    def balance(self) -> str:
        return "damaged" if self.correction is Correction.DAMAGE else "held"

    async def do(self, world: World) -> Effect:
        v, at = self.place
        line = Adjustment(world.variants[v].id, world.locations[at].id, self.correction, self.quantity)
        [outcome] = await stock.adjust(world.ctx, [line], reason="story")
        if outcome.refusal:
            raise outcome.refusal
        n = self.quantity
        change = {"on_hand": n} if self.correction is Correction.ON_HAND else {self.balance: n}
        if self.correction is Correction.SCRAP:
            change = {"on_hand": -n, "damaged": -n}
        return lambda world: world.add(self.place, **change)


@dataclass(frozen=True)
class Reserve(Doing):
    holder: int
    lines: tuple[tuple[int, int | None, int], ...]  # variant, location or anywhere, quantity

    def fits(self, world: World) -> bool:
        fixed: Counter[Place] = Counter()
        anywhere: Counter[int] = Counter()
        for v, at, quantity in self.lines:
            if at is None:
                anywhere[v] += quantity
            else:
                fixed[v, at] += quantity
        if any(world.available(place) < quantity for place, quantity in fixed.items()):
            return False
        rooms = {
            v: sum(world.available((v, at)) - fixed[v, at] for at in range(len(world.locations))) for v in anywhere
        }
        return all(rooms[v] >= quantity for v, quantity in anywhere.items())

    async def do(self, world: World) -> Effect:
        lines = [
            Demand(world.variants[v].id, quantity, None if at is None else world.locations[at].id)
            for v, at, quantity in self.lines
        ]
        expires_at = clock.now() + timedelta(minutes=10) if self.holder >= HOLDERS // 2 else None
        somebody = replace(world.ctx, actor=Actor("token", new_id()))  # whose movements are found again
        await stock.reserve(somebody, world.holders[self.holder], lines, expires_at=expires_at)
        made = await self._made(world, somebody)

        def effect(world: World) -> None:
            for (v, at), quantity in made.items():
                world.add((v, at), reserved=quantity)
                world.held[self.holder, v, at] += quantity

        return effect

    async def _made(self, world: World, by: Context) -> Counter[Place]:
        """By the movements, which never change: of the reservations some may have ended since, and in part."""
        rows = await StockMovement.filter(kind="RESERVATION", actor_id=by.actor.id).values(
            "reserved", "stock__variant_id", "stock__location_id"
        )
        variants = {each.id: n for n, each in enumerate(world.variants)}
        places = {each.id: n for n, each in enumerate(world.locations)}
        found: Counter[Place] = Counter()
        for row in rows:
            found[variants[row["stock__variant_id"]], places[row["stock__location_id"]]] += row["reserved"]
        wanted = sum(quantity for _, _, quantity in self.lines)
        assert found.total() == wanted, (found, self.lines)
        return found


@dataclass(frozen=True)
class End(Doing):
    """Release or ship all that a holder has."""

    holder: int
    shipped: bool

    def fits(self, world: World) -> bool:
        return not self.shipped or any(n for (holder, *_), n in world.held.items() if holder == self.holder)

    async def do(self, world: World) -> Effect:
        end = stock.ship if self.shipped else stock.release
        ended = await world.reserved(await end(world.ctx, world.holders[self.holder]))
        return lambda world: world.end(ended, shipped=self.shipped)


@dataclass(frozen=True)
class EndPart(Doing):
    """Release or ship some of a variant that a holder has."""

    holder: int
    variant: int
    quantity: int
    shipped: bool

    def fits(self, world: World) -> bool:
        of = (n for (holder, v, _), n in world.held.items() if (holder, v) == (self.holder, self.variant))
        return sum(of) >= self.quantity

    async def do(self, world: World) -> Effect:
        end = stock.ship if self.shipped else stock.release
        lines = [Demand(world.variants[self.variant].id, self.quantity)]
        ended = await world.reserved(await end(world.ctx, world.holders[self.holder], lines))
        assert ended.total() == self.quantity
        return lambda world: world.end(ended, shipped=self.shipped)


@dataclass(frozen=True)
class Expire(Doing):
    def fits(self, world: World) -> bool:
        return True

    async def do(self, world: World) -> Effect:
        with clock.set_to(clock.now() + timedelta(hours=1)):
            await stock.expire_reservations(world.ctx)
        of_ours = Reservation.filter(state=ReservationState.EXPIRED, holder_id__in=[each.id for each in world.holders])
        ids = [each.id for each in await of_ours]
        fresh = set(ids) - world.expired
        world.expired |= fresh
        ended = await world.reserved(fresh)
        return lambda world: world.end(ended, shipped=False)


@dataclass(frozen=True)
class Send(Doing):
    variant: int
    origin: int
    quantity: int

    def fits(self, world: World) -> bool:
        return world.available((self.variant, self.origin)) >= self.quantity

    async def do(self, world: World) -> Effect:
        here, there = world.locations[self.origin], world.locations[1 - self.origin]
        transfer = await stock.start_transfer(
            world.ctx, here.id, there.id, [(world.variants[self.variant].id, self.quantity)]
        )

        def effect(world: World) -> None:
            world.add((self.variant, self.origin), on_hand=-self.quantity)
            world.add((self.variant, 1 - self.origin), incoming=self.quantity)
            world.sent.append(Sent(transfer.id, self.variant, self.origin, self.quantity))

        return effect


@dataclass(frozen=True)
class Arrive(Doing):
    """Some of the transfer that has been on its way for the longest arrives, or all of it is called back."""

    quantity: int | None

    def fits(self, world: World) -> bool:
        return bool(world.sent) and (self.quantity or 0) <= world.sent[0].left

    async def do(self, world: World) -> Effect:
        if not world.sent:
            raise Refusal("nothing is on its way")
        sent = world.sent[0]
        variant_id = world.variants[sent.variant].id
        if self.quantity is None:
            transfer = await stock.cancel_transfer(world.ctx, sent.id)
            back = transfer.lines[0]["quantity"] - transfer.lines[0]["received"]
            return lambda world: self._called_back(world, sent, back)
        await stock.receive_transfer(world.ctx, sent.id, [(variant_id, self.quantity)])
        return lambda world: self._arrived(world, sent, self.quantity or 0)

    def _called_back(self, world: World, sent: Sent, back: int) -> None:
        if sent in world.sent:  # cancelling twice changes nothing
            world.sent.remove(sent)
            world.add((sent.variant, sent.origin), on_hand=back)
            world.add((sent.variant, 1 - sent.origin), incoming=-back)

    def _arrived(self, world: World, sent: Sent, quantity: int) -> None:
        world.add((sent.variant, 1 - sent.origin), on_hand=quantity, incoming=-quantity)
        sent.left -= quantity
        if not sent.left and sent in world.sent:
            world.sent.remove(sent)


@dataclass(frozen=True)
class Count(Doing):
    place: Place
    counted: int

    def fits(self, world: World) -> bool:
        row = world.books[self.place]
        return self.counted >= row["reserved"] + row["damaged"] + row["held"]

    async def do(self, world: World) -> Effect:
        v, at = self.place
        count = await stock.open_count(world.ctx, world.locations[at].id)
        try:
            await stock.record_counts(world.ctx, count.id, [(world.variants[v].id, self.counted)])
            await stock.close_count(world.ctx, count.id)
        except BaseException:
            await stock.cancel_count(world.ctx, count.id)
            raise
        line = await StockCountLine.get(count_id=count.id)
        return lambda world: world.add(self.place, on_hand=line.counted - line.expected)
