"""Sentences and the languages they are said in: what is written once in English is there in Chinese as well."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from stoa.kit.languages import CATALOGS, LOCALES, Sentence, joined, liked_best, read_from_now_on, reader, reading
from tests.kit.sentences import Found, find_sentences

ZH = CATALOGS / "zh" / "LC_MESSAGES" / "stoa.po"
LEFT = Sentence("left")


@pytest.fixture(scope="module")
def chinese() -> Catalog:
    with ZH.open("rb") as file:
        return read_po(file, locale="zh")


@pytest.fixture(scope="module")
def ours() -> Found:
    return find_sentences()


def gaps(text: str) -> list[tuple[str, str | None]]:
    """The names and the forms of what stands in a sentence; `!r` may be a pair of Chinese quotes."""
    return sorted((name, form) for _, name, form, _ in Formatter().parse(text) if name is not None)


def entries(catalog: Catalog) -> Iterator[tuple[str, str]]:
    yield from ((str(each.id), str(each.string)) for each in catalog if each.id)


# Every sentence of the code ------------------------------------------------------------------------------------------


def test_every_sentence_that_somebody_reads_is_there_in_chinese(ours: Found, chinese: Catalog) -> None:
    said = dict(entries(chinese))
    missing = {text: places[0] for text, places in ours.sentences.items() if not said.get(text)}
    assert not missing, "\n".join(f"{place}: no Chinese for {text!r}" for text, place in missing.items())


def test_every_sentence_stands_where_it_can_be_found(ours: Found) -> None:
    hidden = ours.hidden
    assert not hidden, "Write a template with named gaps here:\n" + "\n".join(hidden)


def test_what_stands_in_the_gaps_is_the_same_in_both_languages(ours: Found, chinese: Catalog) -> None:
    places = ours.sentences
    wrong = [(text, zh) for text, zh in entries(chinese) if gaps(text) != gaps(zh)]
    assert not wrong, "\n".join(f"{places.get(text, ['stoa.po'])[0]}: {text!r} is {zh!r}" for text, zh in wrong)


def test_no_chinese_is_kept_of_what_is_not_said_any_more(ours: Found, chinese: Catalog) -> None:
    places = ours.sentences
    gone = [f"{ZH.name}:{each.lineno}: {each.id!r}" for each in chinese if each.id and each.id not in places]
    assert not gone, "\n".join(gone)


def test_chinese_is_written_with_chinese_punctuation(chinese: Catalog) -> None:
    """A full stop where English has one, and no half-width comma or semicolon beside a Chinese letter."""
    odd = re.compile("[\u4e00-\u9fff][,;!?]|[,;!?][\u4e00-\u9fff]|[\u4e00-\u9fff]\\.$")
    wrong = [zh for text, zh in entries(chinese) if odd.search(zh) or zh.endswith("。") > (text[-1] in ".}")]
    assert not wrong


# The finder itself ---------------------------------------------------------------------------------------------------


def test_sentences_are_found_wherever_they_are_said(tmp_path: Path) -> None:
    (tmp_path / "some.py").write_text("""
class Refusal(Exception):
    def __init__(self, sentence, **values): ...
class Taken(Refusal): ...
class Sealed(Taken):
    def __init__(self):
        super().__init__("Of a class.")
class Other(Exception):
    def __init__(self):
        super().__init__(f"{1} is nobody's business")
def _weak(sentence, **values):
    return Taken(sentence, **values)
def _check(refusal: type[Taken]):
    raise refusal("Of a class handed over.")
