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


class NoSuchImage(NotFound):
    code = "IMAGE_NOT_FOUND"


class TooManyImages(InvalidInput):
    """A product has room for so many pictures."""

    code = "TOO_MANY_IMAGES"
