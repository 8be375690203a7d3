"""The one schema: every domain's queries, mutations and subscriptions put together."""

from __future__ import annotations

from functools import lru_cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from stoa.graphql.catalog.bulk import BulkMutations
from stoa.graphql.catalog.bulk_editing import BulkEditMutations, BulkEditQueries, BulkEditSubscriptions
from stoa.graphql.catalog.choosing import bind_choosing
from stoa.graphql.catalog.exporting import ExportMutations, ExportQueries, ExportSubscriptions
from stoa.graphql.catalog.importing import ImportMutations, ImportQueries
from stoa.graphql.catalog.media.mutations import MediaMutations
from stoa.graphql.catalog.merchandising.collecting import CollectionQueries
from stoa.graphql.catalog.merchandising.faceting import FacetQueries, bind_facets
from stoa.graphql.catalog.merchandising.fields import MerchandisingMutations, MerchandisingQueries
from stoa.graphql.catalog.merchandising.searching import SearchQueries
from stoa.graphql.catalog.merchandising.tags import SuggestionQueries
from stoa.graphql.catalog.mutations import CatalogMutations
from stoa.graphql.catalog.publishing import PublishingMutations, PublishingQueries
from stoa.graphql.catalog.queries import CatalogQueries
from stoa.graphql.catalog.stock.mutations import StockMutations
from stoa.graphql.catalog.stock.queries import IntegrityQueries, StockQueries
from stoa.graphql.catalog.stock.subscriptions import StockSubscriptions
from stoa.graphql.catalog.subscriptions import CatalogSubscriptions
from stoa.graphql.catalog.supplying.mutations import SupplyingMutations
from stoa.graphql.catalog.supplying.queries import SupplyingQueries
from stoa.graphql.catalog.supplying.shapes import bind_lead_time
from stoa.graphql.catalog.variants import VariantMutations
from stoa.graphql.errors import ERROR_TYPES
from stoa.graphql.mutations import bind_mutations
from stoa.graphql.nodes import MAX_NODES, bind_nodes
from stoa.graphql.orders.aftersales.mutations import AftersaleMutations
from stoa.graphql.orders.aftersales.types import AftersaleQueries
from stoa.graphql.orders.editing import OrderEditMutations, OrderEditQueries
from stoa.graphql.orders.flowing import OrderFlowQueries
from stoa.graphql.orders.handling import OrderHandlingMutations
from stoa.graphql.orders.importing import OrderImportMutations, OrderImportQueries, OrderImportSubscriptions
from stoa.graphql.orders.mutations import OrderMutations
from stoa.graphql.orders.organising import OrderArrangingMutations
from stoa.graphql.orders.queries import OrderQueries
from stoa.graphql.orders.refunding import OrderMoneyMutations, RefundQueries
from stoa.graphql.orders.rules import OrderRuleMutations, OrderRuleQueries, OrderRuleTrialQueries
from stoa.graphql.orders.selling import SalesQueries
from stoa.graphql.orders.shipping.mutations import ShippingMutations
from stoa.graphql.orders.shipping.queries import ShippingQueries
from stoa.graphql.orders.subscriptions import OrderSubscriptions
from stoa.graphql.orders.views import OrderViewMutations, OrderViewQueries, bind_views
from stoa.graphql.paging import Node
from stoa.graphql.reading.binding import bind
from stoa.graphql.reading.declared import TYPES
from stoa.graphql.reading.declaring import resolved_elsewhere
from stoa.graphql.reading.making import make_inputs
from stoa.graphql.scalars import SCALARS, let_text_through
from stoa.graphql.service.mutations import ServiceMutations
from stoa.graphql.service.queries import ServiceQueries
from stoa.graphql.tenants.bulk import BulkRunMutations, BulkRunQueries, BulkRunSubscriptions
from stoa.graphql.tenants.jobs import JobMutations, JobQueries, JobSubscriptions
from stoa.graphql.tenants.mutations import TenantMutations
from stoa.graphql.tenants.notifications.parts import (
    NotificationMutations,
    NotificationQueries,
    NotificationSubscriptions,
)
from stoa.graphql.tenants.queries import TenantQueries
from stoa.graphql.tenants.report_schedules import ReportScheduleMutations, ReportScheduleQueries
from stoa.graphql.tenants.reports import ReportMutations, ReportQueries
from stoa.graphql.tenants.webhook_mutations import WebhookMutations
from stoa.graphql.tenants.webhooks import WebhookQueries
from stoa.graphql.within import bind_within
from stoa.tenants.compiling import load_models


