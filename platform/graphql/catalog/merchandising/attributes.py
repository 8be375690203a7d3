"""Attributes: defining them, and giving products values."""

from __future__ import annotations

import strawberry

from stoa.domains.catalog import merchandising
from stoa.domains.catalog.changing import SAME
from stoa.domains.catalog.merchandising import Choice
from stoa.graphql.catalog.inputs import changed, given, optional
from stoa.graphql.catalog.merchandising.categories import DeletePayload
from stoa.graphql.catalog.merchandising.rows import RowsPayload, answered, read_products
from stoa.graphql.catalog.merchandising.types import Attribute, AttributeType
from stoa.graphql.catalog.naming import NameTranslationInput, given_translations
from stoa.graphql.catalog.valuing import AttributeValuesInput, values_by_key
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.reading.declaring import fetched, root
from stoa.graphql.scalars import read_id
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context


@strawberry.input(description="A value that an attribute of type CHOICE may have.")
class AttributeChoiceInput:
    value: str = strawberry.field(description="As products will have it.")
    translations: list[NameTranslationInput] = strawberry.field(
        default_factory=list, description="What it is called in other languages."
    )

    def read(self) -> Choice:
        return Choice(self.value, given_translations(self.translations))


@strawberry.input(description="An attribute to be defined.")
class AttributeDefineInput:
    key: str = strawberry.field(description="Its name for programs: small letters, digits, _; unique in the shop.")
    name: str = strawberry.field(description="As shown to people.")
    type: AttributeType = strawberry.field(description="What kind of values it has.")
    translations: list[NameTranslationInput] = strawberry.field(
        default_factory=list, description="Its name in other languages."
    )
    unit: str = optional("What its numbers count.", "")
    choices: list[AttributeChoiceInput] = strawberry.field(
        default_factory=list, description="What a CHOICE may be; of that type alone."
    )
    is_facet: bool = optional("Whether lists offer to narrow themselves by it.", True)
    is_multiple: bool = optional("Whether a product may have several values of it.", False)
    position: int = optional("Its place among the attributes.", 0)
    idempotency_key: str | None = optional("Any text of your own: a request with the same key is done once.")

    def draft(self) -> merchandising.AttributeDraft:
        return merchandising.AttributeDraft(
            key=self.key,
            name=self.name,
            type=self.type,
            translations=given_translations(self.translations),
            unit=self.unit,
            choices=[each.read() for each in self.choices],
            is_facet=self.is_facet,
            is_multiple=self.is_multiple,
            position=self.position,
        )


@strawberry.input(description="Changes to an attribute; what is left out stays.")
class AttributeUpdateInput:
    id: strawberry.ID = strawberry.field(description="Which attribute.")
    expected_version: int | None = optional("The version you read: refused when it has been changed since.")
    name: str | None = given("As shown to people.")
    type: AttributeType | None = given("What kind of values it has; refused while products have any.")
    translations: list[NameTranslationInput] | None = given("Its name in other languages, all of them.")
    unit: str | None = given("What its numbers count.")
    choices: list[AttributeChoiceInput] | None = given("All that a CHOICE may be; one in use cannot be left out.")
    is_facet: bool | None = given("Whether lists offer to narrow themselves by it.")
    is_multiple: bool | None = given("Whether a product may have several values of it.")
    position: int | None = given("Its place among the attributes.")
    idempotency_key: str | None = optional("Any text of your own: a request with the same key is done once.")

    def changes(self) -> merchandising.AttributeChanges:
        translations, choices = changed(self, "translations"), changed(self, "choices")
        plain = {name: changed(self, name) for name in ("name", "type", "unit", "is_facet", "is_multiple", "position")}
        return merchandising.AttributeChanges(
            translations=SAME if translations is SAME else given_translations(translations),
            choices=SAME if choices is SAME else [each.read() for each in choices],
            **plain,
        )


@strawberry.input(description="Which attribute is to be taken away.")
class AttributeDeleteInput:
    id: strawberry.ID = strawberry.field(description="The attribute's id.")
    with_values: bool = optional("Whether the values that products have of it may go with it.", False)


@strawberry.input(description="Products, and the values that all of them are to have.")
class ProductAttributesSetInput:
    product_ids: list[strawberry.ID] = strawberry.field(description="The products; 250 at the most.")
    values: list[AttributeValuesInput] = strawberry.field(description="By attribute; those not named stay.")


@root
class AttributePayload(Payload):
    """An attribute after a mutation."""

    attribute: Attribute | None = fetched("The attribute as it is now; null when there are errors.")


@shop_mutation(Scope.CATALOG_WRITE, "Define an attribute.")
async def attribute_define(ctx: Context, input: AttributeDefineInput) -> AttributePayload:
    attribute = await merchandising.define_attribute(ctx, input.draft())
    return AttributePayload.of(attribute=attribute.id)


@shop_mutation(Scope.CATALOG_WRITE, "Change an attribute; refused where values of products would no longer fit.")
async def attribute_update(ctx: Context, input: AttributeUpdateInput) -> AttributePayload:
    attribute = await merchandising.update_attribute(
        ctx, read_id("id", input.id, "attr"), input.changes(), expected_version=input.expected_version
    )
    return AttributePayload.of(attribute=attribute.id)


@shop_mutation(Scope.CATALOG_WRITE, "Take an attribute away.")
async def attribute_delete(ctx: Context, input: AttributeDeleteInput) -> DeletePayload:
    await merchandising.delete_attribute(ctx, read_id("id", input.id, "attr"), with_values=input.with_values)
    return DeletePayload(deleted_id=input.id)


@shop_mutation(Scope.CATALOG_WRITE, "Give products values of attributes. Twice changes nothing.", once=True)
async def product_attributes_set(ctx: Context, input: ProductAttributesSetInput) -> RowsPayload:
    products = read_products(input.product_ids)
    values = values_by_key("values", input.values)
    return answered(await merchandising.set_attributes(ctx, products, values))  # type: ignore[no-any-return]
