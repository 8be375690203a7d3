"""GraphQL documents, parsed and validated once: the cache, automatic persisted queries, trusted documents."""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    validate,
    visit,
)

from stoa.graphql.coercing import Coercion
from stoa.graphql.errors import DocumentNotTrusted, TooComplex, UnknownDocument
from stoa.graphql.limits import MAX_DOCUMENT, MAX_TOKENS, size_errors
from stoa.graphql.shortcut import Way
from stoa.kit.errors import InvalidInput
from stoa.tenants.context import Context
from stoa.tenants.database import platform_client
from stoa.tenants.models import TrustedDocument

KEPT = 500
TRUSTED_FOR = 5.0  # seconds for which an answer about a trusted document is remembered
MAX_ERRORS = 5
MAX_WAYS = 64  # kept of one document: @skip and @include may make many of one operation
HASH = re.compile(r"[0-9a-f]{64}")
T = TypeVar("T")


class Kept(OrderedDict[Hashable, T], Generic[T]):
    """The `KEPT` things used last."""

    def recall(self, key: Hashable) -> T | None:
        found = self.get(key)
        if found is not None:
            self.move_to_end(key)
        return found

    def keep(self, key: Hashable, value: T) -> T:
        self[key] = value
        if len(self) > KEPT:
            self.popitem(last=False)
        return value


@dataclass(slots=True, eq=False)
class Document:
    """A valid document with what has been worked out for it; both die together when the cache lets go.

    The same for every shop: nothing in it comes from anybody's data or rights.
    """

    ast: DocumentNode
    operations: dict[str, OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode]
    condition_variables: tuple[str, ...]
    plans: dict[Any, Any] = field(default_factory=dict)
    ways: dict[Any, Way] = field(default_factory=dict)
    coercions: dict[str | None, Coercion | None] = field(default_factory=dict)
    costs: dict[Any, int] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation of that name, or the only one. Raises `InvalidInput`."""
        if name is not None:
            if name not in self.operations:
                raise InvalidInput("The document has no operation named {name!r}.", name=name[:60])
            return self.operations[name]
        if len(self.operations) != 1:
            raise InvalidInput("Say by operationName which of the document's operations to run.")
        return next(iter(self.operations.values()))

    def way(self, operation: OperationDefinitionNode, variables: dict[str, Any]) -> Way:
        """What is known of running this operation with these (coerced) variables; the oldest of too many goes."""
        key = (operation.name and operation.name.value, *[variables.get(name) for name in self.condition_variables])
        way = self.ways.get(key)
        if way is None:
            if len(self.ways) >= MAX_WAYS:
                del self.ways[next(iter(self.ways))]
            way = self.ways[key] = Way()
        return way


class InvalidDocument(Exception):
    """A document that is too large, does not parse or does not validate."""

    def __init__(self, errors: list[GraphQLError], code: str) -> None:
        super().__init__(str(errors[0]))
        self.errors, self.code = errors, code


class Documents:
    """The bounded caches of one process."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._by_text: Kept[Document] = Kept()
        self._texts: Kept[str] = Kept()  # automatic persisted queries: sha256 -> text

    def known(self, text: str) -> Document | None:
        """The document of this text, if it has been read before."""
        return self._by_text.recall(text)

    def read(self, text: str) -> Document:
        """Parse and validate. Raises `InvalidDocument`, and `TooComplex` for a text that is not worth parsing."""
        if len(text) > MAX_DOCUMENT:
            raise TooComplex(
                "The document has {count} characters; {limit} are allowed. Send values as variables.",
                limit=MAX_DOCUMENT,
                count=len(text),
            )
        return self._by_text.keep(text, _read(self.schema, text))

    def text_of(self, hash: str, text: str | None) -> str:
        """Apollo's automatic persisted queries: a hash alone is enough once its text has been seen."""
        if text is None:
            found = self._texts.recall(hash)
            if found is None:
                raise UnknownDocument("PersistedQueryNotFound")  # the protocol's own words: clients look for them
            return found
        check_hash(hash, text)
        return self._texts.keep(hash, text) if len(text) <= MAX_DOCUMENT else text


def _read(schema: GraphQLSchema, text: str) -> Document:
    ast = _parsed(text)
    if errors := size_errors(ast) or validate(schema, ast, max_errors=MAX_ERRORS):
        raise InvalidDocument(errors[:MAX_ERRORS], "GRAPHQL_VALIDATION_FAILED")
    operations = {d.name.value if d.name else "": d for d in ast.definitions if isinstance(d, OperationDefinitionNode)}
    fragments = {d.name.value: d for d in ast.definitions if isinstance(d, FragmentDefinitionNode)}
    return Document(ast, operations, fragments, _condition_variables(ast))


def _parsed(text: str) -> DocumentNode:
    try:
        return parse(text, max_tokens=MAX_TOKENS)
    except GraphQLError as error:
        raise InvalidDocument([error], "GRAPHQL_PARSE_FAILED") from None


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def check_hash(hash: str, text: str) -> None:
    """Raise `InvalidInput` unless the hash is that of the text."""
    if sha256(text) != hash:
        raise InvalidInput("The sha256Hash is not that of the query.")


def _condition_variables(ast: DocumentNode) -> tuple[str, ...]:
    """Variables that @skip and @include look at: the shape of the answer hangs on them."""
    names: set[str] = set()

    class Find(Visitor):
        def enter_directive(self, node: Any, *_: Any) -> None:
            names.update(a.value.name.value for a in node.arguments if isinstance(a.value, VariableNode))

    visit(ast, Find())
    return tuple(sorted(names))


async def trust(ctx: Context, body: str) -> str:
    """Register a document for the shop; its hash. Raises `InvalidInput` for what does not parse."""
    if len(body) > MAX_DOCUMENT:
        raise InvalidInput(
            "The document has {count} characters; {limit} are allowed.",
            path=["body"],
            count=len(body),
            limit=MAX_DOCUMENT,
        )
    try:
        _parsed(body)
    except InvalidDocument as invalid:
        raise InvalidInput(
            "The document does not parse: {message}", path=["body"], message=invalid.errors[0].message
        ) from None
    hash = sha256(body)
    await TrustedDocument.get_or_create(shop_id=ctx.shop.id, sha256=hash, defaults={"body": body})
    return hash


class TrustedDocuments:
    """Which documents the shops have registered: asked of PostgreSQL, and remembered for a few seconds."""

    def __init__(self) -> None:
        self._remembered: Kept[tuple[str, float]] = Kept()

    async def text_of(self, shop_id: UUID, hash: str | None, text: str | None) -> str:
        """What a credential in allow-list mode may run: a text its shop has registered, named by hash or sent whole."""
        if hash is not None and text is not None:
            check_hash(hash, text)
        key = (shop_id, hash or sha256(text or ""))
        body, until = self._remembered.recall(key) or ("", 0.0)
        if until < time.monotonic():
            body = await _registered(*key)
            self._remembered.keep(key, (body, time.monotonic() + TRUSTED_FOR))
        return body


async def _registered(shop_id: UUID, hash: str) -> str:
    rows = await platform_client().execute_query_dict(
        "SELECT body FROM platform.trusted_document WHERE shop_id = $1 AND sha256 = $2", [shop_id, hash]
    )
    if not rows:
        raise DocumentNotTrusted("This credential runs registered documents only, and this is not one of them.")
    return str(rows[0]["body"])
