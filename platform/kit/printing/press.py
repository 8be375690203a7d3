"""The process that typesets: a template and its data come in, a PDF (or a picture) goes out. It may be killed."""

from __future__ import annotations

import json
import sys

import typst
from noto_cjk_sans_otc import FONT_PATH


def main() -> None:
    """One document: JSON of template, data and format on standard input."""
    told = json.load(sys.stdin.buffer)
    # The data is a string to the template, which reads it as JSON: nothing in it is ever taken for markup.
    paper = typst.compile(
        told["template"].encode(),
        font_paths=[str(FONT_PATH.parent)],
        ignore_system_fonts=True,
        format=told["format"],
        ppi=told["ppi"],
        sys_inputs={"data": json.dumps(told["data"], ensure_ascii=False)},
    )
    pages = paper if isinstance(paper, list) else [paper]
    sys.stdout.buffer.write(pages[0] or b"")


if __name__ == "__main__":
    main()
