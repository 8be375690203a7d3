"""The one table of what is done by the clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time, timedelta

from stoa.domains.catalog import jobs as catalog
from stoa.domains.orders import jobs as orders
from stoa.domains.orders.importing import jobs as order_imports
from stoa.domains.orders.rules import jobs as order_rules
from stoa.tenants import sparing, sweeping
from stoa.tenants.notifying import jobs as notifications
from stoa.workers import bulk, webhooks
from stoa.workers.clock import Daily, Entry, Every
from stoa.workers.reports import jobs as reports

CLOCK: Sequence[Entry] = (
    # Each reservation plans its own end; this is for those whose job was lost with a restored backup, or cancelled.
    Entry("expire reservations", catalog.expire_reservations, Every(timedelta(hours=1))),
    Entry("flag late parcels", orders.flag_late_parcels, Every(timedelta(hours=1))),
    Entry("follow parcels", orders.follow_parcels, Every(timedelta(hours=2))),
    # What is due by a rule of the shop; what must be let go at its minute is planned when the order comes in.
    Entry("follow order rules", order_rules.follow_by_the_clock, Every(timedelta(hours=1))),
    # Each spare that is taken plans the next; this is for those whose making failed, and for the first ones.
    Entry("keep spares", sparing.keep_spares, Every(timedelta(minutes=10))),
    # A digest's job is planned with what it gathers; this is for those whose job was lost, and forgets old messages.
    Entry("sweep notifications", notifications.sweep, Every(timedelta(minutes=10))),
    # At night, in the shop's time zone, and not at the hour when everybody's night begins.
    Entry("sweep exports", catalog.sweep_exports, Daily(time(3, 10))),
    Entry("forget files of orders", order_imports.forget_imported_files, Daily(time(3, 25))),
    Entry("sweep shop", sweeping.sweep_shop, Daily(time(3, 40))),
    # Each delivery plans its own; this is for those whose job was lost with a restored backup, or cancelled.
    Entry("rescue webhooks", webhooks.rescue_webhooks, Every(timedelta(minutes=5))),
    Entry("sweep webhooks", webhooks.sweep_webhooks, Daily(time(2, 50))),
    Entry("sweep bulk runs", bulk.sweep_bulk_runs, Every(timedelta(hours=6))),
    Entry("sweep access", sweeping.sweep_access, Daily(time(2, 20))),
    # What merchants have scheduled, each in its own time zone: one look over all of them.
    Entry("plan reports", reports.plan_due, Every(timedelta(minutes=1))),
    Entry("sweep reports", reports.sweep, Daily(time(2, 50))),
)


def check(entries: Sequence[Entry] = CLOCK) -> None:
    """Raises when two entries share a name: they would share their slots."""
    names = [entry.name for entry in entries]
    if len(set(names)) < len(names):
        raise ValueError(f"Two entries of the clock share a name: {', '.join(sorted(names))}")
