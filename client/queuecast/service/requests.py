"""Predictions, updates and their jobs, followed to their end."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

from queuecast.errors import (
    JobError,
    RefusedError,
    UnfinishedJobError,
    UnknownOutcomeError,
)
from queuecast.service.answers import Job
from queuecast.service.service import Service, ServiceAnswer

# For how long a service is asked to hold a poll, in seconds: less than proxies allow.
HOLD = 10


class Requests:
    """Those of one service, whose `timeout` is for how long an end is waited for if nothing else is
    said."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def job(self, job_id: str, hold: int = 0) -> Job:
        """A job as it is now, or when it has ended, if that is within `hold` seconds."""
        query = f"?wait={hold}" if hold else ""
        return Job.read(self._service.ask("GET", f"/jobs/{quoted(job_id)}{query}").body)

    def wait(self, job_id: str, timeout: float | None = None) -> Job:
        """A job once it has ended, however; at most `timeout` seconds from now.

        Raises:
            UnfinishedJobError: it has not ended by then, and goes on.
        """
        seconds = self._service.timeout if timeout is None else timeout
        deadline = time.monotonic() + seconds
        while True:
            asked = time.monotonic()
            hold = max(0, min(HOLD, int(self._service.timeout / 2), round(deadline - asked)))
            found = self.job(job_id, hold)
            if found.has_ended:
                return found
            left = deadline - time.monotonic()
            if left <= 0:
                raise UnfinishedJobError(
                    f"job {job_id} is {found.status}, and has not ended within {seconds:g} s",
                    job_id,
                )
            if time.monotonic() - asked < hold / 2 or not hold:
                # A service holds only so many at once, and answers the others immediately.
                self._service.sleep(min(1.0, left))

    def done(self, path: str, body: bytes, wait: float | None) -> dict[str, Any]:
        """What a request is answered when it is done, at once or as a job, within `wait` seconds.

        Raises:
            JobError, UnfinishedJobError: its job failed, was cancelled, or goes on.
        """
        began = time.monotonic()
        seconds = self._service.timeout if wait is None else wait
        # A service that is asked to wait for longer is taken for one that is gone.
        longest = max(0, min(int(seconds), int(self._service.timeout / 2)))
        found = self.send(path, body, None if wait is None else f"wait={longest}")
        if found.status == 200:
            return found.body
        job_id = str(found.body["job_id"])
        job = self.wait(job_id, timeout=max(0.0, seconds - (time.monotonic() - began)))
        if job.status != "succeeded" or job.result is None:
            raise JobError(job.error or f"job {job_id} is {job.status}", job_id, job.status_code)
        return job.result

    def send(self, path: str, body: bytes, prefer: str | None) -> ServiceAnswer:
        """What a request is answered at once; one of which it could not be known whether it is a
        job is sent again when it is none.

        Raises:
            UnknownOutcomeError: it is still not known after the last try.
        """
        headers = {"Content-Type": "application/json"}
        if prefer is not None:
            headers["Prefer"] = prefer
        for tried in range(1, self._service.retries.most + 2):
            found = self._service.ask("POST", path, body, headers)
            if found.status != 504 or self._is_known(str(found.body["job_id"])):
                return found
            # Nothing was promised, so that the same is sent again.
            self._service.sleep(self._service.retries.pause(tried, None) or 0.0)
        raise UnknownOutcomeError(found.error, found.status)

    def _is_known(self, job_id: str) -> bool:
        try:
            self.job(job_id)
        except RefusedError as error:
            if error.status == 404:
                return False
            raise
        return True


def quoted(job_id: str) -> str:
    """An id as a part of a path."""
    return quote(job_id, safe="")
