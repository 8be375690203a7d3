"""Whom a report is sent to: people of the shop; anybody else only by somebody who may arrange reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from stoa.kit.errors import InvalidInput, blaming
from stoa.tenants.access.accounts import Email, read_email
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context, MissingScope
from stoa.tenants.models import Membership

MAX_RECIPIENTS: Final = 20


async def checked_recipients(ctx: Context, addresses: Sequence[str]) -> list[str]:
    """The addresses, each once. Raises `InvalidInput`, and `MissingScope` when one is of nobody in the shop and the
    caller may not arrange reports."""
    if len(addresses) > MAX_RECIPIENTS:
        raise InvalidInput(
            "{count} addresses; {limit} are allowed.", path=["recipients"], count=len(addresses), limit=MAX_RECIPIENTS
        )
    wanted: dict[str, str] = {}
    for i, text in enumerate(addresses):
        read = _read(text, i)
        wanted.setdefault(read.key, read.address)
    if not wanted:
        return []
    strangers = wanted.keys() - await _keys_of_members(ctx)
    if strangers and ctx.actor.kind != "system" and Scope.ANALYTICS_WRITE not in ctx.scopes:
        raise MissingScope(
            "{address} is of nobody in the shop: to send reports there takes the scope {scope}.",
            path=["recipients"],
            address=wanted[min(strangers)],
            scope=str(Scope.ANALYTICS_WRITE),
        )
    return list(wanted.values())


async def _keys_of_members(ctx: Context) -> set[str]:
    members = Membership.filter(shop_id=ctx.shop.id).values_list("account__email_key", flat=True)
    return {str(key) for key in await members}


def _read(text: str, place: int) -> Email:
    with blaming("recipients", place):
        try:
            return read_email(text)
        except InvalidInput as refusal:
            refusal.path = ()  # `email` is what it is called elsewhere
            raise
