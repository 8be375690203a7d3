"""The spool: a document on its way from who gathers it to who writes it, in a file and never whole in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec

from stoa.kit.reporting.documents import Block, Rows

LENGTH = 4  # bytes before each block that say how many follow
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Block)


class Spool:
    """Blocks go in, one after the other; what is written stays in `path`."""

    def __init__(self, path: Path) -> None:
        self.path, self.rows = path, 0
        self._file: IO[bytes] = path.open("wb")

    def add(self, block: Block) -> None:
        body = _encoder.encode(block)
        self._file.write(len(body).to_bytes(LENGTH, "big"))
        self._file.write(body)
        if isinstance(block, Rows):
            self.rows += len(block.rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()


def blocks_in(path: Path) -> Iterator[Block]:
    """What was put into the spool, in that order."""
    with path.open("rb") as file:
        while head := file.read(LENGTH):
            yield _decoder.decode(file.read(int.from_bytes(head, "big")))
