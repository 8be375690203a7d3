"""A stranger's ids, in every place that takes an id: not a byte of the other shop comes back, and none of it changes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
)
from strawberry.utils.str_converters import to_camel_case

from stoa.domains.catalog import merchandising, stock, supplying
from stoa.domains.catalog.events import FieldChange, ProductEdited
from stoa.domains.catalog.models import (
    Attribute,
    AttributeType,
    AttributeValue,
    BulkEdit,
    BulkEditOutcome,
    BulkEditRow,
    BulkEditState,
    BundlePart,
    Channel,
    Collection,
    CollectionKind,
    CollectionProduct,
    ExportRun,
    ExportState,
    FileFormat,
    ImportIssue,
    ImportRun,
    ImportState,
    Listing,
    Location,
    PriceChange,
    ProductTag,
    PurchaseLine,
    Reservation,
    SearchLog,
    Stock,
    StockCountLine,
    StockMovement,
    SupplierPrice,
    Tag,
    Variant,
)
from stoa.graphql.reading.declared import TYPES
from stoa.graphql.requests import Request
from stoa.graphql.schema import schema
from stoa.kit.clock import now
from stoa.kit.ids import new_id, type_id
from stoa.kit.money import Money
from stoa.tenants import access
from stoa.tenants.access import Scope
from stoa.tenants.bulk.models import BulkKind, BulkRun
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction
from stoa.tenants.models import Account, ApiToken, Job, JobState, Membership, TrustedDocument
from stoa.tenants.outbox import publish
from stoa.tenants.shop_models import EventRow, Upload, UploadState
from stoa.tenants.uploading import stage_upload
from tests import make
from tests.domains.catalog.catalogs import catalog_of
from tests.graphql.asking import Ask
from tests.graphql.orders import strangers as of_orders
from tests.graphql.tenants import notification_strangers as of_notifications
from tests.graphql.tenants import report_strangers as of_reports
from tests.graphql.tenants import webhook_strangers as of_webhooks

SCHEMA = schema()._schema
SECRET = "zq7secret"  # in every text that the other shop holds
QUERY = SCHEMA.query_type
MUTATION = SCHEMA.mutation_type
assert QUERY is not None
assert MUTATION is not None

CART = type_id("cart", UUID(int=77))  # the other shop has reserved something for it
# Each mutation that takes an id, with inputs that would do something if the ids were one's own. In braces: what is
# the other shop's; in brackets: one's own.
STRANGERS: dict[str, list[dict[str, Any]]] = {
    "jobCancel": [{"id": "{job}"}],
    "jobReplay": [{"id": "{job}"}],
    "bulkRunCancel": [{"id": "{bulk}"}],
    "bulkMutationRun": [
        {
            "mutation": "mutation ($input: ProductDeleteInput!) { productDelete(input: $input) { userErrors { code } } }",
            "uploadId": "{upl}",
        }
    ],
    "productCreate": [
        {"title": "Mine", "variants": [{}], "categoryId": "{cat}"},
        {"title": "Mine", "variants": [{}], "images": [{"uploadId": "{upl}"}]},
        {"title": "Mine", "variants": [{}], "images": [{"uploadId": "{upl}"}], "idempotencyKey": "k"},
    ],
    "productUpdate": [
        {"id": "{prod}", "title": "Mine"},
        {"id": "{prod}", "expectedVersion": 1, "variants": [{"id": "{var}", "title": "Mine"}]},
        {"id": "[prod]", "categoryId": "{cat}"},
        {"id": "[prod]", "variants": [{"id": "{var}", "onHand": 0}]},
    ],
    "productDuplicate": [{"id": "{prod}"}, {"id": "{prod}", "title": "Mine", "idempotencyKey": "k"}],
    "productDelete": [{"id": "{prod}"}],
    "productPublish": [{"id": "{prod}"}, {"id": "{prod}", "at": "2999-01-01T00:00:00Z"}],
    "productUnpublish": [{"id": "{prod}"}],
    "productsBulkUpdate": [{"products": [{"id": "{prod}", "title": "Mine"}], "policy": "REJECT_EVERYTHING"}],
    "variantsAdd": [{"productId": "{prod}", "variants": [{}]}],
    "variantsRemove": [
        {"productId": "{prod}", "variantIds": ["{var}"]},
        {"productId": "[prod]", "variantIds": ["{var}"]},
    ],
    "variantsReorder": [
        {"productId": "{prod}", "variantIds": ["{var}"]},
        {"productId": "[prod]", "variantIds": ["{var}"]},
    ],
    "bundlePartsSet": [
        {"variantId": "{var}", "parts": []},
        {"variantId": "[var]", "parts": [{"variantId": "{var}", "quantity": 1}]},
    ],
    "channelUpdate": [{"id": "{chan}", "name": "Mine"}],
    "productListingsSet": [
        {"channelId": "{chan}", "products": [{"productId": "{prod}"}], "policy": "REJECT_EVERYTHING"},
        {"channelId": "[chan]", "products": [{"productId": "{prod}"}], "policy": "REJECT_EVERYTHING"},
    ],
    "categoryCreate": [{"name": "Mine", "parentId": "{cat}"}],
    "categoryUpdate": [{"id": "{cat}", "name": "Mine"}],
    "categoryDelete": [{"id": "{cat}"}],
    "attributeUpdate": [{"id": "{attr}", "name": "Mine"}],
    "attributeDelete": [{"id": "{attr}", "withValues": True}],
    "productAttributesSet": [{"productIds": ["{prod}"], "values": [{"key": "style", "values": ["mine"]}]}],
    "productTagsChange": [{"productIds": ["{prod}"], "remove": ["mine"]}],
    "tagRename": [{"id": "{tag}", "name": "Mine"}],
    "tagsMerge": [{"intoId": "{tag}", "mergedIds": ["[tag]"]}, {"intoId": "[tag]", "mergedIds": ["{tag}"]}],
    "tagChangeUndo": [{"id": "{evt}"}],
    "tagSuggestionAccept": [{"tag": "mine", "productIds": ["{prod}"]}],
    "collectionUpdate": [{"id": "{coll}", "title": "Mine"}],
    "collectionDelete": [{"id": "{coll}"}],
    "collectionProductsAdd": [{"id": "{coll}", "productIds": ["[prod]"]}],
    "collectionProductsRemove": [{"id": "{coll}", "productIds": ["[prod]"]}],
    "collectionReorder": [{"id": "{coll}", "productIds": ["[prod]"]}],
    "collectionRefresh": [{"id": "{coll}"}],
    "productImportStart": [
        {"uploadId": "{upl}", "source": "mine", "mapping": [{"field": "SKU", "column": "sku"}]},
        {"uploadId": "{upl}", "source": "mine", "mapping": [{"field": "SKU", "column": "sku"}], "dryRun": True},
    ],
    "productImportCancel": [{"id": "{imp}"}],
    "productImportUndo": [{"id": "{imp}"}],
    "productImageAdd": [
        {"productId": "{prod}", "images": [{"url": "https://img.test/mine"}]},
        {"productId": "[prod]", "images": [{"uploadId": "{upl}"}]},
    ],
    "productImageUpdate": [{"id": "{img}", "alt": "Mine"}],
    "productImagesReorder": [{"productId": "{prod}", "ids": []}, {"productId": "[prod]", "ids": ["{img}"]}],
    "productImageRemove": [{"productId": "{prod}", "ids": ["{img}"]}, {"productId": "[prod]", "ids": ["{img}"]}],
    "supplierUpdate": [{"id": "{sup}", "name": "Mine"}],
    "supplierDeactivate": [{"id": "{sup}"}],
    "supplierPriceSet": [
        {"supplierId": "{sup}", "prices": [{"variantId": "{var}", "price": {"amount": "1", "currency": "EUR"}}]}
    ],
    "purchaseOrderCreate": [
        {"supplierId": "{sup}", "lines": []},
        {"supplierId": "[sup]", "lines": [{"variantId": "{var}", "quantity": 1}]},
        {"supplierId": "[sup]", "lines": [], "locationId": "{loc}"},
    ],
    "purchaseOrderUpdate": [
        {"id": "{po}", "note": "Mine"},
        {"id": "[po]", "lines": [{"variantId": "{var}", "quantity": 1}]},
        {"id": "[po]", "locationId": "{loc}"},
    ],
    "purchaseOrderPlace": [{"id": "{po}"}],
    "purchaseOrderReceive": [{"id": "{po}", "lines": [{"lineId": "{pol}", "quantity": 1}]}],
    "purchaseOrderClose": [{"id": "{po}"}],
    "purchaseOrderCancel": [{"id": "{po}"}],
    "productExportStart": [{"format": "GENERIC", "ids": ["{prod}"]}],
    "productBulkEditStart": [{"everything": True, "changes": {"categoryId": "{cat}"}}],
    "productBulkEditCancel": [{"id": "{bed}"}],
    "productBulkEditUndo": [{"id": "{bed}"}],
    "apiTokenRevoke": [{"id": "{tok}"}],
    "memberRoleChange": [{"id": "{mem}", "role": "VIEWER"}],
    "memberRemove": [{"id": "{mem}"}],
    "locationUpdate": [{"id": "{loc}", "name": "Mine"}, {"id": "{loc}", "isActive": False, "expectedVersion": 1}],
    "locationMainSet": [{"id": "{loc}"}],
    "stockAdjust": [
        {"reason": "mine", "lines": [{"variantId": "{var}", "quantity": 1}]},
        {"reason": "mine", "lines": [{"variantId": "[var]", "locationId": "{loc}", "quantity": 1}]},
    ],
    "stockThresholdSet": [
        {"lines": [{"variantId": "{var}", "threshold": 1}]},
        {"lines": [{"variantId": "[var]", "locationId": "{loc}", "threshold": 1}]},
    ],
    "stockReserve": [
        {"holder": CART, "lines": [{"variantId": "{var}", "quantity": 1}]},
        {"holder": CART, "lines": [{"variantId": "[var]", "locationId": "{loc}", "quantity": 1}]},
    ],
    "stockRelease": [{"holder": CART, "lines": [{"variantId": "{var}", "quantity": 1}]}],
    "stockShip": [{"holder": CART}, {"holder": CART, "lines": [{"variantId": "{var}", "quantity": 1}]}],
    "stockReservationExtend": [{"holder": CART}],
    "stockTransferStart": [
        {"originId": "{loc}", "destinationId": "[loc]", "lines": [{"variantId": "[var]", "quantity": 1}]},
        {"originId": "[loc]", "destinationId": "{loc}", "lines": [{"variantId": "[var]", "quantity": 1}]},
        {"originId": "[loc]", "destinationId": "[loc2]", "lines": [{"variantId": "{var}", "quantity": 1}]},
    ],
    "stockTransferReceive": [
        {"id": "{tran}"},
        {"id": "{tran}", "lines": [{"variantId": "{var}", "quantity": 1}]},
    ],
    "stockTransferCancel": [{"id": "{tran}"}],
    "stockCountOpen": [{"locationId": "{loc}"}],
    "stockCountRecord": [{"id": "{cnt}", "lines": [{"variantId": "{var}", "counted": 1}]}],
    "stockCountClose": [{"id": "{cnt}"}],
    "stockCountCancel": [{"id": "{cnt}"}],
}
STRANGERS |= of_orders.STRANGERS | of_webhooks.STRANGERS | of_reports.STRANGERS | of_notifications.STRANGERS


class Stage:
    """Two shops: the ids of the other's things by their prefix, and one's own."""

    def __init__(self, ask: Ask, other: Context, ids: dict[str, str], own: dict[str, str]) -> None:
        self.ask, self.other, self.ids, self.own = ask, other, ids, own

    async def everything_of_the_other(self) -> Any:
        """All that the other shop holds, in its own tables and in the platform's."""
        shop_id = self.other.shop.id
        with open_shop(self.other.shop):
            runs = await ImportRun.all().values()
        return (
            await catalog_of(self.other),
            await of_orders.everything_of(self.other),
            await of_webhooks.everything_of(self.other),
            await of_reports.everything_of(self.other),
            await of_notifications.everything_of(self.other),
            runs,
            await ApiToken.filter(shop_id=shop_id).values(),
            await Membership.filter(shop_id=shop_id).order_by("id").values(),
            await TrustedDocument.filter(shop_id=shop_id).values(),
            await Job.filter(shop_schema=self.other.shop.schema).order_by("id").values(),
            await BulkRun.filter(shop_schema=self.other.shop.schema).values(),
        )


