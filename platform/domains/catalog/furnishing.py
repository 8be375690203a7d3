"""Furnish a product that was just made with its tags and values of attributes: what stands beside its form."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from stoa.domains.catalog.drafting import ProductDraft
from stoa.domains.catalog.merchandising.tagging import change_tags
from stoa.domains.catalog.merchandising.valuing import set_attributes
from stoa.kit.errors import Refusal, Refusals
from stoa.tenants.context import Context


async def furnish(ctx: Context, product_id: UUID, draft: ProductDraft) -> None:
    """In the transaction in which it is made. Raises what `change_tags` and `set_attributes` do; blames the draft."""
    with _blaming_the_draft():
        if draft.tags:
            for result in await change_tags(ctx, [product_id], add=draft.tags):
                if result.refusal is not None:
                    raise result.refusal
        if draft.attributes:
            await set_attributes(ctx, [product_id], draft.attributes)


@contextmanager
def _blaming_the_draft() -> Iterator[None]:
    """They speak of their own inputs: ``["values", 1, "key"]`` is ``["attributes", 1, "key"]`` of the draft."""
    try:
        yield
    except Refusals as refusals:
        for each in refusals.refusals:
            _blame(each)
        raise
    except Refusal as refusal:
        _blame(refusal)
        raise


def _blame(refusal: Refusal) -> None:
    first, rest = refusal.path[:1], refusal.path[1:]
    refusal.path = ("attributes", *rest) if first == ("values",) else ("tags",)
