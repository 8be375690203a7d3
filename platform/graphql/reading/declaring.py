"""How a GraphQL type says where its stored fields come from.

    @stored(models.Product, prefix="prod", scope=CATALOG_READ)
    class Product(Node):
        "What the shop offers."
        title: str = column("As shown to buyers.", sort=True, filter=True)
        category: Category | None = to_one("Where it stands.")
        variants: Connection[Variant] = many("The forms it can be bought in.", order=("position",))

Tables and columns come from the Tortoise model, GraphQL types from the annotations. Nothing here touches a
database or a schema; `making.py` finishes the declarations once all are known, `binding.py` ties them to the
finished schema, `planning.py` reads them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, dataclass_transform

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from tortoise.models import Model

from stoa.graphql.reading import inputs
from stoa.graphql.reading.declared import (
    ROOTS,
    TYPES,
    Amount,
    Column,
    Computed,
    Declared,
    Derived,
    Fetched,
    FetchedMany,
    FirstOf,
    Key,
    Many,
    RootOne,
    RootPage,
    StoredType,
    Streamed,
    ToOne,
)
from stoa.kit.ids import type_id_maker

DEFAULT_FIRST = 20
MAX_FIRST = 100
MAX_SEARCH = 200
# Input types by name, generated ones among them: connection arguments are annotated in text and looked up here.
NAMESPACE: dict[str, Any] = vars(inputs)
# Every declared field as Strawberry has it, with the type it yields: `making.py` finishes them when all are known.
MADE: list[tuple[type, StrawberryField, Declared, str | None]] = []
_NAMED = re.compile(r"\w+")
_T = TypeVar("_T")


def column(
    description: str,
    *,
    of: str | None = None,
    filter: bool = False,
    sort: bool = False,
    searched: bool = False,
    scope: str | None = None,
    convert: Callable[[Any], Any] | None = None,
) -> Any:
    """`filter` puts it into the type's `where`, `sort` into its `orderBy`: then an index must name it.

    `searched` says that the type's search text has it in it, so that `contains` finds it by the same index.
    """
    return Column(
        description=description, of=of, filter=filter, sort=sort, searched=searched, scope=scope, convert=convert
    )


def amount(
    minor: str, description: str, *, currency: str = "currency", filter: bool = False, scope: str | None = None
) -> Any:
    return Amount(description=description, minor=minor, currency=currency, filter=filter, scope=scope)


def computed(
    sql: str,
    description: str,
    *,
    scope: str | None = None,
    convert: Callable[[Any], Any] | None = None,
    filter: str | None = None,
    filter_by: str | None = None,
) -> Any:
    """`filter` is a condition in SQL: `where: {field: {eq: true}}` takes the rows that meet it. With the prefix of ids
    in `filter_by` it is about those that are named (`{eq: "chan_..."}`): an array called `{ids}`."""
    return Computed(description=description, sql=sql, scope=scope, convert=convert, filter=filter, filter_by=filter_by)


def derived(
    of: Sequence[str],
    rule: Callable[..., Any],
    description: str,
    *,
    scope: str | None = None,
    instead: str | None = None,
) -> Any:
    """`rule` gets the values of the columns `of`, as JSON has them. `instead`: why the field is deprecated."""
    return Derived(description=description, of=of, rule=rule, scope=scope, instead=instead)


def to_one(description: str, *, by: str | None = None, filter: bool = False, scope: str | None = None) -> Any:
    return ToOne(description=description, by=by, filter=filter, scope=scope)


def first_of(by: str, description: str, *, order: Sequence[str], scope: str | None = None) -> Any:
    return FirstOf(description=description, by=by, order=order, scope=scope)


def many(
    description: str,
    *,
    by: str | None = None,
    order: Sequence[str] = (),
    filter: bool = False,
    only: str = "TRUE",
    scope: str | None = None,
    across: tuple[type[Model], str] | None = None,
) -> Any:
    """`across` names a model and its field that holds the id, where no foreign key says so (the log of events).

    `only` is a condition on the listed rows, `{row}` in it their alias; a filter on the list itself ignores it.
    """
    return Many(description=description, by=by, order=order, filter=filter, only=only, scope=scope, across=across)


def page_of(description: str, *, order: Sequence[str] = (), only: str = "TRUE") -> Any:
    """`only` is a condition on the listed rows, `{row}` in it their alias."""
    return RootPage(description=description, order=order, only=only)


def one_of(description: str) -> Any:
    return RootOne(description=description)


def fetched(description: str) -> Any:
    return Fetched(description=description)


def fetched_many(description: str) -> Any:
    """For the payloads of bulk mutations: all the rows are read by one statement."""
    return FetchedMany(description=description)


def stored(
    model: type[Model],
    *,
    prefix: str,
    scope: str,
    search: str | None = None,
    order: Sequence[str] = (),
    only: str = "TRUE",
) -> Callable[[type[_T]], type[_T]]:
    """Make the class a GraphQL type whose rows are the model's.

    `scope` is what reading it needs, `search` the model field with its `searchable` text (see kit/text.py), behind
    which a trigram index must stand, `order` that of its lists when nobody says another; the id ends every order.
    `only` is a condition on the rows, `{row}` in it their alias: for a table whose rows are of several types. What does
    not meet it is not found. `{viewer}` in it is the account of whoever asks, for what is one person's alone, and
    `{scopes}` an array of what their credential may do; but a `to_one` does not look at `only`.
    """

    def declare(cls: type[_T]) -> type[_T]:
        declared: dict[str, Declared] = {"id": Key(description="Sortable, unique, and tells its type.")}
        declared |= {name: value for name, value in vars(cls).items() if isinstance(value, Declared)}
        TYPES[cls.__name__] = StoredType(
            cls.__name__, cls, model, prefix, scope, declared, search, order, type_id_maker(prefix), only
        )
        return _as_type(cls, f"{(cls.__doc__ or '').strip()}\n\nNeeds the scope `{scope}`.")

    return declare


def streamed(scope: str, description: str) -> Callable[[Callable[..., Any]], Any]:
    """A subscription of the open shop. The generator yields UUIDs; the planner answers each with the selected row."""

    def declare(generator: Callable[..., Any]) -> Any:
        ROOTS[("Subscription", generator.__name__)] = Streamed(description=description)
        return strawberry.subscription(resolver=generator, description=f"{description} Needs the scope `{scope}`.")

    return declare


@dataclass_transform(kw_only_default=True)
def root(cls: type[_T]) -> type[_T]:
    """Make the class a part of Query, or a payload, whose `page_of`, `one_of` and `fetched` fields are planned."""
    for name, value in vars(cls).items():
        if isinstance(value, Declared):
            ROOTS[(cls.__name__, name)] = value
    return _as_type(cls, (cls.__doc__ or "").strip())


def _as_type(cls: type[_T], description: str) -> type[_T]:
    for name, value in list(vars(cls).items()):
        if isinstance(value, Declared):
            setattr(cls, name, _strawberry_field(cls, name, value))
    return strawberry.type(cls, description=description)


def _strawberry_field(cls: type, name: str, declared: Declared) -> StrawberryField:
    made = StrawberryField(
        python_name=None, description=declared.description, deprecation_reason=declared.instead, default=None
    )
    target = None
    if isinstance(declared, ToOne | FirstOf | Many | RootPage | RootOne | Fetched | FetchedMany):
        target = _target_of(cls, name, is_list=isinstance(declared, Many | RootPage))
    if isinstance(declared, RootOne):
        made.arguments = [_argument("id", "strawberry.ID", "The id of what is sought.")]
    elif isinstance(declared, Many | RootPage):
        made.arguments = connection_arguments(str(target))
    MADE.append((cls, made, declared, target))
    return made


def _target_of(cls: type, name: str, *, is_list: bool) -> str:
    """The type that a relation shows, by its annotation: ``Category``, ``Category | None``, ``Connection[Variant]``."""
    annotation = str(cls.__annotations__[name])
    first, *others = (each for each in _NAMED.findall(annotation) if each not in ("list", "Annotated"))
    if is_list != (first == "Connection"):
        raise TypeError(f"{cls.__name__}.{name} must be annotated Connection[SomeType] if it is a list: {annotation}")
    return str(others[0] if is_list else first)


def connection_arguments(element: str) -> list[StrawberryArgument]:
    """What every connection takes. The input types are made by `making.make_inputs` before the schema is built."""
    return [
        _argument(
            "first", "int | None", f"How many, from the start; {DEFAULT_FIRST} if not said, {MAX_FIRST} at most."
        ),
        _argument("after", "str | None", "Begin behind this cursor."),
        _argument("last", "int | None", f"How many, from the end; {MAX_FIRST} at the most."),
        _argument("before", "str | None", "End before this cursor."),
        _argument("where", f"{element}Where | None", "Only those that meet this."),
        _argument("order_by", f"list[{element}Order] | None", "In this order; three terms at the most."),
        _argument("search", "str | None", "Only those in which every word occurs: 8 words at the most."),
    ]


def resolved_elsewhere(description: str, **arguments: str) -> Any:
    """A field whose raw resolver is set on the finished schema; `arguments` maps names to annotations."""
    made = StrawberryField(description=description, default=None)
    made.arguments = [
        _argument(name, annotation, f"The {name} of what is sought.") for name, annotation in arguments.items()
    ]
    return made


def _argument(name: str, annotation: str, description: str, *, default: Any = strawberry.UNSET) -> StrawberryArgument:
    return StrawberryArgument(
        python_name=name,
        graphql_name=None,
        type_annotation=StrawberryAnnotation(annotation, namespace=NAMESPACE),
        description=description,
        default=default,
    )
