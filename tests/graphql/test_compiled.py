"""The compiled executor answers what graphql-core answers, and leaves it few fields to run."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from functools import wraps
from inspect import isawaitable
from types import FunctionType, coroutine
from typing import Annotated, Any, NewType, cast

import msgspec
import pytest
import strawberry
from graphql import (
    DocumentNode,
    ExperimentalIncrementalExecutionResults,
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
    MiddlewareManager,
    Undefined,
    build_schema,
    execute,
    experimental_execute_incrementally,
    get_introspection_query,
    get_named_type,
    is_leaf_type,
    parse,
    subscribe,
    validate,
)
from graphql.execution.values import VariableValues, get_variable_values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from stoa.graphql.compiled import (
    IDENTITY_OUTPUT,
    MOST_CLASSES,
    MOST_SHAPES,
    READ,
    WARM_UP,
    CompiledExecutor,
    PlainRead,
    plain_resolver,
    response_slot,
)
from tests.graphql.compiled_parity import (
    Document,
    EagerExecutor,
    Later,
    World,
    answer,
    random_documents,
    same_answer,
)

# graphql-core leaves coroutines behind when the error of one field cancels the others before they have begun. They die
# whenever the garbage collector comes, in whatever code that may be.
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module", autouse=True)
def no_coroutines_for_the_next_module() -> Iterator[None]:
    yield
    gc.collect()


# A schema with something of everything --------------------------------------------------------------------------------


@strawberry.enum
class Status(Enum):
    DRAFT = "draft"
    ACTIVE = "ACTIVE"
    GONE = strawberry.enum_value("x", name="DISCONTINUED")


@strawberry.enum
class Size(IntEnum):
    SMALL = 1
    LARGE = 2


class Cents(str):
    """What the Cents scalar passes on untouched."""


def show_cents(value: object) -> object:
    if value.__class__ is Cents:
        return value
    if isinstance(value, int):
        return f"{value}c"
    raise ValueError(f"no cents: {value!r}")


def show_odd(value: int) -> int | None:
    """An output coercion that gives null for what it does not like, which graphql-core takes for an error."""
    return value if value % 2 else None


CentsScalar = NewType("CentsScalar", object)
OddScalar = NewType("OddScalar", int)


class Never(BasePermission):
    message = "not for you"

    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
        return False


class Shout(FieldExtension):
    def resolve(self, next_: Callable[..., Any], source: Any, info: Any, **kwargs: Any) -> Any:
        return str(next_(source, info, **kwargs)).upper()


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Person(Named):
    age: int | None


@strawberry.type
class Robot(Named):
    model: str
    maker: Person | None


@strawberry.type
class Box:
    name: str | None
    inside: list[Robot]


Thing = Annotated[Person | Box, strawberry.union("Thing")]


@strawberry.type
class Money:
    amount: str
    currency: str


@strawberry.input
class VariantFilter:
    size: Size | None = None
    skus: list[str] | None = None
    not_: VariantFilter | None = strawberry.field(name="not", default=None)


@strawberry.type
class Variant:
    id: strawberry.ID
    sku: str
    stock: int
    price: Money
    size: Size | None

    @strawberry.field
    def label(self, prefix: str = "") -> str:
        return f"{prefix}{cast(Any, self).sku}"


@strawberry.type
class Category:
    name: str
    parent: Category | None


@strawberry.type
class Product:
    id: strawberry.ID
    name: str
    subtitle: str | None
    status: Status
    sizes: list[Size]
    rating: float | None
    is_published: bool
    sold: int
    margin: CentsScalar | None
    odd: OddScalar | None
    weight: Decimal | None
    attributes: JSON | None
    created_at: datetime
    category: Category | None
    variants: list[Variant]
    tags: list[str]
    notes: list[str | None] | None
    matrix: list[list[int | None] | None]
    shelves: list[list[Variant]]
    owner: Named | None
    thing: Thing | None
    things: list[Thing]
    secret: str | None = strawberry.field(permission_classes=[Never])
    loud: str | None = strawberry.field(extensions=[Shout()])

    @strawberry.field
    async def related(self) -> list[Product]:
        return cast(Any, self).relations

    @strawberry.field
    async def guarded(self) -> str:
        raise PermissionError("not today")

    # The three that the schema declares as plain below.

    @strawberry.field
    def title(self, language: str | None = None) -> str:
        raise NotImplementedError

    @strawberry.field
    def top_variants(self, first: int, where: VariantFilter | None = None) -> list[Variant]:
        raise NotImplementedError

    @strawberry.field
    def code(self) -> strawberry.ID | None:
        raise NotImplementedError

    relations: strawberry.Private[list[Product]]


@strawberry.type
class Query:
    products: list[Product]
    product: Product | None
    names: list[Named]

    @strawberry.field
    async def search(self, text: str = "", where: VariantFilter | None = None) -> list[Product]:
        return cast(Any, self).products

    @strawberry.field
    def thing(self) -> Thing | None:
        return cast(Any, self).product.thing


@strawberry.type
class Payload:
    product: Product | None
    count: int


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def add(self, info: strawberry.Info, by: int) -> Payload:
        info.context["count"] += by
        return cast(Payload, PayloadRow(product=product(), count=info.context["count"]))


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def changed(self) -> AsyncIterator[Product]:
        for number in range(3):
            yield cast(Product, product(id=f"prod_{number}"))


def prefixed(stored: object) -> str:
    if not isinstance(stored, str):
        raise TypeError(f"no code: {stored!r}")
    return f"prod_{stored}"


def declare(schema: GraphQLSchema, field_name: str, read: PlainRead) -> None:
    """What the schema builder does with a field of a planned type."""
    field = cast(GraphQLObjectType, schema.type_map["Product"]).fields[field_name]
    field.extensions[READ], field.resolve = read, plain_resolver(read)


def make_strawberry_schema(**options: Any) -> strawberry.Schema:
    scalars = {
        CentsScalar: strawberry.scalar(name="Cents", serialize=show_cents),
        OddScalar: strawberry.scalar(name="Odd", serialize=show_odd),
    }
    config = StrawberryConfig(scalar_map=scalars, **options)  # type: ignore[arg-type]
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Person, Robot],
        config=config,
        execution_context_class=CompiledExecutor,
    )


def make_schema(**options: Any) -> GraphQLSchema:
    schema = make_strawberry_schema(**options)._schema
    cast(GraphQLScalarType, schema.type_map["Cents"]).extensions[IDENTITY_OUTPUT] = Cents
    declare(schema, "title", PlainRead("title", keyed=True))
    declare(schema, "topVariants", PlainRead("top_variants", keyed=True))
    declare(schema, "code", PlainRead("stored_code", convert=prefixed))
    return schema


SCHEMA = make_schema()
INCREMENTAL_SCHEMA = make_schema(enable_experimental_incremental_execution=True)


# Sources --------------------------------------------------------------------------------------------------------------


class MoneyRow(msgspec.Struct):
    amount: Any = "12.50"
    currency: Any = "EUR"


class VariantRow(msgspec.Struct):
    id: Any = "var_1"
    sku: Any = "SKU-1"
    stock: Any = 7
    price: Any = msgspec.field(default_factory=MoneyRow)
    size: Any = 1


class CategoryRow(msgspec.Struct):
    name: Any = "Tea"
    parent: Any = None


class ProductRow(msgspec.Struct, dict=True):
    id: Any = "prod_1"
    name: Any = "Tea"
    subtitle: Any = None
    status: Any = "ACTIVE"
    sizes: Any = (1, Size.LARGE)
    rating: Any = 4.5
    is_published: Any = True
    sold: Any = 3
    margin: Any = None
    odd: Any = 3
    weight: Any = Decimal("1.5")
    attributes: Any = None
    created_at: Any = datetime(2026, 1, 2, tzinfo=UTC)
    category: Any = msgspec.field(default_factory=lambda: CategoryRow(parent=CategoryRow("Drinks")))
    variants: Any = msgspec.field(default_factory=lambda: [VariantRow(), VariantRow(id="var_2", size=None)])
    tags: Any = msgspec.field(default_factory=lambda: ["green", "loose"])
    notes: Any = msgspec.field(default_factory=lambda: ["first", None])
    matrix: Any = msgspec.field(default_factory=lambda: [[1, None], None, []])
    shelves: Any = msgspec.field(default_factory=lambda: [[VariantRow()], []])
    owner: Any = msgspec.field(default_factory=lambda: Person(name="Ann", age=None))
    thing: Any = msgspec.field(default_factory=lambda: Box(name=None, inside=[]))
    things: Any = msgspec.field(default_factory=lambda: [Person(name="Bob", age=4), Box(name="b", inside=[])])
    secret: Any = "hidden"
    loud: Any = "quiet"
    relations: Any = ()
    stored_code: Any = "77"
    at_title: Any = "Green tea"
    at_zh: Any = "绿茶"
    at_topVariants: Any = msgspec.field(default_factory=lambda: [VariantRow(id="var_9")])


class PayloadRow(msgspec.Struct):
    product: Any
    count: Any


@dataclass
class Root:
    products: Any = field(default_factory=list)
    product: Any = None
    names: Any = field(default_factory=list)


def product(**changes: Any) -> ProductRow:
    return ProductRow(**changes)


def one(**changes: Any) -> Callable[[], Root]:
    """A root whose product and only listed product has these changes; a callable change is made anew each time."""

    def make() -> Root:
        row = product(**{name: value() if callable(value) else value for name, value in changes.items()})
        return Root(products=[row], product=row)

    return make


def two(**changes: Any) -> Callable[[], Root]:
    """A root with a good product, and the changed one after it."""

    def make() -> Root:
        root = one(**changes)()
        return Root(products=[product(id="prod_0"), *root.products], product=root.product)

    return make


# The cases ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A query, a root for it, and how many fields the compiled executor leaves to graphql-core."""

    query: str
    root: Callable[[], object]
    left_to_core: int
    errors: int = 0
    variables: dict[str, Any] = field(default_factory=dict)


