"""The one error tree.

Every error that a part of Queuecast raises on purpose is a `QueuecastError`. Library errors are
translated where they happen, with `raise ... from`, so that only the edges (HTTP, start of a
process) need to know what an error becomes.
"""

from __future__ import annotations

# The exit code of a process that cannot start as it was set up (EX_CONFIG of sysexits.h).
REFUSED = 78


class QueuecastError(Exception):
    """The root. `status` is the HTTP status that the edge answers with."""

    status = 500


class StartError(QueuecastError):
    """A process cannot start as it was set up; its message is the one line to print."""


class SettingError(StartError):
    """An environment variable holds what is not allowed. Raised while settings are read."""


class ArtifactError(StartError):
    """One of the model's three files is missing, broken, or written by other versions."""


class SchemaError(StartError):
    """The database's schema is newer than this code, or is not one that it knows."""


class ClientFaultError(QueuecastError):
    """What a client sent cannot be served; nothing on our side is wrong."""

    status = 400


class MalformedBodyError(ClientFaultError):
    """The body is not JSON, or is JSON that no request needs (nesting, giant integers)."""


class MalformedHostError(ClientFaultError):
    """The `Host` header holds what cannot be the name of a host."""


class WrongShapeError(ClientFaultError):
    """The JSON is fine, and a field of it is missing or of the wrong kind."""

    status = 422


class UnfitObservationError(ClientFaultError):
    """The model cannot take this observation. Raised while framing and scoring. `column` is the one
    at fault, where it is one."""

    status = 422

    def __init__(self, message: str, column: str | None = None) -> None:
        super().__init__(message)
        self.column = column


class UnansweredError(UnfitObservationError):
    """The model raised on this observation, which fits its columns, or gave no answer for it."""


class ModelFaultError(QueuecastError):
    """The model answers nothing any more, not even what it answered before."""


class UnauthorizedError(ClientFaultError):
    """An API key is set and the request does not carry it."""

    status = 401


class UnknownPathError(ClientFaultError):
    """There is nothing at the path that was asked for."""

    status = 404


class UnknownMethodError(ClientFaultError):
    """There is something at the path, which does not take this method; `allowed` are taken."""

    status = 405

    def __init__(self, message: str, allowed: set[str]) -> None:
        super().__init__(message)
        self.allowed = allowed


class SlowBodyError(ClientFaultError):
    """A body took longer than `BODY_TIMEOUT`, or stood still for longer than `BODY_STALL`."""

    status = 408


class TooLargeError(ClientFaultError):
    """A body is larger than `MAX_BODY`, as it was sent or decompressed."""

    status = 413


class UnsupportedTypeError(ClientFaultError):
    """A body is not of the type, or in the encoding, that its route takes."""

    status = 415


class UnknownJobError(ClientFaultError):
    """No job with this id was ever accepted."""

    status = 404


class UnknownReloadError(ClientFaultError):
    """No reload of this id was asked for, or long ago."""

    status = 404


class ClearedJobError(ClientFaultError):
    """The job ended, and was cleared away after `JOB_RETENTION`."""

    status = 410


class UncancellableJobError(ClientFaultError):
    """The job is running or has ended, so it cannot be cancelled any more."""

    status = 409


class ClearedBatchError(ClientFaultError):
    """The batch ended, and was cleared away after `JOB_RETENTION`."""

    status = 410


class UnknownBatchError(ClientFaultError):
    """No batch of this id is there."""

    status = 404


class EndedBatchError(ClientFaultError):
    """The batch has ended, so it cannot be cancelled or gone on with any more."""

    status = 409


class MovedUploadError(ClientFaultError):
    """A part of a batch was sent for another place than the batch is at: at byte `offset`."""

    status = 409

    def __init__(self, message: str, offset: int, is_complete: bool) -> None:
        super().__init__(message)
        self.offset = offset
        self.is_complete = is_complete


class BrokenUploadError(QueuecastError):
    """Part of a batch was taken in, and then something was wrong: `cause` says what. The batch,
    `batch_id`, can be gone on with at byte `offset`."""

    def __init__(self, cause: QueuecastError, batch_id: str, offset: int) -> None:
        super().__init__(str(cause))
        self.status = cause.status
        self.cause = cause
        self.batch_id = batch_id
        self.offset = offset


class UnavailableError(QueuecastError):
    """A part that is needed does not answer, and nothing was stored or promised. `retry_after` is
    in whole seconds."""

    status = 503

    def __init__(self, message: str, retry_after: int = 2) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class BrokerAwayError(UnavailableError):
    """Redis does not answer, or does not do what it is asked; the message says why."""


class DatabaseAwayError(UnavailableError):
    """The database does not answer, or a write could not get its turn."""


class DatabaseImpairedError(DatabaseAwayError):
    """The database answers and cannot do its work until somebody has mended it: its disk is full,
    its files are damaged. The message says what it is."""


class DatabaseForbidsError(DatabaseImpairedError):
    """The database does not let us do our work: a permission is missing, it is read-only, it
    refuses the login."""


class DatabaseRefusedError(DatabaseAwayError):
    """The database answered that it cannot take what it was sent: the data is at fault, so that
    sending the same again would end the same way."""


class BusyError(UnavailableError):
    """More waits already than may wait."""


class UnknownCommitError(DatabaseAwayError):
    """The connection was lost while a commit was under way: it may have been committed."""

    status = 504


class UnknownOutcomeError(UnavailableError):
    """It cannot be known whether what was asked for was, or will be, done. `job_id` is what to ask
    for when it may have been promised."""

    status = 504

    def __init__(self, message: str, retry_after: int = 2, job_id: str | None = None) -> None:
        super().__init__(message, retry_after)
        self.job_id = job_id


class DatabaseFaultError(QueuecastError):
    """The database finds a statement of ours wrong, or does not know what it names: this code and
    the tables do not fit each other. No client can help it, so its message is for the log."""
