"""What one GraphQL request carries: who asks, for which shop, with which document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from strawberry.dataloader import DataLoader

from stoa.graphql.errors import PermissionDenied
from stoa.tenants.access.errors import NoShopChosen, NotSignedIn
from stoa.tenants.access.identifying import Identity
from stoa.tenants.context import Context

if TYPE_CHECKING:
    from stoa.graphql.documents import Document
    from stoa.graphql.serving import Services


@dataclass(slots=True)
class GraphContext:
    """`ctx` is set when the request names a shop that the credential may enter; then that shop is open as well."""

    services: Services
    request_id: str
    identity: Identity | None = None
    ctx: Context | None = None
    address: str = ""
    user_agent: str = ""
    document: Document = None  # type: ignore[assignment]  # set before execution
    in_order_of_ids: bool = False  # lists at the root come in the order in which their things were made
    statements: int = 0
    set_cookies: list[str] = field(default_factory=list)
    retry_after: int = 0  # seconds that a mutation told to wait
    session_secret: str | None = None
    identify: Callable[[], Awaitable[Identity]] | None = None
    loaders: dict[str, DataLoader[Any, Any]] = field(default_factory=dict)

    def loader(self, name: str, load: Callable[[list[Any]], Awaitable[Any]]) -> DataLoader[Any, Any]:
        """This request's loader of that name: for what is not in the shop's own tables (those the planner reads)."""
        if name not in self.loaders:
            self.loaders[name] = DataLoader(load_fn=load)
        return self.loaders[name]

    def signed_in(self) -> Identity:
        """Who asks; refuses the anonymous."""
        if self.identity is None:
            raise NotSignedIn
        return self.identity

    def account_id(self) -> UUID | None:
        """The person in whose name is asked, also from inside (within.py); None for a program there, and for Stoa."""
        if self.identity is not None:
            return self.identity.account_id
        actor = self.in_shop().actor
        return actor.id if actor.kind == "account" else None

    def in_shop(self) -> Context:
        """The context of the shop this request is about."""
        if self.ctx is None:
            self.signed_in()
            raise NoShopChosen
        return self.ctx

    def require(self, scope: str, where: str) -> Context:
        """The shop's context, if the credential holds `scope`; `where` names the field that needs it."""
        ctx = self.in_shop()
        if scope not in ctx.scopes and ctx.actor.kind != "system":
            raise PermissionDenied("{field} needs the scope {scope}.", scope=scope, field=where)
        return ctx
