"""A clock jumps, far from those of the other parts and from the database's."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID

from shared.db.engine import connect
from shared.db.migrate import migrate
from shared.queue.messages import Lane
from shared.setting_values import database_url
from tests.faults.evidence import query
from tests.faults.scenario import Scenario
from tests.faults.servers import Servers
from tests.faults.stage import Stage
from tests.system import wait_for

SHIFT = Path(__file__).resolve().parent.parent / "clock_shift"
HOUR = 3600
# Seconds: more than a play takes, and far less than the clock is moved by.
_NEAR = 600


def settings(folder: Path) -> Mapping[str, str]:
    """A file that moves the clock of whoever looks at it, and short leases."""
    return {"FAULTS_CLOCK": str(folder / "clock"), "TASK_LIMIT": "5"}


# How a part comes to see another time; it is given what moves the clock.
Change = Callable[[Stage, Callable[[], None]], None]


def play(change: Change, shown: Callable[[Stage], float]) -> Callable[[Stage], None]:
    """A play: one part's clock is an hour ahead, an hour behind, and right again, under load.
    `shown` is by how many seconds that part itself is seen to be wrong."""

    def jump(stage: Stage) -> None:
        clock = Path(stage.system.settings["FAULTS_CLOCK"])
        with stage.load():
            for shift in (HOUR, -HOUR, 0):
                change(stage, partial(_set, clock, shift))
                wait_for(partial(_has_moved, stage, shown, shift), 10, "the clock has moved")
                stage.await_answers(stage.size.warm // 2)
                stage.recovered()
        _check_times(stage)

    return jump


def _has_moved(stage: Stage, shown: Callable[[Stage], float], shift: int) -> bool:
    return abs(shown(stage) - shift) < _NEAR


def _change_gateway(stage: Stage, move: Callable[[], None]) -> None:
    """Its clock moves while it runs."""
    if not stage.strikes:
        stage.kill(stage.system.gateways[0][0])
        with _looking_at_the_file(stage):
            stage.renew_gateway(0)
    stage.strike("a gateway's clock moves")
    move()


def _change_worker(stage: Stage, move: Callable[[], None]) -> None:
    """It dies with jobs under a lease of its time, and another comes in another time."""
    wait_for(partial(_kill_with_jobs, stage), 60, "the worker holds jobs")
    move()
    with _looking_at_the_file(stage):
        stage.renew_worker(FAULTS_CLOCK_DATETIME="no")


def _kill_with_jobs(stage: Stage) -> bool:
    """Kill the worker if there are accepted jobs among what it holds, and say whether."""
    with stage.mid_group("the worker is killed"):
        found = _running(stage)
        if found:
            stage.kill(stage.worker)
    return found


def _running(stage: Stage) -> bool:
    statement = "SELECT count(*) FROM job WHERE seq > %s AND status = 'running'"
    return bool(query(stage.system.database_url, statement, (stage.since.job,))[0][0])


@contextmanager
def _looking_at_the_file(stage: Stage) -> Iterator[None]:
    """What is started in this block has the clock that can be moved."""
    path = os.pathsep.join((str(SHIFT), os.environ.get("PYTHONPATH", ""))).rstrip(os.pathsep)
    stage.system.settings["PYTHONPATH"] = path
    try:
        yield
    finally:
        del stage.system.settings["PYTHONPATH"]


def _gateway_shown(stage: Stage) -> float:
    """The time is in the id that a gateway gives to what it accepts."""
    record = stage.send([stage.predict(respond_async=True)], 1)[0]
    job_id = str((record.body or {}).get("job_id"))
    return (UUID(job_id).int >> 80) / 1000 - _now(stage)


def _worker_shown(stage: Stage) -> float:
    """The time is in the line that a worker logs of a message that is none."""
    before = stage.system.log().count("was dropped")
    client = stage.servers.redis_client()
    try:
        client.lpush(stage.system.queue(Lane.INTERACTIVE), b"garbage")
    finally:
        client.close()
    wait_for(lambda: stage.system.log().count("was dropped") > before, 10, "garbage is dropped")
    lines = [line for line in stage.system.log().splitlines() if "was dropped" in line]
    said = re.match(r"\S+ \S+", lines[-1])
    assert said, lines[-1]
    # The log has this machine's own time.
    return datetime.fromisoformat(said[0][:19]).astimezone().timestamp() - _now(stage)


def _now(stage: Stage) -> float:
    found = query(stage.system.database_url, "SELECT extract(epoch FROM now())::float")
    return float(found[0][0])


def _check_times(stage: Stage) -> None:
    """Whatever is written down has the time of the database's clock."""
    far = query(
        stage.system.database_url,
        "SELECT count(*) FROM job WHERE seq > %s"
        " AND (abs(extract(epoch FROM submitted_at - now())) > %s"
        " OR abs(extract(epoch FROM coalesce(finished_at, submitted_at) - now())) > %s)",
        (stage.since.job, _NEAR, _NEAR),
    )
    assert far[0][0] == 0, f"{far[0][0]} jobs have the times of another clock"


