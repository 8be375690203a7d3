"""The one list of events that shops may have sent to them: by which word, and about what.

Not in it: what only keeps the shop's own order (views somebody saved, handles set free, the order of rules, how people
are notified, jobs that died), what tells of reservations that run out one by one, and what happens to webhooks
themselves but for their pauses: a hook that was told of each delivery that failed, and failed, would never hear the end
of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Final

from strawberry.utils.str_converters import to_camel_case

from stoa.domains.catalog import events as catalog
from stoa.domains.orders import events as orders
from stoa.domains.orders.aftersales import events as cases
from stoa.domains.orders.editing import events as order_edits
from stoa.domains.orders.importing import events as order_imports
from stoa.domains.orders.rules import events as order_rules
from stoa.domains.orders.shipping import events as parcels
from stoa.domains.service import events as buyers
from stoa.kit.ids import type_id
from stoa.kit.languages import Sentence
from stoa.tenants.bulk import events as bulk
from stoa.tenants.hooks import events as hooks

# What the ids in events are ids of, by the fields' names; the subject's own prefix stands with its topic.
PREFIXES: Final[Mapping[str, str]] = {
    "attribute_id": "attr",
    "bulk_run_id": "bulk",
    "case_id": "case",
    "category_id": "cat",
    "channel_id": "chan",
    "collection_id": "coll",
    "customer_id": "cust",
    "export_id": "exp",
    "import_id": "imp",
    "location_id": "loc",
    "merge_id": "cmrg",
    "order_id": "ord",
    "original_id": "prod",
    "payment_id": "pay",
    "product_id": "prod",
    "purchase_order_id": "po",
    "receipt_id": "rec",
    "refund_id": "rfd",
    "rule_id": "rule",
    "shipment_id": "shp",
    "shipping_method_id": "smet",
    "stock_count_id": "cnt",
    "stock_id": "stk",
    "supplier_id": "sup",
    "tag_id": "tag",
    "transfer_id": "tran",
    "variant_id": "var",
    "webhook_id": "hook",
}


@dataclass(frozen=True)
class Topic:
    """`name` is the envelope's `type`; `prefix` that of the ids of what it is about."""

    event: type[Any]
    name: str
    prefix: str
    words: Sentence

    @cached_property
    def ids(self) -> Mapping[str, tuple[str, str]]:
        """What a query may declare as variables: their names -> the event's field and the prefix of its ids."""
        subject, *others = (each.name for each in fields(self.event))
        known = {name: PREFIXES[name] for name in others if name in PREFIXES} | {subject: self.prefix}
        named = {to_camel_case(name): (name, prefix) for name, prefix in known.items()}
        return {"id": (subject, self.prefix), **named}

    def variables(self, told: Mapping[str, Any]) -> dict[str, str]:
        """Of one event; ids that it does not have are left out."""
        return {name: type_id(prefix, told[field]) for name, (field, prefix) in self.ids.items() if told.get(field)}


