"""Suggest tags: words that buyers search for in vain although products answer to them, and why we think so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from stoa.domains.catalog.errors import NoSuchSuggestion
from stoa.domains.catalog.merchandising.misses import Miss, search_misses
from stoa.domains.catalog.merchandising.searching import ALIKE, SHORTEST
from stoa.domains.catalog.merchandising.tagging import NAME_LIMIT, change_tags, clean_name
from stoa.domains.catalog.models import SearchLog, Tag
from stoa.domains.catalog.results import RowResult
from stoa.kit.text import escape_like, searchable
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction

LOOKED_AT, MAX_PRODUCTS = 20, 10  # words of one answer, products for each
# All words at once: the descriptions are read through, whole, a single time.
_DESCRIBED = """
SELECT wanted.words, p.id FROM unnest($1::text[], $2::text[]) AS wanted (words, pattern)
CROSS JOIN LATERAL (
  SELECT id FROM product WHERE status <> 'ARCHIVED' AND description ILIKE pattern ORDER BY id DESC LIMIT $3) p
"""
_ALIKE = """
SELECT wanted.words, p.id FROM unnest($1::text[], $2::text[]) AS wanted (words, spelled)
CROSS JOIN LATERAL (
  SELECT id FROM product WHERE status <> 'ARCHIVED' AND spelled OPERATOR(extensions.<%) search_text
  ORDER BY extensions.word_similarity(spelled, search_text) DESC, id LIMIT $3) p
"""
_THRESHOLD = f"SET LOCAL pg_trgm.word_similarity_threshold = {ALIKE}"


class Reason(StrEnum):
    DESCRIBED = "DESCRIBED"
    SPELLED_ALIKE = "SPELLED_ALIKE"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Give these products this tag: so often it was searched for in vain."""

    tag: str
    searches: int
    reason: Reason
    product_ids: list[UUID]


async def suggest_tags(ctx: Context, *, days: int = 30, at_least: int = 3) -> list[Suggestion]:
    """Of the words that found nothing and were searched for `at_least` so often, those that products answer to after
    all: their description has them, further down than search looks, or they are spelled alike. Most searched first.
    """
    misses = [each for each in await search_misses(ctx, days=days, first=100) if each.searches >= at_least]
    misses = (await _without_tag([each for each in misses if len(each.words) <= NAME_LIMIT]))[:LOOKED_AT]
    if not misses:
        return []
    described = await _described(misses)
    alike = await _alike([each for each in misses if each.words not in described])
    found = []
    for each in misses:
        reason = Reason.DESCRIBED if each.words in described else Reason.SPELLED_ALIKE
        if products := described.get(each.words) or alike.get(each.words):
            found.append(Suggestion(each.words, each.searches, reason, products))
    return found


async def accept_suggestion(ctx: Context, tag: str, product_ids: Sequence[UUID]) -> list[RowResult]:
    """Give the products the tag. Raises `NoSuchSuggestion` for words that nobody searched for."""
    name, key = clean_name(tag)
    if not await SearchLog.exists(words=key):
        raise NoSuchSuggestion("Nobody searched for {name}.", path=["tag"], name=name)
    return await change_tags(ctx, product_ids, add=[name])


async def _without_tag(misses: list[Miss]) -> list[Miss]:
    tags = await Tag.filter(name_key__in=[each.words for each in misses])
    named = {each.name_key for each in tags}
    return [each for each in misses if each.words not in named]


async def _described(misses: list[Miss]) -> dict[str, list[UUID]]:
    patterns = [f"%{'%'.join(map(escape_like, each.words.split()))}%" for each in misses]
    return await _products(_DESCRIBED, misses, patterns)


async def _alike(misses: list[Miss]) -> dict[str, list[UUID]]:
    spelled = [(each, searchable(each.words)) for each in misses]
    spelled = [(each, text) for each, text in spelled if len(text) >= SHORTEST]
    if not spelled:
        return {}
    async with shop_transaction():
        await shop_client().execute_query(_THRESHOLD)
        return await _products(_ALIKE, [each for each, _ in spelled], [text for _, text in spelled])


async def _products(statement: str, misses: Sequence[Miss], texts: Sequence[str]) -> dict[str, list[UUID]]:
    words = [each.words for each in misses]
    found: dict[str, list[UUID]] = {}
    for row in await shop_client().execute_query_dict(statement, [words, list(texts), MAX_PRODUCTS]):
        found.setdefault(row["words"], []).append(row["id"])
    return found
