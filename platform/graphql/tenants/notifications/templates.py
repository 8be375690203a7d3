"""Templates of notifications: made, changed, taken away, and seen before anybody is sent them."""

from __future__ import annotations

from typing import Annotated, Any, cast

import strawberry
from strawberry.types import Info

from stoa.domains.catalog import SAME
from stoa.graphql.catalog.inputs import changed, given, optional
from stoa.graphql.catalog.merchandising.categories import DeletePayload
from stoa.graphql.context import GraphContext
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.paging import Connection
from stoa.graphql.reading.declaring import fetched, one_of, page_of, root
from stoa.graphql.scalars import read_id
from stoa.graphql.tenants.notifications.types import NotificationTemplate
from stoa.kit.languages import LOCALES, Locale
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context
from stoa.tenants.notifying import templates


@strawberry.input(description="A text in one language or both.")
class NotificationTextsInput:
    en: str | None = optional("In English.")
    zh: str | None = optional("In Chinese.")

    def read(self) -> dict[Locale, str]:
        said = {locale: getattr(self, locale) for locale in LOCALES}
        return cast(dict[Locale, str], {locale: text for locale, text in said.items() if text is not None})


def _texts(given: NotificationTextsInput | None) -> dict[Locale, str]:
    return {} if given is None else given.read()


@strawberry.input(description="A template to be made. What is left out is said as by default.")
class NotificationTemplateCreateInput:
    notice: str = strawberry.field(description="The kind of news: a key of `notificationNotices`.")
    name: str = strawberry.field(description="What people call it.")
    title: NotificationTextsInput | None = optional("One line of 200 letters: a subject, a text message.")
    body: NotificationTextsInput | None = optional("All of it, as plain text of 5,000 letters.")

    def draft(self) -> templates.TemplateDraft:
        return templates.TemplateDraft(self.notice, self.name, _texts(self.title), _texts(self.body))


@strawberry.input(description="Changes to a template; what is left out stays, each language by itself.")
class NotificationTemplateUpdateInput:
    id: strawberry.ID = strawberry.field(description="Which template.")
    expected_version: int | None = optional("The version you read: refused when it has been changed since.")
    name: str | None = given("What people call it.")
    title: NotificationTextsInput | None = given("One line of 200 letters: a subject, a text message.")
    body: NotificationTextsInput | None = given("All of it, as plain text of 5,000 letters.")

    def changes(self) -> dict[str, Any]:
        said = {name: value for name in ("name", "title", "body") if (value := changed(self, name)) is not SAME}
        return {name: value if name == "name" else value.read() for name, value in said.items()}


@strawberry.input(description="Which template is meant.")
class NotificationTemplateRefInput:
    id: strawberry.ID = strawberry.field(description="The template's id.")


@root
class NotificationTemplatePayload(Payload):
    """A template after a mutation."""

    template: NotificationTemplate | None = fetched("The template as it is now; null when there are errors.")


@strawberry.type(description="A message as it would be.")
class NotificationPreview:
    locale: str = strawberry.field(description="The language it is in.")
    title: str = strawberry.field(description="In one line.")
    body: str = strawberry.field(description="In full, as plain text.")
    html: str = strawberry.field(description="In full, as a mail shows it.")
    is_real: bool = strawberry.field(description="Whether it tells of an event of the shop; false: of samples.")


@root
class NotificationTemplateQueries:
    """What can be asked of templates."""

    notification_template: NotificationTemplate | None = one_of("One template by its id.")
    notification_templates: Connection[NotificationTemplate] = page_of("The shop's own templates.")


@strawberry.type
class NotificationPreviewQueries:
    """What can be asked before anybody is told."""

    @strawberry.field(
        description="A message in every language, to nobody: of these texts, else of the template, else of the "
        f"default. Refused as saving it would be. Needs the scope `{Scope.SHOP_READ}`."
    )
    async def notification_preview(
        self,
        info: Info[GraphContext, None],
        notice: Annotated[str, strawberry.argument(description="The kind of news.")],
        title: Annotated[NotificationTextsInput | None, strawberry.argument(description="One line.")] = None,
        body: Annotated[NotificationTextsInput | None, strawberry.argument(description="All of it.")] = None,
        template_id: Annotated[strawberry.ID | None, strawberry.argument(description="A template of yours.")] = None,
        is_real: Annotated[
            bool,
            strawberry.argument(
                description="By the shop's latest event of that kind, and not by samples; where there is none among "
                f"its last {templates.MOST_SEARCHED:,} events, by samples after all. Needs the notice's own scope, too."
            ),
        ] = False,
    ) -> list[NotificationPreview]:
        ctx = info.context.require(Scope.SHOP_READ, "notificationPreview")
        template = None if template_id is None else read_id("template_id", template_id, "ntpl")
        found = await templates.preview(ctx, notice, _texts(title), _texts(body), template_id=template, is_real=is_real)
        return [
            NotificationPreview(
                locale=each.locale, title=each.title, body=each.body, html=each.html, is_real=each.is_real
            )
            for each in found
        ]


@shop_mutation(
    Scope.SHOP_WRITE, "Make a template for the texts of a notice. Variables it does not know are refused.", once=True
)
async def notification_template_create(
    ctx: Context, input: NotificationTemplateCreateInput
) -> NotificationTemplatePayload:
    return NotificationTemplatePayload.of(template=(await templates.create_template(ctx, input.draft())).id)


@shop_mutation(Scope.SHOP_WRITE, "Change a template; what is left out stays.")
async def notification_template_update(
    ctx: Context, input: NotificationTemplateUpdateInput
) -> NotificationTemplatePayload:
    template_id = read_id("id", input.id, "ntpl")
    row = await templates.update_template(ctx, template_id, input.changes(), expected_version=input.expected_version)
    return NotificationTemplatePayload.of(template=row.id)


@shop_mutation(Scope.SHOP_WRITE, "Take a template away that no rule speaks by.")
async def notification_template_delete(ctx: Context, input: NotificationTemplateRefInput) -> DeletePayload:
    await templates.delete_template(ctx, read_id("id", input.id, "ntpl"))
    return DeletePayload(deleted_id=input.id)


@strawberry.type
class NotificationTemplateMutations:
    """What can be done to templates."""

    notification_template_create = notification_template_create
    notification_template_update = notification_template_update
    notification_template_delete = notification_template_delete
