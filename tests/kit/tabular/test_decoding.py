"""The encoding of a file is found out, or said to be unknown; it is never guessed."""

from __future__ import annotations

import io

import pytest

from stoa.kit.tabular.decoding import Encoded, find_encoding
from stoa.kit.tabular.errors import EmptyFile, NotText, WrongEncoding
from stoa.kit.tabular.notation import Encoding
from stoa.kit.tabular.unpacking import unpack

CHINESE = "货号,名称,价格\n001,白色心形灯饰,12.50\n"


def find(content: bytes, said: Encoding | None = None) -> Encoded:
    return find_encoding(lambda: unpack(io.BytesIO(content), max(1, len(content))), said)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"a,b\n1,2\n", ("utf-8", 0)),
        (CHINESE.encode(), ("utf-8", 0)),
        (CHINESE.encode("utf-8-sig"), ("utf-8", 3)),
        (CHINESE.encode("gb18030"), ("gb18030", 0)),
        ("名称\n龙🐉\n".encode("gb18030") + CHINESE.encode("gb18030"), ("gb18030", 0)),
        ("\ufeff".encode("utf-16-le") + CHINESE.encode("utf-16-le"), ("utf-16-le", 2)),
        ("\ufeff".encode("utf-16-be") + CHINESE.encode("utf-16-be"), ("utf-16-be", 2)),
    ],
)
def test_the_encoding_is_found(content: bytes, found: tuple[str, int]) -> None:
    assert find(content) == found


def test_the_first_letter_beyond_ascii_may_come_late() -> None:
    content = b"a,b\n" + b"1,2\n" * 300_000 + CHINESE.encode("gb18030")

    assert find(content) == ("gb18030", 0)


@pytest.mark.parametrize("text", ["name\ncafé crème brûlée\n", "Größe,Preis\nfür Gäste,3\n", "naïve façade über,1\n"])
def test_western_text_is_not_taken_for_chinese(text: str) -> None:
    with pytest.raises(WrongEncoding, match=r"is not UTF-8\. Say the encoding in the options"):
        find(text.encode("cp1252"))


def test_the_refusal_names_line_and_byte() -> None:
    with pytest.raises(WrongEncoding, match="Line 3, byte 11: e9 0a is not UTF-8"):
        find(b"a,b\n1,x\ncaf\xe9\n")


@pytest.mark.parametrize(
    ("said", "codec"),
    [("windows-1252", "cp1252"), ("big5", "big5"), ("gb18030", "gb18030"), ("utf-16", "utf-16-le"), ("utf-8", "utf-8")],
)
def test_what_is_said_counts(said: Encoding, codec: str) -> None:
    assert find(b"a,b\n1,caf\xe9\n", said) == (codec, 0)


def test_a_mark_counts_more_than_what_is_said() -> None:
    assert find(CHINESE.encode("utf-8-sig"), "gb18030") == ("utf-8", 3)


def test_what_holds_zero_bytes_is_not_text() -> None:
    with pytest.raises(NotText, match="zero bytes"):
        find(CHINESE.encode("utf-16-le"))


def test_an_empty_file_is_empty() -> None:
    with pytest.raises(EmptyFile):
        find(b"")


def test_a_line_without_an_end_is_left_to_who_reads_the_rows() -> None:
    assert find(b"x" * 3_000_000) == ("utf-8", 0)
