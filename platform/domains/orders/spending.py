"""What a customer has bought, in SQL over one customer's row; for reading."""

from __future__ import annotations

# Drafts are no orders yet; cancelled, expired and rejected ones are none any more.
_THEIRS = "FROM sales_order o WHERE o.customer_id = {row}.id AND o.state IN ('PENDING', 'CONFIRMED', 'COMPLETED')"
COUNT = f"(SELECT count(*) {_THEIRS})"
# What was paid less what was given back, and its currency: an order is in the shop's.
SPENT = (
    "(SELECT CASE WHEN count(*) > 0 THEN "
    f"json_build_array(sum(o.captured_minor - o.refunded_minor), min(o.currency)) END {_THEIRS})"
)
FIRST_AT, LAST_AT = f"(SELECT min(o.placed_at) {_THEIRS})", f"(SELECT max(o.placed_at) {_THEIRS})"
# Not EXISTS: PostgreSQL would join all orders to find the customers of one page.
ANY = f"coalesce((SELECT true {_THEIRS} LIMIT 1), false)"
