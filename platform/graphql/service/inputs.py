"""What mutations of customers take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import strawberry
from strawberry.utils.str_converters import to_camel_case

from stoa.domains import service
from stoa.graphql.orders.inputs import AddressInput, optional
from stoa.graphql.scalars import read_id
from stoa.graphql.service.shapes import ConsentWay
from stoa.graphql.service.types import IdentityKind
from stoa.kit.errors import InvalidInput

VERSION = "The version you read: refused when it has been changed since."


def given(description: str) -> Any:
    """A field that may be left out; what is left out stays as it is."""
    return strawberry.field(default=strawberry.UNSET, description=description)


@strawberry.input(description="Something to be noted of a customer besides.")
class CustomerMetadataInput:
    key: str = strawberry.field(description="What; 60 letters at the most.")
    value: str | None = optional("As text; null takes it away.")


@strawberry.input(description="A customer to be made: something must be known of them.")
class CustomerCreateInput:
    name: str = optional("As they call themselves.", "")
    email: str = optional("Their e-mail: they are known by it.", "")
    phone: str = optional("Their phone: they are known by it.", "")
    channel_id: str = optional("A channel's own id for them, e.g. wechat:oAbc.", "")
    locale: str = optional("The language they read: zh or en.", "")
    note: str = optional("For the shop alone.", "")
    tags: list[str] = strawberry.field(default_factory=list, description="The shop's marks on them.")
    metadata: list[CustomerMetadataInput] = strawberry.field(default_factory=list, description="What is noted besides.")

    def draft(self) -> service.CustomerDraft:
        names = ("name", "email", "phone", "channel_id", "locale", "note", "tags")
        values: dict[str, Any] = {name: getattr(self, name) for name in names}
        entries = {key: value for key, value in _entries(self.metadata).items() if value is not None}
        return service.CustomerDraft(**values, metadata=entries)


@strawberry.input(description="Changes to a customer; what is left out stays.")
class CustomerUpdateInput:
    id: strawberry.ID = strawberry.field(description="Which customer.")
    expected_version: int | None = optional(VERSION)
    name: str | None = given("As they call themselves.")
    email: str | None = given("Their e-mail: they are known by it, and not by the old one any more. May be empty.")
    phone: str | None = given("Their phone: they are known by it, and not by the old one any more. May be empty.")
    locale: str | None = given("The language they read: zh or en; may be empty.")
    note: str | None = given("For the shop alone.")
    tags: list[str] | None = given("The shop's marks on them, all of them.")
    metadata: list[CustomerMetadataInput] | None = given("What is noted besides; keys that are not named stay.")

    def changes(self) -> service.CustomerChanges:
        said = {name: getattr(self, name) for name in service.CustomerChanges.__annotations__}
        said = {name: value for name, value in said.items() if value is not strawberry.UNSET}
        for name, value in said.items():
            if value is None:
                raise InvalidInput(
                    "{name} cannot be null: leave it out to leave it as it is.", path=[name], name=to_camel_case(name)
                )
        if "metadata" in said:
            said["metadata"] = _entries(said["metadata"])
        return cast(service.CustomerChanges, said)


@strawberry.input(description="An address to be added.")
class CustomerAddressAddInput:
    customer_id: strawberry.ID = strawberry.field(description="Whose.")
    address: AddressInput = strawberry.field(description="Where.")
    is_default: bool = optional("Whether it is meant unless they say another; the first always is.", False)


@strawberry.input(description="An address to be changed.")
class CustomerAddressUpdateInput:
    customer_id: strawberry.ID = strawberry.field(description="Whose.")
    address_id: strawberry.ID = strawberry.field(description="Which.")
    address: AddressInput | None = optional("Where, the whole of it; null: as it was.")
    is_default: bool = optional("Whether it becomes the one that is meant unless they say another.", False)


@strawberry.input(description="An address to be removed.")
class CustomerAddressRemoveInput:
    customer_id: strawberry.ID = strawberry.field(description="Whose.")
    address_id: strawberry.ID = strawberry.field(description="Which.")


@strawberry.input(description="What somebody agreed to, or does not agree to any more.")
class CustomerConsentSetInput:
    customer_id: strawberry.ID = strawberry.field(description="Who.")
    way: ConsentWay = strawberry.field(description="By which way they may be told something.")
    granted: bool = strawberry.field(description="Whether they agree.")
    source: str = strawberry.field(description="Where it was said: one word of the shop's, e.g. checkout, phone.")
    proof: str = optional("What was said or shown to them.", "")
    at: datetime | None = optional("When they said so; null: now.")

    def consent(self) -> service.Consent:
        return service.Consent(self.way, self.granted, self.source, self.proof, self.at)


@strawberry.input(description="One thing more that a customer is known by.")
class CustomerIdentityAddInput:
    customer_id: strawberry.ID = strawberry.field(description="Who.")
    kind: IdentityKind = strawberry.field(description="What it is.")
    value: str = strawberry.field(description="The e-mail, the phone, or the channel's id, e.g. wechat:oAbc.")


@strawberry.input(description="Which of the things that a customer is known by.")
class CustomerIdentityRemoveInput:
    id: strawberry.ID = strawberry.field(description="The identity's id.")


@strawberry.input(description="Two customers who are one.")
class CustomersMergeInput:
    kept_id: strawberry.ID = strawberry.field(description="The one that stays.")
    gone_id: strawberry.ID = strawberry.field(description="The one that goes into it.")
    expected_version: int | None = optional("The version you read of the one that stays.")


@strawberry.input(description="Which merge is meant.")
class CustomerMergeUndoInput:
    id: strawberry.ID = strawberry.field(description="The merge's id.")


@strawberry.input(description="Who is to be forgotten.")
class CustomerEraseInput:
    id: strawberry.ID = strawberry.field(description="The customer's id.")


def customer(name: str, id: strawberry.ID) -> UUID:
    return read_id(name, id, "cust")


def _entries(given: Sequence[CustomerMetadataInput]) -> dict[str, str | None]:
    found = {each.key: each.value for each in given}
    if len(found) < len(given):
        raise InvalidInput("A key is named twice.", path=["metadata"])
    return found
