"""PostgreSQL answers, and a lock that somebody else holds keeps a table from us for long."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from tests.faults.evidence import query
from tests.faults.scenario import Scenario
from tests.faults.stage import Stage

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
# What a plain CREATE INDEX takes, and what most of ALTER TABLE does.
_MODES = ("SHARE", "ACCESS EXCLUSIVE")


def play(stage: Stage) -> None:
    """A few jobs and a long lock, and then each table in turn under load, by either lock. That no
    accepted job fails for it is for the account."""
    url = stage.system.database_url
    _few_jobs(stage)
    tables = [name for (name,) in query(url, _TABLES)]
    assert {"prediction", "job"} <= set(tables), tables
    with stage.load():
        for table in tables:
            for mode in _MODES:
                stage.strike(f"{table} is locked")
                stage.trouble()
                with stage.servers.locked(url, table, mode):
                    time.sleep(stage.size.outage / 2)
                stage.recovered()
                stage.await_answers(stage.size.warm // 10)


def _few_jobs(stage: Stage) -> None:
    """Jobs that are claimed and cannot be stored, so few that each is tried again and again while
    the lock is held: under load they would wait behind others for as long."""
    with stage.servers.locked(stage.system.database_url, "prediction", "SHARE"):
        stage.send([stage.predict(respond_async=True) for _ in range(5)])
        time.sleep(stage.size.locked)
    stage.recovered()


def settings(_folder: Path) -> Mapping[str, str]:
    """Leases that are over long before a lock is: a job would be tried three times meanwhile."""
    return {"TASK_LIMIT": "2"}


SCENARIO = Scenario(
    "slow-database", "a lock on each table in turn, held by somebody else", play,
    gateways=2, settings=settings, alone=True, of_postgres=True,
)  # fmt: skip
