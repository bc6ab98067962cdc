"""A database with the answers that the shipped model gave to the passengers of the stream."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from shared.db import jobs, predictions
from shared.db.engine import Database, connect
from shared.db.migrate import migrate
from shared.db.predictions import Prediction
from shared.observation_id import ObservationId
from shared.queue.messages import Kind, Lane, Outcome, Request
from shared.settings import Settings

Passenger = tuple[int, dict[str, Any], int]


def opened(url: str, read_only: bool = False) -> Database:
    """The database at a URL as a test has it."""
    settings = Settings.from_environment({"DATABASE_URL": url})
    return connect(settings.database_url, connections=2, wait=20.0, read_only=read_only)


def store(
    url: str, passengers: Sequence[Passenger], probas: Sequence[float], version: str = "first"
) -> None:
    """Store a row for each passenger, migrating the database when it is empty; every fourth gets no
    true class."""
    database = opened(url)
    migrate(database)
    rows = [
        Prediction(
            f"request-{number}", ObservationId(str(number), False),
            json.dumps({"id": number, "observation": observation}), proba, version,
        )
        for (number, observation, _), proba in zip(passengers, probas, strict=True)
    ]  # fmt: skip
    database.write(lambda c: predictions.insert(c, rows))
    labels = [(str(number), str(label)) for number, _, label in passengers if number % 4]
    if labels:
        database.write(lambda c: _label(c, labels))
    database.close()


def refuse(url: str, name: str, observation: dict[str, Any], reason: str) -> None:
    """Have a job of this observation that ended refused."""
    database = opened(url)
    body = json.dumps({"id": name, "observation": observation})
    request = Request(name, Kind.PREDICT, ObservationId(name, True), body, True)
    database.write(lambda c: jobs.accept(c, [request], Lane.DEFERRED, None))
    database.write(lambda c: jobs.finish(c, [Outcome(name, 422, {"error": reason})]))
    database.close()


def contents(url: str) -> list[tuple[Any, ...]]:
    """Everything in the tables that a replay might write to."""
    database = opened(url)
    names = (
        "prediction", "job", "lease", "cleared_job", "queuecast_deployment", "queuecast_model",
        "batch", "batch_piece",
    )  # fmt: skip
    found = [
        tuple(row)
        for name in names
        for row in database.read(lambda c, n=name: c.execute(text(f"SELECT * FROM {n}")).all())  # type: ignore[misc]
    ]
    database.close()
    return found


def _label(connection: Connection, labels: Sequence[tuple[str, str]]) -> None:
    statement = text("UPDATE prediction SET true_class = :label WHERE observation_id = :key")
    connection.execute(statement, [{"key": key, "label": label} for key, label in labels])
