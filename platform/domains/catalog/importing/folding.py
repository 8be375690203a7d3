"""Fold rows: what many lines say of one variant becomes one piece, the last line winning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any
from uuid import UUID

from stoa.domains.catalog.importing.interpreting import Interpreter, Statement
from stoa.domains.catalog.importing.issues import Issue
from stoa.domains.catalog.importing.options import Field
from stoa.domains.catalog.importing.reading import Place, RowReader
from stoa.domains.catalog.importing.unpacking import MEBIBYTE
from stoa.kit.languages import Sentence

MAX_LINES, MAX_BYTES = 10_000, 2 * MEBIBYTE
ImageCell = str | tuple[str, int | None, str | None]  # an address, perhaps with its place from 1 and its words


@dataclass(slots=True)
class Piece:
    """What a batch says of one variant, or of one product as such: field -> (value, line)."""

    line: int
    product_key: str
    item_key: str
    cells: dict[str, tuple[Any, int]] = field(default_factory=dict)
    images: list[ImageCell] = field(default_factory=list)

    def id_in(self, run_id: UUID) -> UUID:
        """The same for the same item in every batch of the run: later batches find what earlier ones said."""
        item = f"variant {self.item_key}" if self.item_key else f"product {self.product_key}"
        return UUID(bytes=blake2b(item.encode(), digest_size=16, key=run_id.bytes).digest())


@dataclass(slots=True)
class Batch:
    """Some rows of the file, folded; `place` is where the next batch begins."""

    place: Place
    pieces: dict[tuple[str, str], Piece] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    lines: int = 0
    bytes_read: int = 0
    is_last: bool = False

    def add(self, statement: Statement) -> None:
        """Fold in what one row says, over what earlier rows said of the same."""
        line, said = statement.line, statement.said
        key = (statement.item_key, "") if statement.item_key else ("", statement.product_key)
        piece = self.pieces.get(key)
        if piece is None:
            piece = self.pieces[key] = Piece(line, statement.product_key, statement.item_key)
        elif piece.product_key != statement.product_key:
            self.issues.append(of_two_products(statement.item_key, line))
            return
        for image in (Field.IMAGE, Field.VARIANT_IMAGE):
            if image in said:
                piece.images.append(said.pop(image))
        for name in said:
            piece.cells[name] = (said[name], line)


def of_two_products(item_key: str, line: int) -> Issue:
    """A code can belong to one product only; the first in the file has it."""
    message = Sentence("The code {code} belongs to another product in this file.", {"code": item_key})
    return Issue(line, "", "CODE_OF_TWO_PRODUCTS", message, item_key, refused=True, field=Field.SKU)


class Folder:
    """Takes a file in, batch by batch. It blocks: for a thread."""

    def __init__(self, reader: RowReader, interpreter: Interpreter, bytes_read: Callable[[], int]) -> None:
        self._reader, self._interpreter, self._bytes_read = reader, interpreter, bytes_read
        self._rows = iter(reader)

    def next_batch(self) -> Batch:
        """The next rows, at most `MAX_LINES` of them and about `MAX_BYTES`."""
        reader, batch = self._reader, Batch(self._reader.place)
        full_at = reader.block_at + MAX_BYTES
        for row in self._rows:
            batch.lines += 1
            statement = self._interpreter.take(row, batch.issues)
            if statement is not None:
                batch.add(statement)
            if batch.lines == MAX_LINES or reader.block_at >= full_at:
                break
        else:
            batch.is_last = True
        batch.place, batch.bytes_read = reader.place, self._bytes_read()
        return batch
