"""Check what is to be done in bulk before it is: that it parses, is valid, of the form, not too large, and allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import orjson
from graphql import GraphQLError, OperationDefinitionNode, OperationType
from graphql.execution.values import VariableValues, get_variable_values

from stoa.graphql.bulk.errors import InvalidBulkDocument, NotForBulk
from stoa.graphql.bulk.form import AFTER, ID, Form, form_of
from stoa.graphql.documents import Document, InvalidDocument
from stoa.graphql.errors import TooComplex
from stoa.graphql.limits import check_variables
from stoa.graphql.mutations import NEEDS
from stoa.graphql.reading.fetching import require_rights
from stoa.graphql.reading.selecting import Selection
from stoa.graphql.within import InnerContext, asked_of, document_of, executor, inner_context
from stoa.kit.errors import InvalidInput, Refusal, blaming
from stoa.tenants.access.rights import rights_of
from stoa.tenants.context import Context

MAX_PAGE = 20_000  # points of one page: about as many objects are in memory at once
# How many of a list, of lists in it, and of lists in those come at once: the first row that is not too much.
SIZES = ((100, 100, 100), (100, 50, 20), (50, 25, 10), (20, 20, 10), (10, 10, 10), (5, 5, 5), (1, 1, 1))
# Mutations of the shop that are no work on its things, one line after the other.
NOT_IN_BULK = frozenset(
    (
        *("apiTokenCreate", "apiTokenRevoke", "memberRoleChange", "memberRemove", "trustedDocumentAdd"),
        *("uploadStage", "productImportStart", "orderImportStart", "productExportStart", "productBulkEditStart"),
        *("bulkQueryRun", "bulkMutationRun", "bulkRunCancel", "jobCancel", "jobReplay"),
        *("webhookCreate", "webhookUpdate", "webhookDelete", "webhookSecretRotate", "webhookTest", "webhookReplay"),
        *("reportRun", "reportScheduleCreate", "reportScheduleUpdate"),
    )
)


@dataclass(frozen=True, slots=True)
class BulkQuery:
    """A query that may be read in bulk, its variables coerced when it is run; `needs` are the rights that it takes."""

    form: Form
    variables: dict[str, Any]
    needs: frozenset[str]


@dataclass(frozen=True, slots=True)
class BulkMutation:
    """A mutation that may be done line by line."""

    document: Document
    operation: OperationDefinitionNode
    needs: frozenset[str]


def read_variables(text: str | None) -> dict[str, Any]:
    """The variables of a query, which come as the text of a JSON object."""
    if text is None:
        return {}
    with blaming("variables"):
        try:
            read = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise InvalidInput("The variables are not JSON: {error}.", error=str(error)) from None
        if not isinstance(read, dict):
            raise InvalidInput("The variables must be an object.")
        check_variables(read)
        return read


async def check_query(ctx: Context, text: str, variables: Mapping[str, Any]) -> BulkQuery:
    """Refuse what cannot be read in bulk by whoever asks. It is asked once, for none of its rows: so all that could be
    wrong with its arguments, and all rights that are missing, are told now."""
    with blaming("query"):
        document, operation = _read(text)
        form = form_of(executor().schema, document, operation, _asked(document, operation, variables))
        _size(form, variables)
        context = inner_context(ctx, form.pages(first=0), in_order_of_ids=True)
        await asked_of(context, variables)
    return BulkQuery(form, dict(variables), frozenset(context.needed))


async def check_mutation(ctx: Context, text: str) -> BulkMutation:
    """Refuse what cannot be done line by line by whoever asks."""
    with blaming("mutation"):
        document, operation = _read(text)
        if operation.operation is not OperationType.MUTATION:
            raise NotForBulk("A bulk mutation is a mutation, not a {kind}.", kind=operation.operation.value)
        context = inner_context(ctx, document)
        try:
            _check_rights(document, operation, context)
        except GraphQLError:
            raise NotForBulk("What a bulk mutation answers cannot hang on variables by @skip or @include.") from None
    return BulkMutation(document, operation, frozenset(context.needed))


async def check_trust(ctx: Context, text: str) -> None:
    """A credential that may run registered documents alone may do so in bulk as well, and no others. Raises
    `DocumentNotTrusted`."""
    rights = await rights_of(ctx.actor, ctx.shop.id)
    if rights is not None and rights.trusted_documents_only:
        await executor().trusted.text_of(ctx.shop.id, None, text)


def _read(text: str) -> tuple[Document, OperationDefinitionNode]:
    try:
        document = document_of(text)
    except InvalidDocument as invalid:
        error = invalid.errors[0]
        if isinstance(error.original_error, Refusal):
            raise error.original_error from None
        raise InvalidBulkDocument("The document is not valid: {message}", message=error.message) from None
    return document, document.operation(None)


def _asked(document: Document, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> Any:
    """What `Selection` wants to know: with the variables coerced. Raises `InvalidInput` when they do not fit."""
    taken = {AFTER, ID} & {each.variable.name.value for each in operation.variable_definitions or ()}
    if taken:
        raise NotForBulk("The name ${name} is taken: call the variable something else.", name=taken.pop())
    coerced = coerced_variables(operation, variables)
    if not isinstance(coerced, VariableValues):
        with blaming("variables"):
            raise InvalidInput("The variables do not fit: {message}", message=coerced[0].message)
    return SimpleNamespace(schema=executor().schema, fragments=document.fragments, variable_values=coerced.coerced)


def coerced_variables(
    operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> VariableValues | list[GraphQLError]:
    wanted = operation.variable_definitions or ()
    return get_variable_values(executor().schema, wanted, dict(variables), max_errors=5)


def _size(form: Form, variables: Mapping[str, Any]) -> None:
    """Decide how many come at once. Raises `TooComplex` when even one by one is too much."""
    cost = 0
    for sizes in SIZES:
        form.root.resize(sizes)
        document = form.pages()
        cost = executor().prices.of(document.operation(None), {}, dict(variables))
        if cost <= MAX_PAGE:
            return
    raise TooComplex(
        "The query costs {cost} points; {limit} are allowed. Ask for less at once.", cost=cost, limit=MAX_PAGE
    )


def _check_rights(document: Document, operation: OperationDefinitionNode, context: InnerContext) -> None:
    """Of the one mutation that the document does, and of what it answers."""
    schema = executor().schema
    info: Any = SimpleNamespace(schema=schema, fragments=document.fragments, variable_values={}, context=context)
    assert schema.mutation_type is not None
    asked = Selection(info).below(schema.mutation_type, [operation])  # type: ignore[list-item]  # has a selection set
    names = [nodes[0].name.value for nodes in asked.values()]
    if len(names) != 1 or names[0].startswith("__"):
        raise NotForBulk(
            "A bulk mutation does one thing for each line; this one: {names}.", names=", ".join(names)[:200]
        )
    [name], [nodes] = names, asked.values()
    field = schema.mutation_type.fields[name]
    if field.extensions[NEEDS] is None or name in NOT_IN_BULK:
        raise NotForBulk("{name} is not done in bulk.", name=name)
    context.require(field.extensions[NEEDS], name)
    info.field_nodes, info.return_type = nodes, field.type
    require_rights(info)
