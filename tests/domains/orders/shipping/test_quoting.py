"""What each way of delivery would cost; and that placing an order charges the same."""

from __future__ import annotations

import pytest

from stoa.domains import orders
from stoa.domains.catalog.models import Product
from stoa.domains.orders import LineDraft, OrderDraft, shipping
from stoa.domains.orders.errors import NoSuchOrder, NotSellable
from stoa.domains.orders.models import Order, ShippingMethod
from stoa.domains.orders.shipping import FeeBasis, FeeTemplate, MethodDraft, Region, Tariff, Told, Wanted
from stoa.domains.orders.shipping.errors import MethodCannot, MethodChanged, MethodTaken, NoSuchMethod, NotFollowed
from stoa.domains.orders.shipping.following import FollowedBy, Following, carrier_of, keys_of
from stoa.domains.orders.shipping.kuaidi100 import Keys, Kuaidi100
from stoa.kit.errors import InvalidInput, Refusals
from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence
from stoa.kit.money import Money
from stoa.kit.sealing import is_sealed, seal
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.domains.orders.shipping.sending import method

BY_WEIGHT = FeeTemplate(
    FeeBasis.WEIGHT, rest=Tariff(first=1000, first_minor=1200, next=500, next_minor=500), excluded=(Region("US"),)
)
BY_VOLUME = FeeTemplate(FeeBasis.VOLUME, rest=Tariff(first=1000, first_minor=600, next=1000, next_minor=100))


async def test_a_new_shop_has_the_four_ways(ctx: Context) -> None:
    """O10 to O13: with their pros and cons, in both languages."""
    ways = await ShippingMethod.all().order_by("position")

    assert [(way.kind.value, way.translations["zh"]["name"]) for way in ways] == [
        ("EXPRESS", "快递"),
        ("POST", "邮政"),
        ("PICKUP", "自提"),
        ("SF", "顺丰"),
    ]
    assert ways[2].profile["zh"] == {"pros": ["费用低", "时效性强"], "cons": ["范围有限", "需要客户自行前往"]}
    assert ways[3].profile["en"] == {"pros": ["Fast", "Reaches far", "Good service"], "cons": ["Dear"]}


async def test_what_a_basket_would_cost_by_each_way(ctx: Context) -> None:
    """O9: exact, with the reason when a way cannot."""
    await method(ctx, "express", fees=BY_WEIGHT.kept())
    await method(ctx, "post", fees=BY_VOLUME.kept())
    cup, file = await make.sold(ctx, weight_grams=400), await make.sold(ctx, requires_shipping=False)
    await Product.filter(id=cup.product_id).update(metadata={"volume_cm3": "700"})  # type: ignore[attr-defined]
    lines = [Wanted(4, cup.id), Wanted(1, sku=file.sku or "")]

    quotes = await shipping.shipping_quotes(lines, {"country": "de"})
    assert [(each.method.code, each.fee.minor, each.fee.reason) for each in quotes] == [
        ("express", 2200, ""),  # 1600 g: one and two further
        ("post", 800, ""),  # 2800 cm3: one and two further
        ("pickup", 0, ""),
        ("sf", 0, "NO_FEES"),
    ]
    to_us = await shipping.shipping_quotes(lines, {"country": "US"})
    assert [each.fee.reason for each in to_us] == ["NOT_THERE", "", "", "NO_FEES"]


async def test_placing_charges_what_the_way_costs(ctx: Context) -> None:
    way = await method(ctx, "express", fees=BY_WEIGHT.kept())
    cup = await make.sold(ctx, weight_grams=400)
    address = {"country": "DE", "line1": "Weg 1"}

    charged = await make.order(ctx, [(cup, 4)], shipping_method_id=way.id, shipping_address=address)
    said = await make.order(
        ctx, [(cup, 1)], shipping_method_id=way.id, shipping_address=address, shipping=Money(1, "EUR")
    )

    assert (charged.shipping_minor, charged.total_minor) == (2200, 4 * 1999 + 2200)
    assert said.shipping_minor == 1
    quotes = await shipping.quotes_for_order(charged.id)
    assert [each.fee.minor for each in quotes if each.method.id == way.id] == [2200]


