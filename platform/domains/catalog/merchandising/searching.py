"""Search products by what buyers and clerks type: ranked, forgiving of typing errors, and every search is counted."""

from __future__ import annotations

import base64
import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from stoa.domains.catalog.naming import BESIDES
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import new_id
from stoa.kit.text import clean_line, escape_like, searchable
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction

MAX_TEXT, MAX_WORDS, MAX_PAGE = 200, 8, 100
MAX_FOUND = 2_000  # products that one search ranks
ENOUGH = 3  # found as typed; with fewer, what is spelled alike is found as well
# So many of the trigrams must be the same: "teapto" and "teapot" have 0.57, "tecup" and "teacup" 0.44, two Chinese
# letters of which one is right 0.5.
ALIKE = 0.4
SHORTEST = 3  # a word of fewer letters (of the spelled form) is like too much


class Rank(IntEnum):
    """Why a product was found; the best come first."""

    CODE = 0
    TITLE_START = 1
    TITLE_WORD = 2
    ELSEWHERE = 3
    ALIKE = 4


@dataclass(frozen=True, slots=True)
class Hit:
    product_id: UUID
    rank: Rank
    cursor: str


@dataclass(frozen=True, slots=True)
class Found:
    """A page of hits, best first. `total` goes up to `MAX_FOUND`; `is_corrected` when some are only spelled alike."""

    hits: list[Hit]
    total: int
    has_next: bool
    is_corrected: bool


# Names and codes stand before BESIDES, one a line, the title first. $1: patterns of the words; $2: the whole text as a
# line of its own; $3: as the beginning; $4: as a word of the title. `score` is whole for the rank, and within one the
# shorter title stands first.
_PLAIN = """
SELECT p.id, round((CASE
    WHEN split_part(p.search_text, E'{besides}', 1) || E'\\n' LIKE {line} THEN 0
    WHEN p.search_text LIKE {start} THEN 1
    WHEN E'\\n' || split_part(p.search_text, E'\\n', 1) ~ {word} THEN 2
    ELSE 3 END) + length(p.title) / 1000.0, 6) AS score
FROM product p WHERE {all_words} LIMIT {most}
"""
_ALIKE = """
SELECT p.id, round((5 - {similarity})::numeric, 6) AS score FROM product p
WHERE {all_alike} AND NOT p.id = ANY({known}) LIMIT {most}
"""
_COUNT = """
INSERT INTO search_log (id, day, words, searches, found) VALUES ($1, $2, $3, 1, $4)
ON CONFLICT (day, words) DO UPDATE SET searches = search_log.searches + 1, found = EXCLUDED.found
"""
_THRESHOLD = f"SET LOCAL pg_trgm.word_similarity_threshold = {ALIKE}"


async def search_products(ctx: Context, text: str, *, first: int, after: str | None = None) -> Found:
    """Products in which every word occurs: as a code, in the title, in tags, attributes, the description's beginning.

    When fewer than three have them as typed, those follow that have words spelled alike. What a first page is asked of
    is counted for `search_misses`, with the number found as typed. Raises `InvalidInput`.
    """
    words = _words(text)
    place = _read_cursor(after)
    if not 0 < first <= MAX_PAGE:
        raise InvalidInput("first is {first}; 1 to {limit} are allowed.", path=["first"], limit=MAX_PAGE, first=first)
    rows = await _plain(words)
    typed = len(rows)
    is_code = any(row["score"] < 1 for row in rows)  # whoever typed a code and found it sought nothing else
    if typed < ENOUGH and not is_code and (fuzzy := [each for each in words if len(each) >= SHORTEST]):
        rows += await _alike(words, fuzzy, [row["id"] for row in rows])
    if after is None:
        await _count(ctx, text, typed)
    ranked = sorted((float(row["score"]), row["id"]) for row in rows)
    behind = [each for each in ranked if place is None or each > place]
    page = [Hit(id, Rank(min(int(score), 4)), _cursor(score, id)) for score, id in behind[:first]]
    return Found(page, min(len(ranked), MAX_FOUND), len(behind) > first, len(ranked) > typed)


