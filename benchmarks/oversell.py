"""200 buyers for 100 units through the API: exactly 100 are sold, also when the web process is killed in the middle."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from benchmarks import loading
from benchmarks.engines import benched
from benchmarks.printing import figure
from benchmarks.read_path import Caller, prepare
from stoa.domains.catalog import ProductDraft, VariantDraft, create_product, stock
from stoa.domains.catalog.models import Reservation, Variant
from stoa.domains.orders.models import Order, OrderLine
from stoa.kit.ids import type_id
from stoa.settings import Settings
from stoa.tenants.connecting import connect, disconnect
from stoa.tenants.context import Context, ShopRef, open_shop

BUYERS, UNITS, PRODUCTS = 200, 100, 4
KILLED_AFTER = (15, 60)  # answers
PLACE = """mutation ($input: OrderPlaceInput!) {
  orderPlace(input: $input) { order { id number } userErrors { code message path } } }"""


@dataclass
class Outcome:
    """What the buyers heard: the ids of their orders, and why the others got none."""

    orders: list[str] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    again: int = 0

    @property
    def answers(self) -> int:
        return len(self.orders) + self.refusals.total()


class Server:
    """A web process on one port, which can be killed and started again."""

    def __init__(self) -> None:
        self.port = loading.free_port()
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "stoa.app:create_app", "--factory", "--port", str(self.port)]
        options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
        self.process = subprocess.Popen([*command, *options], env=os.environ)
        await loading.answering(self.port)

    def end(self, how: int) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(20)


async def run(*, short: bool = False) -> bool:
    limits = {"STOA_POINTS_CAPACITY": "1e15", "STOA_POINTS_PER_SECOND": "1e12"}
    async with benched(**limits) as settings:
        shops, caller = await prepare(settings, [0, 0])
        good = True
        for shop, name, kills in zip(shops, ("plain", "killed"), ((), KILLED_AFTER), strict=True):
            good &= await _rush(settings, shop, caller, name, kills)
        return good


async def _rush(settings: Settings, shop: ShopRef, caller: Caller, name: str, kills: tuple[int, ...]) -> bool:
    variants = await _shelf(settings, shop)
    server, outcome = Server(), Outcome()
    await server.start()
    try:
        buyers = [_buy(server, caller, shop, variants[n % PRODUCTS], n, outcome) for n in range(BUYERS)]
        await asyncio.gather(*buyers, _kill(server, outcome, kills))
    finally:
        server.end(signal.SIGTERM)
    return await _judge(settings, shop, name, outcome)


async def _shelf(settings: Settings, shop: ShopRef) -> list[UUID]:
    await connect(settings)
    try:
        with open_shop(shop):
            for n in range(PRODUCTS):
                vase = [VariantDraft(sku=f"VASE-{n}", on_hand=UNITS // PRODUCTS, price=None)]
                await create_product(Context(shop), ProductDraft(f"Vase {n}", variants=vase))
            await Variant.all().update(price_minor=1990)
            return list(await Variant.all().order_by("id").values_list("id", flat=True))  # type: ignore[arg-type]
    finally:
        await disconnect()


async def _buy(server: Server, caller: Caller, shop: ShopRef, variant_id: UUID, n: int, outcome: Outcome) -> None:
    """One unit, asked for under the buyer's own key until there is an answer."""
    lines = [{"variantId": type_id("var", variant_id), "quantity": 1, "unitPrice": _price()}]
    wish = {"lines": lines, "channel": "web", "buyer": {"email": f"buyer-{n}@bench.example"}}
    message = caller.query(shop, PLACE, input=wish | {"idempotencyKey": f"buyer {n}"})
    while True:
        try:
            async with asyncio.timeout(30):
                answer = json.loads(await loading.ask(server.port, message))["data"]["orderPlace"]
            break
        except (TimeoutError, OSError, EOFError, RuntimeError):
            outcome.again += 1
            await asyncio.sleep(0.5)
    if answer["order"]:
        outcome.orders.append(answer["order"]["id"])
    outcome.refusals.update(f"{each['code']}: {_said(each['message'])}" for each in answer["userErrors"])


def _price() -> dict[str, str]:
    return {"amount": "19.90", "currency": "EUR"}


def _said(message: str) -> str:
    return message.partition(": ")[2]


async def _kill(server: Server, outcome: Outcome, kills: tuple[int, ...]) -> None:
    """Kill -9 when so many have their answers, and start again."""
    for answers in kills:
        while outcome.answers < answers:
            await asyncio.sleep(0.002)
        server.end(signal.SIGKILL)
        await server.start()


async def _judge(settings: Settings, shop: ShopRef, name: str, outcome: Outcome) -> bool:
    await connect(settings)
    try:
        with open_shop(shop):
            report = await stock.integrity_report(Context(shop))
            held: list[Any] = await Reservation.filter(state="HELD").values_list("quantity", flat=True)
            sold: list[Any] = await OrderLine.all().values_list("quantity", flat=True)
            kept = {type_id("ord", id) for id in await Order.all().values_list("id", flat=True)}
    finally:
        await disconnect()
    explained = sum(count for why, count in outcome.refusals.items() if why.startswith("NOT_ENOUGH_STOCK: 0 left"))
    said = f"of {BUYERS} for {UNITS} units; asked again {outcome.again} times; {dict(outcome.refusals)}"
    good = figure("oversell", f"{name}_sold", sum(sold), "units", f"<= {UNITS}", said)
    good &= figure("oversell", f"{name}_sold_at_least", sum(held), "units held", f">= {UNITS}")
    good &= figure("oversell", f"{name}_explained", explained, "refusals: 0 left", f">= {BUYERS - UNITS}")
    untold = len(kept ^ set(outcome.orders)) + len(outcome.orders) - len(set(outcome.orders))
    good &= figure("oversell", f"{name}_untold", untold, "orders nobody was told of, or two were", "<= 0")
    return good & figure("oversell", f"{name}_breaches", report.breaches_total, "of the books", "<= 0")


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(short="--short" in sys.argv)) else 1)
