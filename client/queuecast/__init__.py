"""Queuecast for those who use it: `queuecast.pack` writes what a service serves, and
`queuecast.Client` asks one."""

from __future__ import annotations

from queuecast.client import Client
from queuecast.errors import (
    BrokenOffError,
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

__all__ = [
    "BrokenOffError",
    "Client",
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
