"""Cells of spreadsheets: formulas made harmless when a file is written, and what spreadsheets add taken off again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# What Excel and its like would calculate (OWASP, "CSV injection"), and codes that they would shorten.
_FORMULA = r"[=+\-@\t\r]"
_SHORTENED = r"\d(?:[.,]\d+)?[eE]\+?\d+"
_SCIENTIFIC = re.compile(_SHORTENED)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
# What may stand behind an apostrophe that is no part of the text. People and Shopify put one before codes, too.
_MARKED = re.compile(rf"'*(?:{_FORMULA}.*|[\d.,]*\d[\d.,]*|{_SHORTENED})", re.DOTALL)
_AS_TEXT = re.compile(r'="((?:[^"]|"")*)"', re.DOTALL)
_APART = re.compile(r"\s+>\s+")
_TAG = re.compile(r"((?:[^\\,，]|\\.)*)(?:[,，]|$)", re.DOTALL)
_ESCAPED = re.compile(r"\\([\\>,，])")
PATH = " > "


def harmless(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula: `plain` gives it back. Numbers stay as they are."""
    if text[:1] in "=+-@\t\r'0123456789" and _MARKED.fullmatch(text) and _needs_mark(text):
        return "'" + text
    return text


def plain(cell: str) -> str:
    """What a cell says without the apostrophe before it, and without the formula that keeps leading zeros."""
    if cell[:1] == "'" and _MARKED.fullmatch(cell, 1):
        return cell[1:]
    if cell[:2] == '="' and (found := _AS_TEXT.fullmatch(cell)):
        return found[1].replace('""', '"')
    return cell


def harmless_code(text: str) -> str:
    """A code as a cell: `plain_code` gives it back."""
    return "'" + text if text[:1] == "'" else harmless(text)


def plain_code(cell: str) -> str:
    """A code without the apostrophe that people, and Shopify, put before it: no code begins with one."""
    return cell[1:] if cell[:1] == "'" else plain(cell)


def is_shortened(cell: str) -> bool:
    """Whether a spreadsheet has made a number of a code and kept its first digits only: 8.80123E+12."""
    return _SCIENTIFIC.fullmatch(cell) is not None


def joined_tags(names: Iterable[str]) -> str:
    """Tags as one cell, apart by commas, with a backslash before what would be mistaken."""
    return ", ".join(re.sub(r"([\\,，])", r"\\\1", name) for name in names)


def split_tags(cell: str) -> list[str]:
    return [tag for each in _TAG.findall(cell) if (tag := _ESCAPED.sub(r"\1", each).strip())]


def joined_path(names: Sequence[str]) -> str:
    """A category with those it stands in: "Home > Light > Lamps"."""
    return PATH.join(re.sub(r"([\\>])", r"\\\1", name) for name in names)


def split_path(cell: str) -> list[str]:
    return [name for each in _APART.split(cell.strip()) if (name := _ESCAPED.sub(r"\1", each).strip())]


def _needs_mark(text: str) -> bool:
    if text[0] == "'" or is_shortened(text):
        return True
    return not text[0].isdigit() and not _NUMBER.fullmatch(text)
