"""What is refused about products, categories, channels and pictures."""

from __future__ import annotations

from stoa.kit.errors import Conflict, InvalidInput, NotFound, Taken


class NoSuchProduct(NotFound):
    code = "PRODUCT_NOT_FOUND"


class NoSuchCategory(NotFound):
    code = "CATEGORY_NOT_FOUND"


class NoSuchVariant(NotFound):
    code = "VARIANT_NOT_FOUND"


class SkuTaken(Taken):
    code = "SKU_TAKEN"


class HandleTaken(Taken):
    code = "HANDLE_TAKEN"


class CategoryTaken(Taken):
    code = "CATEGORY_TAKEN"


class ExternalIdTaken(Taken):
    code = "EXTERNAL_ID_TAKEN"


class ProductChanged(Conflict):
    """Somebody saved the product after the version that this edit is based on."""

    code = "PRODUCT_CHANGED"


class WrongCurrency(InvalidInput):
    code = "WRONG_CURRENCY"


class NothingToSell(InvalidInput):
    """A product without a variant could never be bought."""

    code = "NO_VARIANT"


class CategoryCircle(InvalidInput):
    """A category cannot stand inside itself."""

    code = "CATEGORY_CIRCLE"


class NotReady(InvalidInput):
    """What is required to be on sale is missing."""

    code = "NOT_READY"


class NoSuchRedirect(NotFound):
    code = "REDIRECT_NOT_FOUND"


class NoSuchOption(NotFound):
    code = "OPTION_NOT_FOUND"


class SameCombination(InvalidInput):
    """Two variants of a product would have the same values of its options."""

    code = "SAME_COMBINATION"


class OptionInUse(InvalidInput):
    """Variants have this value."""

    code = "OPTION_IN_USE"


class StillStocked(InvalidInput):
    """There are some of it, or some are promised, or on their way."""

    code = "STILL_STOCKED"


class StillInUse(InvalidInput):
    """Something else in the shop is made of it, or was ordered with it."""

    code = "STILL_IN_USE"


class NotADraft(InvalidInput):
    """It has been on sale: it is archived, not deleted."""

    code = "NOT_A_DRAFT"


class IsABundle(InvalidInput):
    """It is made of other variants."""

    code = "IS_A_BUNDLE"


class NoSuchChannel(NotFound):
    code = "CHANNEL_NOT_FOUND"


class ChannelTaken(Taken):
    code = "CHANNEL_TAKEN"


class ChannelChanged(Conflict):
    code = "CHANNEL_CHANGED"


class CategoryChanged(Conflict):
    code = "CATEGORY_CHANGED"


class CategoryInUse(InvalidInput):
    """Products or other categories stand on it."""

    code = "CATEGORY_IN_USE"


class NoSuchImage(NotFound):
    code = "IMAGE_NOT_FOUND"


class TooManyImages(InvalidInput):
    """A product has room for so many pictures."""

    code = "TOO_MANY_IMAGES"
