"""What exporting refuses."""

from __future__ import annotations

from stoa.kit.errors import Conflict, NotFound, Refusal


class NoSuchExport(NotFound):
    code = "EXPORT_NOT_FOUND"


class TooManyExports(Conflict):
    """As many exports of this shop as may be are at work."""

    code = "TOO_MANY_EXPORTS"


class ExportNotReady(Refusal):
    """The file is not written yet, could not be written, or is deleted already."""

    code = "EXPORT_NOT_READY"
