"""Sentences that are kept in rows, as GraphQL shows them."""

from __future__ import annotations

from typing import Any

from stoa.kit.languages import Sentence


def said_if_ours(text: str | None) -> str | None:
    """What was kept as plain text: if it is a sentence of ours, in the reader's language; the words of others stay."""
    return None if text is None else Sentence.of({"text": text}).said()


def said_now(kept: dict[str, Any] | None) -> str | None:
    """What `Sentence.kept` wrote, in the language of whoever reads it."""
    return None if kept is None else Sentence.of(kept).said()
