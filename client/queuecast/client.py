"""`queuecast.Client`: a running service, from Python."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any

from queuecast.batches.batch import RECEIVING, Batch
from queuecast.batches.kinds import PREDICT, UPDATE
from queuecast.batches.results import lines_of
from queuecast.batches.source import Source
from queuecast.batches.upload import Upload
from queuecast.errors import BatchError, ServiceError, UnknownObservationError
from queuecast.packing.plain import plain
from queuecast.service.answers import (
    Job,
    Model,
    ObservationId,
    Prediction,
    Readiness,
    Reload,
    Row,
)
from queuecast.service.export import Export, Selection
from queuecast.service.requests import Requests, quoted
from queuecast.service.retries import Retries
from queuecast.service.service import Service

URL, API_KEY = "QUEUECAST_URL", "QUEUECAST_API_KEY"
DEFAULT_URL = "http://127.0.0.1:5000"
# Between two looks how far the workers are with a reload, in seconds.
LOOK_EVERY = 1.0


class Client:
    """A service at a URL: the one that is given, else `QUEUECAST_URL`, else
    `http://127.0.0.1:5000`; with an API key, or `QUEUECAST_API_KEY`. Connections are kept, and
    several threads may use it at once.

    `timeout`: for how long an answer, and the end of a job, is waited for, in seconds. What cannot
    be done now (503, no connection) is tried again up to `retries` times; an observation that is
    sent twice has one row all the same.

    Every method raises a ServiceError: RefusedError when the service will not do it, and else
    UnavailableError, UnknownOutcomeError or UnreachableError after the last try.

    Raises:
        SettingError: the URL, or the API key, is none.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float = 60.0,
        retries: int = 5,
    ) -> None:
        self.service = Service(
            url or os.environ.get(URL) or DEFAULT_URL,
            api_key or os.environ.get(API_KEY),
            timeout,
            Retries(retries),
        )
        self._requests = Requests(self.service)

    def predict(
        self,
        id: ObservationId,
        observation: Mapping[str, Any],
        *,
        wait: float | None = None,
    ) -> Prediction:
        """The answer to an observation, its values by column, once its row is stored. What takes
        longer becomes a job, whose end is waited for: in all for `wait` seconds, or `timeout`.

        Raises:
            JobError: its job failed, or was cancelled.
            UnfinishedJobError: its job has not ended in time, and goes on.
        """
        body = _body(id=id, observation=dict(observation))
        return Prediction.read(self._requests.done("/predict", body, wait))

    def update(
        self,
        id: ObservationId,
        true_class: Any,
        *,
        wait: float | None = None,
    ) -> Row:
        """The row of an observation, now that its true class is known. It waits as `predict` does.

        Raises:
            UnknownObservationError: the observation was never predicted.
            JobError, UnfinishedJobError: as for `predict`.
        """
        found = self._requests.done("/update", _body(id=id, true_class=true_class), wait)
        if "error" in found:
            raise UnknownObservationError(str(found["error"]))
        return Row.read(found)

    def submit(
        self,
        id: ObservationId,
        observation: Mapping[str, Any],
    ) -> Job:
        """A job that will predict an observation. It is not lost any more once this returns."""
        body = _body(id=id, observation=dict(observation))
        found = self._requests.send("/predict", body, "respond-async")
        if "job_id" not in found.body:
            raise ServiceError(
                f"{self.service.url} answered at once: a proxy seems to drop the header Prefer",
                found.status,
            )
        return Job.read(found.body) if found.status == 202 else self.job(found.body["job_id"])

    def job(self, job_id: str, *, hold: int = 0) -> Job:
        """A job as it is now, or when it has ended, if that is within `hold` seconds."""
        return self._requests.job(job_id, hold)

    def cancel(self, job_id: str) -> Job:
        """A job that was queued, cancelled. One that runs or has ended is a RefusedError."""
        return Job.read(self.service.ask("DELETE", f"/jobs/{quoted(job_id)}").body)

    def wait(self, job: Job | str, *, timeout: float | None = None) -> Job:
        """A job once it has ended, however; at most `timeout` seconds from now.

        Raises:
            UnfinishedJobError: it has not ended by then, and goes on.
        """
        job_id = job if isinstance(job, str) else job.job_id
        return self._requests.wait(job_id, timeout)

    def export(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        model_version: str | None = None,
        labelled: bool | None = None,
        after: int | None = None,
        limit: int | None = None,
    ) -> Iterator[Row]:
        """The rows that were predicted from `since` on and before `until`, by this version of the
        model, with a true class (`labelled`) or without one (False), and with an `id` above
        `after`; of these the first `limit`. Oldest first, as they come: few are held at once. A
        time without a zone is the clock's of this machine.

        Whoever goes on later after the last `id` gets every row once. Where the connection breaks
        off, the next one goes on by itself.

        Raises:
            BrokenOffError: it broke off, at the last try as well.
        """
        selection = Selection(since, until, model_version, labelled, after, limit)
        for block in Export(self.service, selection).blocks():
            for line in block.splitlines():
                yield Row.read(json.loads(line))

    def batch(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        format: str | None = None,
        again: bool = False,
    ) -> Batch:
        """Send a file of observations: NDJSON, CSV or Parquet, `.gz` or not. It is there, and goes
        on by itself, once this returns; `wait_for_batch` waits for its end.

        A file that was sent before is not sent again, and one that was sent in part is gone on
        with; unless `again` asks for a batch of its own.

        Raises:
            FileError: the file cannot be read.
            BatchError: somebody else sends the same file.
        """
        return self._send(PREDICT, path, name, format, again)

    def label(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        format: str | None = None,
        again: bool = False,
    ) -> Batch:
        """Send a file of true classes, `id` and `true_class`; otherwise as `batch`."""
        return self._send(UPDATE, path, name, format, again)

    def find_batch(self, batch_id: str) -> Batch:
        """A batch as it is now."""
        return Batch.read_from(self.service.ask("GET", f"/batches/{quoted(batch_id)}").body)

    def cancel_batch(self, batch_id: str) -> Batch:
        """A batch, cancelled: what was not scored yet never is."""
        return Batch.read_from(self.service.ask("DELETE", f"/batches/{quoted(batch_id)}").body)

    def wait_for_batch(self, batch: Batch | str, *, timeout: float | None = None) -> Batch:
        """A batch once it has ended, however; at most `timeout` seconds from now, if that is given.

        Raises:
            BatchError: it has not ended by then, and goes on.
        """
        batch_id = batch if isinstance(batch, str) else batch.batch_id
        deadline = None if timeout is None else time.monotonic() + timeout
        while not (found := self.find_batch(batch_id)).has_ended:
            if deadline is not None and time.monotonic() > deadline:
                raise BatchError(f"batch {batch_id} has not ended within {timeout:g} s")
            self.service.sleep(LOOK_EVERY)
        return found

    def results(self, batch: Batch | str) -> Iterator[dict[str, Any]]:
        """What came of the rows of a batch, in the order of its file, as they come."""
        batch_id = batch if isinstance(batch, str) else batch.batch_id
        for line in lines_of(self.service, f"/batches/{quoted(batch_id)}/results"):
            yield json.loads(line)

    def rejects(self, batch: Batch | str) -> Iterator[dict[str, Any]]:
        """The lines of a batch that were refused, and why."""
        batch_id = batch if isinstance(batch, str) else batch.batch_id
        for line in lines_of(self.service, f"/batches/{quoted(batch_id)}/rejects"):
            yield json.loads(line)

    def _send(
        self,
        kind: str,
        path: str | os.PathLike[str],
        name: str | None,
        form: str | None,
        again: bool,
    ) -> Batch:
        upload = Upload(self.service, Source(os.fspath(path), form), kind, name, again)
        begun = upload.found()
        if begun is None or begun.status == RECEIVING:
            return self.find_batch(upload.send(begun))
        return begun

    def model(self) -> Model:
        """The model that the workers serve."""
        return Model.read(self.service.ask("GET", "/model").body)

    def ready(self) -> Readiness:
        """Whether the service can answer now."""
        found = self.service.ask("GET", "/readyz", takes=(503,))
        return Readiness.read(found.status, found.body)

    def reload(self, *, timeout: float = 1800.0) -> Reload:
        """Let every worker take up what its model's folder holds now; what became of it when all of
        them are done. A model that cannot be served changes nothing.

        Raises:
            ServiceError: they were not done within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        found = self.service.ask("POST", "/model/reload", takes=(500,))
        while found.status == 202:
            if time.monotonic() > deadline:
                raise ServiceError(f"the workers were not done within {timeout:g} s")
            self.service.sleep(LOOK_EVERY)
            reload_id = quoted(str(found.body["reload_id"]))
            found = self.service.ask("GET", f"/model/reload/{reload_id}", takes=(500,))
        if "workers" not in found.body:
            raise ServiceError(found.error, found.status)
        return Reload.read(found.body)

    def close(self) -> None:
        """Close the connections that are kept."""
        self.service.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _body(**fields: Any) -> bytes:
    # NumPy's and pandas' values, too.
    return json.dumps(fields, default=plain).encode()
