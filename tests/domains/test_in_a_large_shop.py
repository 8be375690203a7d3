"""What is done to one thing costs the same in a shop with years of history: no statement on its way reads a table whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from benchmarks import filling
from benchmarks.filling_orders import fill_orders
from stoa.domains import catalog, orders, service
from stoa.domains.catalog import ProductChanges, VariantDraft, stock
from stoa.domains.catalog.models import Location, Variant
from stoa.domains.catalog.stock import Demand, Holder
from stoa.domains.orders import aftersales
from stoa.domains.orders.aftersales import CaseReason, Inspected
from stoa.domains.orders.belonging import follow_buyers, forget_buyers
from stoa.domains.orders.editing import NewQuantity, OrderEdit, edit_order
from stoa.domains.orders.models import CaseKind, OrderLine, OrderState
from stoa.domains.service import Buyer
from stoa.kit.money import Money
from stoa.settings import Settings
from stoa.tenants.connecting import owner_connection
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_client, shop_transaction
from tests import make
from tests.domains.orders.aftersales_cases import arrived, line_of, opened

PRODUCTS, ORDERS = 4_000, 8_000  # of three variants each; of four lines each
# What the fillers leave out: what was held, paid, sent, refunded and complained about, and the news of it.
_MORE = """
INSERT INTO reservation (id, stock_id, quantity, state, holder_kind, holder_id, per_bundle, number, created_at)
SELECT gen_random_uuid(), (SELECT id FROM stock LIMIT 1), 1, 'SHIPPED', 'order', id, 1, 0, now() FROM sales_order;
INSERT INTO event (id, name, subject_id, payload, actor_kind, request_id, happened_at)
SELECT gen_random_uuid(), 'OrderPlaced', id, '{}', 'system', 'r', now() FROM sales_order;
INSERT INTO customer (id, name, email, search_text, created_at, updated_at)
SELECT gen_random_uuid(), 'Guest ' || g, 'g' || g || '@shop.example', 'guest ' || g, now(), now()
FROM generate_series(1, 20000) g;
INSERT INTO customer_identity (id, customer_id, kind, value, created_at)
SELECT gen_random_uuid(), id, 'EMAIL', email, now() FROM customer;
INSERT INTO payment (id, order_id, provider, reference, state, currency, authorized_minor, captured_minor, created_at)
SELECT gen_random_uuid(), id, 'cash', number::text, 'SETTLED', 'EUR', 4000, 4000, now() FROM sales_order;
INSERT INTO shipment (id, order_id, number, state, carrier, currency, created_at)
SELECT gen_random_uuid(), id, 1, 'DELIVERED', 'sf', 'EUR', now() FROM sales_order;
INSERT INTO shipment_line (id, shipment_id, line_id, quantity)
SELECT gen_random_uuid(), s.id, l.id, 2 FROM shipment s JOIN order_line l USING (order_id);
INSERT INTO refund (id, order_id, state, currency, amount_minor, actor_kind, created_at)
SELECT gen_random_uuid(), id, 'SETTLED', 'EUR', 100, 'system', now() FROM sales_order;
INSERT INTO aftersale_case (id, number, order_id, kind, state, reason, lines, currency, created_at, ended_at)
SELECT gen_random_uuid(), number, id, 'RETURN_REFUND', 'CLOSED', 'DAMAGED', '[]', 'EUR', now(), now() FROM sales_order;
ANALYZE
"""
# How many rows of each table this connection got by reading it from its beginning, before it told the statistics so.
_READ_WHOLE = "SELECT relname, seq_tup_read FROM pg_stat_xact_user_tables WHERE schemaname = current_schema()"


@pytest.fixture(scope="module")
async def large(settings: Settings, database: None) -> Context:
    shop = await make.shop("Shop with a history")
    async with owner_connection(settings) as owner:
        await filling.fill(owner, shop, PRODUCTS)
        await fill_orders(owner, shop, ORDERS, lines=4)
        await owner.execute(f'SET search_path TO "{shop.schema}"')
        for statement in _MORE.split(";"):
            await owner.execute(statement)
    return await make.context(shop)


@asynccontextmanager
async def read_whole(large: Context) -> AsyncIterator[dict[str, int]]:
    """All in one transaction; of what tables it has read many rows from the beginning, also by triggers."""
    found: dict[str, int] = {}
    with open_shop(large.shop):
        async with shop_transaction():
            before = await _counts()
            yield found
            read = {name: number - before.get(name, 0) for name, number in (await _counts()).items()}
            found.update({name: number for name, number in read.items() if number > 1_000})


async def _counts() -> dict[str, int]:
    rows = await shop_client().execute_query_dict(_READ_WHOLE)
    return {row["relname"]: row["seq_tup_read"] for row in rows}


async def test_reading_a_table_from_its_beginning_is_noticed(large: Context) -> None:
    async with read_whole(large) as found:
        await shop_client().execute_query("SELECT count(*) FROM variant WHERE title = 'of no index'")
    assert found == {"variant": await _there_are(large)}


async def _there_are(large: Context) -> int:
    with open_shop(large.shop):
        return await Variant.all().count()


async def test_an_order_is_placed_paid_sent_and_comes_back(large: Context) -> None:
    cup = await make.sold(large)
    async with read_whole(large) as found:
        order = await arrived(large, cup, 3)
        case = await opened(large, order, CaseKind.RETURN_REFUND, 2)
        await aftersales.approve_case(large, case.id)
        await aftersales.send_case_back(large, case.id, carrier="SF", tracking="SF1")
        await aftersales.receive_case(large, case.id)
        await aftersales.inspect_case(large, case.id, [Inspected((await line_of(order)).id, 1, 1, "one is cracked")])
        await aftersales.refund_case(large, case.id)
        await aftersales.close_case(large, case.id)
    assert found == {}


async def test_what_is_refunded_before_it_was_sent_is_called_off(large: Context) -> None:
    cup = await make.sold(large)
    async with read_whole(large) as found:
        order = await arrived(large, cup, 3, shipped=1)
        case = await opened(large, order, CaseKind.REFUND_ONLY, 2, reason=CaseReason.CHANGED_MIND)
        await aftersales.approve_case(large, case.id)
        await aftersales.refund_case(large, case.id)
        assert (await line_of(order)).cancelled == 2
    assert found == {}


async def test_an_order_of_things_of_the_shop_is_edited_and_called_off(large: Context) -> None:
    async with read_whole(large) as found:
        things = await Variant.all().order_by("id").limit(3)
        order = await make.order(large, [(each, 1) for each in things], buyer=Buyer("Zeno", "c17@shop.example"))
        line = await OrderLine.filter(order_id=order.id).order_by("position").first()
        assert line is not None
        await edit_order(large, order.id, OrderEdit(quantities=[NewQuantity(line.id, 2)]))
        await orders.hold_order(large, order.id)
        await orders.resume_order(large, order.id)
        ended = await orders.cancel_order(large, order.id, reason="not wanted any more")

        assert ended.state is OrderState.CANCELLED
        assert await stock.held_for(Holder("order", order.id)) == []
    assert found == {}


async def test_a_product_is_made_changed_sold_in_sets_and_deleted(large: Context) -> None:
    part = await make.sold(large)
    async with read_whole(large) as found:
        draft = catalog.ProductDraft("Tea set", variants=[VariantDraft(sku="SET-1", price=Money(9900, "EUR"))])
        made = await catalog.create_product(large, draft)
        [variant] = await Variant.filter(product_id=made.id)
        await catalog.set_parts(large, variant.id, {part.id: 2})
        await catalog.update_product(large, made.id, ProductChanges(title="Tea set, blue", handle="tea-set-blue"))
        await stock.reserve(large, Holder("cart", made.id), [Demand(variant.id, 1)])
        copy = await catalog.duplicate_product(large, made.id)
        await catalog.delete_product(large, copy)
    assert found == {}


async def test_stock_is_corrected_sent_and_counted(large: Context) -> None:
    cup, there = await make.sold(large), await make.location(large)
    async with read_whole(large) as found:
        here = await Location.get(is_main=True)
        await stock.adjust(large, [stock.Adjustment(cup.id, quantity=2)], reason="found")
        transfer = await stock.start_transfer(large, here.id, there.id, [(cup.id, 3)])
        await stock.receive_transfer(large, transfer.id)
        count = await stock.open_count(large, there.id)
        await stock.record_counts(large, count.id, [(cup.id, 2)])
        await stock.close_count(large, count.id)
    assert found == {}


async def test_a_buyer_is_changed_merged_parted_and_erased(large: Context) -> None:
    async with read_whole(large) as found:
        first, second = [await service.known_customer(large, Buyer("Chrysippus", f"{i}@soli.example")) for i in "ab"]
        assert first is not None and second is not None
        await service.update_customer(large, first, {"phone": "+49 30 901820", "tags": ["stoic"]})
        merge = await service.merge_customers(large, first, second)
        await follow_buyers(large, [first, second])
        await service.undo_merge(large, merge.id)
        await service.erase_customer(large, second)
        await forget_buyers(large, [second])
    assert found == {}
