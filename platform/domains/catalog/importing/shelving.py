"""Find the categories and tags that a file names, and make those that are missing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stoa.domains.catalog.importing.gathering import Wanted
from stoa.domains.catalog.importing.options import Field
from stoa.domains.catalog.models import ImportRun
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence
from stoa.tenants.database import shop_client
from stoa.tenants.importing.issues import Issue

MAX_CATEGORIES, MAX_TAGS = 2_000, 5_000
CATEGORIES = "SELECT id, name_key, parent_id FROM category WHERE name_key = ANY($1)"
NEW_CATEGORIES = """
INSERT INTO category (id, name, name_key, parent_id, created_at)
SELECT id, name, name_key, parent_id, $2
FROM jsonb_to_recordset($1::jsonb) AS c (id uuid, name text, name_key text, parent_id uuid)
ON CONFLICT (name_key) DO NOTHING
"""
TAGS = "SELECT id, name_key FROM tag WHERE name_key = ANY($1)"
NEW_TAGS = """
INSERT INTO tag (id, name, name_key, created_at)
SELECT id, name, name_key, $2 FROM jsonb_to_recordset($1::jsonb) AS t (id uuid, name text, name_key text)
ON CONFLICT (name_key) DO NOTHING
"""
Found = dict[str, dict[str, Any]]


async def found_categories(run: ImportRun, wanted: list[Wanted]) -> dict[str, str]:
    """The ids of the categories that the products want, by lower-cased name; those that are missing are made, each
    inside the one before it. Names are unique in a shop: one that stands elsewhere already stays there."""
    asking = [each for each in wanted if each.category]
    keys = {name.casefold() for each in asking for name in each.category or ()}
    found = await _find(CATEGORIES, keys)
    missing: list[dict[str, Any]] = []
    for each in asking:
        _take_path(run, each, found, missing)
    if missing and not run.dry_run:
        await shop_client().execute_query(NEW_CATEGORIES, [as_json(missing), now()])
        run.categories_created = [*run.categories_created, *(str(each["id"]) for each in missing)]
        found |= await _find(CATEGORIES, {str(each["name_key"]) for each in missing})
    return {key: str(row["id"]) for key, row in found.items()}


def _take_path(run: ImportRun, wanted: Wanted, found: Found, missing: list[dict[str, Any]]) -> None:
    """Have a row for each name of the product's category; of two ways to write one the first in the file stands."""
    parent: dict[str, Any] | None = None
    for name in wanted.category or ():
        row = found.get(name.casefold())
        if row is None:
            if len(missing) + len(run.categories_created) >= MAX_CATEGORIES:
                return _leave_without(wanted, name)
            parent_id = parent["id"] if parent else None
            row = {"id": new_id(), "name": name, "name_key": name.casefold(), "parent_id": parent_id}
            missing.append(row)
            found[name.casefold()] = row
        elif parent and row["parent_id"] != parent["id"]:
            message = Sentence(
                "There is a category {name} already, in another place; the product goes there.", {"name": name}
            )
            wanted.issues.append(Issue(_line(wanted), "", "CATEGORY_ELSEWHERE", message, name, field=_field(wanted)))
        parent = row


def _leave_without(wanted: Wanted, name: str) -> None:
    message = Sentence(
        "An import makes at most {limit:,} categories; this product is left without.", {"limit": MAX_CATEGORIES}
    )
    wanted.issues.append(Issue(_line(wanted), "", "TOO_MANY_CATEGORIES", message, name, field=_field(wanted)))
    wanted.category = None


def _field(wanted: Wanted) -> Field:
    return Field.TYPE if wanted.category is wanted.type else Field.CATEGORY


def _line(wanted: Wanted) -> int:
    return wanted.lines.get(_field(wanted), wanted.line)


async def found_tags(run: ImportRun, wanted: list[Wanted]) -> dict[str, str]:
    """The ids of the tags that the products want, by lower-cased name; those that are missing are made."""
    names = {tag.casefold(): tag for each in reversed(wanted) for tag in reversed(each.tags or ())}
    found = await _find(TAGS, names)
    missing = [{"id": new_id(), "name": name, "name_key": key} for key, name in names.items() if key not in found]
    room = MAX_TAGS - len(run.tags_created)
    if len(missing) > room:
        message = Sentence(
            "An import makes at most {limit:,} tags; this product is left without some.", {"limit": MAX_TAGS}
        )
        refused = {each["name_key"] for each in missing[room:]}
        for each in wanted:
            if lost := [tag for tag in each.tags or () if tag.casefold() in refused]:
                issue = Issue(each.lines[Field.TAGS], "", "TOO_MANY_TAGS", message, ", ".join(lost), field=Field.TAGS)
                each.issues.append(issue)
        del missing[room:]
    if missing and not run.dry_run:
        await shop_client().execute_query(NEW_TAGS, [as_json(missing), now()])
        run.tags_created = [*run.tags_created, *(str(each["id"]) for each in missing)]
        found |= await _find(TAGS, {str(each["name_key"]) for each in missing})
    return {key: str(row["id"]) for key, row in (found | {str(each["name_key"]): each for each in missing}).items()}


async def _find(query: str, keys: Iterable[str]) -> Found:
    wanted = list(keys)
    rows = await shop_client().execute_query_dict(query, [wanted]) if wanted else []
    return {row["name_key"]: row for row in rows}