ALL_LEAVES = """{ products {
  id name subtitle status sizes rating isPublished sold margin odd weight attributes createdAt tags notes matrix
} }"""

STOCK = "{ products { id variants { id stock } } }"


class Failing:
    """A source whose attribute fails when it is read."""

    @property
    def name(self) -> str:
        raise RuntimeError("cannot be read")


class Bag:
    """An iterable that is no list but can be iterated again and again."""

    def __init__(self, *items: object) -> None:
        self._items = items

    def __iter__(self) -> Iterator[object]:
        return iter(self._items)


def missing_stock() -> list[object]:
    return [VariantRow(), CategoryRow()]


async def later(value: object) -> object:
    return value


CASES = {
    "every leaf": Case(ALL_LEAVES, two(), 1),
    "every leaf null or empty": Case(
        "{ products { subtitle rating odd weight attributes category { name } tags notes matrix variants { id } } }",
        one(rating=None, odd=None, weight=None, category=None, tags=[], notes=None, matrix=[], variants=[]),
        1,
    ),
    "an empty list": Case(STOCK, Root, 1),
    "a null list": Case(STOCK, lambda: Root(products=None), 1, errors=1),
    "one object": Case("{ product { id name variants { sku } } }", one(), 1),
    "no object": Case("{ product { id name } }", Root, 1),
    "nested objects": Case("{ product { category { name parent { name parent { name } } } } }", one(), 1),
    "lists of lists": Case("{ product { matrix shelves { id stock } } }", one(), 1),
    "a list of leaves after an await": Case("{ search { tags } }", one(), 1),
    "typename everywhere": Case("{ __typename products { __typename category { __typename } } }", one(), 2),
    "aliases keep their order": Case(
        "{ products { z: name a: name name m: sold variants { b: stock a: stock } } }", two(), 1
    ),
    "fields that merge": Case(
        "{ products { variants { id } variants { stock id } category { name } ...F } }"
        " fragment F on Product { variants { sku } category { parent { name } } }",
        two(),
        1,
    ),
    "a fragment merged in two ways": Case(
        "{ a: products { ...F variants { sku } } b: products { ...F } } fragment F on Product { variants { id } }",
        two(),
        2,
    ),
    "fragments in fragments": Case(
        "{ products { ...A } } fragment A on Product { ...B name category { ...C } }"
        " fragment B on Product { id variants { price { ...M } } } fragment C on Category { parent { name } }"
        " fragment M on Money { amount currency }",
        two(),
        1,
    ),
    "include and skip, literally": Case(
        "{ products { id @skip(if: true) name @include(if: true) ... @include(if: false) { sold } } }", two(), 1
    ),
    "nothing left to select": Case("{ products { id @skip(if: true) } }", two(), 1),
    "include by a variable that is true": Case(
        "query ($v: Boolean!) { products { id variants @include(if: $v) { id } } }", two(), 1, variables={"v": True}
    ),
    "include by a variable that is false": Case(
        "query ($v: Boolean!) { products { id variants @include(if: $v) { id } } }", two(), 1, variables={"v": False}
    ),
    "skip by the default of a variable": Case(
        "query ($v: Boolean = true) { products { id name @skip(if: $v) } }", two(), 1
    ),
    "conditions on a fragment": Case(
        "query ($v: Boolean!) { products { id ...F @skip(if: $v) ... on Product @include(if: $v) { sold } } }"
        " fragment F on Product { name }",
        two(),
        1,
        variables={"v": True},
    ),
    "null where there must be something": Case(ALL_LEAVES, two(name=None), 3, errors=1),
    "null deep inside": Case(STOCK, two(variants=[VariantRow(stock=None)]), 5, errors=1),
    "null that spreads to a nullable parent": Case(
        "{ product { name category { name parent { name } } } }", one(category=CategoryRow(None)), 4, errors=1
    ),
    "nulls in a list that may hold them": Case("{ product { notes matrix } }", one(notes=[None, None]), 1),
    "a null in a list that may not": Case("{ product { name tags } }", one(tags=["a", None]), 3, errors=1),
    "an undefined value": Case("{ products { name subtitle } }", two(subtitle=Undefined), 3),
    "an int too large": Case(STOCK, two(variants=[VariantRow(stock=2**31)]), 5, errors=1),
    "the largest and smallest int": Case("{ product { a: sold matrix } }", one(sold=2**31 - 1, matrix=[[-(2**31)]]), 1),
    "numbers that pass for others": Case(
        "{ products { sold rating isPublished name id } }",
        two(sold=True, rating=3, is_published=1, name=12, id=7.0),
        1,
    ),
    "an int that is text": Case("{ products { sold } }", two(sold="12"), 1),
    "an int that is no number": Case("{ products { sold } }", two(sold="twelve"), 2, errors=1),
    "a float that is not a number": Case("{ products { id rating } }", two(rating=float("nan")), 3, errors=1),
    "a float that is infinite": Case("{ products { id rating } }", two(rating=float("inf")), 3, errors=1),
    "bytes for text": Case("{ products { id name } }", two(name=b"tea"), 3, errors=1),
    "text where a list should be": Case("{ products { id tags } }", two(tags="green"), 3, errors=1),
    "a mapping where a list should be": Case("{ products { id variants { id } } }", two(variants=dict), 3, errors=1),
    "an object where a list should be": Case("{ products { id tags } }", two(tags=object), 3, errors=1),
    "a tuple for a list": Case(STOCK, two(variants=(VariantRow(),)), 1),
    "a set for a list": Case("{ products { tags } }", two(tags=lambda: {"one"}), 2),
    "a generator for a list": Case(STOCK, two(variants=lambda: (VariantRow(id=f"var_{n}") for n in range(3))), 3),
    "another iterable for a list": Case(STOCK, two(variants=lambda: Bag(VariantRow(), VariantRow())), 3),
    "an exception among the items": Case(
        "{ products { id } }", lambda: Root([product(), ValueError("boom")]), 1, errors=1
    ),
    "an exception of which nothing is read": Case(
        "{ products { __typename } }", lambda: Root([product(), ValueError("boom")]), 1, errors=1
    ),
    "an exception for a leaf": Case("{ products { id subtitle } }", two(subtitle=ValueError("boom")), 3, errors=1),
    "an exception for a custom scalar": Case(
        "{ products { attributes } }", two(attributes=ValueError("boom")), 2, errors=1
    ),
    "an exception for an object": Case(
        "{ products { id category { name } } }", two(category=KeyError("k")), 3, errors=1
    ),
    "a missing attribute": Case("{ product { id variants { stock } } }", one(variants=missing_stock), 4, errors=1),
    "an attribute that fails": Case(
        "{ product { id category { name } } }", one(category=lambda: Failing()), 4, errors=1
    ),
    "an awaitable leaf": Case("{ products { id subtitle } }", two(subtitle=Later("awaited")), 3),
    "a coroutine for a leaf": Case("{ products { id name } }", two(name=lambda: later("awaited")), 3),
    "awaitable items": Case(STOCK, two(variants=lambda: [Later(VariantRow()), VariantRow()]), 3),
    "awaitables of which nothing is read": Case(
        "{ products { variants { __typename } } }", two(variants=lambda: [Later(None)]), 2, errors=1
    ),
    "an awaitable custom scalar": Case("{ products { attributes } }", two(attributes=Later({"a": 1})), 2),
    "enums stored and enums as members": Case(
        "{ products { status sizes } }", two(status=Status.GONE, sizes=[Size.SMALL, 2]), 1
    ),
    "an enum by its GraphQL name only": Case("{ products { status } }", two(status="DISCONTINUED"), 2, errors=1),
    "an enum that cannot be hashed": Case("{ products { id status } }", two(status=list), 3, errors=1),
    "an enum of a type that is equal": Case("{ products { sizes } }", two(sizes=[True, 2.0]), 1),
    "a scalar of the class that passes": Case("{ products { margin } }", two(margin=lambda: Cents("1c")), 1),
    "a scalar that has to be shown": Case("{ products { margin weight createdAt } }", two(margin=5), 1),
    "a scalar that refuses": Case("{ products { id margin } }", two(margin="five"), 3, errors=1),
    "a scalar that shows as null": Case("{ products { id odd } }", two(odd=4), 3, errors=1),
    "a keyed read, its arguments applied": Case(
        '{ products { title zh: title(language: "zh") topVariants(first: 2) { id } } }', two(), 1
    ),
    "a keyed read with variables": Case(
        "query ($n: Int!, $w: VariantFilter) { products { topVariants(first: $n, where: $w) { sku } } }",
        two(),
        1,
        variables={"n": 1, "w": {"size": "LARGE"}},
    ),
    "a keyed read that was not planned": Case('{ products { id en: title(language: "en") } }', two(), 3, errors=1),
    "a converted read": Case("{ products { code } }", two(stored_code="8"), 1),
    "a converted read of nothing": Case("{ products { code } }", two(stored_code=None), 1),
    "a converted read that fails": Case("{ products { id code } }", two(stored_code=8), 3, errors=1),
    "an interface": Case("{ products { name owner { name ... on Person { age } } } }", two(), 3),
    "an interface of an unknown class": Case("{ products { id owner { name } } }", two(owner=MoneyRow), 3, errors=1),
    "a list of an interface": Case(
        "{ names { __typename name ... on Robot { model maker { name age } } } }",
        lambda: Root(names=[Person(name="Ann", age=3), Robot(name="R", model="M", maker=Person(name="Bob", age=4))]),
        2,
    ),
    "a union": Case(
        "{ thing { __typename ... on Box { name inside { name } } ... on Person { name__2: name age } } }", one(), 2
    ),
    "a list of a union": Case("{ product { things { ... on Person { age } ... on Box { name } } name } }", one(), 2),
    "a plain subtree within a union": Case(
        "{ thing { ... on Box { name n: name } } }", one(thing=lambda: Box(name="b", inside=[])), 1
    ),
    "an async resolver between plain fields": Case(
        "{ products { id related { id name } name variants { id } } }", two(relations=lambda: [product()]), 3
    ),
    "two async resolvers": Case(
        "{ products { id a: related { id } name b: related { name } sold } }", two(relations=lambda: [product()]), 5
    ),
    "an async resolver that fails": Case("{ products { id guarded name } }", two(), 3, errors=1),
    "an async resolver and a plain field that fails": Case(
        "{ products { id related { id } name } }", two(name=None), 5, errors=1
    ),
    "a sync resolver with arguments": Case('{ products { variants { sku label(prefix: "x") stock } } }', two(), 7),
    "a permission that is refused": Case("{ products { id secret name } }", two(), 3, errors=2),
    "a field extension": Case("{ products { id loud name } }", two(), 3),
    "introspection beside data": Case("{ __schema { queryType { name } } products { id } }", two(), 4),
    "a field that does not exist, not validated": Case("{ products { id nothing name } }", two(), 7),
    "sources of several classes": Case(
        "{ product { shelves { id } } }",
        one(shelves=lambda: [[VariantRow(), product(id="prod_8"), strawberry.ID("x") and VariantRow("v")]]),
        1,
    ),
    "errors that are not to spread": Case(
        "query @experimental_disableErrorPropagation { products { id name } }", two(name=None), 3, errors=1
    ),
}


