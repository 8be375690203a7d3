"""What came back: taken off the order it stands on, or kept as a return whose order is not known.

Why it is kept so: docs/decisions/orders_import.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from stoa.domains.orders.aftersales.opening import case_line
from stoa.domains.orders.channels import RETURNS
from stoa.domains.orders.finding import search_text_of
from stoa.domains.orders.importing.addressing import addresses_of, buyer_of
from stoa.domains.orders.importing.formed import Formed, Row, Setting
from stoa.domains.orders.importing.gathering import FileLine, FileOrder
from stoa.domains.orders.importing.options import Field
from stoa.domains.orders.importing.reckoning import LineAmounts
from stoa.domains.orders.importing.rows import first_step, line_row, refund_row
from stoa.domains.orders.importing.values import rounded
from stoa.domains.orders.models import (
    AftersaleState,
    CaseKind,
    CaseState,
    FulfilmentState,
    OrderState,
    PaymentState,
)
from stoa.kit.ids import id_at, new_id

KEY_LIMIT = 120
REASON = "IMPORTED"
UNKNOWN_ORDER = "A return; its order is not known."


def take_back(formed: Formed, back: Sequence[FileLine], setting: Setting) -> list[FileLine]:
    """Take what came back off the order's own lines; gives what is of none of them, or more than was bought."""
    left: list[FileLine] = []
    taken: list[Row] = []
    room = formed.order["captured_minor"] - formed.order["refunded_minor"] if formed.payments else 0
    for line in back:
        row, minor = _line_for(formed, line), rounded(line.price * -line.quantity)
        if row is None or minor > room:
            left.append(line)
            continue
        room -= minor
        row["returned"] += -line.quantity
        row["refunded"] += -line.quantity
        row["refunded_minor"] += minor
        row["gone_minor"] += minor
        taken.append({"line_id": str(row["id"]), "quantity": -line.quantity, "minor": minor})
    if taken:
        _give_back(formed, taken, setting)
    return left


def form_return(order: FileOrder, back: Sequence[FileLine], setting: Setting) -> Formed:
    """A return without its order: an order of the channel `returns` that was never a sale (it is cancelled), whose
    pieces were all sent back and refunded, with the case and the refund that say so."""
    formed = Formed(order.key, order.line, {}, buyer_of(order, setting.source))
    amounts = [_amounts_of(line) for line in back]
    formed.order = _order_row(order, formed, sum(each.total for each in amounts), setting)
    formed.lines = [
        line_row(formed.order, i, line, each, setting) for i, (line, each) in enumerate(zip(back, amounts, strict=True))
    ]
    for row in formed.lines:
        row["shipped"] = row["delivered"] = row["returned"] = row["refunded"] = row["quantity"]
        row["refunded_minor"] = row["gone_minor"] = row["total_minor"]
    taken = [
        {"line_id": str(row["id"]), "quantity": row["quantity"], "minor": row["total_minor"]} for row in formed.lines
    ]
    _open_and_close(formed, taken, setting, parts=[])
    formed.transitions = [first_step(formed.order, setting)]
    return formed


def _line_for(formed: Formed, back: FileLine) -> Row | None:
    """The line that it came off: the same code (or title), enough of it left, and worth as much."""
    minor = rounded(back.price * -back.quantity)
    for row in formed.lines:
        is_same = row["sku"] == back.sku if back.sku else row["title"] == back.title
        has_pieces = row["shipped"] - row["returned"] >= -back.quantity
        if is_same and has_pieces and row["total_minor"] - row["refunded_minor"] >= minor:
            return row
    return None


def _give_back(formed: Formed, taken: list[Row], setting: Setting) -> None:
    order, payment = formed.order, formed.payments[0]
    minor = sum(each["minor"] for each in taken)
    payment["refunded_minor"] += minor
    order["refunded_minor"] += minor
    order["aftersale_state"] = AftersaleState.CLOSED.value
    if order["refunded_minor"]:
        is_all = order["refunded_minor"] >= order["captured_minor"]
        order["payment_state"] = (PaymentState.REFUNDED if is_all else PaymentState.PART_REFUNDED).value
    parts = [{"payment_id": str(payment["id"]), "minor": minor, "reference": ""}]
    _open_and_close(formed, taken, setting, parts)


def _open_and_close(formed: Formed, taken: list[Row], setting: Setting, parts: list[Row]) -> None:
    order = formed.order
    minor = sum(each["minor"] for each in taken)
    case = {
        "id": new_id(),
        "order_id": order["id"],
        "kind": CaseKind.RETURN_REFUND.value,
        "state": CaseState.CLOSED.value,
        "reason": REASON,
        "lines": [case_line(each["line_id"], each["quantity"], received=each["quantity"]) for each in taken],
        "currency": setting.currency,
        "refund_minor": minor,
        "created_at": order["placed_at"],
        "ended_at": order["placed_at"],
    }
    formed.cases.append(case)
    if minor:
        formed.refunds.append(refund_row(order, minor, setting, case_id=case["id"], lines=taken, parts=parts))


def _amounts_of(line: FileLine) -> LineAmounts:
    worth = rounded(line.price * -line.quantity)
    return LineAmounts(rounded(line.price), worth, total=worth)


def _order_row(order: FileOrder, formed: Formed, worth: int, setting: Setting) -> Row:
    placed_at = order.time(Field.TIME)
    assert placed_at is not None
    shipping, billing, country = addresses_of(order)
    words = (order.key, formed.buyer.name, formed.buyer.email, order.text(Field.PHONE), shipping.get("name"))
    return {
        "id": id_at(placed_at),
        "channel": RETURNS,
        "external_id": _short(f"{setting.source}/{order.key}"),
        "state": OrderState.CANCELLED.value,
        "payment_state": PaymentState.REFUNDED.value if worth else PaymentState.PAID.value,
        "fulfilment_state": FulfilmentState.DELIVERED.value,
        "aftersale_state": AftersaleState.CLOSED.value,
        "email": formed.buyer.email,
        "phone": order.text(Field.PHONE)[:40],
        "shipping_address": shipping,
        "billing_address": billing,
        "note": "",
        "currency": setting.currency,
        "subtotal_minor": worth,
        "discount_minor": 0,
        "shipping_minor": 0,
        "tax_minor": 0,
        "tax_included": True,
        "total_minor": worth,
        "authorized_minor": worth,
        "captured_minor": worth,
        "refunded_minor": worth,
        "waived_minor": 0,
        "pricing": [],
        "tags": [],
        "metadata": {"country": country} if country else {},
        "placed_at": placed_at,
        "confirmed_at": None,
        "delivered_at": None,
        "ended_at": placed_at,
        "end_reason": UNKNOWN_ORDER,
        "search_text": search_text_of(*words),
    }


def _short(key: str) -> str:
    if len(key) <= KEY_LIMIT:
        return key
    return f"{key[: KEY_LIMIT - 17]}~{blake2b(key.encode(), digest_size=8).hexdigest()}"
