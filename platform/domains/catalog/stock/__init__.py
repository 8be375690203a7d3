"""Stock: how many there are of what and where; every change is a movement, and the balances are their sums."""

from stoa.domains.catalog.stock.ending import expire_reservations, extend, release, ship
from stoa.domains.catalog.stock.moving import Move, move
from stoa.domains.catalog.stock.reserving import Demand, Holder, reserve
from stoa.domains.catalog.stock.setting import set_on_hand

__all__ = [
    "Demand",
    "Holder",
    "Move",
    "expire_reservations",
    "extend",
    "move",
    "release",
    "reserve",
    "set_on_hand",
    "ship",
]