# Parity ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
async def test_the_answer_is_that_of_graphql_core(name: str) -> None:
    case = CASES[name]

    found, left_to_core = await same_answer(SCHEMA, parse(case.query), case.root, variables=case.variables)

    assert (len(found.errors), len(left_to_core)) == (case.errors, case.left_to_core)


async def test_introspection_is_left_to_graphql_core() -> None:
    found, left_to_core = await same_answer(SCHEMA, parse(get_introspection_query()), Root)

    assert found.errors == ()
    assert len(left_to_core) > 1_000


async def test_one_plan_serves_only_one_state_of_the_conditions() -> None:
    document = parse(
        "query ($a: Boolean!, $b: Boolean!) { products { id name @include(if: $a) ...F @skip(if: $b) } }"
        " fragment F on Product { variants { id stock @include(if: $b) sku @skip(if: $a) } }"
    )

    for a, b in [(True, True), (False, True), (True, False), (False, False), (True, True)]:
        _, left_to_core = await same_answer(SCHEMA, document, two(), variables={"a": a, "b": b})
        assert left_to_core == ["Query.products"]


async def test_executions_of_one_document_may_overlap() -> None:
    document = parse("query ($v: Boolean!) { search { id related { id name @include(if: $v) } sold @skip(if: $v) } }")
    root = two(relations=lambda: [product()])()

    def answered(executor: type[Any], v: bool) -> Any:
        return answer(SCHEMA, document, executor, root, variables={"v": v})

    expected = [await answered(StrawberryGraphQLCoreExecutionContext, v) for v in (True, False)]
    assert await asyncio.gather(*(answered(EagerExecutor, n % 2 == 0) for n in range(6))) == expected * 3


