"""Form orders of what a file says: history, as it was, with nothing computed that the file knows better."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec

from stoa.domains.orders.deriving import payment_state_of
from stoa.domains.orders.finding import search_text_of
from stoa.domains.orders.importing.addressing import addresses_of, buyer_of
from stoa.domains.orders.importing.formed import Formed, Row, Setting
from stoa.domains.orders.importing.gathering import MAX_LINES, FileLine, FileOrder
from stoa.domains.orders.importing.options import Field
from stoa.domains.orders.importing.reckoning import Amounts, reckon
from stoa.domains.orders.importing.returning import form_return, take_back
from stoa.domains.orders.importing.rows import first_step, line_row, refund_row
from stoa.domains.orders.models import (
    AftersaleState,
    FulfilmentState,
    Order,
    OrderState,
    PaymentRowState,
    PaymentState,
)
from stoa.domains.orders.pricing.freezing import worth_of
from stoa.kit.ids import id_at, new_id
from stoa.kit.languages import Sentence
from stoa.kit.money import Money
from stoa.tenants.importing.issues import Issue


def form(order: FileOrder, setting: Setting) -> tuple[list[Formed], list[Issue]]:
    """The order that the file's lines make, and the return that those make which came back without one."""
    wrong = _why_not(order, setting)
    if wrong is not None:
        return [], [wrong]
    sold = [line for line in order.lines if line.quantity > 0]
    back = [line for line in order.lines if line.quantity < 0]
    formed: list[Formed] = []
    if sold:
        formed.append(_form_sale(order, sold, setting))
        back = take_back(formed[0], back, setting)
    if back:
        formed.append(form_return(order, back, setting))
    for each in formed:
        each.order["content_hash"] = _hash_of(order)
    return formed, [issue for each in formed for issue in each.issues]


def _why_not(order: FileOrder, setting: Setting) -> Issue | None:
    """An order is taken whole or not at all: what is put right later can be brought in later."""
    code, field, value = "", "", order.key
    if order.is_broken:
        code, sentence = "ORDER_NOT_WHOLE", Sentence("A row of order {key} was not taken: the order is left out.")
    elif order.is_too_long:
        code, sentence = "TOO_MANY_LINES", Sentence("Order {key} has more than {limit:,} lines: it is left out.")
    elif order.time(Field.TIME) is None:
        code, field, sentence = "NO_TIME", Field.TIME, Sentence("Order {key} has no time: it is left out.")
    elif order.fields.get(Field.CURRENCY, setting.currency) != setting.currency:
        code, field, value = "WRONG_CURRENCY", Field.CURRENCY, order.text(Field.CURRENCY)
        sentence = Sentence("Order {key} is in {currency}, and the shop is not: it is left out.")
    else:
        return None
    said = sentence.filled(key=order.key, limit=MAX_LINES, currency=order.text(Field.CURRENCY))
    return Issue(order.line, "", code, said, value, refused=True, field=field)


def _form_sale(order: FileOrder, lines: Sequence[FileLine], setting: Setting) -> Formed:
    amounts = reckon(order, lines)
    placed_at = order.time(Field.TIME)
    assert placed_at is not None
    formed = Formed(order.key, order.line, {}, buyer_of(order, setting.source))
    formed.order = _order_row(order, formed, amounts, placed_at, setting)
    formed.lines = [
        line_row(formed.order, i, line, each, setting)
        for i, (line, each) in enumerate(zip(lines, amounts.lines, strict=True))
    ]
    _settle(order, lines, formed, amounts, placed_at, setting)
    _pay(order, formed, amounts, placed_at, setting)
    formed.transitions = [first_step(formed.order, setting)]
    if amounts.differs is not None:
        said, total = Money(amounts.differs, setting.currency), Money(amounts.total, setting.currency)
        sentence = Sentence("The file says {said}, and its lines come to {total}, which is taken.")
        issue = sentence.filled(said=str(said), total=str(total))
        formed.issues.append(Issue(order.line, "", "TOTAL_DIFFERS", issue, order.key, field=Field.TOTAL))
    return formed


