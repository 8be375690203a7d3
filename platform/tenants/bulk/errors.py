"""What bulk runs refuse."""

from __future__ import annotations

from stoa.kit.errors import Conflict, NotFound, Refusal


class NoSuchBulkRun(NotFound):
    code = "BULK_RUN_NOT_FOUND"


class TooManyBulkRuns(Conflict):
    """As many of this shop's runs as may be wait in line."""

    code = "TOO_MANY_BULK_RUNS"


class BulkRunNotReady(Refusal):
    """There is no file yet, or none any more."""

    code = "BULK_RUN_NOT_READY"


class BulkRunOver(Refusal):
    """The run has ended, so there is nothing left to cancel."""

    code = "BULK_RUN_OVER"


class NoSuchLines(Refusal):
    """The file as a whole is not one of JSON lines."""

    code = "NOT_JSON_LINES"


class NoLongerAllowed(Refusal):
    """Whoever asked has left the shop, or their token was revoked or has expired."""

    code = "NO_LONGER_ALLOWED"
