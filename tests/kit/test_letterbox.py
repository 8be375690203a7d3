"""The letterbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stoa.kit import letterbox
from stoa.kit.letterbox import Letter, Letterbox

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
LETTER = Letter("shop_one", "sms", "msg_1", "+8613800000000", NOON, text="您好", headers={"Sender": "Stoa"})


async def test_what_is_put_in_is_found_again_the_newest_first(tmp_path: Path) -> None:
    box = Letterbox(tmp_path / "not there yet")
    later = replace(LETTER, key="msg_2", channel="mail", at=NOON + timedelta(minutes=1))

    assert await box.put(LETTER)
    assert await box.put(later)

    assert await Letterbox(tmp_path / "not there yet").letters("shop_one") == [later, LETTER]
    assert await box.letters("shop_one", channel="sms") == [LETTER]
    assert await box.letters("shop_one", limit=1) == [later]


async def test_the_same_key_again_is_the_first_letter(tmp_path: Path) -> None:
    box = Letterbox(tmp_path)
    await box.put(LETTER)

    assert not await box.put(replace(LETTER, text="once more"))
    assert await box.put(replace(LETTER, channel="wechat"))

    assert [each.text for each in await box.letters("shop_one", channel="sms")] == ["您好"]


async def test_letters_are_their_owners_alone(tmp_path: Path) -> None:
    box = Letterbox(tmp_path)
    await box.put(LETTER)

    assert await box.letters("shop_two") == []
    with pytest.raises(ValueError, match="owns no letters"):
        await box.letters("../shop_one")

    await box.clear("shop_two")
    await box.clear("shop_one")
    assert await box.letters("shop_one") == []


async def test_of_too_many_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letterbox, "MOST", 2)
    box = Letterbox(tmp_path)

    for minute in range(4):
        await box.put(replace(LETTER, key=f"msg_{minute}", at=NOON + timedelta(minutes=minute)))

    assert [each.key for each in await box.letters("shop_one")] == ["msg_3", "msg_2"]