@pytest.fixture
async def stage(ask: Ask, other_ctx: Context) -> Stage:
    own = await make.product(ask.ctx, variants=({},))
    supplier = await make.supplier(ask.ctx)
    draft = await make.purchase(ask.ctx, supplier, [], placed=False)
    with open_shop(ask.ctx.shop):
        rows: dict[str, Any] = {
            "prod": own,
            "var": await Variant.get(product_id=own.id),
            "chan": await Channel.get(code="web"),
            "loc": await Location.get(is_main=True),
            "loc2": await make.location(ask.ctx),
            "tag": await Tag.create(name="Own", name_key="own"),
            "sup": supplier,
            **await of_orders.own(ask.ctx),
            **await of_webhooks.own(ask.ctx),
            "po": draft,
        }
        await SearchLog.create(day=date(2026, 11, 22), words="mine", found=0)
    own_ids = {name: type_id(name.rstrip("2"), row.id) for name, row in rows.items()}
    return Stage(ask, other_ctx, await _furnish(other_ctx), own_ids)


async def _furnish(other: Context) -> dict[str, str]:
    """Put something with the secret in it into every table of the other shop; an id of each kind."""
    with open_shop(other.shop):
        shelf = await make.category(other, SECRET)
        product = await make.product(
            other,
            title=f"{SECRET} cup",
            category=shelf,
            variants=({"sku": f"{SECRET}-1", "title": SECRET, "barcode": SECRET, "cost_minor": 777_123},),
            images=(f"https://img.test/{SECRET}",),
            description=SECRET,
            source=SECRET,
            external_id=SECRET,
        )
        variant, image = await product.variants.all().first(), await product.images.all().first()
        part = await make.product(other, variants=({"sku": f"{SECRET}-2"},))
        piece = await Variant.get(product_id=part.id)
        channel = await Channel.create(code=SECRET, name=SECRET)
        listing = await Listing.create(product=product, channel=channel)
        in_bundle = await BundlePart.create(bundle=variant, part=piece, quantity=2)
        price = await PriceChange.filter(variant=variant, kind="SALE").first()
        async with shop_transaction():
            await publish(other, ProductEdited(product.id, ("title",), (FieldChange("title", SECRET, SECRET),)))
        news = await EventRow.filter(subject_id=product.id).first()
        run = await ImportRun.create(
            file_key=SECRET, file_name=SECRET, source=SECRET, mapping={"sku": SECRET}, state=ImportState.DONE
        )
        export = await ExportRun.create(
            format=FileFormat.GENERIC,
            state=ExportState.DONE,
            file_name=SECRET,
            file_key=SECRET,
            failure={"text": SECRET},
        )
        issue = await ImportIssue.create(
            run=run, line=1, column_name=SECRET, code=SECRET, message={"text": SECRET}, value=SECRET
        )
        bulk = await BulkEdit.create(chosen={}, changes={}, state=BulkEditState.DONE, failure={"text": SECRET})
        edited = await BulkEditRow.create(
            run=bulk,
            product_id=product.id,
            title=SECRET,
            outcome=BulkEditOutcome.REFUSED,
            code=SECRET,
            message={"text": SECRET},
        )
        stocked = await _furnish_stock(other, variant)
        ordered = await of_orders.furnish(other, variant, SECRET)
        hooked = await of_webhooks.furnish(other, SECRET)
        attribute = await Attribute.create(key=SECRET, name=SECRET, type=AttributeType.TEXT)
        value = await AttributeValue.create(product=product, attribute=attribute, text=SECRET)
        tag = await Tag.create(name=SECRET, name_key=SECRET)
        tagged = await ProductTag.create(product=product, tag=tag)
        collection = await Collection.create(title=SECRET, handle=SECRET, kind=CollectionKind.MANUAL)
        shown = await CollectionProduct.create(collection=collection, product=product)
        _, renamed = await merchandising.rename_tag(other, tag.id, f"{SECRET} 2")
        supplier, supplied = await _furnish_supplies(other, variant)
        upload = (await stage_upload(other, f"{SECRET}.csv", "text/csv", 10)).upload
        await Upload.filter(id=upload.id).update(state=UploadState.RECEIVED, file_key=SECRET)
        token = (await access.create_token(other, name=SECRET, scopes=[Scope.CATALOG_READ])).token
    await TrustedDocument.create(shop_id=other.shop.id, sha256="0" * 64, body=f"# {SECRET}\n{{ me {{ scopes }} }}")
    job = await Job.create(
        shop_schema=other.shop.schema,
        kind="imports",
        name=SECRET,
        payload={"secret": SECRET},
        state=JobState.DEAD,
        last_error=f"REFUSED: {SECRET}",
        run_at=now(),
        created_at=now(),
    )
    in_bulk = await BulkRun.create(
        shop_schema=other.shop.schema,
        kind=BulkKind.QUERY,
        document=f"# {SECRET}",
        asker={"kind": "system", "id": None, "name": SECRET},
        scopes=[],
        needs=[],
        job=job,
        file_key=SECRET,
        failure={"text": SECRET},
    )
    person = await make.member(other.shop, await make.account(name=SECRET), role="MANAGER")
    member = await Membership.get(account_id=person.id, shop_id=other.shop.id)
    owner = await Account.get(id=other.actor.id)
    assert variant is not None
    assert image is not None
    assert price is not None
    assert news is not None
    rows = {
        "cat": shelf,
        "prod": product,
        "var": variant,
        "img": image,
        "chan": channel,
        "list": listing,
        "part": in_bundle,
        "prc": price,
        "evt": news,
        "imp": run,
        "exp": export,
        "bed": bulk,
        "ber": edited,
        "iss": issue,
        "upl": upload,
        **supplied,
        "sup": supplier,
        "tok": token,
        "mem": member,
        "acct": owner,
        "shop": other.shop,
        **stocked,
        **ordered,
        **hooked,
        **await of_notifications.furnish(other, SECRET),
        "attr": attribute,
        "aval": value,
        "tag": tag,
        "ptag": tagged,
        "coll": collection,
        "cprod": shown,
        "job": job,
        "bulk": in_bulk,
        **await of_reports.furnish(other, SECRET),
    }
    assert renamed is not None
    return {"evt": type_id("evt", renamed)} | {prefix: type_id(prefix, row.id) for prefix, row in rows.items()}


