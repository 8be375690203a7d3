"""An edit of an order as it comes in, and what is checked about it before anything is looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from stoa.domains.catalog import SAME, Same
from stoa.domains.orders.drafting import MAX_QUANTITY, LineDraft, OrderDraft, wrong_money
from stoa.kit.addresses import clean_address
from stoa.kit.checking import Problems
from stoa.kit.errors import InvalidInput, Refusal, Refusals
from stoa.kit.money import Money
from stoa.kit.text import clean_text
from stoa.tenants.context import Context


@dataclass(frozen=True, slots=True)
class NewQuantity:
    """How many of a line are wanted from now on, without those that were called off; 0 takes it away."""

    line_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class OrderEdit:
    """What is to be other than it is; what is `SAME` stays. Lines that are not named stay as they are."""

    quantities: Sequence[NewQuantity] = ()
    added: Sequence[LineDraft] = ()
    shipping_address: Mapping[str, str] | Same = SAME
    billing_address: Mapping[str, str] | Same = SAME
    shipping_method_id: UUID | Same | None = SAME
    shipping: Money | Same = SAME
    note: str | Same = field(default=SAME)

    def checked(self, ctx: Context) -> OrderEdit:
        """In normal form. Raises `Refusals` with all that is wrong with it."""
        problems = Problems()
        cleaned = replace(self, **self._cleaned(problems))
        self._check_numbers(ctx, problems)
        problems.refuse()
        return cleaned

    def _cleaned(self, problems: Problems) -> dict[str, Any]:
        said: dict[str, Any] = {}
        for name in ("shipping_address", "billing_address"):
            given = getattr(self, name)
            if not isinstance(given, Same):
                said[name] = problems.tried(name, clean_address, given)
        if not isinstance(self.note, Same):
            said["note"] = problems.tried("note", clean_text, self.note, what="note", limit=5000)
        return said

    def _check_numbers(self, ctx: Context, problems: Problems) -> None:
        named = [each.line_id for each in self.quantities]
        for i, each in enumerate(self.quantities):
            if each.line_id in named[:i]:
                problems.append(InvalidInput("This line is named twice.", path=["quantities", i, "line_id"]))
            if not 0 <= each.quantity <= MAX_QUANTITY:
                sentence, values = "{quantity} pieces; 0 to {limit:,} are allowed.", {"quantity": each.quantity}
                problems.append(
                    InvalidInput(sentence, path=["quantities", i, "quantity"], limit=MAX_QUANTITY, **values)
                )
        if self.added:
            problems += _wrong_lines(ctx, self.added)
        if isinstance(self.shipping, Money):
            problems += wrong_money(ctx, ["shipping"], self.shipping)


def _wrong_lines(ctx: Context, lines: Sequence[LineDraft]) -> list[Refusal]:
    """What placing an order of these lines would find wrong with them."""
    try:
        OrderDraft(lines).checked(ctx)
    except Refusals as refused:
        for each in refused.refusals:
            each.path = ("added", *each.path[1:])
        return list(refused.refusals)
    return []
