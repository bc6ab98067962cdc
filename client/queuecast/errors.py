"""Every error that this package raises on purpose, and every warning."""

from __future__ import annotations


class QueuecastError(Exception):
    """What went wrong, and what to do about it, in one line."""


class PackError(QueuecastError):
    """A pipeline or a frame that could not be served as it is."""


class ServiceError(QueuecastError):
    """A service does not answer, or answers that it cannot do what it was asked."""


class PackWarning(UserWarning):
    """What the golden rows of a manifest do not show, and what the pipeline refused."""
