"""Stock: how many there are of what and where; every change is a movement, and the balances are their sums."""

from stoa.domains.catalog.stock.adjusting import Adjustment, Correction, adjust
from stoa.domains.catalog.stock.counting import cancel_count, close_count, open_count, record_counts
from stoa.domains.catalog.stock.demands import Demand, Holder
from stoa.domains.catalog.stock.ending import expire_reservations, extend, release, ship
from stoa.domains.catalog.stock.holding import Held, held_for, hold_elsewhere
from stoa.domains.catalog.stock.keeping import keep, trim
from stoa.domains.catalog.stock.locations import (
    LocationChanges,
    create_location,
    location_exists,
    set_main_location,
    update_location,
)
from stoa.domains.catalog.stock.locking import lock_stock, there_of
from stoa.domains.catalog.stock.moving import Move, move
from stoa.domains.catalog.stock.noticing import TOPIC
from stoa.domains.catalog.stock.proving import Breach, Report, integrity_report
from stoa.domains.catalog.stock.reserving import reserve
from stoa.domains.catalog.stock.returning import Returned, take_back
from stoa.domains.catalog.stock.setting import set_on_hand
from stoa.domains.catalog.stock.setting_aside import Aside, give_back, keep_aside, set_aside, standing_of
from stoa.domains.catalog.stock.thresholds import Limits, set_limits
from stoa.domains.catalog.stock.transferring import cancel_transfer, receive_transfer, start_transfer

__all__ = [
    "TOPIC",
    "Adjustment",
    "Aside",
    "Breach",
    "Correction",
    "Demand",
    "Held",
    "Holder",
    "Limits",
    "LocationChanges",
    "Move",
    "Report",
    "Returned",
    "adjust",
    "cancel_count",
    "cancel_transfer",
    "close_count",
    "create_location",
    "expire_reservations",
    "extend",
    "give_back",
    "held_for",
    "hold_elsewhere",
    "integrity_report",
    "keep",
    "keep_aside",
    "location_exists",
    "lock_stock",
    "move",
    "open_count",
    "receive_transfer",
    "record_counts",
    "release",
    "reserve",
    "set_aside",
    "set_limits",
    "set_main_location",
    "set_on_hand",
    "ship",
    "standing_of",
    "start_transfer",
    "take_back",
    "there_of",
    "trim",
    "update_location",
]
