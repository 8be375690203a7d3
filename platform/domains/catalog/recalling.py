"""What an edit changed, as its event tells it: each field as text, before and after, within bounds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final
from uuid import UUID

from stoa.domains.catalog.events import FieldChange
from stoa.kit.money import Money

MAX_CHANGES, MAX_TEXT = 100, 500
TELLING: Final = (
    *("ProductEdited", "ProductImported", "ProductImportUndone"),
    *("ProductAttributesSet", "ProductListingChanged", "BundleChanged"),
)
OF_COSTS: Final = ("cost", "variants.cost")  # what only those see who may see costs


def told(value: Any) -> str | None:
    """The value as people read it, shortened."""
    match value:
        case None:
            return None
        case Enum():
            text = str(value.value)
        case bool():
            text = str(value).lower()
        case Money():
            text = str(value)
        case datetime():
            text = value.isoformat()
        case list() | dict():
            text = json.dumps(value, ensure_ascii=False)
        case _:
            text = str(value)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def changes_between(
    before: Mapping[str, Any], after: Mapping[str, Any], changed: Iterable[str], **of: Any
) -> list[FieldChange]:
    """A change for each of the columns; `of` says which variant they are of."""
    return [FieldChange(_shown(name), told(before[name]), told(after[name]), **of) for name in changed]


def _shown(column: str) -> str:
    return column.removesuffix("_minor")


def named_together(names: Iterable[str]) -> str | None:
    """Several words as one; None when there are none."""
    return told(", ".join(names) or None)


def bounded(changes: Iterable[FieldChange]) -> tuple[FieldChange, ...]:
    return tuple(list(changes)[:MAX_CHANGES])


def of_variant(variant_id: UUID, label: str, changes: Iterable[FieldChange]) -> list[FieldChange]:
    """The same, told of a variant."""
    return [FieldChange(f"variants.{each.field}", each.old, each.new, variant_id, label[:120]) for each in changes]


def changes_in(name: str, payload: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The changes that an event in the log tells, each as a `FieldChange` is kept; none of events that are not ours."""
    match name:
        case _ if name in TELLING:
            return list(payload.get("changes", ()))
        case "ProductTagsChanged":
            return [_change("tags", payload["removed"], payload["added"])]
        case "VariantsAdded":
            return [_change("variants", (), payload.get("labels", ()))]
        case "VariantsRemoved":
            return [_change("variants", payload["labels"], ())]
        case "ProductPublishRefused":
            return [{"field": "missing", "old": None, "new": payload["missing"]}]
        case "StockLow" | "StockRecovered":
            return [{"field": each, "old": None, "new": told(payload[each])} for each in ("available", "threshold")]
        case "TagRenamed":
            return [{"field": "name", "old": payload["before"], "new": payload["after"]}]
        case "TagsMerged":
            return [_change("merged", (each["name"] for each in payload["merged"]), ())]
        case "HandleFreed":
            return [_change("old_handles", [payload["handle"]], ())]
    return []


def _change(field: str, gone: Iterable[str], come: Iterable[str]) -> dict[str, Any]:
    return {"field": field, "old": named_together(gone), "new": named_together(come)}
