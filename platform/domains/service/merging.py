"""Two customers turn out to be one; and, when that was wrong, are two again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from stoa.domains.service.consenting import stricter
from stoa.domains.service.errors import (
    AlreadyErased,
    AlreadyUndone,
    ChangedSinceMerging,
    NoSuchCustomer,
    NoSuchMerge,
    SameCustomer,
)
from stoa.domains.service.events import CustomersMerged, MergeUndone
from stoa.domains.service.holding import locked_customer, save, title_of
from stoa.domains.service.knowing import present_ids
from stoa.domains.service.models import Customer, CustomerIdentity, CustomerMerge
from stoa.kit.checking import locked
from stoa.kit.clock import now
from stoa.kit.languages import Sentence, joined
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction

_WENT_INTO = """
WITH RECURSIVE went (id) AS (
  SELECT $1::uuid UNION ALL SELECT c.id FROM customer c JOIN went ON c.merged_into_id = went.id)
SELECT id FROM went
"""
_WORDS: Mapping[str, Sentence] = {
    "name": Sentence("name"),
    "email": Sentence("e-mail"),
    "phone": Sentence("telephone number"),
    "locale": Sentence("language"),
    "note": Sentence("note"),
    "tags": Sentence("tags"),
    "addresses": Sentence("addresses"),
    "consents": Sentence("consents"),
    "metadata": Sentence("metadata"),
    "identities": Sentence("what they are known by"),
}


async def merge_customers(
    ctx: Context, kept_id: UUID, gone_id: UUID, *, expected_version: int | None = None
) -> CustomerMerge:
    """What the second is known by, their addresses, tags and consents go to the first; their orders follow.

    Where the first has nothing, the second's is taken: name, e-mail, phone, language. Of two consents the stricter
    counts. The second stays as a row that points to the first. `expected_version` is the first's. Raises
    `NoSuchCustomer`, `AlreadyErased`, `SameCustomer` and `CustomerChanged`.
    """
    async with shop_transaction():
        kept, gone = await _both(kept_id, gone_id, expected_version)
        values, withdrawn = _merged(kept, gone)
        after = {name: value for name, value in values.items() if getattr(kept, name) != value}
        before = {name: getattr(kept, name) for name in after}
        identities = await CustomerIdentity.filter(customer_id=gone.id).order_by("id")
        merge = await CustomerMerge.create(
            kept=kept,
            gone=gone,
            moved={
                "before": before,
                "after": after,
                "identities": [str(each.id) for each in identities],
                "withdrawn": withdrawn,
            },
            actor_kind=ctx.actor.kind,
            actor_id=ctx.actor.id,
            merged_at=now(),
        )
        await CustomerIdentity.filter(id__in=[each.id for each in identities]).update(customer_id=kept.id)
        gone.merged_into = kept
        gone.version += 1
        await gone.save(update_fields=["merged_into_id", "version", "updated_at"])
        for name, value in after.items():
            setattr(kept, name, value)
        gone_ids = tuple(await went_into(gone.id))
        news = CustomersMerged(kept.id, merge.id, gone_ids, tuple(withdrawn))
        await save(ctx, kept, list(after), news)
    return merge


async def undo_merge(ctx: Context, merge_id: UUID) -> CustomerMerge:
    """Both are as they were, but for what was changed since and has nothing to do with it; their orders follow.

    Refused with `ChangedSinceMerging` when something that the merge brought has been changed since: that would be
    lost, and `what` names it. Raises `NoSuchMerge`, `AlreadyUndone` and `AlreadyErased` besides.
    """
    async with shop_transaction():
        merge = await locked(CustomerMerge, merge_id, NoSuchMerge("There is no such merge.", path=["id"]))
        if merge.undone_at is not None:
            raise AlreadyUndone("This merge was undone already.", path=["id"])
        kept, gone = await _two_rows(merge.kept_id, merge.gone_id)  # type: ignore[attr-defined]
        if kept.erased_at is not None:
            raise AlreadyErased("This customer was erased.", path=["id"])
        _require_whole(kept)
        identities = [UUID(each) for each in merge.moved["identities"]]
        await _require_same(kept, merge.moved["after"], identities)
        await CustomerIdentity.filter(id__in=identities).update(customer_id=gone.id)
        gone.merged_into = None
        gone.version += 1
        await gone.save(update_fields=["merged_into_id", "version", "updated_at"])
        for name, value in merge.moved["before"].items():
            setattr(kept, name, value)
        merge.undone_at = now()
        await merge.save(update_fields=["undone_at"])
        news = MergeUndone(kept.id, merge.id, tuple(await went_into(gone.id)))
        await save(ctx, kept, list(merge.moved["before"]), news)
    return merge


async def went_into(customer_id: UUID) -> list[UUID]:
    """The customer, and all that have been merged into them."""
    return [row["id"] for row in await shop_client().execute_query_dict(_WENT_INTO, [customer_id])]


async def _both(kept_id: UUID, gone_id: UUID, expected_version: int | None) -> tuple[Customer, Customer]:
    """Both, locked in the order of their ids."""
    present = await present_ids([kept_id, gone_id])
    first, second = present.get(kept_id), present.get(gone_id)
    for id, name in ((first, "kept_id"), (second, "gone_id")):
        if id is None:
            raise NoSuchCustomer("There is no such customer.", path=[name])
    if first == second:
        raise SameCustomer("Both are the same customer already.", path=["gone_id"])
    versions = {first: expected_version, second: None}
    names = {first: "kept_id", second: "gone_id"}
    found = {id: await locked_customer(id, versions[id], of=names[id]) for id in sorted(each for each in names if each)}
    kept, gone = found[first], found[second]  # type: ignore[index]
    if kept.id == gone.id:  # somebody else was quicker
        raise SameCustomer("Both are the same customer already.", path=["gone_id"])
    return kept, gone


async def _two_rows(kept_id: UUID, gone_id: UUID) -> tuple[Customer, Customer]:
    rows = {
        id: await locked(Customer, id, NoSuchCustomer("There is no such customer."))
        for id in sorted((kept_id, gone_id))
    }
    return rows[kept_id], rows[gone_id]


def _merged(kept: Customer, gone: Customer) -> tuple[dict[str, Any], list[str]]:
    """What the kept one will be, and for which ways a consent does not hold any more."""
    consents, withdrawn = stricter(kept.consents, gone.consents)
    filled = {name: getattr(kept, name) or getattr(gone, name) for name in ("name", "email", "phone", "locale")}
    return {
        **filled,
        "note": "\n".join(dict.fromkeys(note for note in (kept.note, gone.note) if note)),
        "tags": list(dict.fromkeys((*kept.tags, *gone.tags))),
        "addresses": _addresses(kept, gone),
        "consents": consents,
        "metadata": {**gone.metadata, **kept.metadata},
    }, withdrawn


def _addresses(kept: Customer, gone: Customer) -> list[dict[str, Any]]:
    """The kept one's, and those of the other that say something else; there is one default at the most."""

    def said(address: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in address.items() if name not in ("id", "is_default")}

    known = [said(each) for each in kept.addresses]
    added = [
        {**each, "is_default": each["is_default"] and not known} for each in gone.addresses if said(each) not in known
    ]
    return [*kept.addresses, *added]


def _require_whole(kept: Customer) -> None:
    if kept.merged_into_id is not None:  # type: ignore[attr-defined]
        raise ChangedSinceMerging(
            "{name} was merged into another customer since: undo that first.",
            path=["id"],
            name=title_of(kept),
            what="merged_into",
        )


async def _require_same(kept: Customer, after: Mapping[str, Any], identities: list[UUID]) -> None:
    """Refuse to lose what was changed since."""
    changed = [name for name, value in after.items() if getattr(kept, name) != value]
    if await CustomerIdentity.filter(id__in=identities, customer_id=kept.id).count() < len(identities):
        changed.append("identities")
    if changed:
        raise ChangedSinceMerging(
            "Undoing it would lose what was changed of {name} since: {fields}.",
            path=["id"],
            name=title_of(kept),
            fields=joined(_WORDS[name] for name in changed),
            what=",".join(changed),
        )
