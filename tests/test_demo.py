"""A year of sales becomes orders by one command, and what came back in it returns."""

from __future__ import annotations

import gzip
from pathlib import Path

from stoa.domains.orders.models import Order, OrderLine, Refund
from stoa.tenants.context import Context
from tests.domains.orders.importing.files import sums
from tests.test_cli import HEADER, SALES, sales, stoa

RETURNS = [  # as the lines of the returns' file: no invoice, and not always a code
    "85123A,WHITE HANGING HEART T-LIGHT HOLDER,-1,2010-12-03 09:41,2.55,17850,United Kingdom",
    ",Discount,-1,2010-12-03 09:41,27.5,17850,United Kingdom",
    "21730,GLASS STAR,-2,2010-12-04 10:00,4.25,,France",
]


async def test_the_demo_makes_the_orders_of_a_year_of_sales(ctx: Context, tmp_path: Path) -> None:
    """Twice is once; sales and returns come out to the penny."""
    file, returns = sales(tmp_path, *SALES), tmp_path / "return_lines.csv.gz"
    lines = [HEADER.removeprefix("InvoiceNo,"), *(f"{line}\r\n" for line in RETURNS)]
    returns.write_bytes(gzip.compress("".join(lines).encode()))

    command = ("demo", "online-retail-orders", str(file), str(returns), "--shop", ctx.shop.schema)
    said = await stoa(*command)
    before = await sums()
    again = await stoa(*command)

    assert (said.code, said.err) == (0, "")
    assert "6 lines: 5 orders, 0 returns and 3 customers created; 2 oddities reported.\n" in said.out
    assert said.out.endswith("3 lines: 0 orders, 2 returns and 0 customers created; 0 oddities reported.\n")
    sold = await OrderLine.filter(order__channel="online-retail")
    assert sum(line.total_minor for line in sold) == 1530 + 2034 + 590 + 590 + 0 + 1275
    assert sum(refund.amount_minor for refund in await Refund.all()) == 255 + 2750 + 850
    assert await Order.filter(channel="returns", state="CANCELLED").count() == 2
    assert again.code == 0
    assert await sums() == before
