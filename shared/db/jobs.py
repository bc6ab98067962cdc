"""The ledger of jobs: what was promised, what came of it, and who is told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.sql.elements import ColumnElement

from shared.db.clock import clock
from shared.db.conditions import among
from shared.db.job_rows import LIGHT, WITH_LABEL, WITH_OUTCOME, Job, as_job, is_unfinished
from shared.db.tables import JOB
from shared.queue.messages import UNFINISHED, Lane, Outcome, Request, Status

_c = JOB.c

_PROMISED = """
    SELECT EXISTS (SELECT FROM job WHERE job_id = ANY(%(job_ids)s::text[]))
        OR EXISTS (SELECT FROM job WHERE observation_id = ANY(%(job_keys)s::text[])
                                     AND status = ANY(%(unfinished)s::text[]))
"""


# One statement however many the jobs are. They are numbered in the order of the arrays.
_ACCEPT = """
    INSERT INTO job (seq, job_id, kind, lane, status, observation_id, observation_id_is_text, body,
                     reply_to, submitted_at, published_at)
    SELECT coalesce(number, nextval(pg_get_serial_sequence('job', 'seq'))), job_id, kind,
           %(lane)s, %(queued)s, key, is_text, body, %(reply_to)s, statement_timestamp(),
           statement_timestamp()
    FROM unnest(%(job_ids)s::text[], %(kinds)s::text[], %(keys)s::text[],
                %(are_text)s::boolean[], %(bodies)s::text[], %(numbers)s::bigint[])
        WITH ORDINALITY AS incoming (job_id, kind, key, is_text, body, number, place)
    ORDER BY place
    ON CONFLICT (job_id) DO NOTHING
"""

_FINISH = """
    UPDATE job
    SET status = ended.status, status_code = ended.status_code, outcome = ended.outcome,
        started_at = coalesce(job.started_at, clock_timestamp()), finished_at = clock_timestamp(),
        leased_until = NULL, claimed_by = NULL
    FROM unnest(%(job_ids)s::text[], %(statuses)s::text[], %(codes)s::smallint[],
                %(outcomes)s::text[]) AS ended (job_id, status, status_code, outcome)
    WHERE job.job_id = ended.job_id AND job.status = ANY(%(unfinished)s::text[])
"""


def accept(
    connection: Connection, requests: Sequence[Request], lane: Lane, reply_to: str | None
) -> None:
    """Write down a promise for each request, in their order. A request that has one keeps it. An
    update that has drawn its number keeps that, too."""
    if not requests:
        return
    if connection.dialect.name != "sqlite":
        parameters = {
            "lane": lane,
            "queued": Status.QUEUED,
            "reply_to": reply_to,
            "job_ids": [r.request_id for r in requests],
            "kinds": [r.kind for r in requests],
            "keys": [r.observation_id.key for r in requests],
            "are_text": [r.observation_id.is_text for r in requests],
            "bodies": [r.body for r in requests],
            "numbers": [r.number for r in requests],
        }
        connection.exec_driver_sql(_ACCEPT, parameters)
        return
    now = connection.execute(select(clock(connection))).scalar_one()
    rows = [
        {
            "seq": r.number,
            "job_id": r.request_id,
            "kind": r.kind,
            "lane": lane,
            "status": Status.QUEUED,
            "observation_id": r.observation_id.key,
            "observation_id_is_text": r.observation_id.is_text,
            "body": r.body,
            "reply_to": reply_to,
            "submitted_at": now,
            "published_at": now,
        }
        for r in requests
    ]
    connection.execute(sqlite_insert(JOB).on_conflict_do_nothing(), rows)


def known(connection: Connection, job_ids: Sequence[str]) -> set[str]:
    """Those of these ids that are jobs."""
    return set(connection.execute(select(_c.job_id).where(among(_c.job_id, job_ids))).scalars())


def lock(connection: Connection, job_ids: Sequence[str], keys: Sequence[str]) -> list[Job]:
    """Jobs with these ids, and unfinished ones of these observations, in the order of acceptance.
    Updates come with their bodies.

    Held until the transaction ends. Everything that a prediction or an update touches is locked
    by this one statement and so in one order: two transactions never wait for each other.
    """
    wanted: list[ColumnElement[bool]] = [among(_c.observation_id, keys) & is_unfinished]
    if job_ids:
        wanted.append(among(_c.job_id, job_ids))
    query = WITH_LABEL.where(or_(*wanted)).order_by(_c.seq).with_for_update()
    return [as_job(found) for found in connection.execute(query)]


def any_of(connection: Connection, job_ids: Sequence[str], keys: Sequence[str]) -> bool:
    """Whether `lock` would find anything: a look that costs little when nothing was promised."""
    if connection.dialect.name == "sqlite":
        return bool(lock(connection, job_ids, keys))
    parameters = {
        "job_ids": list(job_ids), "job_keys": list(keys), "unfinished": list(UNFINISHED)
    }  # fmt: skip
    return bool(connection.exec_driver_sql(_PROMISED, parameters).scalar())


def finish(connection: Connection, outcomes: Iterable[Outcome]) -> None:
    """Record how jobs ended; one that has ended already stays as it is."""
    first = {o.request_id: o for o in reversed(list(outcomes))}
    ended = [
        {
            "ended": o.request_id,
            "status": o.job_status,
            "status_code": o.status_code,
            "outcome": o.body,
        }
        for o in first.values()
    ]
    if not ended:
        return
    if connection.dialect.name != "sqlite":
        parameters = {
            "job_ids": [e["ended"] for e in ended],
            "statuses": [e["status"] for e in ended],
            "codes": [e["status_code"] for e in ended],
            "outcomes": [json.dumps(e["outcome"]) for e in ended],
            "unfinished": list(UNFINISHED),
        }
        connection.exec_driver_sql(_FINISH, parameters)
        return
    statement = (
        update(JOB)
        .where(_c.job_id == bindparam("ended"), is_unfinished)
        .values(
            status=bindparam("status"),
            status_code=bindparam("status_code"),
            outcome=bindparam("outcome"),
            started_at=func.coalesce(_c.started_at, clock(connection)),
            finished_at=clock(connection),
            leased_until=None,
            claimed_by=None,
        )
    )
    connection.execute(statement, ended)


def cancel(connection: Connection, job_id: str) -> Status | None:
    """Cancel a queued job. The state it is in afterwards; None when there is no such job."""
    query = select(_c.status).where(_c.job_id == job_id).with_for_update()
    state = connection.execute(query).scalar()
    if state != Status.QUEUED:
        return None if state is None else Status(state)
    connection.execute(
        update(JOB)
        .where(_c.job_id == job_id)
        .values(status=Status.CANCELLED, finished_at=clock(connection))
    )
    return Status.CANCELLED


def find(connection: Connection, job_id: str) -> Job | None:
    """One job with its outcome, or None when it was never accepted."""
    found = connection.execute(WITH_OUTCOME.where(_c.job_id == job_id)).first()
    return None if found is None else as_job(found)


def find_all(connection: Connection, job_ids: Sequence[str]) -> dict[str, Job]:
    """Jobs by id, with their outcomes; what was never accepted is left out."""
    found = connection.execute(WITH_OUTCOME.where(among(_c.job_id, job_ids)))
    return {row.job_id: as_job(row) for row in found}


def unfinished(connection: Connection, keys: Sequence[str]) -> list[Job]:
    """The unfinished jobs of these observations, in the order of acceptance."""
    query = LIGHT.where(among(_c.observation_id, keys), is_unfinished).order_by(_c.seq)
    return [as_job(found) for found in connection.execute(query)]
