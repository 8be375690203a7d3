"""Release products that rows put on sale if a person could publish them; the word for silent rows is not checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stoa.domains.catalog.completeness import require_draft_ready
from stoa.domains.catalog.errors import NotReady
from stoa.domains.catalog.importing.gathering import Wanted
from stoa.domains.catalog.importing.options import Field
from stoa.domains.catalog.importing.planned import Writes
from stoa.domains.catalog.models import ProductStatus
from stoa.kit.languages import Sentence
from stoa.tenants.importing.issues import Issue

ACTIVE, DRAFT = ProductStatus.ACTIVE.value, ProductStatus.DRAFT.value
NOT_READY = Sentence("{key} cannot go on sale yet and stays off it: it lacks {words}.")


@dataclass(frozen=True, slots=True)
class Standing:
    """What a product will have of all that is required to be on sale. `variants` are the rows of all of them."""

    title: str
    variants: Sequence[dict[str, Any]]
    category_id: Any
    has_image: bool

    @property
    def there(self) -> dict[str, bool]:
        priced = bool(self.variants) and all(each["price_minor"] is not None for each in self.variants)
        return {
            "TITLE": bool(self.title),
            "PRICE": priced,
            "CATEGORY": self.category_id is not None,
            "IMAGE": self.has_image,
        }


def ready_status(writes: Writes, wanted: Wanted, otherwise: str, before: str | None, standing: Standing) -> str:
    """The status that the file asks for, `otherwise` if it asks for none.

    What a person could not publish, no row of a file does: it stays what it was `before`, a draft when it is new, and
    the row is told why. Of new products on which the file is silent, what they are is the word of whoever started the
    import, and taken: a merchant who moves a running shop here has them on sale, whatever they lack.
    """
    status = _asked(wanted)
    if status is None:
        return otherwise
    if status != ACTIVE or before == ACTIVE:
        return status
    try:
        require_draft_ready(standing.there)
    except NotReady as refusal:
        message = NOT_READY.filled(key=wanted.key, words=refusal.sentence.values["words"])
        field = Field.STATUS if wanted.status is not None else Field.PUBLISHED
        line = wanted.lines.get(field, wanted.line)
        writes.issues.append(Issue(line, "", NotReady.code, message, standing.title, field=field))
        return before or DRAFT
    return status


def _asked(wanted: Wanted) -> str | None:
    """On sale only if the file does not say in any way that it is not; None if it says nothing."""
    if wanted.status is None and wanted.published is None:
        return None
    status = wanted.status or ACTIVE
    return DRAFT if status == ACTIVE and wanted.published is False else status
