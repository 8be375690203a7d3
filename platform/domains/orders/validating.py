"""What is examined when an order is placed, before it is confirmed: address, price, duplicate, amount, risk, stock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from stoa.domains import catalog
from stoa.domains.catalog.offering import Offer
from stoa.domains.orders.channels import AFTERSALE
from stoa.domains.orders.checks import Check, Severity
from stoa.domains.orders.drafting import LineDraft, OrderDraft
from stoa.domains.orders.pricing import Priced
from stoa.kit.encoding import as_json
from stoa.kit.languages import Sentence, joined
from stoa.kit.money import Money, exponent_of
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client

PRICE_TOLERANCE = 0.01  # of the catalog's price
DUPLICATE_WITHIN = timedelta(hours=1)
# In whole units of the currency (of a currency without decimals, a hundred of them): what somebody should look at,
# unless a rule of the shop's own says otherwise (`Actions.replaces`).
MUCH, MUCH_FOR_SOMEBODY_NEW = 10_000, 2_000
# What an address must have; where the country is not listed, what the last line says.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "CN": ("province", "city", "line1", "phone"),
    "": ("name", "line1", "city", "country"),
}
_PARTS: Mapping[str, Sentence] = {
    "name": Sentence("the name"),
    "line1": Sentence("the street"),
    "city": Sentence("the city"),
    "province": Sentence("the province"),
    "country": Sentence("the country"),
    "phone": Sentence("the phone"),
}

# All that the checks need to know besides the order itself. An order's lines are compared by what and how many.
_FACTS = """
SELECT json_build_array(
  EXISTS (SELECT FROM sales_order WHERE customer_id = $1::uuid AND state IN ('CONFIRMED', 'COMPLETED')),
  (SELECT o.number FROM sales_order o
   WHERE o.id > $2::uuid AND o.state IN ('PENDING', 'CONFIRMED') AND %s
   AND $4::text = (SELECT string_agg(each, ',' ORDER BY each COLLATE "C") FROM (
     SELECT coalesce(l.variant_id::text, l.sku || ' ' || l.title) || ' x ' || sum(l.quantity) AS each
     FROM order_line l WHERE l.order_id = o.id GROUP BY coalesce(l.variant_id::text, l.sku || ' ' || l.title)) s)
   ORDER BY o.id DESC LIMIT 1),
  EXISTS (SELECT FROM order_rule WHERE is_active),
  (SELECT coalesce(json_agg(DISTINCT code), '[]') FROM order_rule,
    jsonb_array_elements_text(actions -> 'replaces') AS code WHERE is_active AND kind = 'RISK'),
  coalesce((SELECT kind = 'PICKUP' FROM shipping_method WHERE id = $5::uuid), false),
  (SELECT json_build_array(id, number, encode(content_hash, 'hex')) FROM sales_order
   WHERE channel = $6::text AND external_id = $7::text))::text
"""

# Somebody known is the same buyer wherever it goes; a guest, when it goes to the same place. Both must use $3.
_SOMEBODY = "o.customer_id = $1::uuid AND $3::jsonb IS NOT NULL"
_GUEST = """o.customer_id IS NULL AND o.shipping_address <> '{}'
   AND md5(o.shipping_address::text) = md5($3::jsonb::text)"""


class Earlier(msgspec.Struct, frozen=True, array_like=True):
    """The order that the channel brought under the same id before."""

    id: UUID
    number: int
    content_hash: str  # in hexadecimal


class Known(msgspec.Struct, frozen=True, array_like=True):
    """What the shop knows about an order that comes in."""

    has_bought: bool
    same_as: int | None
    has_rules: bool
    replaced: list[str]  # codes of checks that rules of the shop's own stand in for
    is_picked_up: bool
    earlier: Earlier | None


_decode = msgspec.json.Decoder(Known).decode


def facts_statement(customer_id: UUID | None) -> str:
    return _FACTS % (_SOMEBODY if customer_id else _GUEST)


async def known_of(draft: OrderDraft, offers: Sequence[Offer | None], customer_id: UUID | None, at: datetime) -> Known:
    """By one statement, whatever the order is like."""
    since = UUID(int=int((at - DUPLICATE_WITHIN).timestamp() * 1000) << 80)  # ids count up with time
    address = as_json(draft.shipping_address)
    values: list[Any] = [customer_id, since, address, _fingerprint(draft.lines, offers), draft.shipping_method_id]
    values += [draft.channel, draft.external_id]
    async with shop_client().acquire_connection() as connection:
        return _decode(await connection.fetchval(facts_statement(customer_id), *values))


def _fingerprint(lines: Sequence[LineDraft], offers: Sequence[Offer | None]) -> str:
    """What and how many, in whatever order; the statement makes the same of an order's rows."""
    counts: dict[str, int] = {}
    for line, offer in zip(lines, offers, strict=True):
        what = str(offer.variant_id) if offer else f"{line.sku} {line.title}"
        counts[what] = counts.get(what, 0) + line.quantity
    return ",".join(sorted(f"{what} x {count}" for what, count in counts.items()))