async def test_a_document_may_be_used_with_two_schemas() -> None:
    document = parse("{ products { code } }")
    other = make_schema()
    declare(other, "code", PlainRead("stored_code", convert=lambda stored: f"other_{stored}"))

    answers = [(await same_answer(schema, document, one()))[0].data for schema in (SCHEMA, other, SCHEMA)]

    here, there = "{'products': [{'code': 'prod_77'}]}", "{'products': [{'code': 'other_77'}]}"
    assert answers == [here, there, here]


async def test_schemas_that_share_types_do_not_share_plans() -> None:
    name = GraphQLField(GraphQLString, resolve=plain_resolver(PlainRead("name")), extensions={READ: PlainRead("name")})
    here, there = GraphQLObjectType("Here", {"name": name}), GraphQLObjectType("There", {"name": name})
    query = GraphQLObjectType("Query", {"all": GraphQLField(GraphQLList(here), resolve=lambda root, _info: root)})
    schemas = [
        GraphQLSchema(query, types=[here, there, GraphQLUnionType("Some", [member])]) for member in (here, there)
    ]
    document = parse("{ all { name ... on Some { ... on Here { again: name } } } }")

    for schema, expected in zip(schemas * 2, ["{'name': 'a', 'again': 'a'}", "{'name': 'a'}"] * 2, strict=True):
        found, _ = await same_answer(schema, document, lambda: [CategoryRow("a")])
        assert found.data == f"{{'all': [{expected}]}}"


