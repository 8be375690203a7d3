"""GraphQL documents, parsed and validated once: the cache, automatic persisted queries, trusted documents."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    specified_rules,
    validate,
    visit,
)

from stoa.graphql.errors import DocumentNotTrusted, UnknownDocument
from stoa.graphql.limits import MAX_TOKENS, SizeLimits
from stoa.kit.errors import InvalidInput
from stoa.tenants.context import Context
from stoa.tenants.database import platform_client
from stoa.tenants.models import TrustedDocument

KEPT = 500
_RULES = (*specified_rules, SizeLimits)


@dataclass(slots=True, eq=False)
class Document:
    """A valid document with what has been worked out for it; both die together when the cache lets go."""

    sha256: str
    ast: DocumentNode
    operations: dict[str, OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode]
    condition_variables: tuple[str, ...]
    plans: dict[Any, Any] = field(default_factory=dict)
    costs: dict[Any, int] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode:
        if name is not None:
            if name not in self.operations:
                raise InvalidInput(f"The document has no operation named {name!r}.")
            return self.operations[name]
        if len(self.operations) != 1:
            raise InvalidInput("Say by operationName which of the document's operations to run.")
        return next(iter(self.operations.values()))


class Documents:
    """The bounded cache of one process."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._by_text: OrderedDict[str, Document] = OrderedDict()
        self._texts: OrderedDict[str, str] = OrderedDict()  # automatic persisted queries: sha256 -> text

    def get(self, text: str) -> Document:
        """The document of this text. Raises `GraphQLError`s (as `InvalidDocument`) when it is not valid."""
        document = self._by_text.get(text)
        if document is None:
            document = self._by_text[text] = self._read(text)
            if len(self._by_text) > KEPT:
                self._by_text.popitem(last=False)
        else:
            self._by_text.move_to_end(text)
        return document

    def _read(self, text: str) -> Document:
        try:
            ast = parse(text, max_tokens=MAX_TOKENS)
        except GraphQLError as error:
            raise InvalidDocument([error]) from None
        if errors := validate(self.schema, ast, _RULES, max_errors=5):
            raise InvalidDocument(errors)
        operations = {d.name.value if d.name else "": d for d in ast.definitions if isinstance(d, OperationDefinitionNode)}
        fragments = {d.name.value: d for d in ast.definitions if isinstance(d, FragmentDefinitionNode)}
        return Document(sha256(text), ast, operations, fragments, _condition_variables(ast))

    def text_of(self, hash: str, text: str | None) -> str:
        """Apollo's automatic persisted queries: a hash alone is enough once its text has been seen."""
        if text is None:
            if hash not in self._texts:
                raise UnknownDocument("PersistedQueryNotFound")  # the protocol's own words: clients look for them
            self._texts.move_to_end(hash)
            return self._texts[hash]
        if sha256(text) != hash:
            raise InvalidInput("The sha256Hash is not that of the query.")
        self._texts[hash] = text
        if len(self._texts) > KEPT:
            self._texts.popitem(last=False)
        return text


class InvalidDocument(Exception):
    """A document that does not parse or validate."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(str(errors[0]))
        self.errors = errors


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


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
    try:
        parse(body, max_tokens=MAX_TOKENS)
    except GraphQLError as error:
        raise InvalidInput(f"The document does not parse: {error.message}", path=["body"]) from None
    hash = sha256(body)
    await TrustedDocument.get_or_create(shop_id=ctx.shop.id, sha256=hash, defaults={"body": body})
    return hash


async def trusted_text(shop_id: Any, hash: str | None, text: str | None) -> str:
    """The text a credential in allow-list mode may run: one its shop has registered, named by hash or sent whole."""
    wanted = hash or (sha256(text) if text is not None else "")
    rows = await platform_client().execute_query_dict(
        "SELECT body FROM platform.trusted_document WHERE shop_id = $1 AND sha256 = $2", [shop_id, wanted]
    )
    if not rows:
        raise DocumentNotTrusted("This credential runs registered documents only, and this is not one of them.")
    return str(rows[0]["body"])
