"""Categories: rename them, move them in the tree, take away what nothing stands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from tortoise.exceptions import IntegrityError

from stoa.domains.catalog.changing import SAME, _Same
from stoa.domains.catalog.errors import CategoryChanged, CategoryCircle, CategoryInUse, CategoryTaken, NoSuchCategory
from stoa.domains.catalog.events import CategoryDeleted, CategoryEdited
from stoa.domains.catalog.merchandising.translating import DESCRIPTION_LIMIT, NAME_LIMIT, clean_translations
from stoa.domains.catalog.models import Category, Product, Translations
from stoa.domains.catalog.variants import set_what_differs
from stoa.kit.checking import Problems, check_version, locked
from stoa.kit.errors import InvalidInput
from stoa.kit.text import clean_line, clean_text
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

MAX_DEPTH = 12
# Of two moves at once the second must see what the first did, or both together could make a circle.
_ONE_MOVE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' moves categories', 0))"
_UPWARDS = f"""
WITH RECURSIVE up AS (
  SELECT id, name, parent_id, 1 AS depth FROM category WHERE id = $1
  UNION ALL SELECT c.id, c.name, c.parent_id, depth + 1 FROM up JOIN category c ON c.id = up.parent_id
  WHERE depth <= {MAX_DEPTH})
SELECT id, name FROM up ORDER BY depth
"""
_HEIGHT = f"""
WITH RECURSIVE down AS (
  SELECT id, 1 AS depth FROM category WHERE id = $1
  UNION ALL SELECT c.id, depth + 1 FROM down JOIN category c ON c.parent_id = down.id WHERE depth <= {MAX_DEPTH})
SELECT max(depth) AS height FROM down
"""


@dataclass(frozen=True, slots=True)
class CategoryChanges:
    """Changes to a category; what is `SAME` stays."""

    name: str | _Same = SAME
    parent_id: UUID | _Same | None = SAME
    description: str | _Same = SAME
    position: int | _Same = SAME
    translations: Translations | _Same = SAME

    def checked(self) -> dict[str, Any]:
        """The columns as they will be stored. Raises `Refusals` with everything that is wrong."""
        problems, columns = Problems(), dict[str, Any]()
        if self.name is not SAME:
            columns["name"] = problems.tried("name", clean_line, self.name, what="name", limit=NAME_LIMIT)
            key = str(columns["name"]).casefold()
            columns["name_key"] = problems.tried(
                "name", clean_line, key, what="name in small letters", limit=NAME_LIMIT
            )
        if self.description is not SAME:
            columns["description"] = problems.tried(
                "description", clean_text, self.description, what="description", limit=DESCRIPTION_LIMIT
            )
        if self.translations is not SAME:
            columns["translations"] = problems.tried("translations", clean_translations, self.translations)
        columns |= {name: value for name in ("parent_id", "position") if (value := getattr(self, name)) is not SAME}
        problems.refuse()
        return columns


async def update_category(
    ctx: Context, category_id: UUID, changes: CategoryChanges, *, expected_version: int | None = None
) -> Category:
    """Save the changes and raise the version. Nothing changed, nothing announced.

    Raises `NoSuchCategory`, `CategoryChanged`, `CategoryTaken`, `CategoryCircle`, and `InvalidInput` when the tree
    would grow deeper than 12.
    """
    columns = changes.checked()
    async with shop_transaction():
        if columns.get("parent_id") is not None:
            await shop_client().execute_query_dict(_ONE_MOVE_AT_A_TIME)
        category = await _locked(category_id)
        check_version(category, expected_version, CategoryChanged, category.name)
        changed = set_what_differs(category, columns)
        if changed:
            if category.parent_id is not None and "parent_id" in changed:  # type: ignore[attr-defined]
                await _check_place(category)
            await _save(category, changed)
            await publish(ctx, CategoryEdited(category.id, tuple(each for each in changed if each != "name_key")))
    return category


async def delete_category(ctx: Context, category_id: UUID) -> None:
    """Take away a category that nothing stands on. Raises `NoSuchCategory` and `CategoryInUse`."""
    async with shop_transaction():
        category = await _locked(category_id)
        products = await Product.filter(category_id=category_id).count()
        children = await Category.filter(parent_id=category_id).count()
        if products or children:
            raise CategoryInUse(
                "On {name} stand {products} products and {categories} categories; move them first.",
                path=["id"],
                products=products,
                categories=children,
                name=category.name,
            )
        await category.delete()
        await publish(ctx, CategoryDeleted(category_id, category.name))


async def _locked(category_id: UUID) -> Category:
    return await locked(Category, category_id, NoSuchCategory("There is no such category.", path=["id"]))


async def _check_place(category: Category) -> None:
    """Not inside itself, and not too deep."""
    above = await shop_client().execute_query_dict(_UPWARDS, [category.parent_id])  # type: ignore[attr-defined]
    if not above:
        raise NoSuchCategory("There is no such category.", path=["parent_id"])
    if category.id in {row["id"] for row in above}:
        raise CategoryCircle(
            "{name} stands inside {category_name}; a category cannot stand inside itself.",
            path=["parent_id"],
            name=above[0]["name"],
            category_name=category.name,
        )
    [down] = await shop_client().execute_query_dict(_HEIGHT, [category.id])
    if len(above) + down["height"] > MAX_DEPTH:
        raise InvalidInput("Categories stand at most {limit} deep.", path=["parent_id"], limit=MAX_DEPTH)


async def _save(category: Category, changed: list[str]) -> None:
    category.version += 1
    try:
        await category.save(update_fields=[*changed, "version"])
    except IntegrityError as error:
        if not isinstance(error.args[0], asyncpg.UniqueViolationError):
            raise
        raise CategoryTaken("There is a category named {taken} already.", path=["name"], taken=category.name) from None