async def test_operations_may_be_shared_by_documents_whose_fragments_differ() -> None:
    [operation, fragment] = parse("{ products { ...F } } fragment F on Product { id }").definitions
    [other] = parse("fragment F on Product { name }").definitions

    for each, expected in [(fragment, "'id': 'prod_1'"), (other, "'name': 'Tea'"), (fragment, "'id': 'prod_1'")]:
        found, _ = await same_answer(SCHEMA, DocumentNode(definitions=(operation, each)), one())
        assert found.data == f"{{'products': [{{{expected}}}]}}"


async def test_sources_of_which_nothing_is_read_are_looked_at_nonetheless() -> None:
    document = parse("{ products { __typename } }")

    for make in (product, lambda: Later(product()), lambda: (each for each in ()), late, ValueError, Failing):
        await same_answer(SCHEMA, document, lambda make=make: Root(products=[make()]))


@coroutine
def late() -> Iterator[Any]:
    """A generator that can be awaited, and is of the same class as those that cannot."""
    yield from asyncio.sleep(0).__await__()


async def test_a_plan_survives_more_classes_of_sources_than_it_remembers() -> None:
    document = parse("{ products { name } }")
    rows = [type(f"Row{n}", (), {"name": f"row {n}"})() for n in range(MOST_CLASSES * 2)]

    found, left_to_core = await same_answer(SCHEMA, document, lambda: Root(products=rows))

    assert found.errors == ()
    assert left_to_core == ["Query.products"]


