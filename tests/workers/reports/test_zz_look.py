"""SCRATCH, never committed: pictures to look at."""
from __future__ import annotations
import random, tempfile, time
from datetime import date, datetime, timedelta, UTC
from pathlib import Path
import pytest
from dataclasses import replace
from stoa.graphql.reporting import wishing
from stoa.graphql.reporting.registry import DEFINITIONS, definition
from stoa.kit.reporting import Format, Spool
from stoa.kit.reporting import press, paper
from stoa.kit.reporting.spooling import blocks_in
from stoa.kit.ids import id_at, new_id, type_id
from stoa.tenants.connecting import owner_connection
from stoa.tenants.context import Context, open_shop, Actor
from stoa.workers.reports.gathering import gather
from tests import make

ZH = [("明前龙井", "50 克", 16800), ("明前龙井", "250 克礼盒", 68800), ("碧螺春", "100 克", 23800), ("铁观音 清香型", "125 克", 8800), ("大红袍", "100 克", 26800), ("白瓷盖碗", "120 毫升", 5900), ("紫砂壶 西施", "200 毫升", 39900), ("普洱生饼 古树 2018 年 勐海茶区 七子饼 礼盒装", "357 克", 52000), ("竹制茶盘", "", 12900), ("旅行茶具套装", "青瓷", 19900)]
EN = [("White Hanging Heart T-Light Holder", "", 255), ("Glass Star Frosted Lantern", "Small", 425), ("Glass Star Frosted Lantern", "Large", 795), ("Regency Cakestand Three Tier", "", 1275), ("Jam Making Set With Jars", "Set of 6", 425), ("Jam Making Set With Jars", "Set of 12", 795), ("Retro Spot Tea Set", "Red", 1495), ("Retro Spot Tea Set", "Blue", 1495), ("Party Bunting", "5 m", 465), ("Hand-Made Birthday Card with Envelope, Assorted Colours", "", 195)]

