"""Pictures of products: added, arranged, put into words, and made fit to be shown."""

from stoa.domains.catalog.media.adding import add_images
from stoa.domains.catalog.media.describing import Focus, ImageChanges, NewImage
from stoa.domains.catalog.media.editing import reorder_images, update_image
from stoa.domains.catalog.media.processing import plan_processing
from stoa.domains.catalog.media.removing import remove_images
from stoa.domains.catalog.media.words import sentence_for

__all__ = [
    "Focus",
    "ImageChanges",
    "NewImage",
    "add_images",
    "plan_processing",
    "remove_images",
    "reorder_images",
    "sentence_for",
    "update_image",
]
