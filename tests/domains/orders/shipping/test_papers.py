"""Packing lists and labels: made in both languages, scanned, and handed out on signed addresses."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
import zxingcpp
from PIL import Image

from stoa.domains.orders import shipping
from stoa.domains.orders.models import Shipment
from stoa.domains.orders.shipping import PackDraft, ShipDraft
from stoa.domains.orders.shipping.errors import NoSuchShipment
from stoa.domains.orders.shipping.papers import Paper, open_paper, paper, paper_link
from stoa.domains.orders.shipping.papers.making import address_lines
from stoa.kit import clock
from stoa.kit.ids import new_id
from stoa.tenants.access.scopes import EVERY_SCOPE, Scope
from stoa.tenants.context import Context, MissingScope, open_shop
from stoa.tenants.linking import Link, LinkRefused
from tests import make
from tests.domains.orders.shipping.sending import confirmed, method

HOME = {
    "name": "王小明",
    "phone": "138 0013 8000",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "line1": "文三路 478 号",
    "line2": "B 座",
    "postcode": "310013",
    "country": "CN",
}


async def parcel(ctx: Context, number: str = "") -> Shipment:
    way = await method(ctx, "sf")
    order = await confirmed(ctx, [(await make.sold(ctx, weight_grams=300), 2)], shipping_address=HOME, buyer_note="#x")
    [id] = await shipping.pack_order(ctx, order.id, PackDraft(method_id=way.id))
    if number:
        await shipping.ship_parcel(ctx, id, ShipDraft(number))
    return await Shipment.get(id=id)


@pytest.mark.parametrize("which", list(Paper))
async def test_a_paper_is_made_and_can_be_scanned(ctx: Context, which: Paper) -> None:
    """O7: with the number once there is one, else with the parcel's own name."""
    packed, sent = await parcel(ctx), await parcel(ctx, "SF1378294610253")

    pictures = [await paper(ctx, each.id, which, "zh", format="png") for each in (packed, sent)]

    read = [[code.text for code in zxingcpp.read_barcodes(Image.open(BytesIO(each)))] for each in pictures]
    assert read == [["1001-1"], ["SF1378294610253"]]
    assert (await paper(ctx, sent.id, which, "en"))[:5] == b"%PDF-"


@pytest.mark.parametrize("which", list(Paper))
async def test_a_paper_is_made_of_nothing_and_of_much(ctx: Context, which: Paper) -> None:
    """No address, no method; and as much as an order can hold."""
    bare = await confirmed(ctx)
    lines = [(await make.sold(ctx, on_hand=1), 1)] * 1 + [(await make.sold(ctx), 3)] * 40
    much = {name: "很长的一个名字 " * 6 for name in HOME if name not in ("country", "postcode", "phone")}
    full = await confirmed(ctx, lines[:3], shipping_address=much, buyer_note="好 " * 900)

    for order in (bare, full):
        [id] = await shipping.pack_order(ctx, order.id, PackDraft())
        await Shipment.filter(id=id).update(tracking_number=f"{order.number}" * 20)
        picture = await paper(ctx, id, which, "zh", format="png")
        assert picture[:4] == b"\x89PNG"


def test_an_address_is_written_as_it_is_there() -> None:
    assert address_lines(HOME, "zh") == ["浙江省杭州市西湖区", "文三路 478 号B 座", "310013 CN"]
    assert address_lines({"line1": "12 Agora", "city": "Athens", "postcode": "105 55", "country": "GR"}, "en") == [
        "12 Agora",
        "105 55 Athens",
        "GR",
    ]


async def fetch(link: Link, **changed: str) -> bytes:
    parts = urlsplit(link.path)
    _, _, shop, shipment, which = parts.path.split("/")
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | changed
    return await open_paper(
        UUID(shop),
        UUID(changed.get("shipment", shipment)),
        Paper(which),
        query["locale"],
        expires=int(query["expires"]),
        signature=query["signature"],
    )


async def test_a_paper_is_handed_to_whoever_has_its_address(ctx: Context) -> None:
    mine = await parcel(ctx)
    link = await paper_link(ctx, mine.id, Paper.LABEL, "zh")

    assert (await fetch(link))[:5] == b"%PDF-"
    later = str(int(link.expires_at.timestamp()) + 60)
    for changed in ({"locale": "en"}, {"expires": later}, {"signature": "é"}, {"shipment": str(new_id())}):
        with pytest.raises(LinkRefused):
            await fetch(link, **changed)
    with clock.set_to(link.expires_at + timedelta(seconds=1)), pytest.raises(LinkRefused):
        await fetch(link)


async def test_a_paper_is_for_those_who_may_see_buyers(ctx: Context, other_ctx: Context) -> None:
    mine = await parcel(ctx)
    blind = Context(ctx.shop, ctx.actor, EVERY_SCOPE - {Scope.CUSTOMERS_READ})

    with pytest.raises(MissingScope):
        await paper_link(blind, mine.id, Paper.LABEL, "en")
    with open_shop(other_ctx.shop), pytest.raises(NoSuchShipment):
        await paper_link(other_ctx, mine.id, Paper.LABEL, "en")
    with open_shop(other_ctx.shop), pytest.raises(NoSuchShipment):
        await paper(other_ctx, mine.id, Paper.LABEL, "en")
