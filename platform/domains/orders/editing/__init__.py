"""Edit an order after it was placed; what would come of it is shown before."""

from stoa.domains.orders.editing.applying import edit_order
from stoa.domains.orders.editing.drafting import NewQuantity, OrderEdit
from stoa.domains.orders.editing.previewing import EditPreview, LineDifference, Shortage, preview_edit

__all__ = [
    "EditPreview",
    "LineDifference",
    "NewQuantity",
    "OrderEdit",
    "Shortage",
    "edit_order",
    "preview_edit",
]
