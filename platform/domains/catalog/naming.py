"""Names of products: the handle in an address, and the text that search looks through."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any
from uuid import UUID

from stoa.kit.encoding import as_json
from stoa.kit.ids import new_id
from stoa.kit.text import searchable, slugify
from stoa.tenants.database import shop_client

_TAKEN = """
SELECT handle FROM product WHERE handle = ANY($1) UNION SELECT handle FROM slug_redirect WHERE handle = ANY($1)
"""
NAMELESS = "product"
NUMBERED = range(2, 51)
IN_THREAD = 20  # products whose search texts take long enough to be in others' way
_PARTS = ("title", "handle", "skus", "barcodes", "words", "description")


# Stands between a search text's names and codes, and the words that lead to the product besides.
BESIDES = "\x03"
DESCRIBED = 200  # letters of the description that are searched
# Locked before they are read: of two who change a product's tags, the second must see what the first did.
_LOCK = "SELECT id FROM product WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
_NAMES = f"""
SELECT p.id, p.title, p.handle, left(p.description, {DESCRIBED}) AS description,
  ARRAY(SELECT sku FROM variant v WHERE v.product_id = p.id AND sku IS NOT NULL ORDER BY position, id) AS skus,
  ARRAY(SELECT barcode FROM variant v WHERE v.product_id = p.id AND barcode IS NOT NULL ORDER BY position, id)
    AS barcodes,
  ARRAY(SELECT word FROM (
    SELECT 1 AS place, each.value ->> 'title' AS word FROM jsonb_each(p.translations) each
    UNION SELECT 2, t.name FROM product_tag pt JOIN tag t ON t.id = pt.tag_id WHERE pt.product_id = p.id
    UNION SELECT 2, each.value ->> 'name' FROM product_tag pt JOIN tag t ON t.id = pt.tag_id,
      jsonb_each(t.translations) each WHERE pt.product_id = p.id
    UNION SELECT 3, v.text FROM attribute_value v JOIN attribute a ON a.id = v.attribute_id
      WHERE v.product_id = p.id AND a.type IN ('TEXT', 'CHOICE')
    UNION SELECT 3, each.value ->> 'name' FROM attribute_value v JOIN attribute a ON a.id = v.attribute_id,
      jsonb_array_elements(a.choices) choice, jsonb_each(choice -> 'translations') each
      WHERE v.product_id = p.id AND a.type = 'CHOICE' AND choice ->> 'value' = v.text
  ) words WHERE word <> '' ORDER BY place, word) AS words
FROM product p WHERE p.id = ANY($1)
"""
_SAVE = """
WITH new AS MATERIALIZED (SELECT * FROM jsonb_to_recordset($1::jsonb) AS n (id uuid, text text))
UPDATE product SET search_text = new.text FROM new
WHERE product.id = ANY(ARRAY(SELECT id FROM new)) AND product.id = new.id AND product.search_text <> new.text
"""


def search_text_of(
    title: str,
    handle: str,
    skus: Iterable[str],
    *,
    barcodes: Iterable[str] = (),
    words: Iterable[str] = (),
    description: str = "",
) -> str:
    """What `search` looks through, one thing a line (so no match spans two): title, handle and codes; then, behind
    `BESIDES`, the words that lead to it (tags, attributes, names in other languages) and the description's beginning.
    """
    names = "\n".join(searchable(each) for each in (title, handle, *skus, *barcodes))
    besides = [line for each in (*words, description[:DESCRIBED]) if (line := " ".join(searchable(each).split()))]
    return "\n".join([names, BESIDES, *besides]) if besides else names


async def refresh_search_text(product_ids: Sequence[UUID]) -> None:
    """Make the products' search texts what they are found by now: three statements, however many there are.

    In the open transaction, which holds the products from then on.
    """
    if not product_ids:
        return
    await shop_client().execute_query(_LOCK, [list(product_ids)])
    rows = await shop_client().execute_query_dict(_NAMES, [list(product_ids)])
    texts = await asyncio.to_thread(_texts, rows) if len(rows) > IN_THREAD else _texts(rows)
    await shop_client().execute_query(_SAVE, [as_json(texts)])


def _texts(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": row["id"], "text": search_text_of(**{k: row[k] for k in _PARTS})} for row in rows]


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
