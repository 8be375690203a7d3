"""Stock through the API: what is shown, what is done line by line, what is heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from stoa.domains.catalog.models import Location, Stock, StockMovement, Variant
from stoa.domains.catalog.stock import Move, move
from stoa.graphql.requests import Request
from stoa.kit.ids import new_id, type_id
from stoa.tenants import live
from stoa.tenants.context import open_shop
from stoa.tenants.database import shop_transaction
from tests import make
from tests.domains.catalog.stock.shelves import balances, books, variants
from tests.graphql.asking import Ask, statements_sent

ERRORS = "userErrors { __typename code message path }"
ADJUST = (
    "mutation ($input: StockAdjustInput!) { stockAdjust(input: $input) { stockLevels { onHand available } %s } }"
    % ERRORS
)
RESERVE = (
    "mutation ($input: StockReserveInput!) { stockReserve(input: $input) "
    "{ reservations { id quantity state holder stockLevel { onHand available } } %s } }" % ERRORS
)


def var(variant: Variant) -> str:
    return type_id("var", variant.id)


async def cup_and_jug(ask: Ask) -> tuple[Variant, Variant, Location]:
    """10 cups and 5 jugs at the main location, 2 jugs in the attic."""
    cup, jug = await variants(ask.ctx, 10, 5)
    attic = await make.location(ask.ctx, "Attic")
    async with shop_transaction():
        await move(ask.ctx, [Move(jug.id, attic.id, on_hand=2)], reason="found")
    return cup, jug, attic


async def test_a_variant_shows_what_there_is_of_it_everywhere(ask: Ask) -> None:
    """P6, P13: on hand, reserved, available and incoming, by place and in all."""
    _, jug, attic = await cup_and_jug(ask)
    async with shop_transaction():
        await move(ask.ctx, [Move(jug.id, attic.id, reserved=1, incoming=7), Move(jug.id, damaged=2)])

    data = await ask.data(
        "query ($id: ID!) { variant(id: $id) { onHand available reserved incoming stock { nodes {"
        " location { name } onHand available reserved damaged held incoming backorderLimit threshold isLow } } } }",
        id=var(jug),
    )

    common = {"held": 0, "backorderLimit": 0, "threshold": None, "isLow": False}
    main = {"onHand": 5, "available": 3, "reserved": 0, "damaged": 2, "incoming": 0}
    there = {"onHand": 2, "available": 1, "reserved": 1, "damaged": 0, "incoming": 7}
    assert data["variant"] == {
        "onHand": 7,
        "available": 4,
        "reserved": 1,
        "incoming": 7,
        "stock": {
            "nodes": [
                {"location": {"name": "Main location"}, **main, **common},
                {"location": {"name": "Attic"}, **there, **common},
            ]
        },
    }
    assert ask.statements == 1


async def test_low_stock_and_the_stock_of_a_place_are_listed(ask: Ask) -> None:
    cup, jug, attic = await cup_and_jug(ask)
    lines = [{"variantId": var(cup), "threshold": 3}, {"variantId": var(jug), "threshold": 5, "backorderLimit": 1}]
    data = await ask.data(
        "mutation ($input: StockThresholdSetInput!) { stockThresholdSet(input: $input) "
        "{ stockLevels { threshold backorderLimit isLow } %s } }" % ERRORS,
        input={"lines": lines},
    )
    assert data["stockThresholdSet"] == {
        "stockLevels": [
            {"threshold": 3, "backorderLimit": 0, "isLow": False},
            {"threshold": 5, "backorderLimit": 1, "isLow": True},
        ],
        "userErrors": [],
    }

    data = await ask.data(
        "query ($place: ID!) { low: stockLevels(where: {isLow: {eq: true}}) { nodes { variant { id } } }"
        " fine: stockLevels(where: {isLow: {eq: false}, location: {isMain: {eq: true}}}) { nodes { variant { id } } }"
        " location(id: $place) { stock { nodes { onHand variant { id } } } } }".replace(
            ", location: {isMain: {eq: true}}", ""
        ),
        place=type_id("loc", attic.id),
    )
    assert data["low"]["nodes"] == [{"variant": {"id": var(jug)}}]
    assert [each["variant"]["id"] for each in data["fine"]["nodes"]] == [var(cup), var(jug)]
    assert data["location"]["stock"]["nodes"] == [{"onHand": 2, "variant": {"id": var(jug)}}]


async def test_movements_are_read_newest_first_page_by_page(ask: Ask) -> None:
    [cup] = await variants(ask.ctx, 10)
    order = new_id()
    async with shop_transaction():
        for n in range(1, 6):
            await move(ask.ctx, [Move(cup.id, on_hand=n)], reason=f"n{n}", reference=("purchase", order))
    level = type_id("stk", (await Stock.get(variant=cup)).id)
    query = (
        "query ($level: ID!, $after: String) { stockMovements(first: 2, after: $after, where: {stockLevel: {id: {eq: "
        "$level}}}) { nodes { reason onHand kind reference actorKind actorId } pageInfo { endCursor } }"
        " stockLevel(id: $level) { movements(first: 2, after: $after) { nodes { reason } } } }"
    )

    seen, after = [], None
    for _ in range(3):
        data = await ask.data(query, level=level, after=after)
        nodes = data["stockMovements"]["nodes"]
        assert data["stockLevel"]["movements"]["nodes"] == [{"reason": each["reason"]} for each in nodes]
        seen += [each["reason"] for each in nodes]
        after = data["stockMovements"]["pageInfo"]["endCursor"]

    assert seen == ["n5", "n4", "n3", "n2", "n1", ""]
    first = (await ask.data(query, level=level))["stockMovements"]["nodes"][0]
    assert first == {
        "reason": "n5",
        "onHand": 5,
        "kind": "ADJUSTMENT",
        "reference": type_id("po", order),
        "actorKind": "account",
        "actorId": type_id("acct", ask.ctx.actor.id or ""),
    }


async def test_each_line_is_adjusted_or_refused_by_itself_and_answered_once(ask: Ask) -> None:
    cup, jug, _ = await cup_and_jug(ask)
    input = {
        "reason": "evening",
        "idempotencyKey": "k",
        "lines": [
            {"variantId": var(cup), "setTo": 4, "expectedOnHand": 10},
            {"variantId": var(jug), "setTo": 4, "expectedOnHand": 10},
        ],
    }

    first, again = [(await ask.data(ADJUST, input=input))["stockAdjust"] for _ in range(2)]

    assert first == again
    assert first == {
        "stockLevels": [{"onHand": 4, "available": 4}, None],
        "userErrors": [
            {
                "__typename": "ConflictError",
                "code": "STOCK_CHANGED",
                "message": f"{jug.sku} at Main location: 5 are on hand now, and not 10.",
                "path": ["input", "lines", "1", "expectedOnHand"],
            }
        ],
    }
    assert await StockMovement.filter(reason="evening").count() == 1


async def test_the_levels_of_all_lines_are_read_by_one_statement(ask: Ask) -> None:
    found = await variants(ask.ctx, *[5] * 12)
    counts = []
    for some in (found[:1], found):
        lines = [{"variantId": var(each), "quantity": 1} for each in some]
        async with statements_sent(ask.ctx) as sent:
            await ask.data(ADJUST, input={"reason": "x", "lines": lines})
        counts.append(len(sent))

    assert counts[0] == counts[1]


async def test_a_cart_is_reserved_whole_or_hears_what_is_left(ask: Ask) -> None:
    cup, jug, _ = await cup_and_jug(ask)
    cart = type_id("cart", new_id())
    lines = [{"variantId": var(cup), "quantity": 4}, {"variantId": var(jug), "quantity": 7}]
    input = {"holder": cart, "lines": lines, "idempotencyKey": "click"}

    done, again = [(await ask.data(RESERVE, input=input))["stockReserve"] for _ in range(2)]
    assert done == again
    assert sorted(each["quantity"] for each in done["reservations"]) == [2, 4, 5]
    assert {(each["state"], each["holder"]) for each in done["reservations"]} == {("HELD", cart)}
    assert await balances(cup) == {"on_hand": 10, "reserved": 4}

    refused = (await ask.data(RESERVE, input={"holder": type_id("cart", new_id()), "lines": lines}))["stockReserve"]
    assert refused == {
        "reservations": None,
        "userErrors": [
            {
                "__typename": "InputError",
                "code": "NOT_ENOUGH_STOCK",
                "message": f"{jug.sku}: 0 left, 7 wanted.",
                "path": ["input", "lines", "1"],
            }
        ],
    }


async def test_what_is_reserved_is_extended_released_and_shipped(ask: Ask) -> None:
    cup, _, _ = await cup_and_jug(ask)
    cart = type_id("cart", new_id())
    lines = [{"variantId": var(cup), "quantity": 4}]
    await ask.data(RESERVE, input={"holder": cart, "lines": lines})

    async def told(name: str, input: dict[str, Any]) -> Any:
        kind = "StockReservationExtendInput" if name == "stockReservationExtend" else "StockReservationEndInput"
        query = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ reservations {{ quantity state expiresAt }} {ERRORS} }} }}"
        return (await ask.data(query, input=input))[name]["reservations"]

    assert await told("stockReservationExtend", {"holder": cart, "expiresAt": "2099-01-01T00:00:00Z"}) == [
        {"quantity": 4, "state": "HELD", "expiresAt": "2099-01-01T00:00:00+00:00"}
    ]
    part = [{"variantId": var(cup), "quantity": 1}]
    assert [each["state"] for each in await told("stockRelease", {"holder": cart, "lines": part})] == ["RELEASED"]
    assert [each["quantity"] for each in await told("stockShip", {"holder": cart})] == [3]
    assert await balances(cup) == {"on_hand": 7}


async def test_a_location_is_opened_changed_made_the_main_one_and_not_closed_while_in_use(ask: Ask) -> None:
    shown = "location { id name names { locale name } address { city line1 phone } isMain isActive position version }"

    async def done(name: str, kind: str, input: dict[str, Any]) -> Any:
        query = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ {shown} {ERRORS} }} }}"
        return (await ask.data(query, input=input))[name]

    made = await done(
        "locationCreate",
        "LocationCreateInput",
        {"name": "North", "names": [{"locale": "zh", "name": "北仓"}], "address": {"city": "Kiel"}, "position": 2},
    )
    id = made["location"]["id"]
    assert made["location"] == {
        "id": id,
        "name": "North",
        "names": [{"locale": "zh", "name": "北仓"}],
        "address": {"city": "Kiel", "line1": "", "phone": ""},
        "isMain": False,
        "isActive": True,
        "position": 2,
        "version": 1,
    }
    changed = await done("locationUpdate", "LocationUpdateInput", {"id": id, "expectedVersion": 1, "name": "N"})
    assert (changed["location"]["name"], changed["location"]["version"]) == ("N", 2)
    assert (await done("locationMainSet", "LocationRefInput", {"id": id}))["location"]["isMain"] is True
    refused = await done("locationUpdate", "LocationUpdateInput", {"id": id, "isActive": False})
    assert [(each["code"], each["path"]) for each in refused["userErrors"]] == [
        ("LOCATION_IN_USE", ["input", "isActive"])
    ]
    names = (await ask.data("{ locations { nodes { name } } }"))["locations"]["nodes"]
    assert names == [{"name": "Main location"}, {"name": "N"}]


async def test_a_locations_names_in_other_languages_are_translations_as_everywhere(ask: Ask) -> None:
    async def done(mutation: str, kind: str, input: dict[str, Any]) -> Any:
        shown = "location { id translations { locale name } names { locale name } }"
        query = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {shown} {ERRORS} }} }}"
        return (await ask.data(query, input=input))[mutation]

    north, attic = [{"locale": "zh", "name": "北仓"}], [{"locale": "zh", "name": "阁楼"}]
    made = (await done("locationCreate", "LocationCreateInput", {"name": "North", "translations": north}))["location"]
    assert (made["translations"], made["names"]) == (north, north)
    update = {"id": made["id"], "translations": attic}
    assert (await done("locationUpdate", "LocationUpdateInput", update))["location"]["translations"] == attic
    update = {"id": made["id"], "names": north}  # as before
    assert (await done("locationUpdate", "LocationUpdateInput", update))["location"]["translations"] == north

    both = await done("locationUpdate", "LocationUpdateInput", update | {"translations": attic})
    assert [(each["code"], each["path"]) for each in both["userErrors"]] == [("INVALID", ["input", "names"])]
    unknown = [{"locale": "tlh", "name": "x"}]
    wrong = await done("locationUpdate", "LocationUpdateInput", {"id": made["id"], "translations": unknown})
    assert [each["path"] for each in wrong["userErrors"]] == [["input", "translations"]]
    assert (await Location.get(name="North")).translations == {"zh": {"name": "北仓"}}


async def test_a_transfer_leaves_and_arrives(ask: Ask) -> None:
    cup, _, attic = await cup_and_jug(ask)
    main = await Location.get(is_main=True)
    shown = "stockTransfer { id state note lines { variantId quantity received } origin { name } destination { name } }"

    async def done(name: str, kind: str, input: dict[str, Any]) -> Any:
        query = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ {shown} {ERRORS} }} }}"
        answer = (await ask.data(query, input=input))[name]
        assert answer["userErrors"] == []
        return answer["stockTransfer"]

    line = {"variantId": var(cup), "quantity": 3}
    ends = {"originId": type_id("loc", main.id), "destinationId": type_id("loc", attic.id)}
    sent = await done("stockTransferStart", "StockTransferStartInput", {**ends, "lines": [line], "note": "van"})
    assert sent == {
        "id": sent["id"],
        "state": "IN_TRANSIT",
        "note": "van",
        "lines": [{**line, "received": 0}],
        "origin": {"name": "Main location"},
        "destination": {"name": "Attic"},
    }
    part = {"id": sent["id"], "lines": [{**line, "quantity": 1}]}
    assert (await done("stockTransferReceive", "StockTransferReceiveInput", part))["lines"][0]["received"] == 1
    assert (await done("stockTransferCancel", "StockTransferCancelInput", {"id": sent["id"]}))["state"] == "CANCELLED"
    assert (await balances(cup), await balances(cup, attic)) == ({"on_hand": 9}, {"on_hand": 1})
    assert (await ask.data("{ stockTransfers { nodes { id } } }"))["stockTransfers"]["nodes"] == [{"id": sent["id"]}]


async def test_a_stock_take_corrects_the_books(ask: Ask) -> None:
    cup, _, _ = await cup_and_jug(ask)
    main = type_id("loc", (await Location.get(is_main=True)).id)
    shown = "stockCount { id state location { name } lines { nodes { expected counted variant { id } } } }"

    async def done(name: str, kind: str, input: dict[str, Any]) -> Any:
        query = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ {shown} {ERRORS} }} }}"
        return (await ask.data(query, input=input))[name]["stockCount"]

    id = (await done("stockCountOpen", "StockCountOpenInput", {"locationId": main}))["id"]
    lines = [{"variantId": var(cup), "counted": 8}]
    noted = await done("stockCountRecord", "StockCountRecordInput", {"id": id, "lines": lines})
    assert noted["lines"]["nodes"] == [{"expected": 10, "counted": 8, "variant": {"id": var(cup)}}]
    assert (await done("stockCountClose", "StockCountCloseInput", {"id": id}))["state"] == "CLOSED"
    assert await balances(cup) == {"on_hand": 8}
    other = (await done("stockCountOpen", "StockCountOpenInput", {"locationId": main}))["id"]
    assert (await done("stockCountCancel", "StockCountCancelInput", {"id": other}))["state"] == "CANCELLED"
    listed = (await ask.data("{ stockCounts { nodes { id state } } }"))["stockCounts"]["nodes"]
    assert listed == [{"id": other, "state": "CANCELLED"}, {"id": id, "state": "CLOSED"}]


async def test_the_books_are_proven_by_one_query(ask: Ask) -> None:
    await cup_and_jug(ask)
    query = "{ integrityReport { isSound stockLevels movements breachesTotal breaches { rule stockLevelId found } } }"

    assert (await ask.data(query))["integrityReport"] == {
        "isSound": True,
        "stockLevels": 3,
        "movements": 3,
        "breachesTotal": 0,
        "breaches": [],
    }
    [cup] = await variants(ask.ctx, 10)
    async with shop_transaction():
        await move(ask.ctx, [Move(cup.id, reserved=4)])
    report = (await ask.data(query))["integrityReport"]
    stock_id = type_id("stk", (await Stock.get(variant=cup)).id)
    assert report["breaches"] == [{"rule": "RESERVATIONS", "stockLevelId": stock_id, "found": 4}]


@pytest.mark.parametrize("holder", ["nonsense", "x" * 41 + "_01h455vb4pex5vsknk084sn02q"])
async def test_a_holder_is_an_id(ask: Ask, holder: str) -> None:
    [cup] = await variants(ask.ctx, 10)
    before = await books(ask.ctx)

    refused = await ask.data(RESERVE, input={"holder": holder, "lines": [{"variantId": var(cup), "quantity": 1}]})

    assert [(each["code"], each["path"]) for each in refused["stockReserve"]["userErrors"]] == [
        ("INVALID", ["input", "holder"])
    ]
    assert await books(ask.ctx) == before


# The feed ------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def watching(ask: Ask, arguments: str = "") -> AsyncIterator[asyncio.Queue[Any]]:
    """What `stockChanged` tells meanwhile."""
    heard: asyncio.Queue[Any] = asyncio.Queue()

    async def follow() -> None:
        with open_shop(ask.ctx.shop):
            query = f"subscription {{ stockChanged{arguments} {{ onHand available variant {{ id }} }} }}"
            async for answer in ask.executor.stream(Request(query, {}), ask.context()):
                heard.put_nowait(answer.body["data"]["stockChanged"])

    async with live.listen(ask.ctx.shop, "marker") as stream:
        live.announce(ask.ctx, "marker", {})
        await anext(stream)  # news come in their order: what was told before this is not heard below
        task = asyncio.create_task(follow())
        await asyncio.sleep(0.3)
        try:
            yield heard
        finally:
            task.cancel()


async def changed(ask: Ask, *moves: Move) -> None:
    async with shop_transaction():
        await move(ask.ctx, moves)


async def test_whoever_watches_hears_of_every_batch(ask: Ask) -> None:
    """P13: the live feed."""
    cup, jug, attic = await cup_and_jug(ask)
    async with watching(ask) as all_of_it, watching(ask, f'(variantIds: ["{var(cup)}"])') as cups:
        async with watching(ask, f'(locationId: "{type_id("loc", attic.id)}")') as upstairs, asyncio.timeout(20):
            await changed(ask, Move(jug.id, attic.id, on_hand=1))
            await changed(ask, Move(cup.id, on_hand=2))
            await ask.data(
                RESERVE,
                input={"holder": type_id("cart", new_id()), "lines": [{"variantId": var(cup), "quantity": 3}]},
            )

            seen = [await all_of_it.get() for _ in range(3)]
            assert [each["variant"]["id"] for each in seen] == [var(jug), var(cup), var(cup)]
            assert seen[2] == {"onHand": 12, "available": 9, "variant": {"id": var(cup)}}
            assert [(await cups.get())["variant"]["id"] for _ in range(2)] == [var(cup)] * 2
            assert await upstairs.get() == {"onHand": 3, "available": 3, "variant": {"id": var(jug)}}
            assert (cups.qsize(), upstairs.qsize()) == (0, 0)


async def test_of_very_many_at_once_one_hears_to_read_anew(ask: Ask) -> None:
    found = await variants(ask.ctx, *[1] * 60)
    async with watching(ask) as heard, watching(ask, f'(variantIds: ["{var(found[3])}"])') as one:
        async with asyncio.timeout(20):
            await changed(ask, *(Move(each.id, on_hand=1) for each in found))

            assert await heard.get() is None
            assert (await one.get())["onHand"] == 2


async def test_nothing_is_heard_of_what_was_rolled_back(ask: Ask) -> None:
    [cup] = await variants(ask.ctx, 10)
    async with watching(ask) as heard, asyncio.timeout(20):
        with pytest.raises(ZeroDivisionError):
            async with shop_transaction():
                await move(ask.ctx, [Move(cup.id, on_hand=1)])
                raise ZeroDivisionError
        await changed(ask, Move(cup.id, on_hand=5))

        assert (await heard.get())["onHand"] == 15
        assert heard.qsize() == 0
