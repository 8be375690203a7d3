"""Bulk runs: a query over all of a list, written into a file of JSON lines; a mutation done for every line of one.

Asked for by `ask_for_query` and `ask_for_mutation`, cancelled by `cancel_run`, fetched by `run_link`. What a query
answers and what a mutation does is known one floor up (graphql/bulk/); `workers/bulk.py` brings it together with what
is here.
"""

from stoa.tenants.bulk.asking import JOB, ask_for_mutation, ask_for_query
from stoa.tenants.bulk.ending import break_off, cancel_run, complete, fail_run
from stoa.tenants.bulk.errors import BulkRunNotReady, BulkRunOver, NoSuchBulkRun, NoSuchLines, TooManyBulkRuns
from stoa.tenants.bulk.events import BulkRunEnded
from stoa.tenants.bulk.handing_out import BULK_RUNS, run_link
from stoa.tenants.bulk.models import AT_WORK, BulkKind, BulkRun, BulkState
from stoa.tenants.bulk.running import begin, has_ended, present_rights
from stoa.tenants.bulk.sweeping import sweep_runs
from stoa.tenants.bulk.taking import Line, answered, count_lines, lines_of, next_line, tally
from stoa.tenants.bulk.writing import Page, write_pages

__all__ = [
    "AT_WORK",
    "BULK_RUNS",
    "JOB",
    "BulkKind",
    "BulkRun",
    "BulkRunEnded",
    "BulkRunNotReady",
    "BulkRunOver",
    "BulkState",
    "Line",
    "NoSuchBulkRun",
    "NoSuchLines",
    "Page",
    "TooManyBulkRuns",
    "answered",
    "ask_for_mutation",
    "ask_for_query",
    "begin",
    "break_off",
    "cancel_run",
    "complete",
    "count_lines",
    "fail_run",
    "has_ended",
    "lines_of",
    "next_line",
    "present_rights",
    "run_link",
    "sweep_runs",
    "tally",
    "write_pages",
]