async def test_an_order_is_not_placed_with_a_way_that_cannot(ctx: Context) -> None:
    way, unset = await method(ctx, "express", fees=BY_WEIGHT.kept()), await method(ctx, "sf")
    cup = await make.sold(ctx)
    for method_id, kind in ((way.id, MethodCannot), (unset.id, MethodCannot), (new_id(), NoSuchMethod)):
        draft = OrderDraft([LineDraft(1, cup.id)], shipping_method_id=method_id, shipping_address={"country": "US"})
        with pytest.raises(kind) as refused:
            await orders.place_order(ctx, draft)
        assert refused.value.path == ("shipping_method_id",)

    assert await Order.all().count() == 0


async def test_what_is_not_there_is_not_quoted(ctx: Context, other_ctx: Context) -> None:
    cup = await make.sold(ctx)
    order = await make.order(ctx, [(cup, 1)])
    for lines in ([], [Wanted(0, cup.id)]):
        with pytest.raises(InvalidInput):
            await shipping.shipping_quotes(lines, {})
    with open_shop(other_ctx.shop):
        with pytest.raises(Refusals) as refused:
            await shipping.shipping_quotes([Wanted(1, cup.id)], {})
        assert [type(each) for each in refused.value.refusals] == [NotSellable]
        with pytest.raises(NoSuchOrder):
            await shipping.quotes_for_order(order.id)


async def test_a_way_is_made_changed_and_taken_out_of_use(ctx: Context) -> None:
    draft = MethodDraft(
        code="Bike Courier",
        name="Bike",
        kind=(await method(ctx)).kind,
        told={"zh": Told("单车快送", ["环保"], [])},
        fees=BY_WEIGHT,
        promised_days=1,
    )
    made = await shipping.create_method(ctx, draft)
    assert (made.code, made.fees, made.promised_days) == ("bike-courier", BY_WEIGHT.kept(), 1)

    keys = Following(FollowedBy.KUAIDI100, customer="C", key="K")
    await shipping.update_method(ctx, made.id, MethodDraft(following=keys), expected_version=1)
    await shipping.update_method(
        ctx,
        made.id,
        MethodDraft(following=Following(FollowedBy.KUAIDI100, salt="S"), has_no_promise=True, is_active=False),
    )
    told = await events_of(ctx)
    await shipping.update_method(ctx, made.id, MethodDraft(name="Bike"))

    assert await events_of(ctx) == told
    after = await ShippingMethod.get(id=made.id)
    assert keys_of(after.settings) == Keys("C", "K", salt="S")
    assert (after.settings["by"], after.settings["customer"]) == ("KUAIDI100", "C")
    assert is_sealed(after.settings["key"])
    assert is_sealed(after.settings["salt"])
    assert (after.promised_days, after.is_active, after.version) == (None, False, 3)
    assert after.code not in [each.method.code for each in await shipping.quotes_for_order((await make.order(ctx)).id)]


async def test_keys_that_lie_open_are_read_and_put_under_seal_when_the_way_is_saved_again(ctx: Context) -> None:
    """As they were kept before there were seals."""
    way = await method(ctx, settings={"by": "KUAIDI100", "customer": "C", "key": "K", "salt": "S"})
    assert keys_of(way.settings) == Keys("C", "K", salt="S")

    again = Following(FollowedBy.KUAIDI100, key="K")
    await shipping.update_method(ctx, way.id, MethodDraft(following=again))
    sealed = await ShippingMethod.get(id=way.id)
    await shipping.update_method(ctx, way.id, MethodDraft(following=again))

    assert keys_of(sealed.settings) == Keys("C", "K", salt="S")
    assert is_sealed(sealed.settings["key"])
    assert (await ShippingMethod.get(id=way.id)).settings == sealed.settings


