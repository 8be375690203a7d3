"""The process that writes reports: one document after the other, as it is told on its standard input.

A line of JSON names the spool, the file to be written and the format; a line says what came of it. It takes strangers'
words and may be killed, or die of its limits: it knows no secret, and of the work of others it has nothing.
"""

from __future__ import annotations

import resource
import sys
import traceback
from pathlib import Path

import msgspec

from stoa.kit.reporting.documents import Format
from stoa.kit.reporting.lines import Lines
from stoa.kit.reporting.orders import Answer, Told
from stoa.kit.reporting.paper import Paper
from stoa.kit.reporting.spooling import blocks_in
from stoa.kit.reporting.workbook import Book

MOST_MEMORY = 3 * 2**30  # bytes of address space: what a document may take, the font and the libraries among it
WORN_AT = 500 * 2**10  # KiB in use at the most: after a document that took more a fresh process goes on


def write(spool: Path, out: Path, format: Format) -> int:
    """Write the document in the spool as a file; its size."""
    if format is Format.XLSX:
        book = Book(out)
        for block in blocks_in(spool):
            book.add(block)
        book.finish()
    elif format is Format.CSV:
        with out.open("wb") as file:
            lines = Lines(file)
            for block in blocks_in(spool):
                lines.add(block)
            lines.finish()
    else:
        paper = Paper()
        for block in blocks_in(spool):
            paper.add(block)
        out.write_bytes(paper.typeset())
    return out.stat().st_size


def main() -> None:
    """Until its input ends, or it has become too large."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    decoder, encoder = msgspec.json.Decoder(Told), msgspec.json.Encoder()
    for line in sys.stdin.buffer:
        told = decoder.decode(line)
        try:
            answer = Answer(write(Path(told.spool), Path(told.out), told.format))
        except Exception as error:  # noqa: BLE001  # the edge of the process: the answer says so
            answer = Answer(failure="".join(traceback.format_exception_only(error))[:1000])
        answer.is_last = _most_memory() > WORN_AT
        sys.stdout.buffer.write(encoder.encode(answer) + b"\n")
        sys.stdout.buffer.flush()
        if answer.is_last:
            return


def _most_memory() -> int:
    """KiB that this program had in use at the most. `ru_maxrss` would begin with what its parent had."""
    try:
        status = Path("/proc/self/status").read_text()
    except FileNotFoundError:  # not Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**10
    return int(status.split("VmHWM:")[1].split()[0])


if __name__ == "__main__":
    main()
