"""Documents are read once, kept up to a bound, found by hash; and some credentials run registered ones only."""

from __future__ import annotations

import asyncpg
import pytest

from stoa.graphql.documents import KEPT, Documents, InvalidDocument, TrustedDocuments, sha256, trust
from stoa.graphql.errors import DocumentNotTrusted, UnknownDocument
from stoa.graphql.schema import schema
from stoa.kit.errors import InvalidInput
from stoa.tenants.context import Context

QUERY = "{ me { account { id } } }"


@pytest.fixture
def documents() -> Documents:
    return Documents(schema()._schema)


def test_a_document_is_read_once(documents: Documents) -> None:
    assert documents.known(QUERY) is None

    document = documents.read(QUERY)

    assert documents.known(QUERY) is document


def test_what_is_invalid_is_not_kept(documents: Documents) -> None:
    with pytest.raises(InvalidDocument) as caught:
        documents.read("{ nonsense }")

    assert caught.value.code == "GRAPHQL_VALIDATION_FAILED"
    assert documents.known("{ nonsense }") is None


def test_what_does_not_parse_says_so(documents: Documents) -> None:
    with pytest.raises(InvalidDocument) as caught:
        documents.read("{ me {")

    assert caught.value.code == "GRAPHQL_PARSE_FAILED"
    assert caught.value.errors[0].message == "Syntax Error: Expected Name, found <EOF>."


def test_of_too_many_documents_the_one_used_least_recently_goes(documents: Documents) -> None:
    texts = [f"{{ me {{ account {{ a{i}: id }} }} }}" for i in range(KEPT + 1)]
    for text in texts[:KEPT]:
        documents.read(text)
    assert documents.known(texts[0]) is not None

    documents.read(texts[KEPT])

    assert documents.known(texts[1]) is None
    assert documents.known(texts[0]) is not None
    assert len(documents._by_text) == KEPT


def test_an_operation_is_found_by_its_name(documents: Documents) -> None:
    document = documents.read("query A { me { account { id } } } query B { me { account { id } } }")
    name = document.operation("B").name

    assert name is not None
    assert name.value == "B"
    with pytest.raises(InvalidInput, match="has no operation named 'C'"):
        document.operation("C")
    with pytest.raises(InvalidInput, match="Say by operationName"):
        document.operation(None)


def test_a_document_without_operations_has_none_to_run(documents: Documents) -> None:
    with pytest.raises(InvalidDocument):
        documents.read("fragment A on Query { me { account { id } } }")
    with pytest.raises(InvalidDocument):
        documents.read("")


def test_a_hash_is_enough_once_its_text_has_been_seen(documents: Documents) -> None:
    """Apollo's protocol of automatic persisted queries, word for word."""
    hash = sha256(QUERY)
    with pytest.raises(UnknownDocument) as caught:
        documents.text_of(hash, None)
    assert (caught.value.code, caught.value.message) == ("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")

    assert documents.text_of(hash, QUERY) == QUERY
    assert documents.text_of(hash, None) == QUERY


def test_a_text_is_not_kept_under_anothers_hash(documents: Documents) -> None:
    with pytest.raises(InvalidInput, match="is not that of the query"):
        documents.text_of(sha256("{ other }"), QUERY)
    with pytest.raises(UnknownDocument):
        documents.text_of(sha256("{ other }"), None)


def test_persisted_texts_are_bounded_too(documents: Documents) -> None:
    texts = [f"{QUERY} # {i}" for i in range(KEPT + 1)]
    for text in texts:
        documents.text_of(sha256(text), text)

    assert len(documents._texts) == KEPT
    with pytest.raises(UnknownDocument):
        documents.text_of(sha256(texts[0]), None)


def test_a_text_too_long_to_run_is_not_kept(documents: Documents) -> None:
    text = QUERY + " " * 2**16

    assert documents.text_of(sha256(text), text) == text
    assert len(documents._texts) == 0


async def test_a_shop_registers_documents(ctx: Context, owner: asyncpg.Connection) -> None:
    trusted = TrustedDocuments()

    hash = await trust(ctx, QUERY)
    assert await trust(ctx, QUERY) == hash == sha256(QUERY)

    assert await trusted.text_of(ctx.shop.id, hash, None) == QUERY
    assert await trusted.text_of(ctx.shop.id, None, QUERY) == QUERY
    assert await owner.fetchval("SELECT count(*) FROM platform.trusted_document WHERE shop_id = $1", ctx.shop.id) == 1


async def test_another_shops_document_is_not_trusted_here(ctx: Context, other_ctx: Context) -> None:
    trusted, hash = TrustedDocuments(), await trust(ctx, QUERY)
    await trusted.text_of(ctx.shop.id, hash, None)

    with pytest.raises(DocumentNotTrusted):
        await trusted.text_of(other_ctx.shop.id, hash, None)
    with pytest.raises(DocumentNotTrusted):
        await trusted.text_of(other_ctx.shop.id, None, QUERY)


@pytest.mark.parametrize(("hash", "text"), [(None, "{ other }"), ("0" * 64, None), (None, None), (None, QUERY + " ")])
async def test_what_was_not_registered_does_not_run(ctx: Context, hash: str | None, text: str | None) -> None:
    await trust(ctx, QUERY)

    with pytest.raises(DocumentNotTrusted):
        await TrustedDocuments().text_of(ctx.shop.id, hash, text)


async def test_a_registered_hash_does_not_let_another_text_through(ctx: Context) -> None:
    hash = await trust(ctx, QUERY)

    with pytest.raises(InvalidInput, match="is not that of the query"):
        await TrustedDocuments().text_of(ctx.shop.id, hash, "{ other }")


@pytest.mark.parametrize("body", ["{ me {", "", "{ a } " + " " * 2**16, "{ " + "a " * 1000 + "}"])
async def test_nonsense_is_not_registered(ctx: Context, owner: asyncpg.Connection, body: str) -> None:
    with pytest.raises(InvalidInput):
        await trust(ctx, body)

    assert await owner.fetchval("SELECT count(*) FROM platform.trusted_document WHERE shop_id = $1", ctx.shop.id) == 0