async def _furnish_stock(other: Context, variant: Any) -> dict[str, Any]:
    """Something in every table of stock."""
    names = stock.LocationChanges(
        name=SECRET, translations={"zh": {"name": SECRET}}, address={"city": SECRET, "line1": SECRET}
    )
    main, attic = await Location.get(is_main=True), await stock.create_location(other, names)
    await stock.set_limits(other, [stock.Limits(variant.id, threshold=777_123)])
    await stock.reserve(other, stock.Holder("cart", UUID(int=77)), [stock.Demand(variant.id, 1)])
    transfer = await stock.start_transfer(other, main.id, attic.id, [(variant.id, 2)], note=SECRET)
    count = await stock.open_count(other, attic.id, note=SECRET)
    await stock.record_counts(other, count.id, [(variant.id, 777_123)])
    return {
        "loc": attic,
        "tran": transfer,
        "cnt": count,
        "stk": await Stock.get(variant_id=variant.id, location=attic),
        "mov": await StockMovement.all().first(),
        "rsv": await Reservation.all().first(),
        "cnl": await StockCountLine.all().first(),
    }


async def _furnish_supplies(other: Context, variant: Any) -> tuple[Any, dict[str, Any]]:
    supplier = await make.supplier(other, SECRET, note=SECRET, phone=SECRET)
    await make.supplier_price(other, supplier, variant, 777_123, supplier_code=SECRET)
    order = await make.purchase(other, supplier, [(variant, 5, 777_123)], note=SECRET)
    line = await PurchaseLine.get(purchase_id=order.id)
    delivery = supplying.Delivery(
        [supplying.ReceivedDraft(line.id, 1)],
        costs=[supplying.CostDraft(SECRET, Money(777_123, order.currency))],
        reference=SECRET,
    )
    receipt = await supplying.receive_purchase(other, order.id, delivery)
    price, place = await SupplierPrice.get(supplier_id=supplier.id), await Location.get(is_main=True)
    return supplier, {"spr": price, "po": order, "pol": line, "rec": receipt, "loc": place}


