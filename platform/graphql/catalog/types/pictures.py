"""Pictures as GraphQL shows them."""

from __future__ import annotations

from datetime import datetime

from stoa.domains.catalog import models
from stoa.graphql.catalog.media.shapes import FocalPoint, ImageProblem, ImageSize, ImageTranslation, absolute_url
from stoa.graphql.paging import Node
from stoa.graphql.reading.declaring import column, derived, stored
from stoa.tenants.access.scopes import Scope


@stored(models.Image, prefix="img", scope=Scope.CATALOG_READ)
class Image(Node):
    """A picture of a product."""

    url: str = column("Where it can be fetched.", convert=absolute_url)
    alt: str = column("What it shows, in words.")
    position: int = column("Its place among the product's pictures, from 0.")
    width: int | None = column("In pixels, upright; null until it has been processed, and for pictures elsewhere.")
    height: int | None = column("In pixels, upright; null as `width` is.")
    content_type: str | None = column("What was uploaded; shown are always its sizes.")
    focal_point: FocalPoint = derived(("focal_x", "focal_y"), FocalPoint.of, "What must be seen however it is cut.")
    translations: list[ImageTranslation] = derived(
        ("translations",), ImageTranslation.of, "What it shows, in other languages than the shop's own."
    )
    sizes: list[ImageSize] = derived(
        ("sizes",), ImageSize.of, "The sizes made of an upload, the largest first; none is larger than the upload."
    )
    warnings: list[ImageProblem] = derived(
        ("warnings", "alt"), ImageProblem.warnings, "What is not good about it, though it can be shown."
    )
    failure: ImageProblem | None = derived(
        ("failure",), ImageProblem.failure, "Why an upload cannot be shown; nothing of it is to be had then."
    )
    processed_at: datetime | None = column("When an upload was made fit to be shown, or refused; null before.")
