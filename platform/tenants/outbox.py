"""The outbox: events and jobs, written in the transaction of what caused them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, TypeVar, dataclass_transform, get_args
from uuid import UUID

import msgspec

from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.ids import NEW_ID, new_id
from stoa.tenants.context import Context, open_schema
from stoa.tenants.database import ShopChanged, ShopTransactionClient, shop_client
from stoa.tenants.jobs import JobFunction, Kind, Priority
from stoa.tenants.live import announce

E = TypeVar("E")
Reactions = Mapping[type[Any], Sequence[JobFunction]]

# A shop's role may not read all of a job, hence no RETURNING and no named target of the conflict: what is planned
# twice is not planned again. The parameters' numbers are filled in.
PLAN = """
INSERT INTO platform.job (id, shop_schema, kind, name, payload, dedupe_key, state, run_at, attempts, failures,
                          max_attempts, priority, is_ready, created_at, request_id)
SELECT id, {schema}::text, kind, name, payload, dedupe_key, 'QUEUED', coalesce(run_at, now()), 0, 0,
       max_attempts, coalesce(priority, 1), coalesce(run_at <= now(), true), now(), {request}::text
FROM jsonb_to_recordset({jobs}::jsonb) AS planned (
  id uuid, kind text, name text, payload jsonb, dedupe_key text, run_at timestamptz, max_attempts int,
  priority int)
ON CONFLICT DO NOTHING
"""
# What is logged goes to the shop's webhooks that want it, in the same statement: whoever made a hook before this began
# is not missed, and a shop without hooks pays for one look into an index. The rows rouse the jobs that send them (a
# trigger: migration 0010_webhooks), so that no table of jobs is touched where there is nothing to send.
_TELL = f"""
INSERT INTO platform.webhook_delivery (id, shop_schema, webhook_id, event_id, event_name, subject_id, happened_at,
                                       state, due_at, tries, attempts_made, created_at)
SELECT {NEW_ID}, h.shop_schema, h.id, l.id, l.name, l.subject_id, l.happened_at, 'WAITING', l.happened_at, 0, 0,
       l.happened_at
