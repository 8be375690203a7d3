"""What a merchant can be notified of about the catalog."""

from __future__ import annotations

from collections.abc import Sequence

from stoa.domains.catalog.events import ProductsImported, StockLow
from stoa.domains.catalog.models import Location, Variant
from stoa.kit.ids import type_id
from stoa.kit.languages import Sentence
from stoa.kit.messaging import Channel
from stoa.tenants.access.scopes import Role, Scope
from stoa.tenants.context import Context
from stoa.tenants.notifying.notices import IMPORT_ENDS, Facts, Notice, Variable


async def _low(ctx: Context, event: StockLow) -> Facts | None:
    variant = await Variant.get_or_none(id=event.variant_id).prefetch_related("product")
    location = await Location.get_or_none(id=event.location_id)
    if variant is None or location is None:
        return None
    title = " ".join(part for part in (variant.product.title, variant.title) if part)
    return Facts(
        {
            "product.title": title,
            "variant.sku": variant.sku or "",
            "location.name": location.name,
            "stock.available": event.available,
            "stock.threshold": event.threshold,
        },
        type_id("var", event.variant_id),
    )


async def _imported(ctx: Context, event: ProductsImported) -> Facts:
    counts = {"import.created": event.created, "import.updated": event.updated}
    ended = IMPORT_ENDS.get(event.state, event.state)
    return Facts({"import.end": ended, **counts}, type_id("imp", event.import_id))


STOCK_LOW = Notice(
    key="stock_low",
    event=StockLow,
    name=Sentence("Stock has fallen to its threshold"),
    title=Sentence("{{ product.title }} is running low: {{ stock.available }} left"),
    body=Sentence(
        "At {{ location.name }} there are {{ stock.available }} of {{ variant.sku }}; the threshold is "
        "{{ stock.threshold }}."
    ),
    scope=Scope.CATALOG_READ,
    variables=(
        Variable("product.title", Sentence("The product's title, with that of the variant."), "Glass Star Small"),
        Variable("variant.sku", Sentence("The variant's code."), "STAR-1"),
        Variable("location.name", Sentence("Where it lies."), "Main warehouse"),
        Variable("stock.available", Sentence("How many can be sold there."), 3),
        Variable("stock.threshold", Sentence("The threshold that was set."), 5),
    ),
    facts=_low,
)
PRODUCTS_IMPORTED = Notice(
    key="products_imported",
    event=ProductsImported,
    name=Sentence("An import of products has ended"),
    title=Sentence("Import of products: {{ import.end }}"),
    body=Sentence("{{ import.created }} products are new, {{ import.updated }} were changed."),
    scope=Scope.CATALOG_READ,
    variables=(
        Variable("import.end", Sentence("How it ended."), IMPORT_ENDS["DONE"]),
        Variable("import.created", Sentence("How many products are new."), 120),
        Variable("import.updated", Sentence("How many were changed."), 30),
    ),
    facts=_imported,
    roles=(Role.OWNER, Role.MANAGER, Role.STAFF),
    channels=(Channel.IN_APP,),
)
NOTICES: Sequence[Notice] = (STOCK_LOW, PRODUCTS_IMPORTED)
