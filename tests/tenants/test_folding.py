"""What a later migration takes away is not made for a new shop."""

from __future__ import annotations

from stoa.tenants.folding import without_detours

TABLE = 'CREATE TABLE "cup" (\n  "id" UUID PRIMARY KEY\n);\nCREATE INDEX "by_size" ON "cup" ("size");'


def test_an_index_that_is_made_changed_and_dropped_leaves_no_trace() -> None:
    statements = [
        TABLE,
        "CREATE INDEX by_color ON cup USING gin (color);",
        "ALTER INDEX by_color SET (fastupdate = off);",
        'DROP INDEX "by_size";',
        "DROP INDEX IF EXISTS by_color;",
    ]

    assert without_detours(statements) == ['CREATE TABLE "cup" (\n  "id" UUID PRIMARY KEY\n);\n']


def test_an_index_that_was_there_before_is_dropped() -> None:
    assert without_detours(["DROP INDEX IF EXISTS by_size;"]) == ["DROP INDEX IF EXISTS by_size;"]


def test_an_index_that_is_made_anew_under_its_name_stays() -> None:
    statements = [TABLE, "DROP INDEX by_size;", "CREATE UNIQUE INDEX by_size ON cup (size, id);"]

    assert without_detours(statements) == statements


def test_a_name_that_only_begins_like_a_dropped_one_stays() -> None:
    statements = ["CREATE INDEX by_size_of_cup ON cup (size);", "CREATE INDEX by_size ON cup (id);"]

    assert without_detours([*statements, "DROP INDEX by_size;"]) == statements[:1]
