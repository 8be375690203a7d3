"""Fold rows: what many lines say of one variant becomes one piece, the last line winning."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any
from uuid import UUID

from stoa.domains.catalog.importing.interpreting import Statement
from stoa.domains.catalog.importing.options import Field
from stoa.kit.languages import Sentence
from stoa.tenants.importing.batching import Batch
from stoa.tenants.importing.issues import Issue

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
class Folded(Batch):
    """Some rows of the file, folded."""

    pieces: dict[tuple[str, str], Piece] = field(default_factory=dict)

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