async def answer_of(stage: Stage, query: str, **variables: Any) -> str:
    """The whole answer as text; it must hold nothing of the other shop."""
    body = await stage.ask.run(query, variables)
    text = json.dumps(body, default=str, ensure_ascii=False)
    assert SECRET not in text
    assert "777123" not in text
    assert stage.other.shop.schema not in text
    assert stage.other.shop.name not in text
    return text


def nobodys(ids: dict[str, str]) -> dict[str, str]:
    """Ids like these that are nobody's."""
    return {prefix: type_id(prefix, new_id()) for prefix in ids}


async def same_as_of_nobody(stage: Stage, query: str, variables: Any) -> None:
    """The answer about another shop's things must be the one about things that do not exist: no guessing either."""
    theirs, unknown = stage.ids, nobodys(stage.ids)
    answers = [await answer_of(stage, query, **_named(variables, ids, stage.own)) for ids in (theirs, unknown)]
    for prefix in theirs:
        answers = [answers[0].replace(theirs[prefix], prefix), answers[1].replace(unknown[prefix], prefix)]
    assert answers[0] == answers[1]


def _named(value: Any, theirs: dict[str, str], own: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _named(each, theirs, own) for name, each in value.items()}
    if isinstance(value, list):
        return [_named(each, theirs, own) for each in value]
    if isinstance(value, str) and value[:1] == "{":
        return theirs[value[1:-1]]
    return own[value[1:-1]] if isinstance(value, str) and value[:1] == "[" else value


