"""`python -m benchmarks`: all in short form; `python -m benchmarks NAME`: one in full."""

from __future__ import annotations

import asyncio
import importlib
import sys

NAMES = (
    "read_path",
    "write_path",
    "provisioning",
    "migrating",
    "importing",
    "compiled",
    "stock",
    "images",
    "facets",
    "order_import",
    "order_list",
    "bulk",
    "order_flow",
    "counting",
    "dispatch",
    "fairness",
    "chaos",
    "oversell",
    "intake",
    "telling",
    "reports",
)


def main() -> int:
    names = sys.argv[1:] or list(NAMES)
    unknown = set(names) - set(NAMES)
    if unknown:
        print(f"There is no bench {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    short = not sys.argv[1:]
    outcomes = [asyncio.run(importlib.import_module(f"benchmarks.{name}").run(short=short)) for name in names]
    return 0 if all(outcomes) else 1


sys.exit(main())
