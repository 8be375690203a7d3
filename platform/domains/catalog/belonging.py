"""What a variant belongs to, said in SQL: for statements of domains above, which do not know the catalog's tables.

In the templates `{variant}` is the SQL of a variant's id, `{value}` a parameter's.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from stoa.domains.catalog.errors import NoSuchCategory
from stoa.domains.catalog.merchandising.tagging import clean_name
from stoa.domains.catalog.models import Category
from stoa.kit.ids import parse_type_id

IN_CATEGORY: Final = """EXISTS (SELECT FROM variant v JOIN product p ON p.id = v.product_id WHERE v.id = {variant}
  AND p.category_id IN (WITH RECURSIVE inside AS (
    SELECT id FROM category WHERE id = {value}::uuid
    UNION SELECT c.id FROM category c JOIN inside ON c.parent_id = inside.id) SELECT id FROM inside))"""
TAGGED: Final = """EXISTS (SELECT FROM variant v JOIN product_tag pt ON pt.product_id = v.product_id
  JOIN tag t ON t.id = pt.tag_id WHERE v.id = {variant} AND t.name_key = {value}::text)"""


async def category_named(text: str) -> UUID:
    """The category of this id (``cat_...``); those inside it belong to it. Raises `NoSuchCategory`."""
    category_id = parse_type_id(text, "cat")
    if not await Category.exists(id=category_id):
        raise NoSuchCategory("There is no such category.")
    return category_id


def tag_key(name: str) -> str:
    """A tag's name as it is compared."""
    return clean_name(name)[1]
