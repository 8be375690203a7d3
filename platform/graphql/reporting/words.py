"""Words that several reports use, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from stoa.kit.languages import Sentence

# What the writers of files say themselves.
CHROME: Mapping[str, Sentence] = {
    "made": Sentence("Made {at} by {by}"),
    "page": Sentence("Page [page] of [pages]"),
    "total": Sentence("Total"),
    "nothing": Sentence("Nothing to show."),
    "before": Sentence("vs previous period"),
    "new": Sentence("new"),
    "summary": Sentence("Summary"),
    "chart_data": Sentence("Chart data"),
    "value": Sentence("Value"),
}
CURRENCY = Sentence("Currency")
TIME_ZONE = Sentence("Time zone")
CHANNEL = Sentence("Channel")
ALL = Sentence("all")
DAY = Sentence("Day")
ORDERS = Sentence("Orders")
PRODUCT = Sentence("Product")
CODE = Sentence("Code")
PIECES = Sentence("Pieces")
TOTAL = Sentence("Total")
NUMBER = Sentence("Number")
STATE = Sentence("State")

ORDER_STATES: Mapping[str, Sentence] = {
    "DRAFT": Sentence("draft"),
    "PENDING": Sentence("to be confirmed"),
    "CONFIRMED": Sentence("confirmed"),
    "COMPLETED": Sentence("completed"),
    "CANCELLED": Sentence("cancelled"),
    "EXPIRED": Sentence("expired"),
    "REJECTED": Sentence("rejected"),
}
PAYMENT_STATES: Mapping[str, Sentence] = {
    "UNPAID": Sentence("unpaid"),
    "AUTHORIZED": Sentence("authorised"),
    "PART_PAID": Sentence("part paid"),
    "PAID": Sentence("paid"),
    "PART_REFUNDED": Sentence("part refunded"),
    "REFUNDED": Sentence("refunded"),
    "VOIDED": Sentence("voided"),
    "CHARGED_BACK": Sentence("charged back"),
}
FULFILMENT_STATES: Mapping[str, Sentence] = {
    "UNFULFILLED": Sentence("to be sent"),
    "ALLOCATED": Sentence("allocated"),
    "PICKING": Sentence("being picked"),
    "PACKED": Sentence("packed"),
    "PART_SHIPPED": Sentence("part sent"),
    "SHIPPED": Sentence("sent"),
    "PART_DELIVERED": Sentence("part delivered"),
    "DELIVERED": Sentence("delivered"),
    "LOST": Sentence("lost"),
    "CANCELLED": Sentence("cancelled"),
}