def normal_words(text: str) -> str:
    """What was searched for, so that the same search is written in one way: case, width and spaces do not matter."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(clean_line(folded, what="search", limit=10 * MAX_TEXT, required=False).split())[:MAX_TEXT].strip()


def _words(text: str) -> list[str]:
    if len(text) > MAX_TEXT:
        sentence = "The search is {count} characters long; {limit} are allowed."
        raise InvalidInput(sentence, path=["text"], count=len(text), limit=MAX_TEXT)
    words = searchable(text).split()
    if not 0 < len(words) <= MAX_WORDS:
        sentence = "The search has {count} words; 1 to {limit} are allowed."
        raise InvalidInput(sentence, path=["text"], count=len(words), limit=MAX_WORDS)
    return words


async def _plain(words: list[str]) -> list[dict[str, Any]]:
    whole = escape_like(" ".join(words))
    values: list[Any] = [f"%\n{whole}\n%", f"{whole}%", _word_pattern(words)]
    values += [f"%{escape_like(word)}%" for word in words]
    conditions = [f"p.search_text LIKE ${number}" for number in range(4, len(values) + 1)]
    statement = _PLAIN.format(
        besides="\\x03", line="$1", start="$2", word="$3", all_words=" AND ".join(conditions), most=MAX_FOUND
    )
    return list(await shop_client().execute_query_dict(statement, values))


async def _alike(words: list[str], fuzzy: list[str], known: list[UUID]) -> list[dict[str, Any]]:
    """Every word is spelled like some part of the text; those too short for that occur as they are."""
    values: list[Any] = [known, *fuzzy, *(f"%{escape_like(word)}%" for word in words if word not in fuzzy)]
    alike = [f"${number}" for number in range(2, len(fuzzy) + 2)]
    conditions = [f"{each} OPERATOR(extensions.<%) p.search_text" for each in alike]
    conditions += [f"p.search_text LIKE ${number}" for number in range(len(fuzzy) + 2, len(values) + 1)]
    similar = [f"extensions.word_similarity({each}, p.search_text)" for each in alike]
    statement = _ALIKE.format(
        similarity=f"({' + '.join(similar)}) / {len(similar)}",
        all_alike=" AND ".join(conditions),
        known="$1",
        most=MAX_FOUND,
    )
    async with shop_transaction():  # the threshold is this transaction's
        await shop_client().execute_query(_THRESHOLD)
        return list(await shop_client().execute_query_dict(statement, values))


async def _count(ctx: Context, text: str, found: int) -> None:
    """One more search for these words on this day of the shop."""
    if words := normal_words(text):
        day = now().astimezone(ZoneInfo(ctx.shop.time_zone)).date()
        await shop_client().execute_query(_COUNT, [new_id(), day, words, found])


def _word_pattern(words: list[str]) -> str:
    """Matches a title in which the words stand together and begin where a word does: behind what is no letter, or
    behind a Chinese one, after which everything begins."""
    quoted = re.sub(r"([^a-z0-9\x01\x02 ])", r"\\\1", " ".join(words))
    return f"(^|[^a-z0-9]|\x01[0-9a-f]{{4}}){quoted}"


def _cursor(score: float, id: UUID) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([score, str(id)])).decode().rstrip("=")


def _read_cursor(cursor: str | None) -> tuple[float, UUID] | None:
    if cursor is None:
        return None
    try:
        score, id = msgspec.json.decode(
            base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=tuple[float, UUID]
        )
    except (ValueError, msgspec.MsgspecError):
        raise InvalidInput("This is not a cursor of this search.", path=["after"]) from None
    return score, id


assert BESIDES == "\x03", "the statement above spells it"
