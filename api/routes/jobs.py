"""GET and DELETE /jobs/{job_id}: poll, long poll, cancel."""

from __future__ import annotations

import re
import time
from typing import Any

from flask import Blueprint, Response
from sqlalchemy import Connection

from api.gateway import Gateway
from api.grouping.pending import Waiter
from api.http.query_arguments import whole_number
from api.http.responses import answer
from api.routes.predictions import RETRY_AFTER
from shared.db import jobs
from shared.db.jobs import Job
from shared.db.predictions import timestamp
from shared.errors import ClearedJobError, UncancellableJobError, UnknownJobError
from shared.queue.messages import Kind, Status

# How often a held request asks the ledger itself: its job's reply may go to another gateway.
LOOK_EVERY = 0.25
_JOB_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def routes(gateway: Gateway) -> Blueprint:
    """The routes on jobs."""
    blueprint = Blueprint("jobs", __name__)

    @blueprint.get("/jobs/<job_id>")
    def poll(job_id: str) -> Response:
        wait = min(float(whole_number("wait", 0, default=0)), gateway.settings.sync_wait_max)
        job = _find(gateway, job_id)
        if wait > 0 and not job.status.final and gateway.settings.long_polls:
            job = _hold(gateway, job, wait)
        headers = None if job.status.final else {"Retry-After": RETRY_AFTER}
        return answer(_as_seen(job), 200, headers)

    @blueprint.delete("/jobs/<job_id>")
    def cancel(job_id: str) -> Response:
        _find(gateway, job_id)

        def work(connection: Connection) -> tuple[Status | None, list[Job]]:
            state = jobs.cancel(connection, job_id)
            job = jobs.find(connection, job_id)
            key = job.request.observation_id.key if job else ""
            waiting = [j for j in jobs.unfinished(connection, key) if j.request.kind is Kind.UPDATE]
            return state, waiting

        state, waiting = gateway.database.write(work)
        if state is not Status.CANCELLED:
            raise UncancellableJobError(f"job {job_id} is {state}, so it cannot be cancelled")
        # Updates that waited for this prediction have nothing to wait for any more.
        gateway.republish(waiting)
        return answer(_as_seen(_find(gateway, job_id)))

    return blueprint


def _find(gateway: Gateway, job_id: str) -> Job:
    """The job.

    Raises:
        UnknownJobError: it was never accepted.
        ClearedJobError: it ended and was cleared away.
    """
    job = None
    if _JOB_ID.fullmatch(job_id):
        job = gateway.database.read(lambda connection: jobs.find(connection, job_id))
    if job is None:
        raise UnknownJobError(f"no job {job_id[:64]!r} was ever accepted")
    if job.cleared:
        raise ClearedJobError(f"job {job_id} ended, and was cleared away since")
    return job


def _hold(gateway: Gateway, job: Job, wait: float) -> Job:
    """The job once it has ended or the time is up; at once when too many are held already."""
    if not gateway.long_polls.acquire(blocking=False):
        return job
    deadline = time.monotonic() + wait
    try:
        while not job.status.final and not gateway.handing_back:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            job = _look(gateway, job.request.request_id, min(left, LOOK_EVERY))
        return job
    finally:
        gateway.long_polls.release()


def _look(gateway: Gateway, job_id: str, wait: float) -> Job:
    """The job after a while, or as soon as something is said about it."""
    # One for each look: once settled it waits no more, and a refusal settles it, too.
    waiter = Waiter(job_id)
    gateway.room.enter(waiter)
    try:
        waiter.wait(wait)
    finally:
        gateway.room.leave(waiter)
    return _find(gateway, job_id)


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
