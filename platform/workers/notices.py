"""The one table of what merchants can be notified of. A domain declares its notices beside its events."""

from __future__ import annotations

from collections.abc import Sequence

from stoa.domains.catalog import noticing as catalog
from stoa.domains.orders import noticing as orders
from stoa.tenants.bulk.noticing import BULK_ENDED
from stoa.tenants.hooks import noticing as hooks
from stoa.tenants.notifying.dying import JOB_DEAD
from stoa.tenants.notifying.notices import Notice

NOTICES: Sequence[Notice] = (*orders.NOTICES, *catalog.NOTICES, *hooks.NOTICES, BULK_ENDED, JOB_DEAD)