# Reading --------------------------------------------------------------------------------------------------------------


def selection(kind: GraphQLNamedType, depth: int) -> str:
    """Everything there is below, so deep."""
    assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
    parts = ["__typename"]
    for name, field in kind.fields.items():
        below = get_named_type(field.type)
        if any(is_required_argument(argument) for argument in field.args.values()):
            continue
        if is_leaf_type(below):
            parts.append(name)
        elif depth > 0:
            deeper = depth - (below.name in TYPES)
            parts.append(f"{name}{'(first: 3)' if 'first' in field.args else ''} {selection(below, deeper)}")
    if isinstance(kind, GraphQLInterfaceType):
        parts += [f"... on {each.name} {selection(each, depth)}" for each in SCHEMA.get_possible_types(kind)]
    return "{ " + " ".join(parts) + " }"


def below_of(field: GraphQLField, depth: int = 3) -> str:
    kind = get_named_type(field.type)
    return "" if is_leaf_type(kind) else selection(kind, depth)


@pytest.mark.parametrize("name", sorted(QUERY.fields))
async def test_every_field_of_query_shows_ones_own_alone(stage: Stage, name: str) -> None:
    """With every id of the other shop in each argument that takes one, and without any argument."""
    field = QUERY.fields[name]
    ids = [argument for argument in field.args if _takes_ids(field.args[argument])]
    if not ids:
        await answer_of(stage, f"{{ {name} {below_of(field)} }}")
        return
    [argument] = ids
    for prefix in stage.ids:
        value = ["{%s}" % prefix] if is_list_type(_nullable(field.args[argument].type)) else "{%s}" % prefix
        query = f"query ($it: {field.args[argument].type}) {{ {name}({argument}: $it) {below_of(field, 2)} }}"
        await same_as_of_nobody(stage, query, {"it": value})


