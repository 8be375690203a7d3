"""What each way of delivery would cost for a basket or an order, and why one cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from stoa.domains import catalog
from stoa.domains.catalog.measuring import Measure
from stoa.domains.catalog.offering import Offer
from stoa.domains.orders.drafting import MAX_LINES, MAX_QUANTITY, LineDraft, OrderDraft
from stoa.domains.orders.errors import NotSellable
from stoa.domains.orders.models import OrderLine, ShippingMethod
from stoa.domains.orders.moving import lines_of, order_of
from stoa.domains.orders.shipping.errors import MethodCannot, NoSuchMethod
from stoa.domains.orders.shipping.fees import Fee, Parcel, fee_of, template_of
from stoa.kit.addresses import clean_address
from stoa.kit.errors import InvalidInput, Refusal, Refusals, blaming
from stoa.kit.languages import Sentence
from stoa.tenants.context import Context


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many of a variant, at the price of one (in minor units); None: at what the shop sells it for now."""

    quantity: int
    variant_id: UUID | None = None
    sku: str = ""
    unit: int | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """What a method costs there, or the reason why not."""

    method: ShippingMethod
    fee: Fee


@dataclass(frozen=True, slots=True)
class Charge:
    """What delivery costs the buyer, in minor units, and how that comes about."""

    minor: int
    why: Sentence


async def shipping_quotes(lines: Sequence[Wanted], address: Mapping[str, str]) -> list[Quote]:
    """For a basket, by every active method, in their order. Raises `Refusals` for lines that are not there."""
    _check(lines)
    with blaming("address"):
        to = clean_address(address)
    measures = await _measures(lines)
    parcel = parcel_of(
        [(measure, line.quantity, _unit(line, measure)) for line, measure in zip(lines, measures, strict=True)]
    )
    return [_quote(method, parcel, to) for method in await _active()]


async def quotes_for_order(order_id: UUID) -> list[Quote]:
    """For an order as it stands, to where it goes. Raises `NoSuchOrder`."""
    order = await order_of(order_id, of="order_id")
    parcel = await _parcel_of_order(await lines_of(order))
    return [_quote(method, parcel, order.shipping_address) for method in await _active()]


async def delivery_charge(
    ctx: Context, draft: OrderDraft, offers: Sequence[Offer | None], units: Sequence[int]
) -> Charge:
    """What placing an order charges for delivery: what was said, else the fee of its method, else nothing.

    Raises `NoSuchMethod`, and `MethodCannot` with the reason when the method does not deliver this there.
    """
    said = Charge(draft.shipping.minor, Sentence("As the order says.")) if draft.shipping is not None else None
    if draft.shipping_method_id is None:
        return said or Charge(0, Sentence("No way of delivery was chosen: nothing is charged for it."))
    method = await ShippingMethod.get_or_none(id=draft.shipping_method_id)
    if method is None:
        raise NoSuchMethod("There is no such way of delivery.", path=["shipping_method_id"])
    if said is not None:
        return said
    by_id = await _measured([offer.variant_id for offer in offers if offer])
    rows = [
        (_measure_of(line, offer, by_id), line.quantity, unit)
        for line, offer, unit in zip(draft.lines, offers, units, strict=True)
    ]
    fee = _quote(method, parcel_of(rows), draft.shipping_address).fee
    if fee.why is not None:
        raise MethodCannot(
            "{name}: {why}", path=["shipping_method_id"], name=method.name, why=fee.why, reason=fee.reason
        )
    return Charge(fee.minor, _how(method, fee))


def _how(method: ShippingMethod, fee: Fee) -> Sentence:
    values = {"method": method.name, "zone": fee.zone}
    if fee.is_free:
        return Sentence("{method}: free from so much on.", {"method": method.name})
    return Sentence("{method}, {zone}.", values) if fee.zone else Sentence("{method}.", {"method": method.name})


