"""Names of products: the handle in an address, and the text that search looks through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

from stoa.kit.ids import new_id
from stoa.kit.text import searchable, slugify
from stoa.tenants.database import shop_client

_TAKEN = """
SELECT handle FROM product WHERE handle = ANY($1) UNION SELECT handle FROM slug_redirect WHERE handle = ANY($1)
"""
NAMELESS = "product"
NUMBERED = range(2, 51)


def search_text_of(title: str, handle: str, skus: Iterable[str]) -> str:
    """What `search` looks through: title, handle and codes, one a line (so no match spans two)."""
    return "\n".join(searchable(each) for each in (title, handle, *skus))


async def free_handle(title: str) -> str:
    """A handle made of the title that no product of the shop has: `lamp`, else `lamp-2`, `lamp-3` and so on."""
    return (await free_handles([title]))[0]


async def free_handles(titles: Sequence[str], *, besides: Iterable[str] = ()) -> list[str]:
    """A free handle for each title, all different and none of `besides`, in two queries however many there are.

    Free at this moment: the database's unique key is the judge. From the fiftieth of one name on, the number gives
    way to random letters, so that ten thousand equal titles cost no more than ten.
    """
    bases = [slugify(title) or NAMELESS for title in titles]
    taken = await taken_handles(bases) | set(besides)
    clashing = [base for base, times in Counter(bases).items() if times > 1 or base in taken]
    taken |= await taken_handles([f"{base}-{number}" for base in clashing for number in NUMBERED])
    return [_first_free(base, taken) for base in bases]


async def taken_handles(handles: Sequence[str]) -> set[str]:
    """Those of `handles` that products have, or had: then addresses lead there."""
    if not handles:
        return set()
    rows = await shop_client().execute_query_dict(_TAKEN, [list(handles)])
    return {row["handle"] for row in rows}


def unique_handle(title: str) -> str:
    """A handle made of the title and random letters, for when the numbers are fought over."""
    return f"{slugify(title) or NAMELESS}-{new_id().hex[-12:]}"


def _first_free(base: str, taken: set[str]) -> str:
    """Takes the handle it gives."""
    numbered = (f"{base}-{number}" for number in NUMBERED)
    handle = next((each for each in chain([base], numbered) if each not in taken), None)
    handle = handle or unique_handle(base)
    taken.add(handle)
    return handle
