"""One JSON line a figure, so that runs can be kept and compared."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable

_SIGNS: dict[str, Callable[[float, float], bool]] = {"<=": operator.le, ">=": operator.ge, "<": operator.lt}


def figure(bench: str, name: str, value: float, unit: str, goal: str = "", against: str = "") -> bool:
    """Print a figure and whether it holds. `goal` reads like ">= 0.5"; empty when there is none."""
    found = re.fullmatch(r"(<=|>=|<) *([\d.]+)", goal)
    holds = _SIGNS[found[1]](value, float(found[2])) if found else None
    line = {"bench": bench, "figure": name, "value": round(value, 3), "unit": unit}
    print(json.dumps(line | {"goal": goal, "holds": holds, "against": against}, ensure_ascii=False), flush=True)
    return holds is not False
