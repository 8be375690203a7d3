"""What a cell may hold for each field, and how it is read: the value, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import msgspec

from stoa.domains.catalog.describing import clean_description
from stoa.domains.catalog.drafting import check_url
from stoa.domains.catalog.importing.options import OPTIONS, Field, Options
from stoa.domains.catalog.metadata import shown
from stoa.domains.catalog.models import ProductStatus
from stoa.domains.catalog.seo import clean_keywords
from stoa.domains.catalog.translating import Translation, clean_translations, merged
from stoa.kit.errors import Refusal
from stoa.kit.languages import Sentence
from stoa.kit.money import exponent_of
from stoa.kit.tabular.amounts import NotAnAmount, read_amount
from stoa.kit.tabular.cells import is_shortened, plain, plain_code, split_path, split_tags
from stoa.kit.text import clean_line, clean_text, slugify

MAX_NUMBER = 2**31 - 1
MAX_TAGS, MAX_DEPTH = 250, 20
YES, NO = {"true", "yes", "y", "1", "是", "√"}, {"false", "no", "n", "0", "否", "×"}
# As Shopify writes them, and as people do. What only those with the address may see is not on sale.
STATUSES = {
    ProductStatus.ACTIVE: "active published 上架 在售 已上架",
    ProductStatus.DRAFT: "draft unlisted unpublished 草稿 下架 已下架 未上架",
    ProductStatus.ARCHIVED: "archived 归档 已归档",
}
_STATUS_OF = {word: status.value for status, words in STATUSES.items() for word in words.split()}
Read = Callable[[str], Any]


class Bad(Exception):
    """A cell that cannot be taken."""

    def __init__(self, code: str, message: Sentence) -> None:
        super().__init__(str(message))
        self.code, self.message = code, message


def readers(options: Options, currency: str, *, for_catalog: bool) -> dict[str, Read]:
    """How each field is read. Readers give the value, or `Bad`; equal cells recur, so most answers are remembered."""
    take_zero = for_catalog or options.zero_price == "take"
    money = partial(_money, options=options, currency=currency)
    remembered: dict[str, Read] = {
        Field.TITLE: partial(_line, what="title", limit=255) if for_catalog else _title,
        Field.VARIANT_TITLE: partial(_line, what="variant's title", limit=255),
        Field.CATEGORY: _category,
        Field.TYPE: _category,
        Field.HANDLE: _handle,
        Field.VENDOR: partial(_line, what="vendor", limit=120),
        Field.TAGS: _tags,
        Field.SEO_TITLE: partial(_line, what="title for search engines", limit=255),
        Field.SEO_DESCRIPTION: _seo_description,
        Field.STATUS: _status,
        Field.PUBLISHED: _yes_or_no,
        Field.PRICE: partial(money, take_zero=take_zero),
        Field.LIST_PRICE: partial(money, take_zero=True),
        Field.COST: partial(money, take_zero=True),
        Field.STOCK: partial(_count, options=options),
        Field.WEIGHT: partial(_grams, options=options),
        Field.REQUIRES_SHIPPING: _yes_or_no,
        Field.TAXABLE: _yes_or_no,
        Field.IMAGE_POSITION: partial(_count, options=options),
        Field.IMAGE_ALT: partial(_line, what="alt text", limit=512),
    }
    for name, value in OPTIONS:
        remembered[name] = partial(_line, what="option's name", limit=60)
        remembered[value] = partial(_line, what="option's value", limit=255)
    once: dict[str, Read] = {
        Field.DESCRIPTION: _description,
        Field.KEYWORDS: _keywords,
        Field.TRANSLATIONS: _translations,
        Field.METADATA: _metadata,
        Field.IMAGE: check_url,
        Field.VARIANT_IMAGE: check_url,
    }
    return (
        {name: lru_cache(4096)(_caught(read)) for name, read in remembered.items()}
        | {name: _caught(read) for name, read in once.items()}
        | {Field.BARCODE: lru_cache(4096)(_caught_as_is(_barcode))}
    )


def _caught(read: Read) -> Read:
    """Reads what the cell says, without what a spreadsheet has added to it."""
    return _caught_as_is(lambda cell: read(plain(cell)))


def _caught_as_is(read: Read) -> Read:
    def caught(cell: str) -> Any:
        try:
            return read(cell)
        except Bad as bad:
            return bad.with_traceback(None)
        except Refusal as refusal:
            return Bad("INVALID", refusal.sentence)

    return caught


@lru_cache(4096)
def clean_code(cell: str) -> str:
    text = plain_code(cell)
    return clean_line(text, what="code", limit=len(text) + 1, required=False)


@lru_cache(4096)
def clean_key(cell: str) -> str:
    text = plain(cell)
    return clean_line(text, what="code", limit=len(text) + 1, required=False)


def _line(text: str, *, what: str, limit: int) -> str:
    line = clean_line(text, what=what, limit=len(text) * 4 + 1, required=False)
    if len(line) > limit:
        sentence = Sentence("The {what} is {count} letters long; {limit} are allowed.")
        raise Bad("TOO_LONG", sentence.filled(what=Sentence(what), count=len(line), limit=limit))
    return line


def _title(text: str) -> str:
    title = _line(text, what="title", limit=255)
    if not any(letter.isalnum() for letter in title):
        raise Bad("NOT_A_TITLE", Sentence("This is not a title: it has neither letter nor digit."))
    return title


def _description(text: str) -> str:
    return clean_description(text)


def _seo_description(text: str) -> str:
    return clean_text(text, what="description for search engines", limit=500)


def _keywords(text: str) -> list[str]:
    return clean_keywords(_json(text, list[str], '["lamp", "brass"]'))


def _translations(text: str) -> dict[str, dict[str, str]]:
    given = _json(text, dict[str, Texts], '{"zh": {"title": "..."}}')
    texts = [Translation(locale, **msgspec.structs.asdict(each)) for locale, each in given.items()]
    return merged({}, clean_translations(texts))


def _metadata(text: str) -> dict[str, str]:
    """As text; what the values may be is known with the shop's attributes (comparing.py)."""
    given = _json(text, dict[str, str | bool | int | float], '{"watts": "40"}')
    return {key: shown(value) for key, value in given.items()}


