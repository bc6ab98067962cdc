"""Every error that this package raises on purpose, and every warning."""

from __future__ import annotations


class QueuecastError(Exception):
    """What went wrong, and what to do about it, in one line."""


class PackError(QueuecastError):
    """A pipeline or a frame that could not be served as it is."""


class SettingError(QueuecastError):
    """A URL or an API key that no service can be asked with."""


class ServiceError(QueuecastError):
    """A service does not answer, or answers that it cannot do what it was asked. `status` is the
    HTTP status of the answer, and None when there was none; `retry_after` is in how many seconds it
    asks to be asked again, if it does."""

    def __init__(
        self, message: str, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class UnreachableError(ServiceError):
    """Nothing answers at the URL, or what answers is no Queuecast service, also after every try."""


class RefusedError(ServiceError):
    """The service will not do what it was asked, however often it is asked: the message is its own.
    `status` says why: 401 for the API key, 422 for a field, 404 or 410 for a job."""


class UnavailableError(ServiceError):
    """The service could not do it now, also after every try. Nothing was stored or promised."""


class UnknownOutcomeError(ServiceError):
    """A part of the service was lost, also at the last try: it cannot be known whether the request
    was stored. The same may be sent again, which changes nothing if it was."""


class UnknownObservationError(ServiceError):
    """No observation of this id was ever predicted."""


class JobError(ServiceError):
    """A job failed or was cancelled. `job_id` is its id."""

    def __init__(self, message: str, job_id: str, status: int | None = None) -> None:
        super().__init__(message, status)
        self.job_id = job_id


class UnfinishedJobError(JobError):
    """A job has not ended within the time; it goes on."""


class FileError(QueuecastError):
    """A file that cannot be read, or whose form is not known."""


class BatchError(ServiceError):
    """A batch failed or was cancelled, or somebody else sends the same file."""


class BrokenOffError(ServiceError):
    """Rows broke off in the middle, also after every try. `last_id` is the `id` of the last row
    that came whole: `after=last_id` goes on from there."""

    def __init__(self, message: str, last_id: int | None) -> None:
        super().__init__(message)
        self.last_id = last_id


class PackWarning(UserWarning):
    """What the golden rows of a manifest do not show, and what the pipeline refused."""