FROM logged l JOIN platform.webhook h ON h.shop_schema = {{schema}}::text AND h.state = 'ACTIVE' AND h.events ? l.name
"""
_LOG = """
INSERT INTO event (id, name, subject_id, payload, actor_kind, actor_id, request_id, happened_at)
SELECT id, name, subject_id, payload, {kind}::text, {actor}::uuid, {request}::text, {moment}::timestamptz
FROM jsonb_to_recordset({events}::jsonb) AS happened (id uuid, name text, subject_id uuid, payload jsonb)
{where}RETURNING id, name, subject_id, happened_at
"""
_LOGGED = f"logged AS ({_LOG})"
_LOGGED_AND_TOLD = f"{_LOGGED}, told AS ({_TELL})"
_NUMBERS = {"kind": "$1", "actor": "$2", "request": "$3", "moment": "$4", "events": "$5", "schema": "$6"}
_BY_NUMBER = {**_NUMBERS, "where": ""}
ENQUEUE = PLAN.format(schema="$1", request="$2", jobs="$3")
LOG = f"WITH {_LOGGED}{_TELL}".format(**_BY_NUMBER)
LOG_AND_PLAN = f"WITH {_LOGGED_AND_TOLD}{PLAN}".format(**_BY_NUMBER, jobs="$7")


EVENTS: dict[str, type[Any]] = {}  # every event that was declared, by its name


class NoTransaction(RuntimeError):
    """News or work was handed in outside of a transaction: it could outlive what caused it, or be lost. A bug."""


@dataclass_transform(frozen_default=True)
def event(cls: type[E]) -> type[E]:
    """Declare an event: a frozen dataclass in the past tense. Its first field is its subject (``product_id: UUID``)."""
    made = dataclass(frozen=True, slots=True)(cls)
    names = [each.name for each in fields(made)]  # type: ignore[arg-type]
    if not names or not names[0].endswith("_id") or "event_id" in names:
        raise TypeError(f"{cls.__name__}: the first field must be the subject's id (product_id), and none be event_id.")
    EVENTS[made.__name__] = made
    return made


@dataclass(frozen=True, slots=True)
class _Published:
    id: UUID
    event: Any

    @property
    def payload(self) -> dict[str, Any]:
        return msgspec.to_builtins(self.event)  # type: ignore[no-any-return]

    @property
    def subject_field(self) -> str:
        return fields(self.event)[0].name

    @property
    def name(self) -> str:
        return type(self.event).__name__

    @property
    def as_row(self) -> dict[str, Any]:
        subject_id = getattr(self.event, self.subject_field)
        return {"id": self.id, "name": self.name, "subject_id": subject_id, "payload": self.payload}

    @property
    def as_jobs(self) -> list[dict[str, Any]]:
        payload = self.payload | {"event_id": str(self.id)}
        reacting = _reactions.get(type(self.event), ())
        return [_reaction(each, payload) for each in reacting if each.concerns is None or each.concerns(self.event)]

    def announce(self, ctx: Context) -> None:
        subject = self.subject_field.removesuffix("_id")
        topic = f"{subject}:{getattr(self.event, self.subject_field)}"
        announce(ctx, topic, {"event": self.name, "event_id": str(self.id), **self.payload})


_reactions: dict[type[Any], Sequence[JobFunction]] = {}


def react(table: Reactions) -> None:
    """Make `table` the one by which this process turns events into jobs; web and workers do so at their start."""
    _reactions.clear()
    _reactions.update(table)


async def publish(ctx: Context, *events: Any, is_told: bool = True) -> None:
    """Log events and plan the jobs that react to them, in the open transaction; once it commits, listeners hear.

    Those listen to the event's subject: ``product:<uuid>`` for a `product_id`; with `is_told` false nobody does,
    because another event speaks for these. Raises `NoTransaction`.
    """
    client = _transaction(ctx)
    published = [_Published(new_id(), each) for each in events]
    if not published:
        return
    jobs = [job for each in published for job in each.as_jobs]
    rows = as_json([each.as_row for each in published])
    values = [ctx.actor.kind, ctx.actor.id, ctx.request_id, now(), rows, ctx.shop.schema]
    async with client.acquire_connection() as connection:
        if jobs:
            await connection.execute(LOG_AND_PLAN, *values, as_json(jobs))
        else:
            await connection.execute(LOG, *values)
    for each in published if is_told else ():
        each.announce(ctx)


@dataclass(frozen=True, slots=True)
class Along:
    """Events that are published by the statement that causes them, and not by one more."""

    ctes: str
    values: tuple[Any, ...]
    published: tuple[_Published, ...]

    def announce(self, ctx: Context) -> None:
        """Let listeners hear; to be called when the statement has done what the events say."""
        for each in self.published:
            each.announce(ctx)


def publish_along(ctx: Context, *events: Any, cause: str, after: int) -> Along:
    """`publish` for an operation that is one statement, and so a transaction of its own.

    `ctes` goes into the statement's WITH, behind the CTE named `cause`: nothing is published when that yields no row.
    `values` are its parameters, numbered from `after` + 1.
    """
    if ctx.shop.schema != open_schema():
        raise ShopChanged(f"The context is of {ctx.shop.schema}, but {open_schema()} is open.")
    published = tuple(_Published(new_id(), each) for each in events)
    jobs = [job for each in published for job in each.as_jobs]
    kind, actor, request, moment, rows, schema, planned = (f"${after + number}" for number in range(1, 8))
    log = _LOGGED_AND_TOLD.format(
        kind=kind,
        actor=actor,
        request=request,
        moment=moment,
        events=rows,
        schema=schema,
        where=f"WHERE EXISTS (SELECT FROM {cause})\n",
    )
    logged = as_json([each.as_row for each in published])
    values = (ctx.actor.kind, ctx.actor.id, ctx.request_id, now(), logged, ctx.shop.schema)
    if not jobs:  # then the table of jobs is left alone: an INSERT of nothing would wake the dispatcher all the same
        return Along(log, values, published)
    plan = _plan_along(schema, request, planned, cause)
    return Along(f"{log}, planned AS ({plan})", (*values, as_json(jobs)), published)


def enqueue_along(
    ctx: Context,
    job_name: str,
    payload: Mapping[str, Any],
    *,
    cause: str,
    after: int,
    kind: Kind = "general",
    run_at: datetime | None = None,
    max_attempts: int = 5,
) -> Along:
    """`enqueue` by the statement that gives cause to it: no job is planned when the CTE named `cause` yields no row."""
    if ctx.shop.schema != open_schema():
        raise ShopChanged(f"The context is of {ctx.shop.schema}, but {open_schema()} is open.")
    schema, request, planned = (f"${after + number}" for number in range(1, 4))
    job = _plan(job_name, payload, kind, max_attempts) | {"run_at": run_at}
    plan = _plan_along(schema, request, planned, cause)
    return Along(f"planned AS ({plan})", (ctx.shop.schema, ctx.request_id, as_json([job])), ())


def _plan_along(schema: str, request: str, planned: str, cause: str) -> str:
    plan = PLAN.format(schema=schema, request=request, jobs=planned)
    return plan.replace("ON CONFLICT", f"WHERE EXISTS (SELECT FROM {cause})\nON CONFLICT")


async def enqueue(
    ctx: Context,
    job_name: str,
    payload: Mapping[str, Any],
    *,
    kind: Kind,
    dedupe_key: str | None = None,
    run_at: datetime | None = None,
    max_attempts: int = 5,
    priority: Priority = Priority.NORMAL,
) -> UUID | None:
    """Plan a job in the open transaction and give its id.

    None, and nothing planned, when this shop has had a job of that name and `dedupe_key` within the last weeks
    (`KEEP_FOR` in workers/ledger.py). Not started before `run_at`. Raises `NoTransaction`.
    """
    planned = _plan(job_name, payload, _checked(kind), max_attempts, priority)
    job = planned | {"dedupe_key": dedupe_key, "run_at": run_at}
    return job["id"] if await _enqueue(ctx, [job]) else None


async def enqueue_each(
    ctx: Context,
    job_name: str,
    payloads: Sequence[Mapping[str, Any]],
    *,
    kind: Kind,
    run_at: Sequence[datetime | None] = (),
    dedupe_keys: Sequence[str | None] = (),
    max_attempts: int = 5,
    priority: Priority = Priority.NORMAL,
) -> None:
    """Plan a job for each of the payloads in the open transaction, by one statement. Where they are said, `run_at` and
    `dedupe_keys` are of each of them. Raises `NoTransaction`."""
    nothing = [None] * len(payloads)
    jobs = [
        _plan(job_name, payload, _checked(kind), max_attempts, priority) | {"run_at": at, "dedupe_key": key}
        for payload, at, key in zip(payloads, run_at or nothing, dedupe_keys or nothing, strict=True)
    ]
    if jobs:
        await _enqueue(ctx, jobs)


async def _enqueue(ctx: Context, jobs: list[dict[str, Any]]) -> bool:
    """Whether any of them was planned."""
    async with _transaction(ctx).acquire_connection() as connection:
        done = await connection.execute(ENQUEUE, ctx.shop.schema, ctx.request_id, as_json(jobs))
    return str(done) != "INSERT 0 0"


def _checked(kind: Kind) -> Kind:
    if kind not in get_args(Kind):
        raise ValueError(f"{kind!r} is no kind of job; there are {', '.join(get_args(Kind))}.")
    return kind


def _reaction(function: JobFunction, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The job by which a function reacts; the first event of a span of time plans it for all the others."""
    if function.gather is None:
        return _plan(function.name, payload, function.kind, function.max_attempts, function.priority)
    span = function.gather.total_seconds()
    number = int(now().timestamp() // span)
    since, until = (datetime.fromtimestamp(each * span, UTC) for each in (number, number + 1))
    payload = {"since": since.isoformat()}
    planned = _plan(function.name, payload, function.kind, function.max_attempts, function.priority)
    return planned | {"dedupe_key": f"gathered {number}", "run_at": until}


def _plan(
    name: str, payload: Mapping[str, Any], kind: str, max_attempts: int, priority: Priority = Priority.NORMAL
) -> dict[str, Any]:
    planned = {"id": new_id(), "kind": kind, "name": name, "payload": payload, "max_attempts": max_attempts}
    return planned | {"priority": int(priority)}


def _transaction(ctx: Context) -> ShopTransactionClient:
    if ctx.shop.schema != open_schema():
        raise ShopChanged(f"The context is of {ctx.shop.schema}, but {open_schema()} is open.")
    client = shop_client()
    if not isinstance(client, ShopTransactionClient):
        raise NoTransaction("Publish and enqueue inside shop_transaction(), in the one of what they are about.")
    return client
