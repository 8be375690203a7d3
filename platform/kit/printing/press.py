"""The process that typesets: a template and its data come in, a PDF (or a picture) goes out. It may be killed."""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from typing import Any

import typst

FONTS = files("noto_cjk_sans_otc")


def main() -> None:
    """One document: JSON of template, data and format on standard input."""
    told = json.load(sys.stdin.buffer)
    # The data is a string to the template, which reads it as JSON: nothing in it is ever taken for markup.
    paper: Any = typst.compile(
        told["template"].encode(),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        format=told["format"],
        ppi=told["ppi"],
        sys_inputs={"data": json.dumps(told["data"], ensure_ascii=False)},
    )
    first = paper[0] if isinstance(paper, list) else paper
    sys.stdout.buffer.write(first or b"")


if __name__ == "__main__":
    main()
