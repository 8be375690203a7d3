"""Exporting: products into a file that other shops and spreadsheets read, and that importing reads back equal."""

from stoa.domains.catalog.exporting.errors import ExportNotReady, NoSuchExport, TooManyExports
from stoa.domains.catalog.exporting.handing_out import EXPORTS, export_link
from stoa.domains.catalog.exporting.running import Superseded, fail_export, has_ended, run_export, sweep_exports
from stoa.domains.catalog.exporting.starting import JOB, start_export
from stoa.domains.catalog.models import ExportRun, FileFormat

__all__ = [
    "EXPORTS",
    "JOB",
    "ExportNotReady",
    "ExportRun",
    "FileFormat",
    "NoSuchExport",
    "Superseded",
    "TooManyExports",
    "export_link",
    "fail_export",
    "has_ended",
    "run_export",
    "start_export",
    "sweep_exports",
]
