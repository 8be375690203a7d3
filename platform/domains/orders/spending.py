"""What a customer has bought, in SQL over one customer's row; for reading."""

from __future__ import annotations

from stoa.domains.orders.channels import RETURNS

# Drafts are no orders yet; cancelled, expired and rejected ones are none any more.
_OF = "FROM sales_order o WHERE o.customer_id = {row}.id"
_COUNTS = "o.state IN ('PENDING', 'CONFIRMED', 'COMPLETED')"
_THEIRS = f"{_OF} AND {_COUNTS}"
_RETURN = f"o.channel = '{RETURNS}'"
COUNT = f"(SELECT count(*) {_THEIRS})"
# What was paid less what was given back, also where only the return is known and not the order that it belongs to; and
# its currency: an order is in the shop's. `domain-facts` 5.6: monetary is net of returns.
SPENT = (
    "(SELECT CASE WHEN count(*) > 0 THEN json_build_array("
    f"sum(CASE WHEN {_RETURN} THEN -o.refunded_minor ELSE o.captured_minor - o.refunded_minor END), min(o.currency)) "
    f"END {_OF} AND ({_COUNTS} OR {_RETURN}))"
)
FIRST_AT, LAST_AT = f"(SELECT min(o.placed_at) {_THEIRS})", f"(SELECT max(o.placed_at) {_THEIRS})"
# Not EXISTS: PostgreSQL would join all orders to find the customers of one page.
ANY = f"coalesce((SELECT true {_THEIRS} LIMIT 1), false)"
