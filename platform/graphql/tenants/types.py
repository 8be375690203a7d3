"""People, shops and keys as GraphQL shows them: few rows, read by their operations and not by the planner."""

from __future__ import annotations

from datetime import datetime

import strawberry

from stoa.graphql.enums import shown_enum
from stoa.kit.ids import type_id
from stoa.tenants import models
from stoa.tenants.access.scopes import Role as RoleEnum
from stoa.tenants.context import ShopRef

Role = shown_enum(
    RoleEnum,
    "What a person is in a shop: a bundle of scopes.",
    OWNER="May do everything.",
    MANAGER="Runs the shop, but changes neither its people nor its books.",
    STAFF="Serves buyers; sees no cost and no profit.",
    VIEWER="Sees; neither buyers' personal data nor the books.",
)


@strawberry.type(description="A shop: one merchant's, with tables of its own.")
class Shop:
    id: strawberry.ID = strawberry.field(description="Send it as the header `Stoa-Shop`.")
    name: str = strawberry.field(description="As the merchant calls it.")
    currency: str = strawberry.field(description="ISO 4217: what its prices are in.")
    time_zone: str = strawberry.field(description="Where its days begin and end, e.g. Asia/Shanghai.")

    @classmethod
    def of(cls, shop: ShopRef) -> Shop:
        return cls(
            id=strawberry.ID(type_id("shop", shop.id)), name=shop.name, currency=shop.currency, time_zone=shop.time_zone
        )


@strawberry.type(description="A person's place in a shop.")
class Membership:
    shop: Shop = strawberry.field(description="The shop.")
    role: Role = strawberry.field(description="What the person is there.")  # type: ignore[valid-type]


@strawberry.type(description="A person who signs in.")
class Account:
    id: strawberry.ID = strawberry.field(description="The account's id.")
    email: str = strawberry.field(description="What the person signs in with.")
    name: str = strawberry.field(description="As the person is called.")
    locale: str = strawberry.field(description="The language the person reads: en or zh.")

    @classmethod
    def of(cls, account: models.Account) -> Account:
        return cls(
            id=strawberry.ID(type_id("acct", account.id)), email=account.email, name=account.name, locale=account.locale
        )


@strawberry.type(description="Who asks, and what for.")
class Me:
    account: Account = strawberry.field(description="The person, or the one who made the token.")
    shop: Shop | None = strawberry.field(description="The shop this request is about.")
    scopes: list[str] = strawberry.field(description="What the credential may do there.")
    memberships: list[Membership] = strawberry.field(description="The person's shops; a token sees its own alone.")
    csrf_token: str | None = strawberry.field(
        description="What a browser with a session sends as the header `Stoa-Csrf`; null for tokens."
    )


@strawberry.type(description="A browser that is signed in.")
class Session:
    id: strawberry.ID = strawberry.field(description="The session's id.")
    address: str = strawberry.field(description="From where it was begun.")
    user_agent: str = strawberry.field(description="What the browser says it is.")
    created_at: datetime = strawberry.field(description="When it was begun.")
    seen_at: datetime = strawberry.field(description="When it was used last, to the minute.")
    is_current: bool = strawberry.field(description="Whether this request came with it.")


@strawberry.type(description="A person who works in the shop.")
class Member:
    id: strawberry.ID = strawberry.field(description="The membership's id.")
    account: Account = strawberry.field(description="The person.")
    role: Role = strawberry.field(description="What the person is here.")  # type: ignore[valid-type]

    @classmethod
    def of(cls, membership: models.Membership) -> Member:
        return cls(
            id=strawberry.ID(type_id("mem", membership.id)),
            account=Account.of(membership.account),
            role=RoleEnum(membership.role),
        )


@strawberry.type(description="A program's key to this shop; its secret is shown once, when it is made.")
class ApiToken:
    id: strawberry.ID = strawberry.field(description="The token's id.")
    name: str = strawberry.field(description="What it is for.")
    hint: str = strawberry.field(description="The first letters of the secret, to tell tokens apart.")
    scopes: list[str] = strawberry.field(description="What it may do.")
    trusted_documents_only: bool = strawberry.field(description="Whether it runs registered documents only.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(description="When it ends by itself.")
    used_at: datetime | None = strawberry.field(description="When it was used last, to the minute.")

    @classmethod
    def of(cls, token: models.ApiToken) -> ApiToken:
        return cls(
            id=strawberry.ID(type_id("tok", token.id)),
            name=token.name,
            hint=token.hint,
            scopes=list(token.scopes),
            trusted_documents_only=token.trusted_documents_only,
            created_at=token.created_at,
            expires_at=token.expires_at,
            used_at=token.used_at,
        )
