"""Tags: put them on products and take them off; a tag is made when it is first put on something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from stoa.domains.catalog.events import ProductTagsChanged
from stoa.domains.catalog.merchandising.rows import lock_products, results
from stoa.domains.catalog.results import RowResult
from stoa.domains.catalog.touching import touch_all
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.errors import InvalidInput, Refusal, blaming
from stoa.kit.ids import new_id
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

NAME_LIMIT, KEY_LIMIT = 60, 120
MAX_NAMES = 50  # in one change
MAX_TAGS = 250  # of one product
# In the order of their keys: two who make the same tags never wait for each other in a circle.
_MAKE = """
INSERT INTO tag (id, name, name_key, created_at)
SELECT id, name, name_key, $2 FROM jsonb_to_recordset($1::jsonb) AS t (id uuid, name text, name_key text)
ORDER BY name_key ON CONFLICT (name_key) DO NOTHING
"""
_KNOWN = "SELECT id, name, name_key FROM tag WHERE name_key = ANY($1) FOR KEY SHARE"
_REMOVE = """
DELETE FROM product_tag WHERE product_id = ANY($1) AND tag_id = ANY($2) RETURNING product_id, tag_id
"""
_ADD = """
INSERT INTO product_tag (id, product_id, tag_id)
SELECT gen_random_uuid(), p, t FROM unnest($1::uuid[]) p CROSS JOIN unnest($2::uuid[]) t
ON CONFLICT (product_id, tag_id) DO NOTHING RETURNING product_id, tag_id
"""
_FULL = "SELECT product_id FROM product_tag WHERE product_id = ANY($1) GROUP BY 1 HAVING count(*) > $2"


async def change_tags(
    ctx: Context, product_ids: Sequence[UUID], *, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> list[RowResult]:
    """Put tags on the products and take others off, by name, upper and lower case alike. What a product has already,
    or does not have, changes nothing. The same statements for one product and for 250.

    Raises `InvalidInput` for names that are none; a product that would have more than 250 tags is refused alone.
    """
    adding, removing = clean_names("add", add), clean_names("remove", remove)
    if both := adding.keys() & removing.keys():
        raise InvalidInput("{tag} is to be added and removed.", path=["remove"], tag=adding[min(both)])
    async with shop_transaction():
        there = await lock_products(product_ids)
        names = await _tags(adding, removing)
        full = await _too_many(there, adding)
        kept = [each for each in there if each not in full]
        removed = await _pairs(_REMOVE, kept, [id for id, key in names.items() if key[1] in removing])
        added = await _pairs(_ADD, kept, [id for id, key in names.items() if key[1] in adding])
        changed = [each for each in kept if each in added or each in removed]
        await touch_all(changed)
        await publish(
            ctx, *(ProductTagsChanged(id, _named(names, added[id]), _named(names, removed[id])) for id in changed)
        )
    return results(product_ids, changed, full, there)


def clean_names(at: str, names: Iterable[str]) -> dict[str, str]:
    """The names by their keys, under which they are the same."""
    cleaned: dict[str, str] = {}
    for i, name in enumerate(names):
        with blaming(at, i):
            if i >= MAX_NAMES:
                raise InvalidInput("{limit} tags at a time are allowed.", limit=MAX_NAMES)
            line, key = clean_name(name)
            cleaned.setdefault(key, line)
    return cleaned


def clean_name(name: str) -> tuple[str, str]:
    """The name as it is shown, and the key that tells whether two are the same."""
    line = clean_line(name, what="tag", limit=NAME_LIMIT)
    return line, clean_line(line.casefold(), what="tag in small letters", limit=KEY_LIMIT)


async def _tags(adding: dict[str, str], removing: dict[str, str]) -> dict[UUID, tuple[str, str]]:
    """Those that are named, as id -> (name, key); what is to be added is made."""
    new = [{"id": new_id(), "name": name, "name_key": key} for key, name in adding.items()]
    if new:
        await shop_client().execute_query(_MAKE, [as_json(new), now()])
    rows = await shop_client().execute_query_dict(_KNOWN, [[*adding, *removing]])
    return {row["id"]: (row["name"], row["name_key"]) for row in rows}


async def _too_many(product_ids: Sequence[UUID], adding: dict[str, str]) -> dict[UUID, Refusal]:
    if not adding:
        return {}
    rows = await shop_client().execute_query_dict(_FULL, [list(product_ids), MAX_TAGS - len(adding)])
    return {row["product_id"]: InvalidInput("A product has at most {limit} tags.", limit=MAX_TAGS) for row in rows}


async def _pairs(statement: str, products: Sequence[UUID], tags: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """Run it for every product with every tag; tells which pairs it changed."""
    found: dict[UUID, set[UUID]] = defaultdict(set)
    if products and tags:
        for row in await shop_client().execute_query_dict(statement, [list(products), list(tags)]):
            found[row["product_id"]].add(row["tag_id"])
    return found


def _named(names: dict[UUID, tuple[str, str]], ids: Iterable[UUID]) -> tuple[str, ...]:
    return tuple(sorted(names[id][0] for id in ids))