def _takes_ids(argument: GraphQLArgument) -> bool:
    return get_named_type(argument.type).name == "ID"


def _nullable(kind: Any) -> Any:
    return getattr(kind, "of_type", kind) if str(kind).endswith("!") else kind


def connections() -> Iterator[tuple[str, str]]:
    """Every connection, with a query in which it takes `$where` and its items' ids are shown."""
    for name, field in QUERY.fields.items():
        if "where" in field.args:
            yield (
                name,
                f"query ($where: {field.args['where'].type}) {{ {name}(where: $where) {{ nodes {{ id }} count {{ value }} }} }}",
            )
    for stored in TYPES.values():
        kind = SCHEMA.type_map[stored.name]
        assert isinstance(kind, GraphQLObjectType)
        for name, field in kind.fields.items():
            if "where" in field.args:
                inner = f"... on {stored.name} {{ {name}(where: $where) {{ nodes {{ id }} count {{ value }} }} }}"
                yield (
                    f"{stored.name}.{name}",
                    f'query ($where: {field.args["where"].type}) {{ node(id: "[own]") {{ {inner} }} }}',
                )


def id_tests(kind: GraphQLInputObjectType, depth: int) -> Iterator[dict[str, Any]]:
    """Every way to test for an id in a `where`, so deep."""
    for name, field in kind.fields.items():
        of = get_named_type(field.type)
        assert isinstance(of, GraphQLInputObjectType)
        if of.name == "IdFilter":
            stored = TYPES[kind.name.removesuffix("Where")]
            # a filter on what is computed may be about another type's ids
            others = {
                to_camel_case(each): getattr(declared, "filter_by", None) for each, declared in stored.fields.items()
            }
            prefix = others.get(name) or stored.prefix
            yield {name: {"eq": "{%s}" % prefix}}
            yield {name: {"in": ["{%s}" % prefix]}}
        elif of.name.endswith("ListWhere") and depth:
            element = get_named_type(of.fields["some"].type)
            assert isinstance(element, GraphQLInputObjectType)
            yield from ({name: {"some": test}} for test in id_tests(element, depth - 1))
        elif of.name.endswith("Where") and depth and name not in ("and", "or", "not"):
            yield from ({name: test} for test in id_tests(of, depth - 1))
        elif name == "or" and depth:
            yield from ({name: [test]} for test in id_tests(of, 0))