def _order_row(order: FileOrder, formed: Formed, amounts: Amounts, placed_at: datetime, setting: Setting) -> Row:
    shipping, billing, unknown = addresses_of(order)
    if unknown:
        sentence = Sentence("{country} is no country of ISO 3166; it is kept as it is.").filled(country=unknown[:40])
        formed.issues.append(Issue(order.line, "", "UNKNOWN_COUNTRY", sentence, unknown, field=Field.COUNTRY))
    buyer = formed.buyer
    words = (order.key, buyer.name, buyer.email, order.text(Field.PHONE), shipping.get("name"))
    return {
        "id": id_at(placed_at),
        "channel": setting.source,
        "external_id": order.key,
        "email": buyer.email,
        "phone": order.text(Field.PHONE)[:40],
        "shipping_address": shipping,
        "billing_address": billing,
        "note": order.text(Field.NOTE),
        "currency": setting.currency,
        "subtotal_minor": amounts.subtotal,
        "discount_minor": amounts.discount,
        "shipping_minor": amounts.shipping,
        "tax_minor": amounts.tax,
        "tax_included": amounts.tax_included,
        "total_minor": amounts.total,
        "authorized_minor": amounts.captured or amounts.authorized,
        "captured_minor": amounts.captured,
        "refunded_minor": amounts.refunded,
        "waived_minor": 0,
        "pricing": _steps(amounts),
        "tags": list(order.fields.get(Field.TAGS) or []),
        "metadata": _metadata(order, unknown),
        "aftersale_state": AftersaleState.NONE.value,
        "placed_at": placed_at,
        "search_text": search_text_of(*words),
    }


def _settle(
    order: FileOrder, lines: Sequence[FileLine], formed: Formed, amounts: Amounts, placed_at: datetime, setting: Setting
) -> None:
    """How far it came: all the way, unless the file says otherwise."""
    cancelled_at, status = order.time(Field.CANCELLED_AT), order.text(Field.FINANCIAL_STATUS)
    is_told = not setting.columns.isdisjoint((Field.FULFILMENT_STATUS, Field.LINE_FULFILMENT))
    went = order.text(Field.FULFILMENT_STATUS)
    for line, row in zip(lines, formed.lines, strict=True):
        is_gone = went == "fulfilled" or line.fulfilment == "fulfilled" or not (is_told or cancelled_at)
        row["shipped"] = row["delivered"] = row["quantity"] if is_gone else 0
    shipped = sum(row["shipped"] for row in formed.lines)
    is_over = cancelled_at is not None or status == "voided" or (amounts.captured and _is_given_back(amounts))
    if is_over and not shipped:
        state = OrderState.CANCELLED
    elif status == "expired" and not shipped:
        state = OrderState.EXPIRED
    elif cancelled_at is not None:
        state = OrderState.CANCELLED
    elif all(row["delivered"] == row["quantity"] for row in formed.lines) and amounts.captured >= amounts.total:
        state = OrderState.COMPLETED
    else:
        state = OrderState.CONFIRMED
        _say_it_is_open(order, formed)
    if state is OrderState.CANCELLED:
        _call_off(formed, amounts)
    _date(order, formed, state, placed_at)


def _call_off(formed: Formed, amounts: Amounts) -> None:
    """What was not sent is not owed any more."""
    formed.order["waived_minor"] = amounts.total - amounts.captured
    for row in formed.lines:
        row["cancelled"] = row["quantity"] - row["shipped"]
        row["gone_minor"] = worth_of(row["total_minor"], row["quantity"], row["shipped"], row["cancelled"])


def _is_given_back(amounts: Amounts) -> bool:
    return amounts.refunded >= amounts.captured


def _say_it_is_open(order: FileOrder, formed: Formed) -> None:
    sentence = Sentence("Order {key} is not at its end: it is taken as confirmed, and no stock is held for it.")
    issue = sentence.filled(key=order.key)
    formed.issues.append(Issue(order.line, "", "STILL_OPEN", issue, order.key, field=Field.FULFILMENT_STATUS))


def _date(order: FileOrder, formed: Formed, state: OrderState, placed_at: datetime) -> None:
    fulfilled_at, cancelled_at = order.time(Field.FULFILLED_AT), order.time(Field.CANCELLED_AT)
    is_over = state is not OrderState.CONFIRMED
    fulfilment = _fulfilment_of(formed.lines)
    formed.order |= {
        "state": state.value,
        "payment_state": "",
        "fulfilment_state": fulfilment.value,
        "confirmed_at": placed_at if state in (OrderState.COMPLETED, OrderState.CONFIRMED) else None,
        "delivered_at": (fulfilled_at or placed_at) if fulfilment is FulfilmentState.DELIVERED else None,
        "ended_at": (cancelled_at or fulfilled_at or placed_at) if is_over else None,
        "end_reason": "",
    }


