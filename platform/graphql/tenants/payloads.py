"""The payload of a webhook is an answer to the merchant's own query: checked when it is saved, run when it is sent.

It runs with the scopes that it was found to need when it was saved, and with nothing more; whoever saved it had them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from graphql import NonNullTypeNode, OperationDefinitionNode, OperationType

from stoa.graphql.answers import Answer
from stoa.graphql.documents import InvalidDocument
from stoa.graphql.reading.declared import TYPES
from stoa.graphql.tenants.topics import TEST, TOPIC_OF, Topic
from stoa.graphql.within import InnerContext, ask, document_of, executor, inner_context
from stoa.kit.errors import Refusal
from stoa.kit.ids import new_id, prefix_of, type_id
from stoa.tenants.context import Actor, Context
from stoa.tenants.hooks.enveloping import Happened, Payload
from stoa.tenants.hooks.errors import PayloadFailed, QueryRefused
from stoa.tenants.hooks.models import Webhook

# What is wrong with a query as such, whatever it is asked about.
OF_THE_QUERY: Final = frozenset(
    {
        *("GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "INVALID"),
        *("PERMISSION_DENIED", "TOO_COMPLEX", "UNAUTHENTICATED"),
    }
)


async def scopes_needed(ctx: Context, query: str, topics: Sequence[Topic]) -> list[str]:
    """Check that the query can be run for each of the topics, with the rights of `ctx`; and say which of them it needs.

    It is run once for each kind of thing that the topics are about, with an id that nobody has. Raises `QueryRefused`.
    """
    operation = _operation_of(query)
    scopes: set[str] = set()
    for topic in _of_each_form(topics):
        _check_variables(operation, topic)
        told = {field: new_id() for field, _ in topic.ids.values()}
        context = inner_context(_as_program(ctx, new_id(), "webhook", ctx.scopes))
        answer = await _run(context, query, _declared(operation, topic.variables(told)))
        if why := _complaint(answer):
            raise QueryRefused("The query cannot be run for {topic}: {why}", path=["query"], topic=topic.name, why=why)
        scopes |= context.needed
    return sorted(scopes)


async def make_payload(ctx: Context, hook: Webhook, happened: Happened) -> Payload:
    """Run the hook's query for an event. Raises `QueryRefused`, and `PayloadFailed` when another time may do."""
    topic = TEST if happened.name == TEST.event.__name__ else TOPIC_OF.get(happened.name)
    if topic is None:
        raise PayloadFailed("There is no topic for {name} any more.", name=happened.name)
    if topic is TEST:
        about = str(happened.fields.get("about", ""))
        variables = {"id": about}
    else:
        about, variables = type_id(topic.prefix, happened.subject_id), topic.variables(happened.fields)
    program = _as_program(ctx, hook.id, hook.name, hook.scopes)
    try:
        data = await _data(program, hook.query, variables) if about else None
    except QueryRefused as refused:
        if topic is not TEST:
            raise
        # What a test is about is anybody's choice: that its query does not fit it says nothing against the hook
        raise PayloadFailed("The query cannot be run for {about}: {why}", about=about, why=refused.sentence) from None
    about = about or type_id(topic.prefix, happened.subject_id)
    return Payload(topic.name, {"kind": kind_of(prefix_of(about)), "id": about}, data)


def kind_of(prefix: str) -> str | None:
    """The GraphQL type of the things whose ids begin like this."""
    return next((stored.name for stored in TYPES.values() if stored.prefix == prefix), None)


async def _data(ctx: Context, query: str, variables: Mapping[str, str]) -> Any:
    try:
        answer = await _run(inner_context(ctx), query, _declared(_operation_of(query), variables))
    except TimeoutError:
        raise PayloadFailed("The query took too long.") from None
    if why := _complaint(answer):
        if answer.code in OF_THE_QUERY:
            raise QueryRefused("The query cannot be run any more: {why}", path=["query"], why=why)
        raise PayloadFailed("The query could not be answered: {why}", why=why)
    return answer.body["data"]


async def _run(context: InnerContext, query: str, variables: dict[str, Any]) -> Answer:
    async with asyncio.timeout(executor().seconds):
        return await ask(context, query, variables)


def _as_program(ctx: Context, id: UUID, name: str, scopes: Iterable[str]) -> Context:
    """A hook is a program of the shop's: it has the scopes that it was given, and no person behind it."""
    return replace(ctx, actor=Actor("token", id, name), scopes=frozenset(scopes))


def _operation_of(query: str) -> OperationDefinitionNode:
    try:
        operations = list(document_of(query).operations.values())
    except InvalidDocument as invalid:
        why = invalid.errors[0].message
        raise QueryRefused("The query is not valid: {why}", path=["query"], why=why[:300]) from None
    except Refusal as refusal:
        raise QueryRefused("The query is not valid: {why}", path=["query"], why=refusal.sentence) from None
    if len(operations) != 1 or operations[0].operation is not OperationType.QUERY:
        raise QueryRefused("A payload is one query: no mutation, no subscription, no second operation.", path=["query"])
    return operations[0]


def _of_each_form(topics: Sequence[Topic]) -> Iterable[Topic]:
    """Topics whose events have the same ids are asked for alike."""
    return {tuple(sorted(each.ids.items())): each for each in topics}.values()


def _check_variables(operation: OperationDefinitionNode, topic: Topic) -> None:
    for each in operation.variable_definitions or ():
        name = each.variable.name.value
        is_optional = each.default_value is not None or not isinstance(each.type, NonNullTypeNode)
        if name not in topic.ids and not is_optional:
            raise QueryRefused(
                "{topic} has no ${variable}; it has {known}.",
                path=["query"],
                topic=topic.name,
                variable=name,
                known=", ".join(f"${known}" for known in topic.ids),
            )


def _declared(operation: OperationDefinitionNode, variables: Mapping[str, str]) -> dict[str, Any]:
    names = {each.variable.name.value for each in operation.variable_definitions or ()}
    return {name: value for name, value in variables.items() if name in names}


def _complaint(answer: Answer) -> str:
    errors = answer.body.get("errors")
    return str(errors[0]["message"])[:300] if errors else ""
