"""Scopes, what a credential may do in a shop; and roles, the bundles of them that people hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, Self

from stoa.kit.errors import InvalidInput
from stoa.kit.languages import Sentence
from stoa.tenants.access.errors import BeyondYourRights, UnknownRole, UnknownScope
from stoa.tenants.context import Context


class Scope(StrEnum):
    """One right. Its `words` say to a merchant what it opens."""

    words: Sentence

    def __new__(cls, value: str, words: Sentence) -> Self:
        scope = str.__new__(cls, value)
        scope._value_, scope.words = value, words
        return scope

    SHOP_READ = "shop:read", Sentence("See the shop's name and settings.")
    SHOP_WRITE = "shop:write", Sentence("Change the shop's name and settings.")
    MEMBERS_READ = "members:read", Sentence("See who works in the shop and in which role.")
    MEMBERS_WRITE = "members:write", Sentence("Change people's roles in the shop, or remove them.")
    TOKENS_READ = "tokens:read", Sentence("See the shop's API tokens, without their secrets.")
    TOKENS_WRITE = "tokens:write", Sentence("Create and revoke the shop's API tokens.")
    CATALOG_READ = "catalog:read", Sentence("See products, categories, prices and stock.")
    CATALOG_WRITE = "catalog:write", Sentence("Change and import products, prices and stock.")
    CATALOG_COST = "catalog:cost", Sentence("See and change what the shop paid for its goods.")
    ORDERS_READ = "orders:read", Sentence("See orders, returns and deliveries.")
    ORDERS_WRITE = "orders:write", Sentence("Change orders, returns and deliveries.")
    CUSTOMERS_READ = "customers:read", Sentence("See customers and their personal data.")
    CUSTOMERS_WRITE = "customers:write", Sentence("Change customers, memberships and points.")
    SERVICE_READ = "service:read", Sentence("See conversations, tickets and reviews.")
    SERVICE_WRITE = "service:write", Sentence("Answer conversations, tickets and reviews.")
    MARKETING_READ = "marketing:read", Sentence("See campaigns, promotions and coupons.")
    MARKETING_WRITE = "marketing:write", Sentence("Change campaigns, promotions and coupons.")
    ANALYTICS_READ = "analytics:read", Sentence("See figures, reports and forecasts.")
    ANALYTICS_WRITE = "analytics:write", Sentence("Send visits and events, and arrange reports.")
    FINANCE_READ = "finance:read", Sentence("See the books: income, costs, profit.")
    FINANCE_WRITE = "finance:write", Sentence("Post to the books and close periods.")
    WEBHOOKS_READ = "webhooks:read", Sentence("See webhooks, and what was sent to them.")
    WEBHOOKS_WRITE = "webhooks:write", Sentence("Have events sent to addresses outside, pause and replay them.")


class Role(StrEnum):
    """What a person is in a shop."""

    OWNER = "OWNER"
    MANAGER = "MANAGER"
    STAFF = "STAFF"
    VIEWER = "VIEWER"


EVERY_SCOPE: Final = frozenset[str](Scope)
# A manager runs the shop but changes neither its people nor its books; staff serve buyers and see no cost or profit;
# a viewer sees neither buyers' personal data nor the books.
SCOPES_OF: Final[dict[str, frozenset[str]]] = {
    Role.OWNER: EVERY_SCOPE,
    Role.MANAGER: EVERY_SCOPE - {Scope.MEMBERS_WRITE, Scope.FINANCE_WRITE},
    Role.STAFF: frozenset(
        {
            *(Scope.SHOP_READ, Scope.MEMBERS_READ, Scope.CATALOG_READ, Scope.CATALOG_WRITE),
            *(Scope.ORDERS_READ, Scope.ORDERS_WRITE, Scope.CUSTOMERS_READ, Scope.CUSTOMERS_WRITE),
            *(Scope.SERVICE_READ, Scope.SERVICE_WRITE, Scope.MARKETING_READ),
        }
    ),
    Role.VIEWER: frozenset(
        {Scope.SHOP_READ, Scope.CATALOG_READ, Scope.ORDERS_READ, Scope.MARKETING_READ, Scope.ANALYTICS_READ}
    ),
}


def scopes_of(role: str) -> frozenset[str]:
    """The rights of a role; none for a word that is not one."""
    return SCOPES_OF.get(role, frozenset())


def read_role(text: str) -> Role:
    """The role so named. Refuses with `UnknownRole`."""
    try:
        return Role(text)
    except ValueError:
        raise UnknownRole(
            "{text!r} is not a role; the roles are {roles}.", path=["role"], text=text[:40], roles=", ".join(Role)
        ) from None


def read_scopes(texts: Sequence[str]) -> list[Scope]:
    """The scopes so named, each once, in the order of `Scope`. Refuses none at all, and any that is unknown."""
    if not texts:
        raise InvalidInput("Name at least one scope, e.g. catalog:read.", path=["scopes"])
    for position, text in enumerate(texts):
        if text not in EVERY_SCOPE:
            raise UnknownScope("{scope!r} is not a scope.", path=["scopes", position], scope=text[:40])
    return [scope for scope in Scope if scope in texts]


def require_all(ctx: Context, scopes: Iterable[str]) -> None:
    """Refuse to hand out (or take away) what the credential does not hold itself; Stoa itself may."""
    beyond = [] if ctx.actor.kind == "system" else sorted(scope for scope in scopes if scope not in ctx.scopes)
    if beyond:
        raise BeyondYourRights(
            "You do not hold {beyond} yourself.", path=["scopes"], scopes=" ".join(beyond), beyond=", ".join(beyond)
        )