def _set(clock: Path, shift: int) -> None:
    # In one step: who reads it meanwhile finds the old time or the new one.
    new = clock.with_suffix(".new")
    new.write_text(str(shift))
    new.replace(clock)


# Found before PostgreSQL's own functions of these names, when the search path says so.
_OWN_CLOCK = """
    CREATE SCHEMA own_clock;
    CREATE TABLE own_clock.shift (seconds float NOT NULL);
    INSERT INTO own_clock.shift VALUES (0);
    CREATE FUNCTION own_clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
        'SELECT pg_catalog.clock_timestamp()
            + make_interval(secs => (SELECT seconds FROM own_clock.shift))';
    CREATE FUNCTION own_clock.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS
        'SELECT pg_catalog.statement_timestamp()
            + make_interval(secs => (SELECT seconds FROM own_clock.shift))';
"""


def _with_a_clock_of_its_own(servers: Servers, _folder: Path) -> str:
    """A migrated database whose clock can be moved."""
    url = servers.new_database()
    database = connect(database_url(url), connections=1, wait=10.0)
    migrate(database)
    database.close()
    query(url, _OWN_CLOCK)
    name = url.rpartition("/")[2]
    query(url, f'ALTER DATABASE "{name}" SET search_path = public, own_clock, pg_catalog')
    return url


def database_jump(stage: Stage) -> None:
    """The database's clock is an hour ahead, an hour behind, and right again, under load; each time
    the worker dies with jobs under a lease of the time before."""
    url = stage.system.database_url
    with stage.load():
        for shift in (HOUR, -HOUR, 0):
            wait_for(partial(_kill_with_jobs, stage), 60, "the worker holds jobs")
            query(url, "UPDATE own_clock.shift SET seconds = %s", (shift,))
            moved = query(url, "SELECT extract(epoch FROM clock_timestamp() - now())::float")
            assert abs(moved[0][0] - shift) < _NEAR
            stage.renew_worker()
            stage.await_answers(stage.size.warm // 2)
            stage.recovered()


GATEWAY = Scenario(
    "clock", "the gateway's clock an hour ahead, then an hour behind",
    play(_change_gateway, _gateway_shown), settings=settings, alone=True, patience=0.5,
    of_postgres=True,  # which is asked what time it is
)  # fmt: skip
WORKER = Scenario(
    "worker-clock", "the worker's clock an hour ahead, then an hour behind",
    play(_change_worker, _worker_shown), settings=settings, alone=True, patience=0.5,
    of_postgres=True,  # which is asked what time it is
)  # fmt: skip
DATABASE = Scenario(
    "database-clock", "the database's clock an hour ahead, then an hour behind",
    database_jump, alone=True, database=_with_a_clock_of_its_own,
)  # fmt: skip