@pytest.mark.parametrize(("name", "query"), list(connections()), ids=lambda value: str(value)[:40])
async def test_no_filter_finds_anothers_things(stage: Stage, name: str, query: str) -> None:
    element = query.partition("$where: ")[2].partition(")")[0]
    kind = SCHEMA.type_map[element]
    assert isinstance(kind, GraphQLInputObjectType)
    owner = name.partition(".")[0]
    own = {"Product": stage.own["prod"], "Category": type_id("cat", (await make.category(stage.ask.ctx)).id)}
    query = query.replace("[own]", own.get(owner, type_id("imp", new_id())))
    for test in id_tests(kind, 2):
        await same_as_of_nobody(stage, query, {"where": test})
        body = await stage.ask.run(query, {"where": _named(test, stage.ids, stage.own)})
        assert body["errors"] == []
        assert '"id"' not in json.dumps(body["data"])


@pytest.mark.parametrize("operator", ["eq", "startsWith", "contains"])
async def test_no_text_finds_anothers_things(stage: Stage, operator: str) -> None:
    for where in (
        {"title": {operator: f"{SECRET} cup"}},
        {"category": {"name": {operator: SECRET}}},
        {"variants": {"some": {"sku": {operator: f"{SECRET}-1"}}}},
        {"source": {operator: SECRET}},
    ):
        query = "query ($where: ProductWhere) { products(where: $where) { nodes { id } count { value } } }"
        body = await stage.ask.run(query, {"where": where})
        assert body["data"] == {"products": {"nodes": [], "count": {"value": 0}}}
    body = await stage.ask.run(
        "query ($search: String) { products(search: $search) { nodes { id } } }", {"search": SECRET}
    )
    assert body["data"] == {"products": {"nodes": []}}


async def test_nothing_can_be_watched_of_another_shop(stage: Stage) -> None:
    """The stream ends, or says at once that there is nothing, as for an import that does not exist."""
    query = "subscription ($id: ID!) { productImportProgress(id: $id) { id fileName state } }"

    async def first_answers(id: str) -> list[str]:
        answers = []
        with open_shop(stage.ask.ctx.shop):
            stream = stage.ask.executor.stream(Request(query, {"id": id}), stage.ask.context())
            async with asyncio.timeout(20):
                async for answer in stream:
                    answers.append(json.dumps(answer.body.get("data"), default=str))
        return answers

    theirs, unknown = await first_answers(stage.ids["imp"]), await first_answers(type_id("imp", new_id()))
    assert theirs == unknown
    assert SECRET not in str(theirs)


