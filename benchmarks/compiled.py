"""Completing a product list: graphql-core field by field against the compiled plan, on the same sources."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import msgspec
import strawberry
from graphql import DocumentNode, Executor, GraphQLSchema, OperationDefinitionNode, execute_sync, parse
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from benchmarks.printing import figure
from stoa.graphql.compiled import WARM_UP, CompiledExecutor, _code_of

PRODUCTS, VARIANTS = 50, 3
ROUNDS, REPEATS = 15, 20

QUERY = """
{
  products {
    id name slug status isPublished
    category { id name }
    image { url alt }
    variants { id sku name stock price { amount currency } }
  }
}
"""


@strawberry.type
class Category:
    id: strawberry.ID
    name: str


@strawberry.type
class Image:
    url: str
    alt: str | None


@strawberry.type
class Money:
    amount: str
    currency: str


@strawberry.type
class Variant:
    id: strawberry.ID
    sku: str
    name: str
    stock: int
    price: Money


@strawberry.type
class Product:
    id: strawberry.ID
    name: str
    slug: str
    status: str
    is_published: bool
    category: Category | None
    image: Image | None
    variants: list[Variant]


@strawberry.type
class Query:
    """The list comes as the root value, so that nothing is measured but its completion."""

    @strawberry.field
    def products(self) -> list[Product]:
        return self  # type: ignore[return-value]


class CategoryRow(msgspec.Struct, gc=False):
    id: str
    name: str


class ImageRow(msgspec.Struct, gc=False):
    url: str
    alt: str | None


class MoneyRow(msgspec.Struct, gc=False):
    amount: str
    currency: str


class VariantRow(msgspec.Struct, gc=False):
    id: str
    sku: str
    name: str
    stock: int
    price: MoneyRow


class ProductRow(msgspec.Struct, gc=False):
    id: str
    name: str
    slug: str
    status: str
    is_published: bool
    category: CategoryRow | None
    image: ImageRow | None
    variants: list[VariantRow]


def product(number: int) -> ProductRow:
    """A product as the read planner hands it over."""
    variants = [
        VariantRow(f"var_{number}_{n}", f"SKU-{number}-{n}", f"Size {n}", n * 7, MoneyRow("12.50", "EUR"))
        for n in range(VARIANTS)
    ]
    image = ImageRow(f"https://files.example/{number}.jpg", None)
    category = CategoryRow("cat_1", "Tea")
    return ProductRow(f"prod_{number}", f"Tea {number}", f"tea-{number}", "ACTIVE", True, category, image, variants)


def fastest(*runs: Callable[[], object]) -> list[float]:
    """Seconds that one call of each takes in its best round; they take turns, so that other load meets all alike."""
    best = [float("inf")] * len(runs)
    for _ in range(ROUNDS):
        for number, run in enumerate(runs):
            started = perf_counter()
            for _ in range(REPEATS):
                run()
            best[number] = min(best[number], (perf_counter() - started) / REPEATS)
    return best


def completion(schema: GraphQLSchema, rows: list[ProductRow]) -> tuple[float, float]:
    """Seconds in completing the rows, by graphql-core and compiled: whole executions less those of an empty list."""
    document = parse(QUERY)

    def answering(executor: type[Executor[Any]], source: list[ProductRow]) -> Callable[[], object]:
        return lambda: execute_sync(schema, document, root_value=source, executor_class=executor)

    executors = (StrawberryGraphQLCoreExecutionContext, CompiledExecutor)
    runs = [answering(executor, source) for executor in executors for source in (rows, [])]
    assert runs[0]() == runs[2]()
    core, core_empty, compiled, compiled_empty = fastest(*runs)
    return core - core_empty, compiled - compiled_empty


class Eager(CompiledExecutor):
    """Compiles at once."""

    warm_up = 1


class Never(CompiledExecutor):
    """Does not compile."""

    warm_up = 1_000_000


def compiling(schema: GraphQLSchema, row: ProductRow, *, known: bool) -> float:
    """Seconds that a document of one row costs more when it is compiled and never seen again.

    `known` tells whether another document has had the same code already.
    """
    [operation] = parse(QUERY).definitions
    assert isinstance(operation, OperationDefinitionNode)

    def fresh(executor: type[Executor[Any]]) -> None:
        if not known:
            _code_of.cache_clear()
        document = DocumentNode(definitions=(OperationDefinitionNode(**vars(operation)),))
        execute_sync(schema, document, root_value=[row], executor_class=executor)

    eager, never = fastest(lambda: fresh(Eager), lambda: fresh(Never))
    return eager - never


async def run(*, short: bool = False) -> bool:
    """Measure both in the same process run; it takes seconds, so there is no shorter form."""
    schema = strawberry.Schema(query=Query)._schema
    rows = [product(number) for number in range(PRODUCTS)]
    gc.disable()
    core, compiled = completion(schema, rows)
    against = f"graphql-core, {PRODUCTS} products with {VARIANTS} variants"
    figure("compiled", "completion_by_graphql_core", core * 1e6, "us", "", against)
    figure("compiled", "completion_compiled", compiled * 1e6, "us", "", against)
    good = figure("compiled", "times_less", core / compiled, "x", ">= 10", against)
    first, again = (compiling(schema, rows[0], known=known) for known in (False, True))
    figure("compiled", "compiling_net_of_its_saving", first * 1e6, "us", "", "one product, document seen once")
    figure("compiled", "the_same_with_known_code", again * 1e6, "us", "", "one product, document seen once")
    paid = first / (core / PRODUCTS)
    figure("compiled", "objects_that_pay_for_compiling", paid, "objects", "", f"WARM_UP is {WARM_UP}")
    gc.enable()
    return good


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run()) else 1)