NAMED = "By a name."
Sentence("Itself.", {"what": 1})
errors.Taken("Refused.", path=[])
_weak("Handed on.")
Taken("One." if NAMED else "Other.")
Taken(NAMED)
Sealed()
clean_line(text, what="word", limit=3)
TABLE = {"a": Sentence("Of a table.")}
Taken(TABLE["a"].text)
""")
    found = find_sentences(tmp_path)
    assert sorted(found.sentences) == sorted(
        (
            "Of a class.",
            "Of a class handed over.",
            "By a name.",
            "Itself.",
            "Refused.",
            "Handed on.",
            "One.",
            "Other.",
            "word",
            "Of a table.",
        )
    )
    assert found.sentences["Refused."] == [f"{tmp_path.name}/some.py:17"]
    assert found.hidden == []


@pytest.mark.parametrize(
    "hidden", ['Refusal(f"{sku} is in use.")', 'Sentence("a" + "b")', "Refusal(words)", "clean_line(t, what=f'{x} y')"]
)
def test_a_sentence_that_is_put_together_is_told_of(tmp_path: Path, hidden: str) -> None:
    (tmp_path / "some.py").write_text(f"class Refusal: ...\n{hidden}\n")
    [told] = find_sentences(tmp_path).hidden
    assert told.startswith(f"{tmp_path.name}/some.py:2: ")


# Saying --------------------------------------------------------------------------------------------------------------


def test_a_sentence_is_said_in_the_readers_language() -> None:
    sentence = Sentence("The code {taken} is in use.", {"taken": "MUG-1"})
    assert (str(sentence), sentence.said()) == ("The code MUG-1 is in use.",) * 2
    with reading("zh"):
        assert sentence.said() == "编码 MUG-1 已被使用。"
        assert str(sentence) == "The code MUG-1 is in use."  # for logs, whoever reads
    assert sentence.said() == "The code MUG-1 is in use."


def test_words_of_ours_in_a_gap_are_translated_and_those_of_others_are_not() -> None:
    sentence = Sentence("{what}: {left} {said}, {wanted} wanted.")
    sentence = sentence.filled(what="left", left=1, said=LEFT, wanted=3)
    assert sentence.said_in("zh") == "left：只有 1 件可用，需要 3 件。"
    assert sentence.plain_values() == {"what": "left", "left": 1, "said": "left", "wanted": 3}


def test_a_sentence_without_a_translation_is_said_in_english() -> None:
    assert Sentence("Nobody ever wrote {this}.", {"this": "that"}).said_in("zh") == "Nobody ever wrote that."


def test_a_value_with_braces_stands_as_it_is() -> None:
    assert Sentence("The code {taken} is in use.", {"taken": "{taken}"}).said_in("zh") == "编码 {taken} 已被使用。"
    assert Sentence("{no gap", {}).said_in("en") == "{no gap"


def test_an_enumeration_has_the_comma_of_the_language() -> None:
    words = joined([Sentence("a name"), Sentence("a picture"), Sentence("{count} on hand", {"count": 2})])
    assert words.said_in("en") == "a name, a picture, 2 on hand"
    assert words.said_in("zh") == "商品名称、商品图片、现有 2 件"
    assert joined([]).said_in("zh") == ""


def test_a_sentence_is_kept_as_json_and_said_later() -> None:
    kept = Sentence("The {what} is empty.", {"what": Sentence("title")}).kept()
    assert kept == {"text": "The {what} is empty.", "values": {"what": {"text": "title"}}}
    assert (Sentence.of(kept).said_in("en"), Sentence.of(kept).said_in("zh")) == ("The title is empty.", "标题为空。")
    assert Sentence.of(Sentence("The title is empty.").kept()) == Sentence("The title is empty.")


def test_readings_stand_in_each_other_and_end_with_their_block() -> None:
    assert reader() == "en"
    with reading("zh"):
        with reading("en"):
            assert reader() == "en"
        assert reader() == "zh"
    with pytest.raises(ZeroDivisionError), reading("zh"):
        raise ZeroDivisionError
    assert reader() == "en"


async def test_what_a_task_reads_is_its_own() -> None:
    async def read_chinese() -> str:
        read_from_now_on("zh")
        return await asyncio.create_task(begun_by_it())

    async def begun_by_it() -> str:
        return reader()

    assert await asyncio.create_task(read_chinese()) == "zh"
    assert reader() == "en"


@pytest.mark.parametrize(
    ("accepted", "locale"),
    [
        ("", "en"),
        ("zh", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("ZH-Hant-TW", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("fr,zh;q=0.3,en;q=0.2", "zh"),
        ("en;q=0.2, zh;q=0.7", "zh"),
        ("zh;q=0", "en"),
        ("fr, *", "en"),
        ("zh;q=nonsense", "en"),
        ("zh;q=nan, en", "en"),
        (";;,,=q", "en"),
        ("zhx", "en"),
    ],
)
def test_the_language_is_what_the_header_likes_best(accepted: str, locale: str) -> None:
    assert liked_best(accepted) == locale
    assert locale in LOCALES
