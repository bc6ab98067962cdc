"""GET and DELETE /jobs/{job_id}: poll, long poll, cancel."""

from __future__ import annotations

import re
import time
from typing import Any

from flask import Blueprint, Response
from sqlalchemy import Connection

from api.gateway import Gateway
from api.http.http_request import HttpRequest
from api.http.query_arguments import whole_number
from api.http.responses import Answer, answer, for_flask
from api.http.routing import Route
from api.routes.predictions import RETRY_AFTER
from shared.db import jobs
from shared.db.cleared_jobs import among_cleared
from shared.db.job_rows import Job
from shared.db.seen_rows import timestamp
from shared.errors import (
    ClearedJobError,
    ClientFaultError,
    UncancellableJobError,
    UnknownJobError,
)
from shared.queue.messages import Kind, Status

# How often a held request asks the database itself: its job's reply may go to another gateway.
LOOK_EVERY = 0.25
_JOB_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def routes(gateway: Gateway) -> list[Route]:
    """The route that may be held until a job ends."""
    held = 0

    async def poll(asked: HttpRequest) -> Answer:
        nonlocal held
        wait = float(whole_number(asked.query, "wait", 0, default=0))
        job = await find(_as_written(asked.arguments["job_id"]))
        if wait > 0 and not job.status.final and held < gateway.settings.long_polls:
            held += 1
            try:
                job = await hold(job, min(wait, gateway.settings.sync_wait_max))
            finally:
                held -= 1
        headers = None if job.status.final else {"Retry-After": RETRY_AFTER}
        return answer(_as_seen(job), 200, headers)

    async def find(job_id: str) -> Job:
        known = _JOB_ID.fullmatch(job_id) is not None
        job = await gateway.find_job(job_id) if known else None
        if job is None:
            # A job is deleted and remembered with one commit, so that it is found here if it was
            # deleted before that look.
            raise _not_there(job_id, known and await gateway.was_cleared(job_id))
        return _kept(job)

    async def hold(job: Job, wait: float) -> Job:
        """The job once it has ended or the time is up."""
        job_id = job.request.request_id
        deadline = time.monotonic() + wait
        while not job.status.final and not gateway.handing_back:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            await gateway.wait_for(job_id, min(left, LOOK_EVERY))
            job = await find(job_id)
        return job

    return [Route("GET", "/jobs/<job_id>", poll)]


def blueprint(gateway: Gateway) -> Blueprint:
    """The route that cancels a job."""
    found = Blueprint("jobs", __name__)

    @found.delete("/jobs/<job_id>")
    def cancel(job_id: str) -> Response:
        job_id = _as_written(job_id)

        def find(connection: Connection) -> Job:
            job = jobs.find(connection, job_id)
            if job is None:
                raise _not_there(job_id, bool(among_cleared(connection, [job_id])))
            return _kept(job)

        def work(connection: Connection) -> tuple[Status | None, list[Job]]:
            state = jobs.cancel(connection, job_id)
            unfinished = jobs.unfinished(connection, [find(connection).request.observation_id.key])
            return state, [j for j in unfinished if j.request.kind is Kind.UPDATE]

        if _JOB_ID.fullmatch(job_id) is None:
            raise _not_there(job_id, was_cleared=False)
        gateway.database.read(find)
        state, waiting = gateway.database.write(work)
        if state is not Status.CANCELLED:
            raise UncancellableJobError(f"job {job_id} is {state}, so it cannot be cancelled")
        # Updates that waited for this prediction have nothing to wait for any more.
        gateway.republish(waiting)
        return for_flask(answer(_as_seen(gateway.database.read(find))))

    return found


def _as_written(job_id: str) -> str:
    """A job's id in small letters, as all are written; one in capitals is the same UUID (RFC 9562,
    section 4)."""
    return job_id.lower() if _JOB_ID.fullmatch(job_id) else job_id


def _not_there(job_id: str, was_cleared: bool) -> ClientFaultError:
    if was_cleared:
        return ClearedJobError(f"job {job_id} ended, and was cleared away since")
    return UnknownJobError(f"no job {job_id[:64]!r} was ever accepted")


def _kept(job: Job) -> Job:
    """The job.

    Raises:
        ClearedJobError: a worker of an earlier version has emptied it.
    """
    if job.emptied:
        raise _not_there(job.request.request_id, was_cleared=True)
    return job


def _as_seen(job: Job) -> dict[str, Any]:
    """A job as clients see it."""
    succeeded = job.status is Status.SUCCEEDED
    body = job.outcome or {}
    return {
        "job_id": job.request.request_id,
        "kind": job.request.kind,
        "status": job.status,
        "submitted_at": timestamp(job.submitted_at),
        "finished_at": timestamp(job.finished_at),
        "result": body if succeeded else None,
        "error": body.get("error") if job.status is Status.FAILED else None,
        "status_code": job.status_code,
    }
