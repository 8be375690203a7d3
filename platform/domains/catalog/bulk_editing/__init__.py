"""Bulk editing: one change to all the products that a filter finds, tried before, followed, and undone."""

from stoa.domains.catalog.bulk_editing.errors import (
    CannotCancelBulkEdit,
    CannotUndoBulkEdit,
    NoSuchBulkEdit,
    NothingChosen,
    PriceBelowZero,
    TooManyBulkEdits,
)
from stoa.domains.catalog.bulk_editing.orders import Order, PriceRule, minor_of
from stoa.domains.catalog.bulk_editing.running import Superseded, fail_bulk_edit, has_ended, run_bulk_edit
from stoa.domains.catalog.bulk_editing.starting import JOB, cancel_bulk_edit, start_bulk_edit, undo_bulk_edit

__all__ = [
    "JOB",
    "CannotCancelBulkEdit",
    "CannotUndoBulkEdit",
    "NoSuchBulkEdit",
    "NothingChosen",
    "Order",
    "PriceBelowZero",
    "PriceRule",
    "Superseded",
    "TooManyBulkEdits",
    "cancel_bulk_edit",
    "fail_bulk_edit",
    "has_ended",
    "minor_of",
    "run_bulk_edit",
    "start_bulk_edit",
    "undo_bulk_edit",
]