def _fulfilment_of(lines: Sequence[Row]) -> FulfilmentState:
    pieces, gone = sum(row["quantity"] - row["cancelled"] for row in lines), sum(row["delivered"] for row in lines)
    if not pieces:
        return FulfilmentState.CANCELLED
    if not gone:
        return FulfilmentState.UNFULFILLED
    return FulfilmentState.DELIVERED if gone >= pieces else FulfilmentState.PART_DELIVERED


def _pay(order: FileOrder, formed: Formed, amounts: Amounts, placed_at: datetime, setting: Setting) -> None:
    row = formed.order
    row["payment_state"] = _payment_state(order, amounts, row["waived_minor"]).value
    if not amounts.captured and not amounts.authorized:
        return
    payment = {
        "id": new_id(),
        "order_id": row["id"],
        "provider": setting.source,
        "method": order.text(Field.PAYMENT_METHOD)[:40],
        "state": (PaymentRowState.SETTLED if amounts.captured else PaymentRowState.AUTHORIZED).value,
        "currency": setting.currency,
        "authorized_minor": amounts.captured or amounts.authorized,
        "captured_minor": amounts.captured,
        "refunded_minor": amounts.refunded,
        "note": order.text(Field.PAYMENT_REFERENCE)[:200],
        "paid_at": (order.time(Field.PAID_AT) or placed_at) if amounts.captured else None,
        "created_at": setting.moment,
    }
    formed.payments.append(payment)
    if amounts.refunded:
        formed.refunds.append(_refund_of(formed, amounts, payment, setting))


def _refund_of(formed: Formed, amounts: Amounts, payment: Row, setting: Setting) -> Row:
    """Of which line it was, a file tells only when it was all of them."""
    lines: list[Row] = []
    if amounts.refunded == amounts.total:
        for line in formed.lines:
            line["refunded"] = line["quantity"] - line["cancelled"]
            line["refunded_minor"] = line["gone_minor"] = line["total_minor"]
            lines.append({"line_id": str(line["id"]), "quantity": line["quantity"], "minor": line["total_minor"]})
    shipping = amounts.shipping if lines else 0
    of_lines = sum(line["minor"] for line in lines)
    return refund_row(
        formed.order,
        amounts.refunded,
        setting,
        lines=lines,
        shipping_minor=shipping,
        extra_minor=amounts.refunded - of_lines - shipping,
        parts=[{"payment_id": str(payment["id"]), "minor": amounts.refunded, "reference": ""}],
    )


def _payment_state(order: FileOrder, amounts: Amounts, waived: int) -> PaymentState:
    if order.text(Field.FINANCIAL_STATUS) == "voided":
        return PaymentState.VOIDED
    return payment_state_of(
        Order(
            total_minor=amounts.total,
            waived_minor=waived,
            authorized_minor=amounts.authorized,
            captured_minor=amounts.captured,
            refunded_minor=amounts.refunded,
        )
    )


def _steps(amounts: Amounts) -> list[Row]:
    """Where the file has more than lines, how they come to the total."""
    net = amounts.subtotal - amounts.discount
    steps = [
        ("ORDER", ", ".join(amounts.codes), amounts.subtotal, -amounts.discount),
        ("SHIPPING", "", amounts.shipping, amounts.shipping),
        ("TAX", "", net + amounts.shipping, amounts.tax),
    ]
    return [
        {"step": step, "title": title, "base_minor": base, "minor": minor}
        for step, title, base, minor in steps
        if minor
    ]


def _metadata(order: FileOrder, country: str) -> Row:
    told = {
        "channel_id": order.text(Field.CHANNEL_ID),
        "shipping_method": order.text(Field.SHIPPING_METHOD),
        "country": country,
    }
    return {name: text for name, text in told.items() if text}


def _hash_of(order: FileOrder) -> bytes:
    """The same for the same order, wherever in a file it stands."""
    lines = [[*msgspec.to_builtins(line)[1:]] for line in order.lines]
    return hashlib.sha256(msgspec.json.encode([order.key, order.fields, lines], order="sorted")).digest()