class Texts(msgspec.Struct, forbid_unknown_fields=True):
    title: str | None = None
    description: str | None = None
    seo_title: str | None = None
    seo_description: str | None = None


def _json(text: str, kind: Any, like: str) -> Any:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, UnicodeError):
        raise Bad("NOT_JSON", Sentence("This is no JSON of the form {like}.", {"like": like})) from None


def _name(text: str, *, what: str, folded: str, limit: int) -> str:
    """A name that is unique whatever its capitals: the form it is compared in must be kept as well."""
    name = _line(text, what=what, limit=limit)
    _line(name.casefold(), what=folded, limit=120)
    return name


def _category(text: str) -> list[str] | None:
    path = [_name(each, what="category", folded="category in small letters", limit=120) for each in split_path(text)]
    if len(path) > MAX_DEPTH:
        sentence = Sentence("The category stands in {count} others; {limit} are allowed.")
        raise Bad("TOO_DEEP", sentence.filled(count=len(path) - 1, limit=MAX_DEPTH - 1))
    return path or None


def _tags(text: str) -> list[str] | None:
    tags = [_name(each, what="tag", folded="tag in small letters", limit=60) for each in split_tags(text)]
    if len(tags) > MAX_TAGS:
        raise Bad(
            "TOO_MANY_TAGS", Sentence("{count} tags; {limit} are allowed.", {"count": len(tags), "limit": MAX_TAGS})
        )
    return list({tag.casefold(): tag for tag in reversed(tags) if tag}.values())[::-1] or None


def _handle(text: str) -> str:
    handle = slugify(text, limit=150)
    if not handle:
        raise Bad("INVALID", Sentence("No handle can be made of this."))
    return handle


def _barcode(cell: str) -> str:
    if is_shortened(cell.strip()):
        sentence = Sentence("A spreadsheet has kept the first digits of this barcode only; give it as text.")
        raise Bad("SHORTENED", sentence)
    return _line(plain_code(cell), what="barcode", limit=64)


def _status(text: str) -> str:
    status = _STATUS_OF.get(text.strip().casefold())
    if status is None:
        raise Bad("NOT_A_STATUS", Sentence("This is none of active, draft and archived."))
    return status


def _yes_or_no(text: str) -> bool:
    word = text.strip().casefold()
    if word not in YES and word not in NO:
        raise Bad("NOT_YES_OR_NO", Sentence("This is neither true nor false."))
    return word in YES


def _money(text: str, *, options: Options, currency: str, take_zero: bool) -> int:
    amount = _amount(text, options, exponent_of(currency), currency)
    if amount == 0 and not take_zero:
        raise Bad("ZERO_PRICE", Sentence("The price is zero: price and title of this row are set aside."))
    return amount


def _count(text: str, *, options: Options) -> int:
    return _within(text, _amount(text, options, 0, ""))


def _grams(text: str, *, options: Options) -> int:
    """Whole grams: what is lighter than half of one weighs nothing."""
    return _within(text, (_amount(text, options, 5, "") + 50_000) // 100_000)


def _within(text: str, number: int) -> int:
    if number > MAX_NUMBER:
        raise Bad("TOO_LARGE", Sentence("{text} is more than can be kept.", {"text": text.strip()}))
    return number


def _amount(text: str, options: Options, places: int, currency: str) -> int:
    amount = read_amount(text, options.decimal, places, currency)
    if isinstance(amount, NotAnAmount):
        raise Bad(amount.code, amount.message)
    if amount < 0:
        raise Bad("NEGATIVE", Sentence("{text} is less than nothing.", {"text": text.strip()}))
    return amount
