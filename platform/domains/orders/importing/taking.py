"""Take rows in: what each says of a line, and of the order it stands on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from stoa.domains.orders.importing.options import Field
from stoa.domains.orders.importing.values import FINE, Bad, Read
from stoa.kit.encoding import as_json
from stoa.kit.languages import Sentence
from stoa.kit.tabular.reading import Place, Row
from stoa.tenants.importing.batching import Batch
from stoa.tenants.importing.issues import Issue

KEY_LIMIT = 120
RETURNED = "returned "  # before the key of a return that has no number of its own
OF_A_LINE = (
    *(Field.SKU, Field.TITLE, Field.QUANTITY, Field.PRICE),
    *(Field.LINE_DISCOUNT, Field.LINE_FULFILMENT, Field.REQUIRES_SHIPPING),
)
MISSING = {Field.QUANTITY: Sentence("The quantity is missing."), Field.PRICE: Sentence("The price is missing.")}
# As one may be two people: of these the first that an order names counts, and others are reported.
OF_ONE = (Field.CUSTOMER, Field.EMAIL)
_PROBLEMS = {
    "BAD_QUOTES": Sentence("The quotes in this row do not pair up."),
    "NUL_BYTE": Sentence("The row holds a zero byte."),
}


@dataclass(slots=True)
class Piece:
    """What a batch says of one order: its own fields, and lines of (line of the file, then `OF_A_LINE`).

    `is_broken`: a row of it could not be taken, so it will not be whole.
    """

    key: str
    line: int
    fields: dict[str, Any] = field(default_factory=dict)
    lines: list[list[Any]] = field(default_factory=list)
    is_broken: bool = False


@dataclass(slots=True)
class OrderBatch(Batch):
    """Some rows of the file, by order."""

    pieces: dict[str, Piece] = field(default_factory=dict)


class OrderIntake:
    """Reads rows by one mapping."""

    def __init__(self, headers: list[str], columns: dict[str, int], reads: dict[str, Read]) -> None:
        self._headers = headers
        self._number = columns.get(Field.ORDER)
        self._reads, self._columns = reads, columns
        self._of_line = [(columns.get(name), reads[name], name) for name in OF_A_LINE]
        self._of_order = [
            (str(name), at, reads[name])
            for name, at in columns.items()
            if name not in OF_A_LINE and name != Field.ORDER
        ]

    def empty(self, place: Place) -> OrderBatch:
        return OrderBatch(place)

    def take(self, row: Row, batch: OrderBatch) -> None:
        """Add the row to its order; what is odd about it, to the batch's issues."""
        width = len(self._headers)
        if row.problem or len(row.cells) < width or any(row.cells[width:]):
            self._refuse_row(row, batch)
        elif any(row.cells):
            self._take_cells(row.line, row.cells, batch)

    def packed(self, batch: OrderBatch, run_id: UUID) -> str | None:
        rows = [_row(piece, run_id) for piece in batch.pieces.values()]
        return as_json(rows) if rows else None

    def _take_cells(self, line: int, cells: list[str], batch: OrderBatch) -> None:
        said, is_whole = self._line_of(line, cells, batch)
        key = self._key(line, cells, said, batch)
        if key is None:
            return
        piece = batch.pieces.get(key)
        if piece is None:
            piece = batch.pieces[key] = Piece(key, line)
        piece.is_broken |= not is_whole
        self._take_fields(piece, line, cells, batch)
        if is_whole:
            piece.lines.append([line, *said])

    def _line_of(self, line: int, cells: list[str], batch: OrderBatch) -> tuple[list[Any], bool]:
        said: list[Any] = []
        is_whole = True
        for at, read, name in self._of_line:
            value = None if at is None else read(cells[at])
            if type(value) is Bad:
                batch.issues.append(self._issue(line, at, value, cells, refused=name in MISSING))
                is_whole, value = is_whole and name not in MISSING, None
            elif value is None and name in MISSING:
                missing = Bad("NO_" + name.upper(), MISSING[name])
                batch.issues.append(self._issue(line, at, missing, cells, refused=True))
                is_whole = False
            said.append(value)
        if is_whole:
            self._look_at(line, cells, said, batch)
        return said, is_whole

    def _look_at(self, line: int, cells: list[str], said: list[Any], batch: OrderBatch) -> None:
        """Odd, but taken as it stands."""
        if said[1] is None and Field.TITLE in self._columns:
            blank = Bad("BLANK_TITLE", Sentence("The title is empty."))
            batch.issues.append(self._issue(line, self._columns[Field.TITLE], blank, cells))
        price = said[3]
        if price == 0:
            odd = Bad("ZERO_PRICE", Sentence("The price is zero: the line is taken, and worth nothing."))
        elif price < FINE:
            odd = Bad("UNDER_ONE_UNIT", Sentence("The price is under the smallest amount there is."))
        elif price % FINE:
            odd = Bad("FINE_PRICE", Sentence("The price is finer than the currency: the line's total is rounded."))
        else:
            return
        batch.issues.append(self._issue(line, self._columns[Field.PRICE], odd, cells))

    def _key(self, line: int, cells: list[str], said: list[Any], batch: OrderBatch) -> str | None:
        """The order's number; without one, a return goes by who, when and where."""
        number = None if self._number is None else self._reads[Field.ORDER](cells[self._number])
        if type(number) is Bad:
            batch.issues.append(self._issue(line, self._number, number, cells, refused=True))
            return None
        if number is not None:
            return str(number)
        if said[2] is not None and said[2] < 0:
            return self._key_of_return(cells)
        if said[2] is not None:
            missing = Bad("NO_ORDER", Sentence("The row has no order number."))
            batch.issues.append(self._issue(line, self._number, missing, cells, refused=True))
        return None

    def _key_of_return(self, cells: list[str]) -> str:
        parts = [self._read(name, cells) for name in (Field.TIME, Field.CUSTOMER, Field.EMAIL, Field.COUNTRY)]
        text = RETURNED + " ".join(_plain(part) for part in parts if part is not None and type(part) is not Bad)
        if len(text) <= KEY_LIMIT:
            return text
        return f"{text[: KEY_LIMIT - 17]}~{blake2b(text.encode(), digest_size=8).hexdigest()}"

    def _read(self, name: str, cells: list[str]) -> Any:
        at = self._columns.get(name)
        return None if at is None else self._reads[name](cells[at])

    def _take_fields(self, piece: Piece, line: int, cells: list[str], batch: OrderBatch) -> None:
        known = piece.fields
        for name, at, read in self._of_order:
            if name in known and name not in OF_ONE:
                continue
            value = read(cells[at])
            if value is None:
                continue
            if type(value) is Bad:
                piece.is_broken |= name == Field.TIME
                batch.issues.append(self._issue(line, at, value, cells, refused=name == Field.TIME))
            elif known.setdefault(name, value) != value:
                other = Bad("OTHER_CUSTOMER", Sentence("Another row of this order names another customer."))
                batch.issues.append(self._issue(line, at, other, cells))

    def _issue(self, line: int, at: int | None, bad: Bad, cells: list[str], *, refused: bool = False) -> Issue:
        column, value = ("", "") if at is None else (self._headers[at], cells[at])
        return Issue(line, column, bad.code, bad.message, value, refused)

    def _refuse_row(self, row: Row, batch: OrderBatch) -> None:
        """Whose row it was can be told as long as its number can be read: that order is not whole."""
        if row.problem:
            code, message = row.problem, _PROBLEMS[row.problem]
        else:
            code = "UNEVEN_ROW"
            message = Sentence(
                "The row has {found} cells; the header has {wanted}.",
                {"found": len(row.cells), "wanted": len(self._headers)},
            )
        batch.issues.append(Issue(row.line, "", code, message, "|".join(row.cells), refused=True))
        if self._number is not None and len(row.cells) > self._number and row.problem is None:
            number = self._reads[Field.ORDER](row.cells[self._number])
            if isinstance(number, str):
                piece = batch.pieces.setdefault(number, Piece(number, row.line))
                piece.is_broken = True


def _plain(value: Any) -> str:
    return value.strftime("%Y-%m-%dT%H:%MZ") if isinstance(value, datetime) else str(value)


def _row(piece: Piece, run_id: UUID) -> dict[str, Any]:
    """Each batch has a row of its own for an order: an attempt that comes again writes the same one."""
    id = UUID(bytes=blake2b(f"{piece.line} {piece.key}".encode(), digest_size=16, key=run_id.bytes).digest())
    cells = {"fields": piece.fields, "lines": piece.lines, "is_broken": piece.is_broken}
    return {"id": id, "line": piece.line, "product_key": piece.key, "cells": cells}
