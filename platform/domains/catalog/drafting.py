"""What somebody asks the catalog to hold: drafts, cleaned and checked before any row is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from stoa.domains.catalog.errors import NothingToSell, SkuTaken, WrongCurrency
from stoa.domains.catalog.models import ProductStatus
from stoa.kit.errors import InvalidInput, Refusal, Refusals
from stoa.kit.money import Money
from stoa.kit.text import clean_line, clean_text, slugify
from stoa.tenants.context import Context

MAX_VARIANTS, MAX_IMAGES = 100, 50


@dataclass(frozen=True, slots=True)
class VariantDraft:
    """A form of the product. Prices are in the shop's currency."""

    title: str = ""
    sku: str | None = None
    barcode: str | None = None
    price: Money | None = None
    list_price: Money | None = None
    cost: Money | None = None
    on_hand: int = 0


@dataclass(frozen=True, slots=True)
class ImageDraft:
    """A picture: the address of one elsewhere, or the id of an upload that has arrived."""

    url: str | None = None
    upload_id: UUID | None = None
    alt: str = ""


@dataclass(frozen=True, slots=True)
class ProductDraft:
    title: str
    description: str = ""
    handle: str | None = None
    status: ProductStatus = ProductStatus.DRAFT
    category_id: UUID | None = None
    variants: Sequence[VariantDraft] = ()
    images: Sequence[ImageDraft] = ()
    source: str | None = None
    external_id: str | None = field(default=None)

    def checked(self, ctx: Context) -> ProductDraft:
        """The draft as it will be stored. Raises `Refusals` with everything that is wrong, not the first alone."""
        problems: list[Refusal] = []
        checked = replace(
            self,
            title=_try(problems, "title", clean_line, self.title, what="title", limit=255),
            description=_try(problems, "description", clean_text, self.description, what="description", limit=50_000),
            handle=_try(problems, "handle", _clean_handle, self.handle),
            variants=[_checked_variant(problems, ctx, i, each) for i, each in enumerate(self.variants)],
            images=[_checked_image(problems, i, each) for i, each in enumerate(self.images)],
        )
        problems.extend(_overall(checked))
        if problems:
            raise Refusals(problems)
        return checked


def _overall(draft: ProductDraft) -> Iterator[Refusal]:
    if not draft.variants:
        yield NothingToSell("A product needs at least one variant.", path=["variants"])
    for name, count, limit in (
        ("variants", len(draft.variants), MAX_VARIANTS),
        ("images", len(draft.images), MAX_IMAGES),
    ):
        if count > limit:
            yield InvalidInput(f"{count} {name}; {limit} are allowed.", path=[name], params={"limit": limit})
    if (draft.source is None) != (draft.external_id is None):
        yield InvalidInput("Give source and externalId together, or neither.", path=["externalId"])
    seen: set[str] = set()
    for i, variant in enumerate(draft.variants):
        if variant.sku and variant.sku in seen:
            yield SkuTaken(
                f"The code {variant.sku} occurs twice.", path=["variants", i, "sku"], params={"taken": variant.sku}
            )
        seen.add(variant.sku or "")


def checked_variant(ctx: Context, i: int, draft: VariantDraft) -> VariantDraft:
    """One variant, cleaned; raises `Refusals` whose paths begin at ``variants, i``."""
    problems: list[Refusal] = []
    checked = _checked_variant(problems, ctx, i, draft)
    if problems:
        raise Refusals(problems)
    return checked


def _checked_variant(problems: list[Refusal], ctx: Context, i: int, draft: VariantDraft) -> VariantDraft:
    at = ("variants", i)
    for name in ("price", "list_price", "cost"):
        _try(problems, (*at, name), _check_price, getattr(draft, name), ctx)
    if not 0 <= draft.on_hand < 2**31:
        problems.append(InvalidInput(f"{draft.on_hand} cannot be on hand.", path=[*at, "on_hand"]))
    return replace(
        draft,
        title=_try(problems, (*at, "title"), clean_line, draft.title, what="title", limit=255, required=False),
        sku=_try(problems, (*at, "sku"), _optional, draft.sku, what="sku", limit=120),
        barcode=_try(problems, (*at, "barcode"), _optional, draft.barcode, what="barcode", limit=64),
    )


def _checked_image(problems: list[Refusal], i: int, draft: ImageDraft) -> ImageDraft:
    if (draft.url is None) == (draft.upload_id is None):
        problems.append(InvalidInput("An image has either a url or an uploadId.", path=["images", i]))
    url = draft.url and _try(problems, ("images", i, "url"), check_url, draft.url)
    alt = _try(problems, ("images", i, "alt"), clean_line, draft.alt, what="alt text", limit=512, required=False)
    return replace(draft, url=url, alt=alt)


def check_url(url: str) -> str:
    """An address of a picture that a browser may load."""
    cleaned = clean_line(url, what="address", limit=2000)
    if not cleaned.startswith(("https://", "http://")) or " " in cleaned or len(cleaned) < 12:
        raise InvalidInput(f"{cleaned[:80]!r} is not an http(s) address.")
    return cleaned


def _check_price(price: Money | None, ctx: Context) -> None:
    if price is None:
        return
    if price.currency != ctx.shop.currency:
        raise WrongCurrency(f"Prices of this shop are in {ctx.shop.currency}, not {price.currency}.")
    if price.minor < 0:
        raise InvalidInput(f"{price} is less than nothing.")


def _clean_handle(handle: str | None) -> str | None:
    return None if handle is None else clean_line(slugify(handle), what="handle", limit=150)


def _optional(text: str | None, *, what: str, limit: int) -> str | None:
    return None if text is None else clean_line(text, what=what, limit=limit, required=False) or None


def _try(
    problems: list[Refusal], at: str | tuple[str | int, ...], check: Callable[..., Any], *args: Any, **options: Any
) -> Any:
    """Run a check; a refusal is kept with its place and the value stands for itself."""
    try:
        return check(*args, **options)
    except Refusal as refusal:
        problems.append(refusal.under(*((at,) if isinstance(at, str) else at)))
        return args[0]
