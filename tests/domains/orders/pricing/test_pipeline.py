"""The pipeline of prices: in order, exact, never below nothing."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from stoa.domains.orders.pricing import Basket, Discount, Item, worth_of
from stoa.domains.orders.pricing.pipeline import priced

minors = st.integers(0, 10**7)
rates = st.sampled_from([Decimal(0), Decimal("0.06"), Decimal("0.13"), Decimal("0.19")])
items = st.lists(st.builds(Item, st.integers(1, 50), minors, tax_rate=rates), min_size=1, max_size=8)


def basket(wanted: list[Item], *, included: bool = True, shipping: int = 0) -> Basket:
    return Basket("EUR", wanted, "web", shipping=shipping, tax_included=included)


@given(items, st.lists(st.tuples(st.integers(-1, 7), minors), max_size=5), st.booleans(), minors)
def test_parts_sum_to_the_whole_and_nothing_falls_below_nothing(
    wanted: list[Item], off: list[tuple[int, int]], included: bool, shipping: int
) -> None:
    """Complaints 7 and 8: what the lines come to, and shipping, is what the order comes to."""
    discounts = [Discount("", "off", minor, None if line < 0 else line % len(wanted)) for line, minor in off]

    found = priced(basket(wanted, included=included, shipping=shipping), discounts)

    totals = [line.total(tax_included=included) for line in found.lines]
    assert sum(totals) + found.shipping + (0 if included else found.shipping_tax) == found.total
    assert all(0 <= line.discount <= line.gross for line in found.lines)
    assert found.discount == min(found.discount, found.subtotal)
    taken = -sum(step.minor for step in found.steps if step.step in ("LINE", "ORDER"))
    assert taken == found.discount


@given(st.integers(0, 10**9), st.integers(1, 60), st.data())
def test_a_line_refunded_in_parts_gives_back_what_was_paid(total: int, quantity: int, data: st.DataObject) -> None:
    parts, before = [], 0
    while before < quantity:
        count = data.draw(st.integers(1, quantity - before))
        parts.append(worth_of(total, quantity, before, count))
        before += count

    assert sum(parts) == total
    assert all(part >= 0 for part in parts)


def test_tax_is_inside_of_prices_or_on_top_of_them() -> None:
    wanted = [Item(1, 11300, tax_rate=Decimal("0.13"))]

    inside, on_top = priced(basket(wanted), []), priced(basket(wanted, included=False), [])

    assert (inside.tax, inside.total) == (1300, 11300)
    assert (on_top.tax, on_top.total) == (1469, 12769)


def test_an_order_discount_is_spread_by_what_lines_come_to_after_their_own() -> None:
    """Complaint 6: the base of each step is what the step before left."""
    wanted = [Item(1, 1000), Item(1, 1000)]

    found = priced(basket(wanted), [Discount("", "half", 500, 0), Discount("", "order", 300)])

    assert [line.discount for line in found.lines] == [500 + 100, 200]