def checks_of(
    ctx: Context, draft: OrderDraft, offers: Sequence[Offer | None], priced: Priced, known: Known
) -> list[Check]:
    """What somebody should know before the order is confirmed; nothing when all is right.

    Rules of risk come later: what one of them replaces is left to it.
    """
    currency = ctx.shop.currency
    found = [*_about_the_address(draft, offers, known)]
    if draft.channel != AFTERSALE:  # the same again, for nothing: it was looked at when the case was approved
        found += [*_about_prices(draft.lines, offers, currency), *_about_a_duplicate(known)]
    found += _about_the_amount(priced.total, currency, known)
    return [each for each in found if each.code not in known.replaced]


async def sold_in_advance(offers: Sequence[Offer | None]) -> list[Check]:
    """What was not there when it was reserved: to be asked after that, while its rows are locked."""
    variants = [offer.variant_id for offer in offers if offer is not None and offer.is_sold_in_advance]
    rows = await catalog.offering.short_of(variants) if variants else []
    words = "{what}: {missing} more are sold than there are."
    return [
        Check("SOLD_IN_ADVANCE", Severity.WARNING, Sentence(words, {"what": what, "missing": missing}))
        for what, missing in rows
    ]


def _about_the_address(draft: OrderDraft, offers: Sequence[Offer | None], known: Known) -> Iterator[Check]:
    if known.is_picked_up or not any(offer is None or offer.requires_shipping for offer in offers):
        return
    address = draft.shipping_address
    needed = NEEDED.get(address.get("country", ""), NEEDED[""])
    there = {"phone": draft.buyer.phone, "name": draft.buyer.name} | dict(address)
    missing = [_PARTS[name] for name in needed if not there.get(name)]
    if missing:
        words = Sentence("The address is not complete: {missing} is missing.", {"missing": joined(missing)})
        yield Check("ADDRESS", Severity.BLOCKING, words)


def _about_prices(lines: Sequence[LineDraft], offers: Sequence[Offer | None], currency: str) -> Iterator[Check]:
    """Sold for less than the catalog says is graver than for more."""
    for line, offer in zip(lines, offers, strict=True):
        if line.unit_price is None or offer is None or offer.price is None:
            continue
        sold = line.unit_price.minor
        if abs(sold - offer.price) > offer.price * PRICE_TOLERANCE:
            values = {
                "what": offer.sku or offer.title,
                "sold": str(Money(sold, currency)),
                "price": str(Money(offer.price, currency)),
            }
            severity = Severity.BLOCKING if sold < offer.price else Severity.WARNING
            yield Check("PRICE", severity, Sentence("{what}: sold at {sold}, and {price} in the catalog.", values))


def _about_a_duplicate(known: Known) -> Iterator[Check]:
    if known.same_as is not None:
        words = Sentence(
            "The same buyer has ordered the same within an hour: order {number}.", {"number": known.same_as}
        )
        yield Check("DUPLICATE", Severity.BLOCKING, words)


def _about_the_amount(total: int, currency: str, known: Known) -> Iterator[Check]:
    unit = 10 ** max(2, exponent_of(currency))
    much = {"total": str(Money(total, currency))}
    if total > MUCH * unit:
        words = Sentence("It comes to {total}: more than {limit}.", much | {"limit": str(Money(MUCH * unit, currency))})
        yield Check("AMOUNT", Severity.BLOCKING, words)
    if total > MUCH_FOR_SOMEBODY_NEW * unit and not known.has_bought:
        yield Check("NEW_BUYER", Severity.BLOCKING, Sentence("{total} from somebody who has not bought before.", much))