async def test_keys_whose_seal_does_not_open_can_be_entered_again(ctx: Context) -> None:
    """As after STOA_SECRET_KEY was changed: until then nobody is asked, and it is said why."""
    lost = seal("K", about="another installation")
    way = await method(ctx, settings={"by": "KUAIDI100", "customer": "C", "key": lost, "salt": lost})
    with pytest.raises(NotFollowed, match="enter them again"):
        carrier_of(way)

    await shipping.update_method(ctx, way.id, MethodDraft(name="Express"))
    assert (await ShippingMethod.get(id=way.id)).settings["key"] == lost
    entered = Following(FollowedBy.KUAIDI100, key="K2", salt="S2")
    await shipping.update_method(ctx, way.id, MethodDraft(following=entered))

    again = await ShippingMethod.get(id=way.id)
    assert keys_of(again.settings) == Keys("C", "K2", salt="S2")
    assert isinstance(carrier_of(again), Kuaidi100)


async def test_a_key_that_looks_like_a_seal_is_one_of_the_merchants_all_the_same(ctx: Context) -> None:
    way = await method(ctx)
    odd = Following(FollowedBy.KUAIDI100, customer="sealed:1:C", key="sealed:1:K")
    await shipping.update_method(ctx, way.id, MethodDraft(following=odd))

    kept = (await ShippingMethod.get(id=way.id)).settings
    assert kept["key"] != "sealed:1:K"
    assert keys_of(kept) == Keys("sealed:1:C", "sealed:1:K")


async def test_a_way_that_cannot_be_is_refused(ctx: Context, other_ctx: Context) -> None:
    way = await method(ctx)
    before = await ShippingMethod.all().order_by("id").values()
    with pytest.raises(MethodTaken):
        await shipping.create_method(ctx, MethodDraft(code="post", name="Post", kind=way.kind))
    with pytest.raises(InvalidInput):
        await shipping.create_method(ctx, MethodDraft(code="x"))
    with pytest.raises(InvalidInput):
        await shipping.update_method(ctx, way.id, MethodDraft(pickup_location_id=new_id()))
    with pytest.raises(Refusals) as refused:
        wrong = MethodDraft(
            name="", promised_days=-1, following=Following(FollowedBy.KUAIDI100), told={"fr": Told("Vite")}
        )
        await shipping.update_method(ctx, way.id, wrong)
    assert [each.path[0] for each in refused.value.refusals] == ["name", "told", "following", "promised_days"]
    with pytest.raises(MethodChanged):
        await shipping.update_method(ctx, way.id, MethodDraft(name="X"), expected_version=7)
    with open_shop(other_ctx.shop), pytest.raises(NoSuchMethod):
        await shipping.update_method(other_ctx, way.id, MethodDraft(name="X"))

    assert await ShippingMethod.all().order_by("id").values() == before


async def test_the_first_order_of_a_new_shop_says_what_its_delivery_costs_and_why(ctx: Context) -> None:
    """O9: nothing when no way was chosen; a way without fees is refused until they are set, which takes one mutation."""
    cup = await make.sold(ctx, price_minor=2000)

    def told(order: Order) -> tuple[int, str, str]:
        [step] = [each for each in order.pricing if each["step"] == "SHIPPING"]
        why = Sentence.of(step["why"])
        return order.shipping_minor, why.said_in("en"), why.said_in("zh")

    bare = await make.order(ctx, [(cup, 1)])
    nothing = "No way of delivery was chosen: nothing is charged for it."
    assert told(bare) == (0, nothing, "未选择配送方式：不收取运费。")
    pickup = await method(ctx, "pickup")
    assert told(await make.order(ctx, [(cup, 1)], shipping_method_id=pickup.id))[:2] == (0, "Self pickup.")
    express = await method(ctx, "express")
    with pytest.raises(MethodCannot) as refused:
        await make.order(ctx, [(cup, 1)], shipping_method_id=express.id)
    assert refused.value.params["reason"] == "NO_FEES"

    flat = FeeTemplate(
        FeeBasis.PIECE, rest=Tariff(first=1, first_minor=490, next=1, next_minor=0, free_from_minor=5000)
    )
    await shipping.update_method(ctx, express.id, MethodDraft(fees=flat))

    assert told(await make.order(ctx, [(cup, 1)], shipping_method_id=express.id))[:2] == (490, "Express.")
    free = await make.order(ctx, [(cup, 3)], shipping_method_id=express.id)
    assert told(free)[:2] == (0, "Express: free from so much on.")
    said = await make.order(ctx, [(cup, 1)], shipping=Money(99, "EUR"))
    assert told(said)[:2] == (99, "As the order says.")
