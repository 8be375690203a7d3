"""Handles are readable and free; search text holds what is searched."""

from __future__ import annotations

from stoa.domains.catalog.naming import free_handle, free_handles, search_text_of, taken_handles
from stoa.tenants.context import Context, open_shop
from tests import make


def test_search_text_is_one_line_for_each_thing_in_lower_case() -> None:
    assert search_text_of("Red LAMP", "red-lamp", ["L-1", "l-2"]) == "red lamp\nred-lamp\nl-1\nl-2"


async def test_a_handle_is_made_of_the_title(ctx: Context) -> None:
    assert await free_handle('  Red Lamp, 12" ') == "red-lamp-12"
    assert await free_handle("白色 灯饰") == "白色-灯饰"
    assert await free_handle("???") == "product"
    assert len(await free_handle("x" * 255)) == 120


async def test_a_taken_handle_gets_the_next_number(ctx: Context) -> None:
    for handle in ("lamp", "lamp-2", "lamp-4"):
        await make.product(ctx, title="Lamp", handle=handle)

    assert await free_handle("Lamp") == "lamp-3"
    assert await free_handles(["Lamp", "Lamp", "Chair", "lamp", "Chair"]) == [
        "lamp-3",
        "lamp-5",
        "chair",
        "lamp-6",
        "chair-2",
    ]
    assert await free_handles(["Chair"], besides=["chair", "chair-2"]) == ["chair-3"]


async def test_many_equal_titles_find_handles(ctx: Context) -> None:
    handles = await free_handles(["Lamp"] * 300)

    assert handles[:3] == ["lamp", "lamp-2", "lamp-3"]
    assert len(set(handles)) == 300
    assert all(handle.startswith("lamp-") for handle in handles[1:])


async def test_handles_of_another_shop_are_free_here(ctx: Context, other_ctx: Context) -> None:
    with open_shop(other_ctx.shop):
        await make.product(other_ctx, title="Lamp", handle="lamp")

    assert await free_handle("Lamp") == "lamp"
    assert await taken_handles(["lamp"]) == set()
