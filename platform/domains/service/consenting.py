"""What customers agreed to hear, by which way; when, where it was said, and what proves it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from stoa.domains.service.events import CustomerConsentChanged
from stoa.domains.service.holding import locked_customer, save
from stoa.domains.service.models import Customer
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.kit.text import clean_text
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction

KEPT = 50  # of what was so before, by way
_SOURCE = re.compile(r"[\w.\-]{1,40}")


class ConsentWay(StrEnum):
    EMAIL = "email"
    SMS = "sms"
    WECHAT = "wechat"


@dataclass(frozen=True, slots=True)
class Consent:
    """`source` is a word of the shop's for where it was said (checkout, phone, 门店); `proof` is what was said."""

    way: ConsentWay
    granted: bool
    source: str
    proof: str = ""
    at: datetime | None = None


async def set_consent(ctx: Context, customer_id: UUID, consent: Consent) -> Customer:
    """They agree, or do not any more. What was so before is kept; saying the same again from the same source changes
    nothing.

    Raises `NoSuchCustomer`, `AlreadyErased` and `InvalidInput`.
    """
    said = _checked(consent)
    async with shop_transaction():
        customer = await locked_customer(customer_id)
        old = customer.consents.get(consent.way)
        if old is not None and all(old[name] == said[name] for name in ("granted", "source", "proof")):
            return customer
        customer.consents = {**customer.consents, consent.way.value: {**said, "before": _before(old)}}
        news = CustomerConsentChanged(customer.id, consent.way, consent.granted, said["source"])
        await save(ctx, customer, ["consents"], news)
    return customer


def _checked(consent: Consent) -> dict[str, Any]:
    if not _SOURCE.fullmatch(consent.source):
        raise InvalidInput(
            "{source!r} is no source: one word, 40 letters at the most.", path=["source"], source=consent.source[:60]
        )
    at = consent.at or now()
    if at > now():
        raise InvalidInput("Nobody has agreed in the future.", path=["at"])
    try:
        proof = clean_text(consent.proof, what="proof", limit=1000)
    except InvalidInput as refusal:
        raise refusal.under("proof") from None
    return {"granted": consent.granted, "at": at.isoformat(), "source": consent.source, "proof": proof}


def _before(old: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    if old is None:
        return []
    return [*old["before"], {name: old[name] for name in ("granted", "at", "source", "proof")}][-KEPT:]


def stricter(kept: Mapping[str, Any], gone: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The consents of two who are one, and the ways for which one of them had agreed and the other's no counts."""
    merged, withdrawn = {}, []
    for way in sorted({*kept, *gone}):
        first, second = kept.get(way), gone.get(way)
        chosen, other = (first, second) if first else (second, first)
        if first and second and first["granted"] != second["granted"]:
            withdrawn.append(way)
            chosen, other = (first, second) if second["granted"] else (second, first)
        elif first and second and second["at"] > first["at"]:
            chosen, other = second, first
        assert chosen is not None
        before = [*chosen["before"], *(_before(other) if other else [])]
        merged[way] = {**chosen, "before": sorted(before, key=lambda each: str(each["at"]))[-KEPT:]}
    return merged, withdrawn


# The condition of the filter, in the words that the index has (migrations/shop/0005_order_rules.py).
ACCEPTS = "{{row}}.consents -> '{way}' ->> 'granted' = 'true'"
