"""What the catalog refuses."""

from __future__ import annotations

from stoa.kit.errors import Conflict, InvalidInput, NotFound, Refusal, Taken


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


class NoSuchAttribute(NotFound):
    code = "ATTRIBUTE_NOT_FOUND"


class NoSuchChannel(NotFound):
    code = "CHANNEL_NOT_FOUND"


class ChannelTaken(Taken):
    code = "CHANNEL_TAKEN"


class NoSuchLocation(NotFound):
    code = "LOCATION_NOT_FOUND"


class NoSuchTransfer(NotFound):
    code = "TRANSFER_NOT_FOUND"


class NoSuchCount(NotFound):
    code = "STOCK_COUNT_NOT_FOUND"


class LocationTaken(Taken):
    code = "LOCATION_TAKEN"


class LocationInUse(Refusal):
    """Stock or open work is in the way of closing a location."""

    code = "LOCATION_IN_USE"


class LocationClosed(InvalidInput):
    """Nothing moves at a location that is not active."""

    code = "LOCATION_CLOSED"


class NotEnoughStock(Refusal):
    """A balance would fall below what it may; `left` says how many there are to take."""

    code = "NOT_ENOUGH_STOCK"


class TooMuchStock(InvalidInput):
    """More than a balance can hold."""

    code = "TOO_MUCH_STOCK"


class StockChanged(Conflict):
    """The stock is not what the caller thought it was."""

    code = "STOCK_CHANGED"


class NamedTwice(InvalidInput):
    """Two lines are about the same thing."""

    code = "NAMED_TWICE"


class NotReserved(Refusal):
    """The holder has no such reservation, or it holds less."""

    code = "NOT_RESERVED"


class ReservationDiffers(Conflict):
    """The same request key came with other lines before."""

    code = "RESERVATION_DIFFERS"


class LocationChanged(Conflict):
    code = "LOCATION_CHANGED"


class TransferChanged(Conflict):
    code = "TRANSFER_CHANGED"


class TransferEnded(Refusal):
    """It has been received or cancelled."""

    code = "TRANSFER_ENDED"


class CountChanged(Conflict):
    code = "STOCK_COUNT_CHANGED"


class CountEnded(Refusal):
    """It has been closed or cancelled."""

    code = "STOCK_COUNT_ENDED"


class CountOpen(Conflict):
    """A location is counted once at a time."""

    code = "STOCK_COUNT_OPEN"


class CategoryChanged(Conflict):
    code = "CATEGORY_CHANGED"


class CategoryInUse(InvalidInput):
    """Products or other categories stand on it."""

    code = "CATEGORY_IN_USE"


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


class NoSuchImage(NotFound):
    code = "IMAGE_NOT_FOUND"


class TooManyImages(InvalidInput):
    """A product has room for so many pictures."""

    code = "TOO_MANY_IMAGES"


class NoSuchSupplier(NotFound):
    code = "SUPPLIER_NOT_FOUND"


class SupplierTaken(Taken):
    code = "SUPPLIER_TAKEN"


class SupplierChanged(Conflict):
    code = "SUPPLIER_CHANGED"


class SupplierInactive(InvalidInput):
    """Nothing is ordered any more from a supplier that was put aside."""

    code = "SUPPLIER_INACTIVE"


class NoSuchPurchase(NotFound):
    code = "PURCHASE_ORDER_NOT_FOUND"


class NoSuchPurchaseLine(NotFound):
    code = "PURCHASE_LINE_NOT_FOUND"


class PurchaseChanged(Conflict):
    """Somebody saved the purchase order after the version that this edit is based on."""

    code = "PURCHASE_ORDER_CHANGED"


class PurchaseStands(InvalidInput):
    """The state of the purchase order does not allow it; `params` name the reason and the state."""

    code = "WRONG_STATE"


class NoSupplierPrice(InvalidInput):
    """A line without a cost takes the supplier's price, and there is none."""

    code = "NO_SUPPLIER_PRICE"


class QuantityUnfit(InvalidInput):
    """Below the supplier's minimum, or no whole packs; `proposed` is the next that is both."""

    code = "QUANTITY_UNFIT"


class OverReceipt(InvalidInput):
    """More came than is outstanding, and nobody said that this is right."""

    code = "OVER_RECEIPT"


class RateNeeded(InvalidInput):
    """Two currencies meet, and nobody said what one is worth in the other."""

    code = "EXCHANGE_RATE_NEEDED"


class WeightUnknown(InvalidInput):
    """Costs cannot be spread by a weight that nobody has entered."""

    code = "WEIGHT_UNKNOWN"
