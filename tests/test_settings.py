"""What the environment says, and what is said of an environment that does not do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from stoa import settings as module
from stoa.settings import BadSettings, Settings

DOCUMENTS = ["README.md", "CONTRIBUTING.md", "Dockerfile", "compose.yaml", "Makefile", "docs/operations.md"]
NEEDED = {
    "STOA_DATABASE_URL": "postgres://zeno:opensesame@localhost/stoa",
    "STOA_REDIS_URL": "redis://:opensesame@localhost/0",
    "STOA_SECRET_KEY": "opensesame" * 4,
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """With what is needed and nothing else; afterwards the session's settings are as they were."""
    for name in (f"STOA_{each.upper()}" for each in Settings.model_fields):
        monkeypatch.delenv(name, raising=False)
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    module.settings.cache_clear()
    yield monkeypatch
    module.settings.cache_clear()


def test_the_environment_is_read_once(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("STOA_ALLOWED_ORIGINS", '["https://a.example", "https://b.example"]')
    environment.setenv("STOA_SHOP_POOL", "3")

    read = module.settings()
    environment.setenv("STOA_SHOP_POOL", "5")

    assert (read.shop_pool, read.allowed_origins) == (3, ("https://a.example", "https://b.example"))
    assert module.settings() is read
    with pytest.raises(ValidationError, match="frozen"):
        read.shop_pool = 5  # type: ignore[misc]


def test_passwords_are_not_shown(environment: pytest.MonkeyPatch) -> None:
    assert "opensesame" not in f"{module.settings()} {module.settings()!r}"


def test_what_is_missing_is_named_with_its_meaning(environment: pytest.MonkeyPatch) -> None:
    for name in ("STOA_REDIS_URL", "STOA_SECRET_KEY"):
        environment.delenv(name)

    with pytest.raises(BadSettings) as refused:
        module.settings()

    lines = str(refused.value).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["STOA_REDIS_URL", "STOA_SECRET_KEY"]
    assert "Valkey or Redis" in lines[1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STOA_SECRET_KEY", "opensesame"),
        ("STOA_SHOP_POOL", "0"),
        ("STOA_REQUEST_SECONDS", "opensesame"),
        ("STOA_LOG_FORMAT", "opensesame"),
        ("STOA_ALLOWED_ORIGINS", "opensesame"),
    ],
)
def test_what_cannot_be_is_named_and_not_repeated(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    """It may be a password in the wrong place."""
    environment.setenv(name, value)

    with pytest.raises(BadSettings) as refused:
        module.settings()

    assert name.removeprefix("STOA_").lower() in str(refused.value).lower()
    assert "opensesame" not in str(refused.value)
    with pytest.raises(ValueError) as plain:
        Settings()  # type: ignore[call-arg]
    assert "opensesame" not in str(plain.value)


def test_every_variable_that_documents_name_is_a_setting() -> None:
    known = {f"STOA_{name.upper()}" for name in Settings.model_fields}
    for document in DOCUMENTS:
        named = set(re.findall(r"STOA_[A-Z0-9_]*[A-Z0-9]", (Path(__file__).parent.parent / document).read_text()))
        assert named <= known, document