async def fill(settings, ctx, goods, currency, home, names, channels):
    rnd = random.Random(7)
    with open_shop(ctx.shop):
        variants = []
        for i, (title, form, price) in enumerate(goods):
            v = await make.sold(ctx, on_hand=rnd.randint(0, 400), price_minor=price, cost_minor=int(price * 0.55), sku=f"SKU-{i:03d}", title=form)
            from stoa.domains.catalog.models import Product
            await Product.filter(id=v.product_id).update(title=title)
            variants.append(v)
    orders, lines, refunds, customers = [], [], [], []
    for i, name in enumerate(names):
        customers.append((new_id(), name, f"c{i}@buyer.example", name, datetime.now(UTC), datetime.now(UTC)))
    start = datetime(2026, 8, 28, tzinfo=UTC)
    n = 0
    for d in range(70):
        for _ in range(max(1, int(rnd.gauss(9 + d * 0.12 + (6 if (d + 4) % 7 in (5, 6) else 0), 3)))):
            n += 1
            at = start + timedelta(days=d, minutes=rnd.randint(0, 1439))
            oid = id_at(at); sub = disc = 0
            c = rnd.choice(customers)
            for p in range(rnd.randint(1, 3)):
                g = rnd.randrange(len(goods)); q = rnd.randint(1, 4)
                t, form, price = goods[g]
                dd = price * q // 10 if rnd.random() < 0.2 else 0
                lines.append((new_id(), oid, p, variants[g].id, f"SKU-{g:03d}", t, form, q, currency, price, dd, price * q - dd, int(price * .55), q, q))
                sub += price * q; disc += dd
            ship = rnd.choice([0, 600, 1200]) if currency == "CNY" else rnd.choice([0, 395, 495])
            total = sub - disc + ship
            state = rnd.choices(["COMPLETED", "CONFIRMED", "PENDING", "CANCELLED"], [85, 8, 4, 3])[0]
            cap = total if state in ("COMPLETED", "CONFIRMED") else 0
            ref = 0
            if cap and rnd.random() < 0.05:
                ref = min(cap, sub // 2)
                refunds.append((new_id(), oid, "SETTLED", currency, ref, 0, "system", at + timedelta(days=4), at + timedelta(days=4)))
            import orjson
            adr = orjson.dumps(home | {"name": c[1]}).decode()
            orders.append((oid, rnd.choices(channels, [60, 25, 10, 5])[0], f"E{n}", state, "PART_REFUNDED" if ref else "PAID" if cap else "UNPAID", "DELIVERED" if state == "COMPLETED" else "UNFULFILLED", "NONE", c[0], c[2], currency, sub, disc, ship, total * 13 // 113 if currency == "CNY" else total // 6, True, total, cap, cap, ref, adr, adr, at, f"e{n}", at, at))
    async with owner_connection(settings) as o:
        async with o.transaction():
            await o.execute(f'SET LOCAL search_path TO "{ctx.shop.schema}"')
            await o.executemany("INSERT INTO customer (id, name, email, search_text, created_at, updated_at) VALUES ($1,$2,$3,$4,$5,$6)", customers)
            await o.executemany("INSERT INTO sales_order (id, channel, external_id, state, payment_state, fulfilment_state, aftersale_state, customer_id, email, currency, subtotal_minor, discount_minor, shipping_minor, tax_minor, tax_included, total_minor, authorized_minor, captured_minor, refunded_minor, shipping_address, billing_address, placed_at, search_text, created_at, updated_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,$25)", orders)
            await o.executemany("INSERT INTO order_line (id, order_id, position, variant_id, sku, title, variant_title, quantity, currency, unit_minor, discount_minor, total_minor, cost_minor, shipped, delivered) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)", lines)
            await o.executemany("INSERT INTO refund (id, order_id, state, currency, amount_minor, shipping_minor, actor_kind, created_at, settled_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)", refunds)
    return orders

async def noprog(rows): pass

OUT = Path("/tmp/reports/pics"); OUT.mkdir(exist_ok=True)

@pytest.mark.parametrize("locale", ["en", "zh"])
async def test_look(settings, database, locale):
    if locale == "zh":
        shop = await make.shop("山茶舍", currency="CNY", time_zone="Asia/Shanghai", locale="zh")
        goods, names = ZH, ["林晓", "王小明", "陈思远", "欧阳静怡", "李雷", "韩梅梅", "赵敏", "孙悦"]
        home = {"line1": "西湖大道 18 号 3 幢 502 室", "district": "上城区", "city": "杭州市", "province": "浙江省", "country": "CN", "postcode": "310000", "phone": "13800138000"}
        channels = ["wechat", "web", "douyin", "weibo"]
    else:
        shop = await make.shop("Lantern & Ribbon", currency="GBP", time_zone="Europe/London")
        goods, names = EN, ["Grace Miller", "Oliver Twist", "Charlotte Brontë-Nicholls", "Ada Lovelace", "Tom Jones", "Emma Woodhouse"]
        home = {"line1": "18 Lantern Lane", "line2": "Flat 3", "city": "Bath", "province": "Somerset", "country": "GB", "postcode": "BA1 1AA", "phone": "+44 20 7946 0000"}
        channels = ["web", "app", "marketplace", "phone"]
    ctx = replace(await make.context(shop), locale=locale)
    orders = await fill(settings, ctx, goods, shop.currency, home, names, channels)
    for name, found in DEFINITIONS.items():
        asked = wishing.Parameters()
        from stoa.graphql.reporting.defining import Takes
        if Takes.PERIOD in found.takes: asked = replace(asked, since=date(2026, 10, 1), until=date(2026, 10, 31))
        if Takes.ORDERS in found.takes and found.takes[Takes.ORDERS]: asked = replace(asked, order_ids=[type_id("ord", each[0]) for each in orders[-3:]], since=None, until=None)
        asked = wishing.checked(found, asked)
        wish = wishing.wish(shop, locale, asked, ctx.scopes, moment=datetime(2026, 11, 2, 6, 5, tzinfo=UTC), made_by="林晓" if locale == "zh" else "Grace Miller")
        with open_shop(shop):
            spool = Path(tempfile.mkdtemp()) / "spool"
            t = time.perf_counter()
            with Spool(spool) as s:
                await gather(ctx, found, wish, s, 100000, noprog)
            t1 = time.perf_counter() - t
        for format in Format:
            t = time.perf_counter()
            press.write(spool, OUT / f"{name}-{locale}.{format.lower()}", format)
            print(name, locale, format, "gather", round(t1, 3), "write", round(time.perf_counter() - t, 3))
        p = paper.Paper()
        for b in blocks_in(spool): p.add(b)
        p._close()
        pages = paper.typeset(p.head, p.told, format="png", ppi=90)
        for i, page in enumerate(pages if isinstance(pages, list) else [pages]):
            if i < 6: (OUT / f"{name}-{locale}-{i + 1}.png").write_bytes(page)
