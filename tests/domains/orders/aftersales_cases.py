"""Orders that have arrived, and cases about them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from stoa.domains import orders
from stoa.domains.catalog.models import Variant
from stoa.domains.orders import aftersales
from stoa.domains.orders.aftersales import CaseDraft, CasePieces, CaseReason
from stoa.domains.orders.models import AftersaleCase, CaseKind, Order, OrderLine
from stoa.domains.service import Buyer
from stoa.kit.money import Money
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from tests import make
from tests.domains.orders.pieces import deliver_pieces, ship_pieces

TABLES = ("aftersale_case", "sales_order", "order_line", "order_transition", "payment", "refund", "stock", "event")


async def arrived(ctx: Context, variant: Variant, count: int = 3, *, shipped: int | None = None) -> Order:
    """An order that was paid, and of which so many pieces have arrived."""
    order = await make.order(ctx, [(variant, count)], buyer=Buyer("Zeno", "zeno@example.com"))
    await orders.record_payment(
        ctx, order.id, orders.PaymentReport("cash", Money(order.total_minor, order.currency), reference=str(order.id))
    )
    await orders.confirm_order(ctx, order.id)
    await ship_pieces(ctx, order.id, 0, count if shipped is None else shipped)
    await deliver_pieces(ctx, order.id)
    return await Order.get(id=order.id)


async def line_of(order: Order) -> OrderLine:
    return await OrderLine.get(order_id=order.id)


async def opened(
    ctx: Context, order: Order, kind: CaseKind, count: int = 1, *, reason: CaseReason = CaseReason.DAMAGED, **more: Any
) -> AftersaleCase:
    line = await line_of(order)
    return await aftersales.open_case(ctx, order.id, CaseDraft(kind, reason, [CasePieces(line.id, count)], **more))


async def everything() -> dict[str, Any]:
    """Every row that cases have to do with."""
    return {each: await shop_client().execute_query_dict(f"SELECT * FROM {each} ORDER BY 1") for each in TABLES}


async def state(case_id: UUID) -> str:
    case = await AftersaleCase.get(id=case_id)
    return case.state.value