# Doing ----------------------------------------------------------------------------------------------------------------


def takes_an_id(kind: GraphQLInputObjectType, seen: frozenset[str] = frozenset()) -> bool:
    for field in kind.fields.values():
        of = get_named_type(field.type)
        if of.name == "ID":
            return True
        if isinstance(of, GraphQLInputObjectType) and of.name not in seen and takes_an_id(of, seen | {of.name}):
            return True
    return False


def test_every_mutation_that_takes_an_id_is_tried_as_a_stranger() -> None:
    taking = {name for name, field in MUTATION.fields.items() if takes_an_id(get_named_type(field.args["input"].type))}  # type: ignore[arg-type]
    taking -= {"orderViewCreate"}  # its filter is kept as written, and finds what `orders(where:)` finds

    assert taking == set(STRANGERS), "say in STRANGERS what the mutation would do with another shop's ids"


@pytest.mark.parametrize(
    ("name", "input"), [(name, input) for name, inputs in STRANGERS.items() for input in inputs], ids=str
)
async def test_no_mutation_touches_anothers_things(stage: Stage, name: str, input: dict[str, Any]) -> None:
    field = MUTATION.fields[name]
    query = f"mutation ($input: {field.args['input'].type}) {{ {name}(input: $input) {below_of(field, 2)} }}"
    before, own_before = await stage.everything_of_the_other(), await catalog_of(stage.ask.ctx)

    await same_as_of_nobody(stage, query, {"input": input})

    body = await stage.ask.run(query, {"input": _named(input, stage.ids, stage.own)})
    assert body["errors"] == []
    assert body["data"][name]["userErrors"] != []
    assert await stage.everything_of_the_other() == before
    assert await catalog_of(stage.ask.ctx) == own_before


PREFIXES = [
    *("prod", "cat", "var", "img", "imp", "iss", "upl", "tok", "mem", "acct", "shop", "sess", "x", "chan"),
    *("list", "part", "prc", "evt", "loc", "stk", "mov", "rsv", "tran", "cnt", "cnl", "attr", "aval", "tag"),
    *("ptag", "coll", "cprod", "sup", "spr", "po", "pol", "rec", "exp", "bed", "ber", "job", "bulk"),
    *of_orders.PREFIXES,
    *of_webhooks.PREFIXES,
    *of_reports.PREFIXES,
    *of_notifications.PREFIXES,
]


@pytest.mark.parametrize("name", sorted(STRANGERS))
async def test_an_id_of_another_type_is_refused_where_it_stands(ask: Ask, name: str) -> None:
    """An id tells its type, so that no row is ever taken for one of another table."""
    field = MUTATION.fields[name]
    query = (
        f"mutation ($input: {field.args['input'].type}) {{ {name}(input: $input) {{ userErrors {{ code path }} }} }}"
    )
    for input in STRANGERS[name]:
        for place, expected in _places(input):
            for prefix in [each for each in PREFIXES if each != expected]:
                wrong = _put(_named(input, _ids(), _ids()), place, type_id(prefix, new_id()))
                body = await ask.run(query, {"input": wrong})
                [error] = body["data"][name]["userErrors"]
                assert (error["code"], error["path"]) == ("INVALID", ["input", *map(str, place)])


def _ids() -> dict[str, str]:
    return {prefix: type_id(prefix, new_id()) for prefix in PREFIXES} | {"loc2": type_id("loc", new_id())}


def _put(value: Any, place: tuple[str | int, ...], id: str) -> Any:
    """The same with this id there."""
    if not place:
        return id
    copy = list(value) if isinstance(value, list) else dict(value)
    copy[place[0]] = _put(value[place[0]], place[1:], id)
    return copy


def _places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where another shop's ids stand in an input, and of which type they must be."""
    if isinstance(value, dict | list):
        items: Any = value.items() if isinstance(value, dict) else enumerate(value)
        for name, each in items:
            yield from _places(each, (*path, name))
    elif isinstance(value, str) and value[:1] == "{":
        yield path, value[1:-1]
