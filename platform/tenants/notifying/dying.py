"""Jobs that were given up are news: somebody in the shop should look at them."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from stoa.kit.ids import type_id
from stoa.kit.languages import Sentence
from stoa.kit.messaging import Channel
from stoa.tenants.access.scopes import Role, Scope
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.jobs import words_of
from stoa.tenants.notifying.events import JobDied
from stoa.tenants.notifying.notices import Facts, Notice, Variable
from stoa.tenants.outbox import publish

TELL_OF_DEATH: Final = "notifications.job_died"
_LOOK: Final = "SELECT name, last_error FROM platform.job WHERE id = $1 AND state = 'DEAD'"


async def tell_of_death(ctx: Context, job_id: UUID) -> None:
    """Publish it, in the open transaction; nothing when the job has been replayed meanwhile, or was cancelled."""
    rows = await shop_client().execute_query_dict(_LOOK, [job_id])
    if rows:
        await publish(ctx, JobDied(job_id, rows[0]["name"], words_of(rows[0]["last_error"] or "").text))


async def _facts(ctx: Context, event: JobDied) -> Facts:
    error = Sentence.of({"text": event.error})  # if it is one of ours, readers have it in their language
    return Facts({"job.name": event.name, "job.error": error}, type_id("job", event.job_id))


JOB_DEAD = Notice(
    key="job_dead",
    event=JobDied,
    name=Sentence("Work in the background was given up"),
    title=Sentence("{{ job.name }} was given up"),
    body=Sentence("It failed as often as it is tried: {{ job.error }}\n\nIt can be done again from the list of jobs."),
    scope=Scope.SHOP_READ,
    variables=(
        Variable("job.name", Sentence("What was to be done."), "catalog.import"),
        Variable("job.error", Sentence("Why it failed the last time."), "The file is not there any more."),
    ),
    facts=_facts,
    roles=(Role.OWNER,),
    channels=(Channel.IN_APP,),
)
