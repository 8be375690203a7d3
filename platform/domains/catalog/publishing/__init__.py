"""Publishing: when products go on sale and off, and in which channels they may be seen."""

from stoa.domains.catalog.publishing.channels import ChannelDraft, create_channel, update_channel
from stoa.domains.catalog.publishing.listing import ListingWish, set_listings
from stoa.domains.catalog.publishing.scheduling import apply_schedule, publish_product, unpublish_product

__all__ = [
    "ChannelDraft",
    "ListingWish",
    "apply_schedule",
    "create_channel",
    "publish_product",
    "set_listings",
    "unpublish_product",
    "update_channel",
]
