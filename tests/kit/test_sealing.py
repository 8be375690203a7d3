"""Secrets under seal: read by this installation alone, and only as what they are about."""

from __future__ import annotations

import pytest

from stoa import settings as settings_module
from stoa.kit.sealing import SealBroken, is_sealed, seal, unseal
from stoa.settings import Settings


def test_what_is_sealed_can_be_read_again_and_nothing_of_it_is_seen(settings: Settings) -> None:
    sealed = seal("whsec_茶", about="webhook 1 of a shop")

    assert is_sealed(sealed)
    assert "whsec" not in sealed
    assert unseal(sealed, about="webhook 1 of a shop") == "whsec_茶"
    assert seal("whsec_茶", about="webhook 1 of a shop") != sealed


@pytest.mark.parametrize("about", ["webhook 2 of a shop", ""])
def test_a_seal_says_what_it_is_about(settings: Settings, about: str) -> None:
    with pytest.raises(SealBroken):
        unseal(seal("secret", about="webhook 1 of a shop"), about=about)


@pytest.mark.parametrize("wrong", ["", "secret", "sealed:1:", "sealed:1:AAAA", "sealed:1:%%%", "sealed:1:" + "A" * 80])
def test_what_was_not_sealed_does_not_open(settings: Settings, wrong: str) -> None:
    with pytest.raises(SealBroken):
        unseal(wrong, about="it")


def test_a_letter_that_was_changed_breaks_it(settings: Settings) -> None:
    sealed = seal("secret", about="it")
    for place in (20, len(sealed) - 4):
        changed = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
        with pytest.raises(SealBroken):
            unseal(changed, about="it")


def test_another_installations_key_does_not_open_it(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = seal("secret", about="it")
    monkeypatch.setenv("STOA_SECRET_KEY", "x" * 40)
    settings_module.settings.cache_clear()
    try:
        with pytest.raises(SealBroken):
            unseal(sealed, about="it")
    finally:
        monkeypatch.undo()
        settings_module.settings.cache_clear()
