"""A row, or a job, as a command shows it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from queuecast.service.answers import Job, Row


def as_object(found: Row | Job) -> dict[str, Any]:
    """Its values by name, times as texts."""
    return {
        name: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
        for name, value in asdict(found).items()
    }