async def test_mutations_run_in_turn() -> None:
    document = parse("mutation { a: add(by: 1) { count product { id } } b: add(by: 2) { count product { name } } }")

    found, left_to_core = await same_answer(SCHEMA, document, Root, make_context=lambda: {"count": 0})

    assert found.data == (
        "{'a': {'count': 1, 'product': {'id': 'prod_1'}}, 'b': {'count': 3, 'product': {'name': 'Tea'}}}"
    )
    assert left_to_core == ["Mutation.add", "Mutation.add"]


async def test_events_of_a_subscription_are_completed_by_plans() -> None:
    document = parse("subscription { changed { id name variants { stock } guarded } }")

    async def events(executor: type[Any]) -> list[object]:
        stream = subscribe(SCHEMA, document, root_value=Root(), executor_class=executor)
        assert isawaitable(stream)
        return [(repr(each.data), repr(each.errors)) async for each in await stream]  # type: ignore[union-attr]

    expected = await events(StrawberryGraphQLCoreExecutionContext)
    EagerExecutor.left_to_core.clear()
    assert await events(EagerExecutor) == expected
    assert EagerExecutor.left_to_core == ["Subscription.changed", "Product.guarded"] * 3


DEFERRED = {
    "a fragment": "{ products { id ... @defer { name variants { id } } } }",
    "a fragment within one": "{ products { id ... @defer { name ... @defer { variants { id } } } sold } }",
    "a part of what is selected anyway": "{ products { id variants { id } ... @defer { variants { id stock } } } }",
    "a fragment that fails": "{ products { id ... @defer { guarded name } } }",
    "a fragment by a variable": "query ($v: Boolean!) { products { id ... @defer(if: $v) { name } } }",
    "below a plain object": "{ products { category { name ... @defer { parent { name } } } } }",
    "at the root": "{ products { id } ... @defer { product { id variants { id } } } }",
    "a fragment of which nothing is left": "{ products { id ... @defer { name @skip(if: true) } } }",
    "a stream": "{ products @stream(initialCount: 1) { id variants { id stock } } }",
    "a stream within a list": "{ products { id variants @stream(initialCount: 1) { id stock } } }",
    "a stream by a variable": "query ($v: Boolean!) { products { id tags @stream(if: $v, initialCount: 1) } }",
}


@pytest.mark.parametrize("name", DEFERRED)
async def test_what_comes_later_is_delivered_as_by_graphql_core(name: str) -> None:
    document = parse(DEFERRED[name])

    for v in (False, True, False):
        expected = await _delivered(StrawberryGraphQLCoreExecutionContext, document, v)
        assert await _delivered(EagerExecutor, document, v) == expected
        assert await _delivered(EagerExecutor, document, v) == expected


