"""The one table of who does what: every job there is, and which of them react to what happens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stoa.domains.catalog import events
from stoa.domains.catalog import jobs as catalog
from stoa.domains.orders import events as of_orders
from stoa.domains.orders import jobs as orders
from stoa.domains.orders.importing import jobs as order_imports
from stoa.domains.orders.rules import jobs as order_rules
from stoa.domains.service import events as of_buyers
from stoa.graphql.schema import schema
from stoa.tenants import outbox, sparing, sweeping
from stoa.tenants.jobs import AnyJobFunction, JobFunction
from stoa.tenants.notifying import jobs as notifications
from stoa.tenants.notifying.notices import know
from stoa.tenants.outbox import Reactions
from stoa.workers import bulk, webhooks
from stoa.workers.notices import NOTICES
from stoa.workers.reports import jobs as reports


def named(*functions: AnyJobFunction) -> Mapping[str, AnyJobFunction]:
    """The functions by their names. Raises when two share one, or an `on_dead` names none of them."""
    table = {each.name: each for each in functions}
    if len(table) < len(functions):
        raise ValueError(f"Two jobs share a name: {', '.join(sorted(each.name for each in functions))}")
    for each in functions:
        if each.on_dead is not None and each.on_dead not in table:
            raise ValueError(f"{each.name} says on_dead={each.on_dead!r}, and there is no such job.")
    return table


# Every job: what is not named here is not done.
JOBS: Mapping[str, AnyJobFunction] = named(
    catalog.work_on_import,
    catalog.give_up,
    catalog.apply_product_schedule,
    catalog.expire_reservations,
    catalog.follow_changes,
    catalog.follow_import,
    catalog.follow_stock,
    catalog.work_on_image,
    catalog.give_up_image,
    catalog.forget_images,
    catalog.work_on_export,
    catalog.give_up_export,
    order_imports.work_on_order_import,
    order_imports.give_up_order_import,
    order_imports.forget_imported_files,
    catalog.work_on_bulk_edit,
    catalog.give_up_bulk_edit,
    catalog.sweep_exports,
    orders.flag_late_parcels,
    orders.follow_parcels,
    order_rules.follow_by_the_clock,
    order_rules.deliver_files,
    sweeping.sweep_shop,
    sweeping.sweep_access,
    orders.follow_merge,
    orders.follow_parting,
    orders.forget_buyer,
    orders.case_due,
    sparing.keep_spares,
    webhooks.send_webhooks,
    webhooks.rescue_webhooks,
    webhooks.sweep_webhooks,
    bulk.run_in_bulk,
    bulk.break_off,
    bulk.sweep_bulk_runs,
    reports.work_on_report,
    reports.give_up_report,
    reports.follow_schedule,
    reports.plan_due,
    reports.mail_report,
    reports.sweep,
    orders.plan_reminder,
    orders.remind,
    notifications.fan_out,
    notifications.send,
    notifications.give_up,
    notifications.send_digest,
    notifications.tell_of_death,
    notifications.sweep,
)


def notified(table: Reactions) -> Reactions:
    """The table, with people told of every event that a notice hangs on."""
    told = {each.event: [*table.get(each.event, ()), notifications.fan_out] for each in NOTICES}
    return {**table, **told}


# Event -> the jobs that react to it. A domain hears of another's news by this table and in no other way.
_OF_DOMAINS: Reactions = {
    events.ProductCreated: [catalog.follow_changes],
    events.ProductEdited: [catalog.follow_changes],
    events.ProductTagsChanged: [catalog.follow_changes],
    events.ProductAttributesSet: [catalog.follow_changes],
    events.AttributeEdited: [catalog.follow_changes],
    events.AttributeDeleted: [catalog.follow_changes],
    events.TagRenamed: [catalog.follow_changes],
    events.TagsMerged: [catalog.follow_changes],
    events.TagChangeUndone: [catalog.follow_changes],
    events.ProductsImported: [catalog.follow_import],
    of_buyers.CustomersMerged: [orders.follow_merge],
    of_buyers.MergeUndone: [orders.follow_parting],
    of_buyers.CustomerErased: [orders.forget_buyer],
    of_orders.OrderMoved: [order_rules.deliver_files],
    of_orders.OrderPlaced: [orders.plan_reminder],
}
REACTIONS: Reactions = notified(_OF_DOMAINS)


def fill(reactions: Reactions = REACTIONS, jobs: Mapping[str, AnyJobFunction] = JOBS) -> None:
    """Let `publish` in this process plan reactions by the table; web and worker processes do so at their start."""
    _check(each for reacting in reactions.values() for each in reacting if jobs.get(each.name) is not each)
    outbox.react(reactions)
    know(NOTICES)
    schema()  # once it is built, jobs can read the filters that merchants have left with their orders


def _check(strangers: Iterable[JobFunction]) -> None:
    names = [each.name for each in strangers]
    if names:
        raise ValueError(f"They react to events, but no worker knows them: {', '.join(names)}")
