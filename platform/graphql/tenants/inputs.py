"""What signing up, signing in and the keeping of keys take."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from stoa.graphql.tenants.types import Role


def _said(description: str, **options: Any) -> Any:
    return strawberry.field(description=description, **options)


@strawberry.input(description="A newcomer and the shop they want.")
class AccountOpenInput:
    email: str = _said("What you will sign in with.")
    password: str = _said("10 to 200 characters.")
    name: str = _said("As you are called.")
    shop_name: str = _said("As the shop is called.")
    currency: str = _said("ISO 4217: what its prices are in.")
    time_zone: str = _said("Where its days begin and end, e.g. Asia/Shanghai.")
    locale: str = _said("The language you read: en or zh.", default="en")


@strawberry.input(description="One more shop for the person who asks.")
class ShopOpenInput:
    name: str = _said("As the shop is called.")
    currency: str = _said("ISO 4217: what its prices are in.")
    time_zone: str = _said("Where its days begin and end, e.g. Asia/Shanghai.")
    locale: str = _said("The language of the shop: en or zh.", default="en")


@strawberry.input(description="What a person signs in with.")
class SessionStartInput:
    email: str = _said("The e-mail of the account.")
    password: str = _said("Its password.")


@strawberry.input(description="Which sessions end.")
class SessionEndInput:
    everywhere: bool = _said("All of the person's sessions and not this one alone.", default=False)


@strawberry.input(description="A key for a program.")
class ApiTokenCreateInput:
    name: str = _said("What it is for.")
    scopes: list[str] = _said("What it may do: no more than you may.")
    expires_at: datetime | None = _said("When it ends by itself.", default=None)
    trusted_documents_only: bool = _said("Whether it runs registered documents only.", default=False)


@strawberry.input(description="Which token ends.")
class ApiTokenRevokeInput:
    id: strawberry.ID = _said("The token's id.")


@strawberry.input(description="What a person is to be in the shop.")
class MemberRoleChangeInput:
    id: strawberry.ID = _said("The membership's id.")
    role: Role = _said("The new role.")


@strawberry.input(description="Who leaves the shop.")
class MemberRemoveInput:
    id: strawberry.ID = _said("The membership's id.")


@strawberry.input(description="A file that is about to be sent.")
class UploadStageInput:
    file_name: str = _said("As it is called on your side.")
    content_type: str = _said("Its media type, e.g. text/csv.")
    size: int = _said("Its size in bytes.")


@strawberry.input(description="A GraphQL document that credentials in allow-list mode may run.")
class TrustedDocumentAddInput:
    body: str = _said("The document, to the letter.")