async def _delivered(executor: type[Any], document: DocumentNode, v: bool) -> list[object]:
    result = experimental_execute_incrementally(
        INCREMENTAL_SCHEMA, document, root_value=two()(), variable_values={"v": v}, executor_class=executor
    )
    if isawaitable(result):
        result = await result
    if not isinstance(result, ExperimentalIncrementalExecutionResults):
        return [result.formatted]
    return [result.initial_result.formatted, *[each.formatted async for each in result.subsequent_results]]


async def test_the_arguments_of_fragments_leave_everything_to_graphql_core() -> None:
    document = parse(
        "query ($v: Boolean!) { products { name ...F(x: $v) } }"
        " fragment F($x: Boolean!) on Product { category @include(if: $x) { name } }",
        experimental_fragment_arguments=True,
    )

    for v in (True, False):
        found, _ = await same_answer(SCHEMA, document, one(), variables={"v": v})
        assert found.errors == ()
        assert ("category" in found.data) is v


# What may not be bypassed ---------------------------------------------------------------------------------------------


async def test_middleware_sees_every_field() -> None:
    seen: list[str] = []

    def note(next_: Callable[..., Any], source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        seen.append(info.field_name)
        return next_(source, info, **arguments)

    execute(
        SCHEMA,
        parse("{ products { id variants { stock } } }"),
        root_value=one()(),
        middleware=MiddlewareManager(note),
        executor_class=EagerExecutor,
    )

    assert seen == ["products", "id", "variants", "stock", "stock"]


async def test_a_permission_is_asked_for_every_object() -> None:
    found, left_to_core = await same_answer(SCHEMA, parse("{ products { secret id } }"), two())

    assert found.data == "{'products': [{'secret': None, 'id': 'prod_0'}, {'secret': None, 'id': 'prod_1'}]}"
    assert left_to_core == ["Query.products", "Product.secret", "Product.secret"]


async def test_a_resolver_that_was_wrapped_is_called() -> None:
    schema = make_schema()
    name = cast(GraphQLObjectType, schema.type_map["Product"]).fields["name"]
    own = cast(Callable[..., Any], name.resolve)

    @wraps(own)
    def loud(source: Any, info: GraphQLResolveInfo[Any]) -> str:
        return f"{own(source, info)}!"

    name.resolve = loud

    found, _ = await same_answer(schema, parse("{ products { name } }"), one())
    assert found.data == "{'products': [{'name': 'Tea!'}]}"


async def test_a_default_resolver_of_ones_own_is_called() -> None:
    schema = make_schema(default_resolver=lambda source, name: getattr(source, name, None) or "nothing")

    found, _ = await same_answer(schema, parse("{ products { subtitle } }"), one())

    make_schema()  # Strawberry keeps the default resolver on the fields, which the schemas share
    assert found.data == "{'products': [{'subtitle': 'nothing'}]}"


async def test_a_response_key_that_is_no_name_never_becomes_code(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "zh, print('run')"
    document = parse("{ products { evil: title id } }")
    products = cast(Any, document.definitions[0]).selection_set.selections[0]
    object.__setattr__(products.selection_set.selections[0].alias, "value", evil)

    found, left_to_core = await same_answer(SCHEMA, document, one())

    assert response_slot(evil) in found.errors[0]
    assert left_to_core == ["Query.products", "Product.title"]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["", "a.b", "a b", "1a", "class", "a\n"])
def test_a_read_needs_the_name_of_an_attribute(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of an attribute"):
        PlainRead(name)


# Plans ----------------------------------------------------------------------------------------------------------------


def plans() -> list[FunctionType]:
    """The compiled functions that are alive: one for each plan, as none of these selections has objects below."""
    gc.collect()
    alive = (each for each in gc.get_objects() if isinstance(each, FunctionType))
    return [each for each in alive if each.__code__.co_name in ("plan", "head") and _is_compiled(each)]


def _is_compiled(function: FunctionType) -> bool:
    return function.__code__.co_filename == "<compiled selection>"


async def test_an_evicted_document_frees_its_plans() -> None:
    before = len(plans())
    document = parse("{ products { id name } product { id } }")
    await answer(SCHEMA, document, EagerExecutor, two()())
    assert len(plans()) == before + 2

    del document

    assert len(plans()) == before


async def test_an_operation_keeps_plans_for_a_bounded_number_of_shapes() -> None:
    before = len(plans())
    names = [f"v{n}" for n in range(6)]
    fields = " ".join(f"{name}: id @include(if: ${name})" for name in names)
    document = parse(f"query ({', '.join(f'${name}: Boolean!' for name in names)}) {{ products {{ id {fields} }} }}")

    for number in range(2 ** len(names)):
        variables = {name: bool(number >> n & 1) for n, name in enumerate(names)}
        await answer(SCHEMA, document, EagerExecutor, one()(), variables=variables)

    assert len(plans()) == before + MOST_SHAPES


async def test_a_plan_is_made_when_it_is_worth_its_while() -> None:
    before = len(plans())
    document = parse("{ product { id } }")

    for _ in range(WARM_UP - 1):
        await answer(SCHEMA, document, CompiledExecutor, one()())
    assert len(plans()) == before

    await answer(SCHEMA, document, CompiledExecutor, one()())
    assert len(plans()) == before + 1


async def test_a_list_that_is_long_enough_has_its_plan_at_once() -> None:
    before = len(plans())
    document = parse("{ products { id } }")

    await answer(SCHEMA, document, CompiledExecutor, Root(products=[product()] * WARM_UP))

    assert len(plans()) == before + 1


async def test_fragments_within_fragments_do_not_multiply_the_code() -> None:
    levels = 12
    fragments = "".join(
        f" fragment F{n} on Category {{ a: parent {{ ...F{n + 1} }} b: parent {{ ...F{n + 1} }} }}"
        for n in range(levels)
    )
    document = parse(f"{{ products {{ category {{ ...F0 }} }} }} {fragments} fragment F{levels} on Category {{ name }}")

    def functions() -> set[int]:
        return {id(each) for each in gc.get_objects() if isinstance(each, FunctionType) and _is_compiled(each)}

    before = functions()  # of other tests' documents, which the collector has not taken yet
    await answer(SCHEMA, document, EagerExecutor, one()())

    assert len(functions() - before) < 100


async def test_a_strawberry_schema_takes_the_executor() -> None:
    schema = make_strawberry_schema()

    result = await schema.execute("{ products { id variants { stock } } }", root_value=one()())

    assert result.errors is None
    assert result.data == {"products": [{"id": "prod_1", "variants": [{"stock": 7}, {"stock": 7}]}]}


# At random ------------------------------------------------------------------------------------------------------------

GOOD = World(SCHEMA, leaves={"Cents": (Cents("1c"), 5), "Odd": (1, 3)})
AT_RANDOM = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def plain_leaves(schema: GraphQLSchema) -> set[str]:
    """The leaves below the root that graphql-core should never have to run for a good source."""
    objects = [each for each in schema.type_map.values() if isinstance(each, GraphQLObjectType)]
    below = [each for each in objects if each is not schema.query_type and not each.name.startswith("__")]
    resolved = {"Product.guarded", "Product.secret", "Product.loud", "Variant.label"}
    leaves = {
        f"{each}.{name}"
        for each in below
        for name, one in each.fields.items()
        if is_leaf_type(get_named_type(one.type))
    }
    return (leaves | {f"{each}.__typename" for each in below}) - resolved


@AT_RANDOM
@given(random_documents(SCHEMA), st.integers(0, 2**32))
async def test_good_sources_at_random(document: Document, seed: int) -> None:
    _, left_to_core = await same_answer(SCHEMA, document, lambda: GOOD.root(seed))

    assert plain_leaves(SCHEMA).isdisjoint(left_to_core)


@AT_RANDOM
@given(random_documents(SCHEMA), st.integers(0, 2**32), st.sampled_from([4, 20, 100]))
async def test_wrong_sources_at_random(document: Document, seed: int, wrong_in: int) -> None:
    world = replace(GOOD, wrong_in=wrong_in)

    await same_answer(SCHEMA, document, lambda: world.root(seed))


OTHER_SCHEMA = build_schema("""
    scalar Unknown
    scalar Day
    enum Order { UP DOWN }
    input Range { from: Int! = 1, to: [Int!], and: Range, unknown: Unknown }
    input Key @oneOf { id: ID, range: Range, names: [String!] }
    interface Node { id: ID! }
    interface Item implements Node { id: ID!, value: Float }
    type Book implements Item & Node { id: ID!, value: Float, pages(range: Range!, day: Day): [[Int!]]! }
    type Film implements Node {
        id: ID!, value: String, next(unknown: Unknown!): Film, after(key: Key, order: Order!): Film
    }
    union Work = Book | Film
    type Query { works(key: Key!): [Work!]!, node(id: ID!): Node, items(range: [Range]): [Item] }
""")


@settings(max_examples=30, deadline=None)
@given(random_documents(OTHER_SCHEMA, inputs={"Day": st.just("2026-01-02")}))
def test_documents_can_be_made_for_any_schema(document: Document) -> None:
    assert validate(OTHER_SCHEMA, parse(document.text)) == []
    assert isinstance(
        get_variable_values(
            OTHER_SCHEMA, cast(Any, parse(document.text).definitions[0]).variable_definitions or (), document.variables
        ),
        VariableValues,
    )
