"""Queuecast for those who use it: `queuecast.pack` writes what a service serves, and
`queuecast.Client` asks one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from queuecast.batches.batch import Batch
from queuecast.errors import (
    BatchError,
    BrokenOffError,
    FileError,
    JobError,
    PackError,
    PackWarning,
    QueuecastError,
    RefusedError,
    ServiceError,
    SettingError,
    UnavailableError,
    UnfinishedJobError,
    UnknownObservationError,
    UnknownOutcomeError,
    UnreachableError,
)
from queuecast.packing.packer import pack
from queuecast.service.answers import Job, Model, Prediction, Readiness, Reload, Row

if TYPE_CHECKING:
    from queuecast.client import Client

__all__ = [
    "Batch",
    "BatchError",
    "BrokenOffError",
    "Client",
    "FileError",
    "Job",
    "JobError",
    "Model",
    "PackError",
    "PackWarning",
    "Prediction",
    "QueuecastError",
    "Readiness",
    "RefusedError",
    "Reload",
    "Row",
    "ServiceError",
    "SettingError",
    "UnavailableError",
    "UnfinishedJobError",
    "UnknownObservationError",
    "UnknownOutcomeError",
    "UnreachableError",
    "pack",
]


def __getattr__(name: str) -> Any:
    # Where a model is trained nothing is asked by HTTP, and what that needs may not be installed.
    if name == "Client":
        from queuecast.client import Client

        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