@strawberry.type(description="Everything that can be read.")
class Query(
    TenantQueries,
    JobQueries,
    WebhookQueries,
    BulkRunQueries,
    ReportQueries,
    ReportScheduleQueries,
    NotificationQueries,
    ExportQueries,
    BulkEditQueries,
    ImportQueries,
    CollectionQueries,
    FacetQueries,
    MerchandisingQueries,
    SearchQueries,
    SuggestionQueries,
    PublishingQueries,
    CatalogQueries,
    IntegrityQueries,
    StockQueries,
    SupplyingQueries,
    ShippingQueries,
    OrderQueries,
    OrderEditQueries,
    OrderFlowQueries,
    OrderRuleQueries,
    OrderRuleTrialQueries,
    OrderViewQueries,
    RefundQueries,
    OrderImportQueries,
    AftersaleQueries,
    SalesQueries,
    ServiceQueries,
):
    node: Node | None = resolved_elsewhere(
        "Anything by its id; null when this shop has no such thing. Needs the scope that its type names.",
        id="strawberry.ID",
    )
    nodes: list[Node | None] = resolved_elsewhere(
        f"Several things by their ids, in that order; {MAX_NODES} at the most. Needs the scopes that their types name.",
        ids="list[strawberry.ID]",
    )


@strawberry.type(description="Everything that can be done.")
class Mutation(
    TenantMutations,
    JobMutations,
    WebhookMutations,
    BulkRunMutations,
    ReportMutations,
    ReportScheduleMutations,
    NotificationMutations,
    BulkMutations,
    BulkEditMutations,
    ExportMutations,
    ImportMutations,
    MediaMutations,
    MerchandisingMutations,
    CatalogMutations,
    PublishingMutations,
    StockMutations,
    SupplyingMutations,
    VariantMutations,
    ShippingMutations,
    OrderMutations,
    AftersaleMutations,
    ServiceMutations,
    OrderArrangingMutations,
    OrderEditMutations,
    OrderRuleMutations,
    OrderViewMutations,
    OrderHandlingMutations,
    OrderMoneyMutations,
    OrderImportMutations,
):
    pass


@strawberry.type(description="Everything that can be watched.")
class Subscription(
    JobSubscriptions,
    BulkRunSubscriptions,
    NotificationSubscriptions,
    ExportSubscriptions,
    BulkEditSubscriptions,
    StockSubscriptions,
    CatalogSubscriptions,
    OrderSubscriptions,
    OrderImportSubscriptions,
):
    pass


@lru_cache(maxsize=1)
def schema() -> strawberry.Schema:
    """The schema of this process, built once."""
    load_models()
    make_inputs()
    built = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[*ERROR_TYPES, *(stored.cls for stored in TYPES.values())],
        config=StrawberryConfig(scalar_map=SCALARS, relay_max_results=100),
    )
    let_text_through(built._schema)
    bind(built._schema)
    bind_nodes(built._schema)
    bind_facets(built._schema)
    bind_lead_time(built._schema)
    bind_mutations(built._schema)
    bind_choosing(built._schema)
    bind_views(built._schema)
    bind_within(built)
    return built


def printed() -> str:
    """The SDL, as committed in schema.graphql."""
    return schema().as_str() + "\n"
