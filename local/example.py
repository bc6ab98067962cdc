"""An observation of the model that is served, to try it with."""

from __future__ import annotations

import json
from typing import Any

from shared.db.deployment import namespace
from shared.db.engine import connect
from shared.errors import UnavailableError
from shared.queue.broker import Broker, make_redis
from shared.queue.names import Names
from shared.settings import Settings
from worker.model.artifacts import COLUMNS

# The README's; for models of these columns.
PASSENGER: dict[str, Any] = {
    "Age": 22.0, "Cabin": None, "Embarked": "S", "Fare": 7.25,
    "Parch": 0, "Pclass": 3, "Sex": "male", "SibSp": 1,
}  # fmt: skip

# In seconds, for each server.
WAIT = 1.0


def find_example(settings: Settings) -> dict[str, Any]:
    """One that the worker saw answered, if it can be asked; else one with every column empty."""
    database = connect(settings.database_url, connections=1, wait=WAIT)
    try:
        broker = Broker(make_redis(settings, WAIT), Names(database.read(namespace)))
        for worker in broker.workers():
            description = broker.model_description(worker.model_version)
            if description:
                return example_of(description["columns"], description["example"])
    except UnavailableError:
        pass  # both answered a moment ago, and an example is not worth a word about that
    finally:
        database.close()
    return example_of(json.loads((settings.model_dir / COLUMNS).read_text(encoding="utf-8")), None)


def example_of(columns: list[str], answered: dict[str, Any] | None) -> dict[str, Any]:
    """What to show for a model of these columns, of which this observation was answered."""
    if set(columns) == set(PASSENGER):
        return PASSENGER
    return answered or dict.fromkeys(columns)
