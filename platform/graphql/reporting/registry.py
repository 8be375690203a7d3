"""Every report that there is."""

from __future__ import annotations

from collections.abc import Mapping

from stoa.graphql.reporting.defining import Definition
from stoa.graphql.reporting.inventory import INVENTORY
from stoa.graphql.reporting.invoices import INVOICES
from stoa.graphql.reporting.orders import ORDER_LIST
from stoa.graphql.reporting.packing import PACKING_SLIPS
from stoa.graphql.reporting.sales import SALES
from stoa.kit.errors import InvalidInput

_ALL = (SALES, ORDER_LIST, INVENTORY, PACKING_SLIPS, INVOICES)
DEFINITIONS: Mapping[str, Definition] = {each.name: each for each in _ALL}


def definition(name: str) -> Definition:
    """The definition so named. Raises `InvalidInput`."""
    found = DEFINITIONS.get(name)
    if found is None:
        raise InvalidInput(
            "There is no report {name!r}; there are {names}.",
            path=["definition"],
            name=name[:60],
            names=", ".join(DEFINITIONS),
        )
    return found
