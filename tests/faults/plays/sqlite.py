"""What can happen to a file of SQLite: somebody else writes for long, and processes die."""

from __future__ import annotations

import time

from tests.faults import processes
from tests.faults.file_held import file_held, new_file
from tests.faults.scenario import Scenario
from tests.faults.stage import Stage


def locked(stage: Stage) -> None:
    """Somebody else has the turn to write for long: who cannot be promised anything is refused."""
    with stage.load():
        # No outage: the file can be read, and a prediction may wait for its turn as for a worker.
        stage.trouble()
        with file_held(stage.system.database_url):
            stage.strike("somebody else writes")
            time.sleep(stage.size.outage)
        stage.recovered()


def killed(stage: Stage) -> None:
    """The gateway and the worker are killed while they wait for their turn to write."""
    with stage.load():
        stage.trouble()
        part, client = stage.system.gateways[0]
        with file_held(stage.system.database_url):
            stage.strike("the gateway and the worker are killed", client.address)
            stage.kill(part)
            stage.kill(stage.worker)
        stage.renew_worker()
        stage.renew_gateway(0)
        stage.recovered()
        stage.strike("a child is killed")
        processes.busy_child(stage.worker).kill()
        stage.recovered()


LOCKED = Scenario(
    "sqlite-locked", "somebody else writes to SQLite's file for long", locked,
    alone=True, database=new_file,
)  # fmt: skip
KILLED = Scenario(
    "sqlite-killed", "on SQLite: SIGKILL the gateway, the worker, and a child of it", killed,
    alone=True, database=new_file,
)  # fmt: skip