def parcel_of(rows: Sequence[tuple[Measure, int, int]]) -> Parcel:
    """All that is to be sent of it: measures, how many, and the price of one."""
    sent = [(measure, many) for measure, many, _ in rows if measure.requires_shipping]
    grams = [None if each.weight_grams is None else each.weight_grams * many for each, many in sent]
    cm3 = [None if each.volume_cm3 is None else each.volume_cm3 * many for each, many in sent]
    unknown = next((each.label for each, _ in sent if each.weight_grams is None or each.volume_cm3 is None), "")
    heavy = next((each.label for each, _ in sent if each.weight_grams is None), unknown)
    return Parcel(
        pieces=sum(many for _, many in sent),
        goods_minor=sum(unit * many for _, many, unit in rows),
        grams=None if None in grams else sum(each or 0 for each in grams),
        cm3=None if None in cm3 else sum(each or 0 for each in cm3),
        unknown=heavy,
    )


def _quote(method: ShippingMethod, parcel: Parcel, to: Mapping[str, str]) -> Quote:
    if not method.is_active:
        return Quote(method, Fee(reason="NOT_ACTIVE", why=Sentence("It is not offered any more.")))
    return Quote(method, fee_of(template_of(method.fees), parcel, to))


async def _active() -> list[ShippingMethod]:
    return await ShippingMethod.filter(is_active=True).order_by("position", "id").limit(100)


def _check(lines: Sequence[Wanted]) -> None:
    if not 1 <= len(lines) <= MAX_LINES:
        sentence = "{count} lines; 1 to {limit} are allowed."
        raise InvalidInput(sentence, path=["lines"], count=len(lines), limit=MAX_LINES)
    for i, line in enumerate(lines):
        if not 1 <= line.quantity <= MAX_QUANTITY:
            sentence = "{quantity} pieces; 1 to {limit:,} are allowed."
            raise InvalidInput(sentence, path=["lines", i, "quantity"], quantity=line.quantity, limit=MAX_QUANTITY)


async def _measures(lines: Sequence[Wanted]) -> list[Measure]:
    ids, skus = [line.variant_id for line in lines if line.variant_id], [line.sku for line in lines if line.sku]
    there = await catalog.measuring.measures(ids, skus)
    by_id, by_sku = {each.variant_id: each for each in there}, {each.sku: each for each in there if each.sku}
    found: list[Measure] = []
    wrong: list[Refusal] = []
    for i, line in enumerate(lines):
        measure = by_id.get(line.variant_id) if line.variant_id else by_sku.get(line.sku)
        if measure is None:
            wrong.append(NotSellable("There is no such variant.", path=["lines", i]))
        else:
            found.append(measure)
    if wrong:
        raise Refusals(wrong)
    return found


def _unit(line: Wanted, measure: Measure) -> int:
    return line.unit if line.unit is not None else measure.price or 0


async def _measured(variant_ids: Sequence[UUID]) -> dict[UUID, Measure]:
    return {each.variant_id: each for each in await catalog.measuring.measures(variant_ids)} if variant_ids else {}


def _measure_of(line: LineDraft, offer: Offer | None, by_id: Mapping[UUID, Measure]) -> Measure:
    """Of what the catalog does not have, nothing is known but that it is sent."""
    known = by_id.get(offer.variant_id) if offer else None
    return known or Measure(UUID(int=0), None, line.title, None, None, True, None)


async def _parcel_of_order(lines: Sequence[OrderLine]) -> Parcel:
    """Weights and prices as they were when it was bought; volumes as they are now."""
    by_id = await _measured([line.variant_id for line in lines if line.variant_id])  # type: ignore[attr-defined]
    rows = []
    for line in lines:
        known = by_id.get(line.variant_id)  # type: ignore[attr-defined]
        cm3 = known.volume_cm3 if known else None
        label = line.sku or line.title
        measure = Measure(UUID(int=0), None, label, line.weight_grams, cm3, line.requires_shipping, None)
        rows.append((measure, line.quantity - line.cancelled, line.unit_minor))
    return parcel_of(rows)
