"""What the catalog refuses."""

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


class StockPromised(InvalidInput):
    """What is reserved, damaged or held would be more than what is on hand."""

    code = "STOCK_PROMISED"


class CategoryCircle(InvalidInput):
    """A category cannot stand inside itself."""

    code = "CATEGORY_CIRCLE"


class CategoryChanged(Conflict):
    code = "CATEGORY_CHANGED"


class CategoryInUse(InvalidInput):
    """Products or other categories stand on it."""

    code = "CATEGORY_IN_USE"


class NoSuchAttribute(NotFound):
    code = "ATTRIBUTE_NOT_FOUND"


class AttributeTaken(Taken):
    code = "ATTRIBUTE_TAKEN"


class AttributeChanged(Conflict):
    code = "ATTRIBUTE_CHANGED"


class AttributeInUse(InvalidInput):
    """Products have values of it that would be lost or no longer fit."""

    code = "ATTRIBUTE_IN_USE"


class WrongValue(InvalidInput):
    """The attribute's type does not allow this value."""

    code = "WRONG_VALUE"


class NoSuchTag(NotFound):
    code = "TAG_NOT_FOUND"


class TagTaken(Taken):
    code = "TAG_TAKEN"


class NoSuchTagChange(NotFound):
    code = "TAG_CHANGE_NOT_FOUND"


class TagChangedSince(Conflict):
    """What was renamed or merged is not any more as that left it: undoing would destroy what came after."""

    code = "TAG_CHANGED_SINCE"


class NoSuchCollection(NotFound):
    code = "COLLECTION_NOT_FOUND"


class CollectionChanged(Conflict):
    code = "COLLECTION_CHANGED"


class FollowsRules(InvalidInput):
    """Its rules say what is in the collection, and nobody else."""

    code = "FOLLOWS_RULES"


class HasNoRules(InvalidInput):
    """The collection was put together by hand."""

    code = "HAS_NO_RULES"


class NoSuchSuggestion(NotFound):
    code = "SUGGESTION_NOT_FOUND"
