"""Stock as GraphQL shows it."""

from __future__ import annotations

from stoa.domains.catalog import models
from stoa.graphql.paging import Node
from stoa.graphql.reading.declaring import column, stored
from stoa.tenants.access.scopes import Scope


@stored(models.Location, prefix="loc", scope=Scope.CATALOG_READ)
class Location(Node):
    """A place where stock lies."""

    name: str = column("As people call it.")
