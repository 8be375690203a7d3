"""What an order costs, step by step: unit prices, line, order, shipping, tax; each step told, each part frozen."""

from stoa.domains.orders.pricing.basket import Basket, Discount, Item, Priced, PricedLine, Step
from stoa.domains.orders.pricing.freezing import worth_of
from stoa.domains.orders.pricing.pipeline import price
from stoa.domains.orders.pricing.promoting import Promotions, promote_by

__all__ = [
    "Basket",
    "Discount",
    "Item",
    "Priced",
    "PricedLine",
    "Promotions",
    "Step",
    "price",
    "promote_by",
    "worth_of",
]
