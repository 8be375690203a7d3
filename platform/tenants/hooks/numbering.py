"""The place of an event among those of its subject: 1, 2, 3 and so on, without gaps, the same for ever.

The log of a shop has no such number, and giving one to every event would be paid by shops that have no hooks. So
it is given when a hook first needs it, and to all events of the subject that the log shows by then and that have none
yet, in the log's own order; one transaction at a time for a subject. What commits later gets a later number, even when
its id is older: a number that went out is never another event's, and none is left out.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from stoa.tenants.database import shop_client

# By the subject as well, and not by the event alone: of a shop that no statistics know yet the planner expects one row,
# and reads all that the shop has.
_NUMBERS = "platform.webhook_sequence s WHERE s.shop_schema = current_schema() AND s.subject_id = $1"
KNOWN: Final = f"SELECT s.number FROM {_NUMBERS} AND s.event_id = $2"
ONE_AT_A_TIME: Final = (
    "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' sequence of ' || $1::text, 0))"
)
NUMBER: Final = f"""
INSERT INTO platform.webhook_sequence (event_id, shop_schema, subject_id, number)
SELECT e.id, current_schema(), e.subject_id, row_number() OVER (ORDER BY e.id) + (
  SELECT coalesce(max(s.number), 0) FROM {_NUMBERS})
FROM event e
WHERE e.subject_id = $1 AND NOT EXISTS (SELECT FROM {_NUMBERS} AND s.event_id = e.id)
"""


async def sequence_of(event_id: UUID, subject_id: UUID) -> int:
    """In the open shop's transaction."""
    rows = await shop_client().execute_query_dict(KNOWN, [subject_id, event_id])
    if not rows:
        await number_events_of(subject_id)
        rows = await shop_client().execute_query_dict(KNOWN, [subject_id, event_id])
    return int(rows[0]["number"])


async def number_events_of(subject_id: UUID) -> None:
    """Give their numbers to the events of the subject that have none. The lock is a statement of its own: the next
    one then sees what those before us have committed."""
    await shop_client().execute_query_dict(ONE_AT_A_TIME, [str(subject_id)])
    await shop_client().execute_query_dict(NUMBER, [subject_id])
