"""A runner of pieces on each database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.db.engine import Database, connect
from shared.db.migrate import migrate
from shared.queue.broker import make_redis
from shared.queue.names import Names
from shared.queue.piece_lane import PieceLane
from shared.settings import Settings
from worker.pieces.pace import Pace
from worker.pieces.runner import PieceRunner
from worker.scoring.trial import try_steady
from worker.served_model import ServedModel


@pytest.fixture(scope="module")
def served(artifacts: Path) -> ServedModel:
    return ServedModel(*try_steady(artifacts, 20.0, 1), 20.0)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def settings(
    request: pytest.FixtureRequest,
    new_database_url: Callable[[str], str],
    new_redis_url: Callable[[], str],
) -> Settings:
    url = new_database_url(request.param)
    return Settings.from_environment({"DATABASE_URL": url, "REDIS_URL": new_redis_url()})


@pytest.fixture(scope="module")
def database(settings: Settings) -> Iterator[Database]:
    made = connect(settings.database_url, connections=2, wait=10.0)
    migrate(made)
    yield made
    made.close()


@pytest.fixture(scope="module")
def lane(settings: Settings) -> PieceLane:
    return PieceLane(make_redis(settings, 1.0), Names("test"))


@pytest.fixture(scope="module")
def runner(served: ServedModel, database: Database, lane: PieceLane) -> PieceRunner:
    # However slow the machine is, no piece is divided for it.
    return PieceRunner(served, database, lane, 20.0, 30.0, Pace(lambda: 0.0))
