"""In which channel a product is seen, and when."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from stoa.domains import catalog
from stoa.domains.catalog import ChannelDraft, ListingWish, ProductStatus
from stoa.domains.catalog.errors import ChannelChanged, ChannelTaken, NoSuchChannel
from stoa.domains.catalog.models import Channel, Listing, Product
from stoa.domains.catalog.publishing.listing import VISIBLE_IN
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_client
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of
from tests.graphql.asking import statements_sent


async def visible_in(product: Product) -> list[str]:
    sql = f"SELECT ({VISIBLE_IN.format(row='p')})::text AS codes FROM product p WHERE p.id = $1"
    [row] = await shop_client().execute_query_dict(sql, [product.id])
    found: list[str] = json.loads(row["codes"])
    return found


async def app(ctx: Context) -> Channel:
    return await catalog.create_channel(ctx, ChannelDraft("App", "The app", {"zh": "应用"}))


async def test_a_shop_begins_with_a_web_shop_that_shows_what_is_on_sale(ctx: Context) -> None:
    [web] = await Channel.all()
    product, draft = await make.product(ctx), await make.product(ctx, status=ProductStatus.DRAFT)

    assert (web.code, web.translations, web.shows_everything) == ("web", {"zh": {"name": "网店"}}, True)
    assert await visible_in(product) == ["web"]
    assert await visible_in(draft) == []


async def test_another_channel_shows_what_is_listed_there_in_its_time(ctx: Context) -> None:
    channel, product, moment = await app(ctx), await make.product(ctx), now()
    hour = timedelta(hours=1)
    assert (channel.code, channel.translations) == ("app", {"zh": {"name": "应用"}})

    for wish, seen in (
        (ListingWish(product.id), True),
        (ListingWish(product.id, publish_at=moment + hour), False),
        (ListingWish(product.id, publish_at=moment - hour), True),
        (ListingWish(product.id, unpublish_at=moment - hour), False),
        (ListingWish(product.id, moment - hour, moment + hour), True),
        (ListingWish(product.id, is_hidden=True), False),
        (ListingWish(product.id), True),
        (ListingWish(product.id, is_removed=True), False),
    ):
        [result] = await catalog.set_listings(ctx, channel.id, [wish], all_or_nothing=False)
        assert result.refusals == []
        assert await visible_in(product) == (["app", "web"] if seen else ["web"])
    assert await Listing.all().count() == 0


async def test_a_product_is_hidden_from_a_channel_that_shows_everything(ctx: Context) -> None:
    product, web = await make.product(ctx), await Channel.get(code="web")

    await catalog.set_listings(ctx, web.id, [ListingWish(product.id, is_hidden=True)], all_or_nothing=True)
    assert await visible_in(product) == []
    await catalog.set_listings(ctx, web.id, [ListingWish(product.id, is_removed=True)], all_or_nothing=True)
    assert await visible_in(product) == ["web"]
    await catalog.update_channel(ctx, web.id, ChannelDraft(is_active=False))
    assert await visible_in(product) == []


async def test_each_row_says_why_it_was_refused_and_the_others_are_done(ctx: Context, other_ctx: Context) -> None:
    channel, product, second = await app(ctx), await make.product(ctx), await make.product(ctx)
    strange = await make.product(other_ctx)
    moment = now()
    wishes = [
        ListingWish(product.id),
        ListingWish(strange.id),
        ListingWish(product.id),
        ListingWish(second.id, moment, moment),
        ListingWish(new_id()),
    ]

    before = await catalog_of(ctx)
    strict = await catalog.set_listings(ctx, channel.id, wishes, all_or_nothing=True)
    assert await catalog_of(ctx) == before
    results = await catalog.set_listings(ctx, channel.id, wishes, all_or_nothing=False)

    codes = [[each.code for each in result.refusals] for result in results]
    assert codes == [[], ["PRODUCT_NOT_FOUND"], ["INVALID"], ["INVALID"], ["PRODUCT_NOT_FOUND"]]
    assert codes == [[each.code for each in result.refusals] for result in strict]
    assert results[3].refusals[0].path == ("products", 3, "unpublish_at")
    assert [each.product_id for each in await Listing.all()] == [product.id]  # type: ignore[attr-defined]
    assert (await events_of(ctx))[-1] == ("ListingsChanged", {"channel_id": str(channel.id), "products": 1})


async def test_statements_do_not_grow_with_the_products(ctx: Context) -> None:
    channel = await app(ctx)
    products = [await make.product(ctx, variants=()) for _ in range(12)]
    counts = []
    for some in (products[:1], products):
        async with statements_sent(ctx) as sent:
            wishes = [ListingWish(each.id) for each in some]
            await catalog.set_listings(ctx, channel.id, wishes, all_or_nothing=False)
        counts.append(len(sent))

    assert counts[0] == counts[1]


async def test_channels_are_unique_and_need_a_code_and_a_name(ctx: Context) -> None:
    channel = await app(ctx)
    before = await catalog_of(ctx)

    with pytest.raises(ChannelTaken) as taken:
        await catalog.create_channel(ctx, ChannelDraft("APP", "Another"))
    assert taken.value.params == {"taken": "app"}
    for wrong in (
        ChannelDraft("x"),
        ChannelDraft(name="x"),
        ChannelDraft("!", "x"),
        ChannelDraft("x", "y", {"fr": "z"}),
    ):
        with pytest.raises(InvalidInput):
            await catalog.create_channel(ctx, wrong)
    await catalog.update_channel(ctx, channel.id, ChannelDraft(name="The app"))

    assert await catalog_of(ctx) == before


async def test_a_channel_that_somebody_else_changed_stays_as_it_is(ctx: Context) -> None:
    channel = await app(ctx)
    for _ in range(2):  # the second time it is so already
        changed = await catalog.update_channel(ctx, channel.id, ChannelDraft(name="Pocket"))
        assert changed.version == 2
    before = await catalog_of(ctx)

    with pytest.raises(ChannelChanged, match="Pocket has been changed since version 1; it is at 2 now"):
        await catalog.update_channel(ctx, channel.id, ChannelDraft(name="Ours"), expected_version=1)

    assert await catalog_of(ctx) == before
    assert (await catalog.update_channel(ctx, channel.id, ChannelDraft(name="Ours"), expected_version=2)).version == 3


async def test_a_channel_of_another_shop_is_not_found(ctx: Context, other_ctx: Context) -> None:
    channel, product = await app(ctx), await make.product(ctx)
    before = await catalog_of(ctx)

    with open_shop(other_ctx.shop):
        with pytest.raises(NoSuchChannel):
            await catalog.update_channel(other_ctx, channel.id, ChannelDraft(name="Mine"))
        with pytest.raises(NoSuchChannel):
            await catalog.set_listings(other_ctx, channel.id, [ListingWish(product.id)], all_or_nothing=False)

    assert await catalog_of(ctx) == before