TOPICS: Final[Sequence[Topic]] = (
    Topic(catalog.ProductCreated, "product.created", "prod", Sentence("A product is new.")),
    Topic(catalog.ProductEdited, "product.edited", "prod", Sentence("A product was changed.")),
    Topic(catalog.ProductImported, "product.imported", "prod", Sentence("An import made or changed a product.")),
    Topic(
        catalog.ProductImportUndone,
        "product.import_undone",
        "prod",
        Sentence("A product is what it was before an import."),
    ),
    Topic(catalog.ProductPublished, "product.published", "prod", Sentence("A product is on sale.")),
    Topic(catalog.ProductUnpublished, "product.unpublished", "prod", Sentence("A product was taken off sale.")),
    Topic(
        catalog.ProductPublishRefused,
        "product.publish_refused",
        "prod",
        Sentence("A product was to be on sale by now and is not ready."),
    ),
    Topic(catalog.ProductDuplicated, "product.duplicated", "prod", Sentence("A product was copied: this is the copy.")),
    Topic(catalog.ProductDeleted, "product.deleted", "prod", Sentence("A product is gone.")),
    Topic(catalog.VariantsAdded, "product.variants_added", "prod", Sentence("A product has more variants.")),
    Topic(catalog.VariantsRemoved, "product.variants_removed", "prod", Sentence("A product has fewer variants.")),
    Topic(catalog.BundleChanged, "product.bundle_changed", "prod", Sentence("A bundle is made of other parts.")),
    Topic(catalog.ImagesChanged, "product.images_changed", "prod", Sentence("Pictures of a product have changed.")),
    Topic(
        catalog.ProductListingChanged,
        "product.listing_changed",
        "prod",
        Sentence("A product stands otherwise in a channel."),
    ),
    Topic(
        catalog.ProductAttributesSet,
        "product.attributes_set",
        "prod",
        Sentence("Values of a product's attributes have changed."),
    ),
    Topic(catalog.ProductTagsChanged, "product.tags_changed", "prod", Sentence("A product has other tags.")),
    Topic(catalog.ProductsImported, "product_import.ended", "imp", Sentence("An import of products has ended.")),
    Topic(catalog.ProductsExported, "product_export.ended", "exp", Sentence("A file with products can be fetched.")),
    Topic(catalog.CategoryCreated, "category.created", "cat", Sentence("A category is new.")),
    Topic(catalog.CategoryEdited, "category.edited", "cat", Sentence("A category was changed.")),
    Topic(catalog.CategoryDeleted, "category.deleted", "cat", Sentence("A category is gone.")),
    Topic(catalog.ChannelSaved, "channel.saved", "chan", Sentence("A channel is new or was changed.")),
    Topic(
        catalog.ListingsChanged,
        "channel.listings_changed",
        "chan",
        Sentence("Many products stand otherwise in a channel."),
    ),
    Topic(catalog.AttributeDefined, "attribute.defined", "attr", Sentence("An attribute is new.")),
    Topic(catalog.AttributeEdited, "attribute.edited", "attr", Sentence("An attribute was changed.")),
    Topic(catalog.AttributeDeleted, "attribute.deleted", "attr", Sentence("An attribute is gone.")),
    Topic(catalog.TagRenamed, "tag.renamed", "tag", Sentence("A tag has another name.")),
    Topic(catalog.TagsMerged, "tag.merged", "tag", Sentence("Tags went into another one.")),
    Topic(catalog.TagChangeUndone, "tag.change_undone", "tag", Sentence("What was done to a tag was undone.")),
    Topic(catalog.CollectionCreated, "collection.created", "coll", Sentence("A collection is new.")),
    Topic(catalog.CollectionEdited, "collection.edited", "coll", Sentence("A collection was changed.")),
    Topic(catalog.CollectionDeleted, "collection.deleted", "coll", Sentence("A collection is gone.")),
    Topic(catalog.StockLow, "stock.low", "stk", Sentence("What is available has fallen to the threshold.")),
    Topic(
        catalog.StockRecovered, "stock.recovered", "stk", Sentence("What is available is above the threshold again.")
    ),
    Topic(catalog.LocationCreated, "location.created", "loc", Sentence("A location is new.")),
    Topic(catalog.LocationEdited, "location.edited", "loc", Sentence("A location was changed.")),
    Topic(
        catalog.TransferStarted,
        "transfer.started",
        "tran",
        Sentence("Goods are on their way from one location to another."),
    ),
    Topic(
        catalog.TransferReceived, "transfer.received", "tran", Sentence("Goods of a transfer have come, all or some.")
    ),
    Topic(catalog.TransferCancelled, "transfer.cancelled", "tran", Sentence("A transfer was called off.")),
    Topic(catalog.StockCountOpened, "stock_count.opened", "cnt", Sentence("Somebody counts the stock.")),
    Topic(catalog.StockCountClosed, "stock_count.closed", "cnt", Sentence("A stock count has ended.")),
    Topic(catalog.StockCountCancelled, "stock_count.cancelled", "cnt", Sentence("A stock count was called off.")),
    Topic(catalog.SupplierCreated, "supplier.created", "sup", Sentence("A supplier is new.")),
    Topic(catalog.SupplierEdited, "supplier.edited", "sup", Sentence("A supplier was changed.")),
    Topic(catalog.SupplierPricesSet, "supplier.prices_set", "sup", Sentence("A supplier asks other prices.")),
    Topic(catalog.PurchaseOrderCreated, "purchase_order.created", "po", Sentence("A purchase order was drafted.")),
    Topic(catalog.PurchaseOrderEdited, "purchase_order.edited", "po", Sentence("A purchase order was changed.")),
    Topic(catalog.PurchaseOrderPlaced, "purchase_order.placed", "po", Sentence("A purchase order went out.")),
    Topic(
        catalog.PurchaseOrderReceived, "purchase_order.received", "po", Sentence("Goods of a purchase order have come.")
    ),
    Topic(
        catalog.PurchaseOrderClosed,
        "purchase_order.closed",
        "po",
        Sentence("The rest of a purchase order will not come."),
    ),
    Topic(
        catalog.PurchaseOrderCancelled, "purchase_order.cancelled", "po", Sentence("A purchase order was called off.")
    ),
    Topic(orders.OrderPlaced, "order.placed", "ord", Sentence("An order has come in.")),
    Topic(
        orders.OrderMoved,
        "order.moved",
        "ord",
        Sentence("An order has taken a step: of itself, its payment, its delivery or an after-sales case."),
    ),
    Topic(
        orders.ConfirmationOverdue,
        "order.confirmation_overdue",
        "ord",
        Sentence("An order has waited too long to be confirmed."),
    ),
    Topic(orders.OrderHeld, "order.held", "ord", Sentence("An order waits until it is resumed.")),
    Topic(orders.OrderResumed, "order.resumed", "ord", Sentence("An order goes on.")),
    Topic(order_edits.OrderEdited, "order.edited", "ord", Sentence("What was ordered, or where it goes, has changed.")),
    Topic(
        orders.OrderArranged, "order.arranged", "ord", Sentence("An order has other tags, or waits in another queue.")
    ),
    Topic(
        order_rules.OrderMetRules, "order.met_rules", "ord", Sentence("Rules of the shop did something to an order.")
    ),
    Topic(
        orders.PiecesCancelled, "order.pieces_cancelled", "ord", Sentence("Some of an order was called off, or all.")
    ),
    Topic(orders.PaymentReported, "order.payment_reported", "ord", Sentence("A payment is new, or has come further.")),
    Topic(orders.PaymentVoided, "order.payment_voided", "ord", Sentence("Money that was set aside is let go.")),
    Topic(orders.PaymentChargedBack, "order.payment_charged_back", "ord", Sentence("A bank took a payment back.")),
    Topic(orders.RefundCreated, "order.refund_created", "ord", Sentence("Money is to go back.")),
    Topic(orders.RefundSettled, "order.refund_settled", "ord", Sentence("Money has gone back.")),
    Topic(orders.RefundFailed, "order.refund_failed", "ord", Sentence("Money could not be given back.")),
    Topic(parcels.ShipmentPacked, "order.shipment_packed", "ord", Sentence("A parcel stands ready.")),
    Topic(parcels.ShipmentShipped, "order.shipment_shipped", "ord", Sentence("A parcel has left.")),
    Topic(parcels.ShipmentMoved, "order.shipment_moved", "ord", Sentence("A parcel is in another state.")),
    Topic(parcels.ShipmentOverdue, "order.shipment_overdue", "ord", Sentence("A parcel should have arrived by now.")),
    Topic(cases.CaseOpened, "order.case_opened", "ord", Sentence("An after-sales case was opened.")),
    Topic(cases.CaseMoved, "order.case_moved", "ord", Sentence("An after-sales case has taken a step.")),
    Topic(cases.GoodsReturned, "order.goods_returned", "ord", Sentence("Returned goods were inspected.")),
    Topic(order_imports.OrdersImported, "order_import.ended", "oimp", Sentence("An import of orders has ended.")),
    Topic(
        parcels.ShippingMethodSaved,
        "shipping_method.saved",
        "smet",
        Sentence("A way of delivery is new or was changed."),
    ),
    Topic(order_rules.OrderRuleCreated, "order_rule.created", "rule", Sentence("A rule for orders is new.")),
    Topic(order_rules.OrderRuleEdited, "order_rule.edited", "rule", Sentence("A rule for orders was changed.")),
    Topic(order_rules.OrderRuleDeleted, "order_rule.deleted", "rule", Sentence("A rule for orders is gone.")),
    Topic(buyers.CustomerCreated, "customer.created", "cust", Sentence("A customer is new.")),
    Topic(buyers.CustomerEdited, "customer.edited", "cust", Sentence("A customer was changed.")),
    Topic(
        buyers.CustomerConsentChanged,
        "customer.consent_changed",
        "cust",
        Sentence("A customer agrees to be written to, or no longer."),
    ),
    Topic(buyers.CustomersMerged, "customer.merged", "cust", Sentence("Two customers turned out to be one.")),
    Topic(buyers.MergeUndone, "customer.merge_undone", "cust", Sentence("Two customers are two again.")),
    Topic(buyers.CustomerErased, "customer.erased", "cust", Sentence("Nothing is known of a customer any more.")),
    Topic(bulk.BulkRunEnded, "bulk_run.ended", "bulk", Sentence("A bulk run has come to its end.")),
    Topic(hooks.WebhookPaused, "webhook.paused", "hook", Sentence("Nothing is sent to a webhook any more.")),
    Topic(hooks.WebhookResumed, "webhook.resumed", "hook", Sentence("A webhook is sent events again.")),
)
TOPIC_OF: Final[Mapping[str, Topic]] = {each.event.__name__: each for each in TOPICS}  # by the event's name
NAMED: Final[Mapping[str, Topic]] = {each.name: each for each in TOPICS}
TEST: Final = Topic(hooks.WebhookTested, "webhook.test", "hook", Sentence("Somebody tests the webhook."))
